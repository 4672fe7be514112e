/* SPDX-License-Identifier: MIT */
/* Waiting for several tasks: see wok_gather(). */
#include "base/memory.h"
#include "task/cycle.h"
#include "task/park.h"
#include "task/run.h"

enum { FEW = 16 }; /* so many need no allocation */

struct gather {
	struct wok__parker parker;
	struct wok_task *const *tasks;
	size_t n;
	size_t remaining;
	int flags;
	bool canceled;           /* the caller was: that a task was, too, is no error then */
	struct wok_task *failed; /* the first that did, in time */
	struct watch *watches;
};

/* One task of a gather. Its header is held: the task's owners may let go of it meanwhile. */
struct watch {
	struct wok__watcher watcher;
	struct gather *gather;
	struct wok_task *task;
};

static void cancel_all(struct gather *gather)
{
	for (size_t i = 0; i < gather->n; i++)
		wok_cancel(gather->tasks[i]);
}

/* The caller is cancelled: nothing is left running, whatever the flags say. */
static void on_cancel(struct wok__parker *parker)
{
	struct gather *gather = WOK__CONTAINER(parker, struct gather, parker);

	gather->canceled = true;
	gather->flags &= ~WOK_LEAVE_REST;
	cancel_all(gather);
}

static void note_end(struct gather *gather, struct wok_task *task)
{
	gather->remaining--;
	if (task->result >= 0 || gather->failed || gather->flags & WOK_COLLECT)
		return;
	if (gather->canceled && task->was_canceled)
		return;
	gather->failed = task;
	if (!(gather->flags & WOK_LEAVE_REST))
		cancel_all(gather);
}

static bool finished(const struct gather *gather)
{
	return gather->remaining == 0 || (gather->failed && gather->flags & WOK_LEAVE_REST);
}

static void on_end(struct wok__watcher *watcher)
{
	struct watch *watch = WOK__CONTAINER(watcher, struct watch, watcher);
	struct gather *gather = watch->gather;

	note_end(gather, watch->task);
	if (finished(gather))
		wok__wake(&gather->parker, 0);
}

static void watch_all(struct gather *gather)
{
	for (size_t i = 0; i < gather->n; i++) {
		struct watch *watch = &gather->watches[i];
		struct wok_task *task = gather->tasks[i];
		*watch = (struct watch){{.done = on_end}, gather, task};
		wok__task_keep(task);
		if (task->state == WOK__TASK_DONE)
			wok__list_init_node(&watch->watcher.link);
		else
			wok__task_watch(task, &watch->watcher);
	}
	for (size_t i = 0; i < gather->n; i++)
		if (gather->tasks[i]->state == WOK__TASK_DONE)
			note_end(gather, gather->tasks[i]);
}

static void unwatch_all(struct gather *gather)
{
	for (size_t i = 0; i < gather->n; i++) {
		wok__task_unwatch(&gather->watches[i].watcher);
		wok__task_drop(gather->watches[i].task);
	}
}

/* Nothing goes unseen: whoever gathered has been told, or asks each task. */
static size_t take_all(struct gather *gather)
{
	size_t failed = 0;

	for (size_t i = 0; i < gather->n; i++)
		failed += gather->tasks[i]->state == WOK__TASK_DONE &&
			  wok_task_result(gather->tasks[i]) < 0;
	return failed;
}

static int outcome(struct gather *gather)
{
	size_t failed = take_all(gather);

	if (gather->failed) {
		wok__message_adopt(gather->failed->message);
		return gather->failed->result;
	}
	if (wok__current()->current->effective)
		return -ECANCELED;
	return (int) failed;
}

static int gather_all(struct gather *gather)
{
	const struct wok__join join = {.tasks = gather->tasks, .n = gather->n};
	int r = 0;

	gather->parker.join = &join;
	watch_all(gather);
	if (finished(gather))
		wok__spend();
	while (r == 0 && !finished(gather))
		r = wok__park(&gather->parker, NULL);
	r = finished(gather)
		    ? outcome(gather)
		    : wok_fail(r, "wok_gather: one of the tasks came to wait for the caller");
	gather->parker.join = NULL; /* it lies in this frame */
	unwatch_all(gather);
	return r;
}

/* There is no memory to watch the tasks with; they are the caller's all the same. */
static int give_up(wok_task *const *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wok_cancel(tasks[i]);
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok__task_join_shielded(tasks[i]));
	return -ENOMEM;
}

int wok_gather(wok_task *const *tasks, size_t n, int flags)
{
	struct watch few[FEW];
	struct gather gather = {
		.parker = {.what = "several tasks", .cancel = on_cancel},
		.tasks = tasks,
		.n = n,
		.remaining = n,
		.flags = flags,
		.watches = few,
	};
	int r = wok__may_wait();

	if (r < 0)
		return r;
	if (flags & ~(WOK_COLLECT | WOK_LEAVE_REST))
		return wok_fail(-EINVAL, "wok_gather: unknown flags %#x", (unsigned) flags);
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok__task_check_here(tasks[i], "wok_gather"));
	if (wok__join_would_deadlock(wok__current(), &(struct wok__join){.tasks = tasks, .n = n}))
		return wok_fail(-EDEADLK,
				"wok_gather: one of the tasks is, or waits for, the caller");
	wok__checkpoints++;
	if (n > FEW)
		gather.watches = wok__alloc_array(n, sizeof(struct watch));
	if (!gather.watches)
		return give_up(tasks, n);
	r = gather_all(&gather);
	if (gather.watches != few)
		wok_free(gather.watches);
	return r;
}
