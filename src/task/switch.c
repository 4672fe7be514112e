/* SPDX-License-Identifier: MIT */
/*
 * Switching between tasks.
 *
 * A task that waits leaves its stack for that of the next one in the batch; only if there is none,
 * or something has to be done first, for the loop's. So two tasks that wake each other in turn pay
 * one switch each time, not two. The same holds at the end of a task, and if the next one has not
 * run before, it takes over the very stack: a batch of short tasks runs as a loop on one stack.
 *
 * The stack of a task that has ended is given back by who leaves next, for it cannot be given back
 * by who stands on it.
 *
 * In debug mode every switch goes through the loop, which looks at each step.
 */
#include "task/switch.h"

#include <pthread.h>
#include <string.h>

#include "loop/report.h"
#include "loop/watchdog.h"
#include "task/local.h"
#include "task/run.h"
#include "task/scope.h"

enum { FULL_BUDGET = 128 };

static void report_overflow(struct wok_task *task)
{
	wok__report(
		-EOVERFLOW, task->name, task->site,
		"a task has overflowed its stack of %zu bytes: memory is corrupt; give it more by "
		"wok_task_options.stack_size, or put less on its stack",
		task->stack->size);
}

/*
 * The signal mask belongs to the thread, so a task that waits with a changed one changes it for all
 * others. It is told of in debug mode, since asking is a system call; once, for the mask then
 * stays.
 */
static void check_signal_mask(struct wok_task *task)
{
	struct wok__run *run = task->run;
	sigset_t mask;

	memset(&mask, 0, sizeof(mask)); /* the call below fills in only what the kernel has */
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	if (memcmp(&mask, &run->signals.mask, sizeof(mask)) == 0)
		return;
	run->signals.mask = mask;
	wok__report(
		0, task->name, task->site,
		"a task has waited or ended with another signal mask than it began with; the mask "
		"belongs to the thread: change it around calls that do not wait");
}

/* Make a task the one that runs. */
static inline void enter(struct wok__run *run, struct wok_task *task)
{
	task->state = WOK__TASK_RUNNING;
	task->budget = FULL_BUDGET;
	run->loop.current = task;
	wok__message_slot = &task->message;
	*run->errno_at = task->saved_errno;
}

/* Give back the stack of a task that has ended: who left it cannot, for he stood on it. */
static inline void clear_away(struct wok__run *run)
{
	struct wok_task *ended = run->ended;

	if (__builtin_expect(!ended, true))
		return;
	run->ended = NULL;
	wok__stack_give(&run->stacks, ended->stack);
	ended->stack = NULL;
	wok__task_drop(ended);
}

static inline void leave_stack(struct wok__run *run, struct wok__fiber *from, struct wok__fiber *to)
{
	run->came_from = from;
	wok__fiber_leave(from, to, run->ended != NULL);
}

static size_t stack_size_of(const struct wok_task *task)
{
	size_t size = task->extra ? task->extra->stack_size : 0;

	return size ? size : task->run->stack_size;
}

static void body(void *arg);

/* Give a task its stack, on its first run; false if there is no memory for one. */
static bool bind_stack(struct wok_task *task)
{
	struct wok__run *run = task->run;

	task->stack = wok__stack_take(&run->stacks, stack_size_of(task));
	if (!task->stack)
		return false;
	wok__context_make(&task->context, task->stack->low, wok__stack_top(task->stack), body,
			  task);
	return true;
}

/* The task that is next, if there is no need to visit the loop before. */
static inline struct wok_task *peek(struct wok__run *run)
{
	wok_loop *loop = &run->loop;

	if (!run->direct || loop->steps_since_clock + 1 >= WOK__STEPS_PER_LOOK ||
	    (wok__list_empty(&loop->batch) && !wok__loop_next_batch(loop)))
		return NULL;
	struct wok__item *item = WOK__CONTAINER(loop->batch.head.next, struct wok__item, link);
	if (item->run != wok__task_run)
		return NULL;
	struct wok_task *task = WOK__CONTAINER(item, struct wok_task, item);
	/* A handle that was cancelled before its first run never runs; the loop sees to it. */
	if (task->state == WOK__TASK_NEW && task->is_handle && task->region.effective)
		return NULL;
	return task;
}

/* What the loop does for each item that it takes, when one is taken without it. */
static inline void take(struct wok__run *run, struct wok_task *task)
{
	wok__list_remove(&task->item.link);
	run->loop.steps_since_clock++;
	wok__loop_trace(&run->loop, (uint64_t) task->number << 8 | task->state);
}

/* Who runs next, on a stack of his own; NULL: the loop says. */
static inline struct wok_task *choose(struct wok__run *run, const struct wok_task *leaving)
{
	if (__builtin_expect(run->stacks.best == WOK__GUARD_CANARY, false) &&
	    !wok__stack_intact(leaving->stack))
		return NULL;
	struct wok_task *next = peek(run);
	if (!next || (next->state == WOK__TASK_NEW && !bind_stack(next)))
		return NULL;
	take(run, next);
	return next;
}

/*
 * Leave a task's stack. In a plain build nothing follows the switch, so it is a jump, and the
 * return that ends it goes where the processor expects it: to whoever called this function.
 */
static inline void leave(struct wok__run *run, struct wok_task *task)
{
	struct wok__fiber *here = &task->stack->fiber;

	task->saved_errno = *run->errno_at; /* before a stack is made for the next one */
	struct wok_task *next = choose(run, task);
	if (next == task) { /* it let the others run first, and there are none */
		enter(run, task);
		return;
	}
	if (!next) {
		run->left = task;
		leave_stack(run, here, &run->fiber);
		wok__context_switch(&task->context, &run->context);
		wok__fiber_arrive(here, run->came_from);
		return;
	}
	enter(run, next);
	leave_stack(run, here, &next->stack->fiber);
	wok__context_swap(&task->context, &next->context);
	wok__fiber_arrive(here, run->came_from);
}

void wok__task_switch_out(struct wok_task *task)
{
	if (task->current != &task->region)
		wok__region_arm(task->current);
	clear_away(task->run);
	leave(task->run, task);
}

static void execute(struct wok_task *task)
{
	/* Whoever had this stack, or made it, may have left other ones. */
	wok__fpu_set(task->run->fpu);
	int result = task->fn(task->arg);

	if (task->run->loop.forked)
		wok__task_switch_out(task); /* for good: see wok__run_until() */
	wok__leave_inner(task, &task->region);
	if (task->extra)
		wok__locals_free(&task->extra->locals); /* here, where a clean-up may wait */
	wok__task_finish(task, result);
}

/* The next task, if it is a new one that can have the stack of the one that has ended. */
static struct wok_task *succeed(struct wok__run *run, struct wok_task *ended)
{
	struct wok_task *next;

	if (run->stacks.best == WOK__GUARD_CANARY || !(next = peek(run)) ||
	    next->state != WOK__TASK_NEW || stack_size_of(next) != stack_size_of(ended))
		return NULL;
	take(run, next);
	next->stack = WOK_TAKE(ended->stack);
	wok__task_drop(ended);
	enter(run, next);
	return next;
}

/* What runs on a task's stack: it, and perhaps others after it. */
static void body(void *arg)
{
	struct wok_task *task = arg, *next = task;
	struct wok__run *run = task->run;

	wok__fiber_arrive(&task->stack->fiber, run->came_from);
	do {
		task = next;
		execute(task);
		next = succeed(run, task);
	} while (next);
	clear_away(run);
	run->ended = task;
	leave(run, task);
}

/* From the loop: go to a task's stack; returns when some task leaves for the loop. */
static void switch_in(struct wok__run *run, struct wok_task *task)
{
	int number = *run->errno_at;

	enter(run, task);
	leave_stack(run, &run->fiber, &task->stack->fiber);
	wok__context_switch(&run->context, &task->context);
	wok__message_slot = NULL;
	run->loop.current = NULL;
	*run->errno_at = number;
	if (__builtin_expect(run->stacks.best == WOK__GUARD_CANARY, false) &&
	    !wok__stack_intact(run->left->stack))
		report_overflow(run->left);
	if (__builtin_expect(run->loop.debug, false))
		check_signal_mask(run->left);
	wok__fiber_arrive(&run->fiber, run->came_from);
	clear_away(run);
}

void wok__task_run(struct wok__item *item)
{
	struct wok_task *task = WOK__CONTAINER(item, struct wok_task, item);
	struct wok__run *run = task->run;

	wok__loop_trace(&run->loop, (uint64_t) task->number << 8 | task->state);
	if (__builtin_expect(run->loop.watchdog != NULL, false))
		wok__watchdog_name(&run->loop, task->name, task->site);
	if (task->state == WOK__TASK_NEW) {
		bool canceled = task->is_handle && task->region.effective;
		if (canceled || !bind_stack(task)) {
			wok__task_finish(task, canceled ? -ECANCELED : -ENOMEM);
			wok__task_drop(task);
			return;
		}
	}
	switch_in(run, task);
}
