/* SPDX-License-Identifier: MIT */
/* Waiting: see task/park.h. */
#include "task/park.h"

#include "loop/report.h"
#include "task/run.h"

enum {
	BUDGET = 128,    /* completions at once in a row before the others run */
	REFUSALS = 1000, /* checkpoints in a row that say "cancelled" before that is reported */
};

_Thread_local uint64_t wok__checkpoints;

const char *wok__nowait_enter(const char *what)
{
	const char *before = wok__loop ? wok__loop->no_wait : NULL;

	if (wok__loop)
		wok__loop->no_wait = what;
	return before;
}

void wok__nowait_leave(const char *before)
{
	if (wok__loop)
		wok__loop->no_wait = before;
}

int wok__refuse_wait(void)
{
	if (wok__loop && wok__loop->forked)
		return wok_fail(-EDEADLK, "this process is a fork of the one that the loop belongs "
					  "to: call exec() or _exit(), or wok_run() anew");
	if (!wok__loop)
		return wok_fail(-EDEADLK, "only a task can wait, and this thread runs no loop: "
					  "call this inside of wok_run()");
	if (wok__loop->no_wait)
		return wok_fail(-EDEADLK, "%s must not wait", wok__loop->no_wait);
	if (wok__loop->debug)
		wok__report(-EDEADLK, NULL, NULL,
			    "a callback called a function that waits, and got -EDEADLK");
	return wok_fail(-EDEADLK, "a callback cannot wait: start a task from it, or use the loop's "
				  "wok_call_later()");
}

static void enqueue(struct wok__parker *parker, wok_waiters *queue)
{
	parker->queue = queue;
	parker->next = NULL;
	if (!queue)
		return;
	parker->prev = queue->last;
	if (queue->last)
		queue->last->next = parker;
	else
		queue->first = parker;
	queue->last = parker;
}

static void dequeue(struct wok__parker *parker)
{
	wok_waiters *queue = parker->queue;

	if (!queue)
		return;
	if (parker->prev)
		parker->prev->next = parker->next;
	else
		queue->first = parker->next;
	if (parker->next)
		parker->next->prev = parker->prev;
	else
		queue->last = parker->prev;
	parker->queue = NULL;
}

/* A parker, and all its parts. */
static void enqueue_all(struct wok__parker *parker, wok_waiters *queue)
{
	enqueue(parker, queue);
	for (struct wok__parker *part = parker->parts; part; part = part->parts) {
		part->task = parker->task;
		enqueue(part, part->queue);
	}
}

static void dequeue_all(struct wok__parker *parker)
{
	dequeue(parker);
	for (struct wok__parker *part = parker->parts; part; part = part->parts)
		dequeue(part);
}

static int check_queues(const struct wok__parker *parker, const wok_waiters *queue)
{
	int r = queue ? wok__check_queue(queue) : 0;

	for (const struct wok__parker *part = parker->parts; part && r == 0; part = part->parts)
		r = wok__check_queue(part->queue);
	return r;
}

int wok__foreign(const void *object, const char *what)
{
	struct wok_task *task = wok__current();

	if (wok__loop && wok__loop->debug && wok__loop->foreign != object) {
		wok__loop->foreign = object;
		wok__report(-EINVAL, task ? task->name : NULL, task ? task->site : NULL,
			    "a task used %s that belongs to another loop, whose tasks hold it or "
			    "wait for it: loops share by wok_remote only",
			    what);
	}
	return wok_fail(-EINVAL,
			"%s belongs to another loop, whose tasks hold it or wait for it: use a "
			"wok_remote",
			what);
}

int wok__check_waiter(const struct wok__parker *parker)
{
	if (&parker->task->run->loop == wok__loop)
		return 0;
	return wok__foreign(parker->queue, parker->what);
}

/* Go to the end of the ready queue; no cancel is delivered on the way. */
static void yield(struct wok_task *task)
{
	wok__task_ready(task);
	wok__task_switch_out(task);
}

/*
 * Say "cancelled" to a task. One that never listens would spin for ever, and the others would
 * starve: it is named, and from then on each refusal lets the others run.
 */
static int refuse(struct wok_task *task)
{
	if (++task->refused == REFUSALS) {
		const char *reason = wok__region_reason(task->current);
		wok__report(
			-ECANCELED, task->name, task->site,
			"a task has ignored -ECANCELED %d times in a row: it must return, or leave "
			"the scope that was cancelled%s%s",
			REFUSALS, reason ? ", because " : "", reason ? reason : "");
	}
	if (task->refused >= REFUSALS)
		yield(task);
	return -ECANCELED;
}

bool wok__is_canceled(void)
{
	struct wok_task *task = wok__current();

	return task && task->current->effective;
}

int wok__check(void)
{
	int r = wok__may_wait();
	if (r < 0)
		return r;
	wok__checkpoints++;
	struct wok_task *task = wok__current();
	if (__builtin_expect(task->current->effective, false))
		return refuse(task);
	task->refused = 0;
	return 0;
}

void wok__spend(void)
{
	struct wok_task *task = wok__current();

	if (--task->budget == 0)
		yield(task);
}

void wok__trim_stack(void)
{
	struct wok_task *task = wok__current();

	if (task && task->stack)
		wok__stack_trim_below(task->stack, __builtin_frame_address(0));
}

int wok__checkpoint(void)
{
	int r = wok__quick_check();
	if (r < 0)
		return r;
	wok__quick_spend();
	return 0;
}

int wok__park(struct wok__parker *parker, wok_waiters *queue)
{
	int r = wok__may_wait();
	if (r < 0)
		return r;
	struct wok_task *task = wok__current();
	wok__checkpoints++;
	if (task->current->effective && !parker->shielded && !parker->cancel)
		return refuse(task);
	r = check_queues(parker, queue);
	if (r < 0)
		return r;
	parker->task = task;
	parker->result = 0;
	enqueue_all(parker, queue);
	task->parker = parker;
	task->state = WOK__TASK_PARKED;
	wok__task_keep(task);
	if (task->current->effective && parker->cancel)
		parker->cancel(parker);
	wok__task_switch_out(task);
	wok__task_drop(task);
	task->refused = parker->result == -ECANCELED ? task->refused + 1 : 0;
	return parker->result;
}

void wok__wake(struct wok__parker *parker, int result)
{
	if (parker->whole)
		parker = parker->whole;
	/*
	 * The first word holds. Whoever comes later in the same tick (a timer after a cancel, the
	 * end of a task after both) finds the record still linked, for its task has not run yet.
	 */
	if (!parker->task || parker->task->parker != parker)
		return;
	dequeue_all(parker);
	parker->result = result;
	parker->task->parker = NULL;
	wok__task_ready(parker->task);
}

void wok__requeue(struct wok__parker *parker, wok_waiters *queue)
{
	dequeue(parker);
	enqueue(parker, queue);
}

bool wok__wake_first(wok_waiters *queue, int result)
{
	if (!queue->first || wok__check_queue(queue) < 0)
		return false;
	wok__wake(queue->first, result);
	return true;
}

/* done() has no argument but the operation: it lies in front of the parker that waits for it. */
struct waiting_io {
	struct wok__io io;
	struct wok__parker parker;
};

static void io_done(struct wok__io *io)
{
	struct waiting_io *waiting = WOK__CONTAINER(io, struct waiting_io, io);

	wok__wake(&waiting->parker, 0);
}

static void io_cancel(struct wok__parker *parker)
{
	struct waiting_io *waiting = WOK__CONTAINER(parker, struct waiting_io, parker);

	wok__io_cancel(wok__loop, &waiting->io);
}

ssize_t wok__io_wait(struct wok__io *io, const char *what)
{
	struct waiting_io waiting = {
		.io = *io,
		.parker = {.what = what, .cancel = io_cancel},
	};
	int r = wok__quick_check();

	if (r < 0)
		return r;
	waiting.io.done = io_done;
	if (wok__io_start(wok__loop, &waiting.io)) {
		wok__quick_spend();
		return waiting.io.result;
	}
	(void) wok__park(&waiting.parker, NULL);
	return waiting.io.result;
}
