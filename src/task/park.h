/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_PARK_H
#define WOK_TASK_PARK_H
/*
 * Waiting. A parker is a record on the waiting task's own stack, so waiting allocates nothing and
 * cannot run out of memory. It is ended exactly once: by whoever grants what is waited for, with
 * wok__wake(), or by a cancel. What was granted stays granted: a cancel that comes after it is
 * found by the task's next checkpoint. So nothing that was handed over is ever lost.
 */
#include <wok/task.h>

#include "base/frame.h"
#include "loop/io.h"
#include "task/task.h"

/* Who joins whom, for the search for cycles. */
struct wok__join {
	struct wok_task *const *tasks; /* n of them, or */
	size_t n;
	struct wok_scope *scope; /* all children of a scope */
};

struct wok__parker {
	struct wok__parker *next, *prev; /* in its queue */
	wok_waiters *queue;              /* NULL if it is in none */
	struct wok_task *task;
	/*
	 * Called when the task is cancelled while it is parked. NULL: the wait ends with
	 * -ECANCELED. Otherwise the hook decides; the wait goes on until somebody wakes it.
	 */
	void (*cancel)(struct wok__parker *parker);
	bool shielded; /* neither ended nor refused because of a cancel */
	int result;
	const char *what;               /* what is waited for: "a lock"; lives for ever */
	struct wok_task *const *holder; /* who has it; NULL where that cannot be said */
	const struct wok__join *join;   /* if it joins tasks */
	struct wok__parker *whole;      /* the wait that this is a part of; NULL */
	struct wok__parker *parts;      /* the first part; in a part: the next one */
};

/* what: as a report would say it: waits for ... */
#define WOK__PARKER_INIT(what_) {.what = (what_)}

/*
 * Park the current task, in a queue (NULL: in none), until it is woken or cancelled. A task that is
 * cancelled already is refused at once, unless the parker is shielded or has a cancel hook (which
 * is then called before parking). Returns what wok__wake() gave, or -ECANCELED; -EDEADLK where
 * there is no task.
 */
int wok__park(struct wok__parker *parker, wok_waiters *queue);

/*
 * A wait in several queues at once is a parker in none, with a part for each: a parker of its own
 * whose queue is set. Whichever part is woken ends the whole, and none stays in a queue.
 */
static inline void wok__park_add_part(struct wok__parker *whole, struct wok__parker *part,
				      wok_waiters *queue)
{
	part->queue = queue;
	part->whole = whole;
	part->parts = whole->parts;
	whole->parts = part;
}

/* End a wait. One that has ended already, but whose task has not run yet, stays as it is. */
void wok__wake(struct wok__parker *parker, int result);

/* Move a waiter to the end of another queue, where it goes on waiting. */
void wok__requeue(struct wok__parker *parker, wok_waiters *queue);

/*
 * An object belongs to one loop while it is held or waited for: 0 if nobody waits in its queue, or
 * a task of this loop does; else -EINVAL, as from wok__foreign(). Park asks by itself.
 */
int wok__check_waiter(const struct wok__parker *parker);

static inline int wok__check_queue(const wok_waiters *queue)
{
	return queue->first ? wok__check_waiter(queue->first) : 0;
}

/* End the wait of the first in a queue; false if there is none. */
bool wok__wake_first(wok_waiters *queue, int result);

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/* The error of who uses another loop's object; debug mode reports it, too, once an object. */
int wok__foreign(const void *object, const char *what);

/* Whether the current task may go on: 0, -ECANCELED, or -EDEADLK where there is no task. */
int wok__check(void);

/* Whether the current task is cancelled where it is now. */
bool wok__is_canceled(void);

/* Spend some of the task's budget; when it is used up, the other tasks run first. */
void wok__spend(void);

/*
 * Give back the memory of the current task's stack that earlier, deeper calls have touched: for a
 * task that will wait for long. A system call.
 */
void wok__trim_stack(void);

/* What a call does that completes at once: both. */
int wok__checkpoint(void);

WOK_END_DECLS

/*
 * Code that must not wait, whatever task runs it: a callback of a library that would not bear to be
 * left in the middle. Until it is left, each wait fails with -EDEADLK. what: as in "... must not
 * wait"; lives for ever. Sections nest: enter gives what leave puts back.
 */
WOK_BEGIN_DECLS
const char *wok__nowait_enter(const char *what);
void wok__nowait_leave(const char *before);
WOK_END_DECLS

/* Why nobody can wait here: -EDEADLK with a message. */
int wok__refuse_wait(void);

/* Whether the current task may wait: 0, or -EDEADLK with a message. */
static inline int wok__may_wait(void)
{
	if (__builtin_expect(wok__current() && !wok__loop->no_wait, true))
		return 0;
	return wok__refuse_wait();
}

/*
 * Wait for an operation on a descriptor: its result, or -ECANCELED. Try first; always a checkpoint.
 */
ssize_t wok__io_wait(struct wok__io *io, const char *what);

/* How many checkpoints were passed in this thread. For tests. */
extern _Thread_local uint64_t wok__checkpoints __attribute__((tls_model("initial-exec")));

/* wok__check() and wok__spend() for calls that take a few nanoseconds: the usual case in line. */
static inline int wok__quick_check(void)
{
	struct wok_task *task = wok__current();

	if (__builtin_expect(!task || task->current->effective || wok__loop->no_wait, false))
		return wok__check();
	wok__checkpoints++;
	task->refused = 0;
	return 0;
}

static inline void wok__quick_spend(void)
{
	struct wok_task *task = wok__current();

	if (__builtin_expect(task->budget > 1, true))
		task->budget--;
	else
		wok__spend();
}
#endif
