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
	size_t n_tasks; /* alive */
	uint32_t n_spawned;
	size_t stack_size;
	const struct wok__run_mode *mode;
	wok_time grace;
	uint32_t walk;             /* the mark of the last walk for cycles */
	struct wok__timer overdue; /* fires when the grace after the end of main is over */
	bool over;                 /* no task is left: nothing more may start */
	bool interrupted;
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
int wok__run_with(const wok_run_options *options, const struct wok__run_mode *mode, wok_fn *fn,
		  void *arg);
#endif
