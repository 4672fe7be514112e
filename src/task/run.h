/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_RUN_H
#define WOK_TASK_RUN_H
/*
 * A run: a loop, the tasks on it, and their end. Its root region is above all of them; when the
 * main task has ended the root is cancelled, and the run is over when no task is left.
 */
#include <wok/loop.h>

#include "loop/loop.h"
#include "loop/signal.h"
#include "platform/fpu.h"
#include "platform/overflow.h"
#include "platform/stack.h"
#include "task/big_stack.h"
#include "task/slab.h"
#include "task/task.h"

struct wok__run_mode;

struct wok__run {
	wok_loop loop;
	struct wok__region root;
	struct wok__stacks stacks;
	struct wok__big_stack big_stack;
	struct wok__slab headers;
	struct wok__context context; /* of the loop, while a task runs */
	struct wok__fiber fiber;     /* the thread's own stack */
	struct wok__signals signals;
	struct wok__overflow_guard overflow;
	struct wok__list coros;     /* made, and not awaited so far */
	struct wok__list calls;     /* at the end of tasks that have ended, and not made so far */
	struct wok_task *main_task; /* its end ends a turn of the loop; NULL */
	struct wok_task *left;      /* who came to the loop's stack last */
	struct wok_task *ended;     /* whose stack is given back by who leaves next; NULL */
	struct wok__fiber *came_from;
	struct wok__fpu fpu; /* of the thread: what a task begins with */
	int *errno_at;       /* the thread's errno, which is a call away */
	bool direct;         /* switch from task to task without the loop */
	size_t n_tasks;      /* alive */
	uint32_t n_spawned;
	size_t stack_size;
	const struct wok__run_mode *mode;
	wok_time grace;
	uint32_t walk;             /* the mark of the last walk for cycles */
	struct wok__timer overdue; /* fires when the grace after the end of main is over */
	bool over;                 /* no task is left: nothing more may start */
	bool interrupted;
	bool no_sigint;
	int deadlock; /* -EDEADLK, with a message, or 0 */
	struct wok__message *deadlock_message;
	wok_waiters settling; /* who waits until all others are blocked */
};

static inline struct wok__run *wok__run_of(wok_loop *loop)
{
	return loop ? loop->owner : NULL;
}

/* A stack size that was asked for, in whole pages and not too small to run anything. */
size_t wok__round_stack(size_t size);

/* How wok_run() and wok_test_run() differ. */
struct wok__run_mode {
	/* Called when SIGINT has cancelled the run; NULL. */
	void (*interrupted)(void *arg);
	void *interrupted_arg;
	bool virtual_clock;
	bool tracing;
	uint64_t seed;
};
int wok__run_with(wok_fn *fn, void *arg, const wok_run_options *options,
		  const struct wok__run_mode *mode);

/* The pieces of it, for loops that somebody holds in his hand: see task/host.c. */

/* Whether this thread may have a new loop: 0, or -EDEADLK with a message. */
int wok__run_check(const char *function);

int wok__run_open(struct wok__run *run, const wok_run_options *options,
		  const struct wok__run_mode *mode);
void wok__run_close(struct wok__run *run);

/* Around all turns: the thread's signals. */
void wok__run_enter(struct wok__run *run, bool no_sigint);
void wok__run_leave(struct wok__run *run);

struct wok_task *wok__run_spawn_main(struct wok__run *run, wok_fn *fn, void *arg);

/* Turn until main has ended, or wok_loop_stop() was called; NULL: until nothing can happen. */
void wok__run_until(struct wok__run *run, const struct wok_task *main_task);

/* Cancel what is left, and turn until there is nothing. */
void wok__run_end_tasks(struct wok__run *run);

/* What the run returns; its message becomes the thread's. */
int wok__run_outcome(struct wok__run *run, struct wok_task *main_task);
#endif
