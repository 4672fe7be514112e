/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_TASK_H
#define WOK_TASK_TASK_H
/*
 * Tasks from the inside. A task's header lies in a slab, apart from its stack: it lives as long as
 * somebody holds it, while the stack is bound at the first run and returned at the end.
 */
#include <wok/task.h>

#include "base/list.h"
#include "base/message.h"
#include "platform/context.h"
#include "platform/stack.h"
#include "task/region.h"

enum wok__task_state {
	WOK__TASK_NEW,     /* in the ready queue, has no stack yet */
	WOK__TASK_READY,   /* in the ready queue */
	WOK__TASK_RUNNING, /* on its stack now */
	WOK__TASK_PARKED,  /* waits: parker says for what */
	WOK__TASK_DONE,    /* has ended; the result is valid */
};

/* Told when a task has ended: one of those who wait for it. */
struct wok__watcher {
	struct wok__node link;
	void (*done)(struct wok__watcher *watcher);
};

struct wok_task {
	struct wok__item item;       /* in the ready queue */
	struct wok__slab_page *page; /* where the header lies */
	struct wok__region region;
	struct wok__region *current; /* the innermost region that it is in */
	struct wok__parker *parker;  /* what it waits for; NULL if nothing */
	struct wok__run *run;        /* NULL after the run's end */
	struct wok__stack *stack;
	struct wok__context context;
	struct wok_scope *home; /* the scope that it is a child of; NULL: the run's root */
	wok_fn *fn;
	void *arg;
	struct wok__extra *extra; /* what few tasks have; NULL */
	const char *name;
	const wok_site *site;
	struct wok__message *message;
	struct wok__list watchers;
	int result;
	uint32_t refs;    /* who keeps the header: owners, parked calls, the run */
	uint32_t owners;  /* handles */
	uint32_t refused; /* checkpoints in a row that found it cancelled */
	uint32_t mark;    /* of the last walk for cycles that came by */
	uint32_t number;  /* in the order of birth, for traces */
	int saved_errno;  /* while it does not run */
	uint16_t budget;
	enum wok__task_state state : 8;
	bool was_canceled : 1;
	bool taken : 1;        /* somebody has seen the result */
	bool is_handle : 1;    /* made by wok_create_task(), not by a scope */
	bool left_expired : 1; /* left an expired timeout without asking for its result */
};

/* Options that cost memory only where they are used. */
struct wok__extra {
	wok_free_fn *arg_free;
	size_t stack_size;
	struct wok__local_value *locals;
	struct wok__start *start;                 /* who waits until it has started; NULL */
	struct wok_gen *generator;                /* whose body it is; NULL */
	bool was_started;                         /* by wok_scope_start(), and has said so */
	char copy[] __attribute__((aligned(16))); /* of the argument */
};

static inline struct wok_task *wok__current(void)
{
	return wok__loop ? wok__loop->current : NULL;
}

/* In the child of a fork the parent's tasks are shadows: nothing of theirs may run, or be waited
 * for. */
static inline bool wok__in_fork(void)
{
	return wok__loop && wok__loop->forked;
}

/* Make a task below a region and put it in the ready queue; NULL if there is no memory. */
struct wok_task *wok__task_spawn(struct wok__run *run, struct wok__region *parent,
				 const wok_task_options *options, wok_fn *fn, void *arg,
				 const wok_site *site);

/* The extra part of a task, made if there is none; NULL if there is no memory. */
struct wok__extra *wok__task_extra(struct wok_task *task);

/* The option "eager": run a task that was just made, before anything else. */
void wok__task_run_eagerly(struct wok_task *task);

void wok__task_keep(struct wok_task *task);
void wok__task_drop(struct wok_task *task);

/*
 * Tasks that have not ended belong to one loop: 0 if it is this thread's, or -EINVAL with a
 * message.
 */
int wok__task_check_here(const struct wok_task *task, const char *call);

/* The same for calls that return no error: false, and it is reported. */
bool wok__task_is_here(const struct wok_task *task, const char *call);

/* Make a parked task ready again. */
void wok__task_ready(struct wok_task *task);

/* Leave the current task's stack for the loop's; returns when the task is resumed. */
void wok__task_switch_out(struct wok_task *task);

/* Leave all regions that a task is still in, down to one, as far as it has not done so itself. */
void wok__leave_inner(struct wok_task *task, const struct wok__region *down_to);

/* Add a watcher to a task that has not ended. */
void wok__task_watch(struct wok_task *task, struct wok__watcher *watcher);
void wok__task_unwatch(struct wok__watcher *watcher);

/* What stands for a task that could not be made. */
wok_task *wok__task_no_memory(void);

/* Report a task's error if nobody took it and nobody will. */
void wok__task_report_lost(struct wok_task *task);

/*
 * Wait for the end of a task that the caller owns: a cancel of the caller becomes one of the task,
 * and the wait goes on. Returns the task's result.
 */
int wok__await_owned(struct wok_task *task);

/* Wait for the end of a task; the caller is shielded. -EDEADLK if the task came to wait for it. */
int wok__task_join_shielded(struct wok_task *task);

/* What an awaiter of an ended task gets; its message becomes the current one. */
int wok__task_take_result(struct wok_task *task);
#endif
