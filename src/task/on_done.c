/* SPDX-License-Identifier: MIT */
/*
 * Calls at the end of a task: see wok_task_on_done(). The callback is made beforehand, so that the
 * end of a task cannot fail.
 */
#include <wok/error.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "task/run.h"
#include "task/task.h"

struct on_done {
	struct wok__watcher watcher; /* of the task; when that has ended, in the run's list */
	struct wok__callback *callback;
	struct wok_task *task;
	wok_task_done_fn *fn;
	void *arg;
};

static void ended(struct wok__watcher *watcher)
{
	wok__list_push_back(&wok__run_of(wok__loop)->calls, &watcher->link);
	wok__callback_schedule(WOK__CONTAINER(watcher, struct on_done, watcher)->callback);
}

static int call(void *arg)
{
	struct on_done *on_done = arg;

	wok__task_unwatch(&on_done->watcher); /* too late to forget it */
	on_done->fn(on_done->task, on_done->arg);
	return 0;
}

/* After the call, or without it: the loop has ended, or nobody wants it any more. */
static void release(void *arg)
{
	struct on_done *on_done = arg;

	wok__task_unwatch(&on_done->watcher);
	wok__task_drop(on_done->task);
	wok_free(on_done);
}

int wok_task_on_done(wok_task *task, wok_task_done_fn *fn, void *arg)
{
	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_task_on_done: this thread runs no loop");
	WOK_TRY(wok__task_check_here(task, "wok_task_on_done"));
	struct on_done *on_done = wok_alloc(sizeof(*on_done));
	if (!on_done)
		return -ENOMEM;
	*on_done = (struct on_done){.watcher.done = ended, .task = task, .fn = fn, .arg = arg};
	on_done->callback = wok__callback_prepare(wok__loop, call, on_done, release);
	if (!on_done->callback) {
		wok_free(on_done);
		return -ENOMEM;
	}
	wok__list_init_node(&on_done->watcher.link);
	wok__task_keep(task);
	if (task->state == WOK__TASK_DONE)
		ended(&on_done->watcher);
	else
		wok__task_watch(task, &on_done->watcher);
	return 0;
}

/* Forget those in a list. */
static size_t forget(struct wok__list *list, const wok_task *task, wok_task_done_fn *fn,
		     const void *arg)
{
	size_t n = 0;

	WOK__LIST_EACH (node, list) {
		struct wok__watcher *watcher = WOK__CONTAINER(node, struct wok__watcher, link);
		struct on_done *on_done = WOK__CONTAINER(watcher, struct on_done, watcher);
		if (watcher->done != ended || on_done->task != task || on_done->fn != fn ||
		    on_done->arg != arg)
			continue;
		wok__callback_drop(on_done->callback);
		n++;
	}
	return n;
}

size_t wok_task_forget_done(wok_task *task, wok_task_done_fn *fn, const void *arg)
{
	if (!wok__task_is_here(task, "wok_task_forget_done"))
		return 0;
	if (task->state != WOK__TASK_DONE)
		return forget(&task->watchers, task, fn, arg);
	return wok__loop ? forget(&wok__run_of(wok__loop)->calls, task, fn, arg) : 0;
}
