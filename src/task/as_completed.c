/* SPDX-License-Identifier: MIT */
/* Tasks in the order of their end: see wok_as_completed(). */
#include <wok/error.h>
#include <wok/wait.h>

#include "base/memory.h"
#include "task/cycle.h"
#include "task/park.h"
#include "task/run.h"

/* A task, and where it is: watched, in the list of those that have ended, or handed out. */
struct watch {
	struct wok__watcher watcher; /* its link is that of the list, too */
	struct wok_completed *completed;
	struct wok_task *task;
};

/* Who waits for the next one. */
struct taker {
	struct wok__parker parker;
	bool left_alone; /* the iterator was freed meanwhile */
};

struct wok_completed {
	struct wok__list ended; /* of watches, not handed out */
	struct taker *taker;
	size_t n;
	size_t left;  /* not handed out */
	size_t first; /* those before it have ended */
	struct watch watches[];
};

static void on_end(struct wok__watcher *watcher)
{
	struct watch *watch = WOK__CONTAINER(watcher, struct watch, watcher);
	struct wok_completed *completed = watch->completed;

	wok__list_push_back(&completed->ended, &watcher->link);
	if (completed->taker)
		wok__wake(&completed->taker->parker, 0);
}

static void add(struct wok_completed *completed, struct wok_task *task)
{
	struct watch *watch = &completed->watches[completed->n++];

	*watch = (struct watch){{.done = on_end}, completed, task};
	wok__task_keep(task);
	if (task->state == WOK__TASK_DONE)
		wok__list_push_back(&completed->ended, &watch->watcher.link);
	else
		wok__task_watch(task, &watch->watcher);
}

int wok_as_completed(wok_task *const *tasks, size_t n, wok_completed **ret_completed)
{
	struct wok__run *run = wok__run_of(wok__loop);

	if (!run)
		return wok_fail(-EINVAL, "wok_as_completed: this thread runs no loop");
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok__task_check_here(tasks[i], "wok_as_completed"));
	if (n > (SIZE_MAX - sizeof(struct wok_completed)) / sizeof(struct watch))
		return -ENOMEM;
	struct wok_completed *completed =
		wok__alloc_zeroed(sizeof(*completed) + n * sizeof(struct watch));
	if (!completed)
		return -ENOMEM;
	wok__list_init(&completed->ended);
	/* The mark of the walks for cycles tells which have been seen. */
	uint32_t mark = ++run->walk;
	for (size_t i = 0; i < n; i++) {
		if (tasks[i]->page && tasks[i]->mark == mark)
			continue;
		if (tasks[i]->page)
			tasks[i]->mark = mark;
		add(completed, tasks[i]);
	}
	completed->left = completed->n;
	*ret_completed = completed;
	return 0;
}

/* All that are left wait for the caller: none of them can ever end. */
static bool would_deadlock(struct wok_completed *completed)
{
	const struct watch *watches = completed->watches;

	while (watches[completed->first].task->state == WOK__TASK_DONE)
		completed->first++; /* one has not, or there would be no need to wait */
	for (size_t i = completed->first; i < completed->n; i++) {
		struct wok_task *const *task = &watches[i].task;
		if ((*task)->state != WOK__TASK_DONE &&
		    !wok__join_would_deadlock(wok__current(),
					      &(struct wok__join){.tasks = task, .n = 1}))
			return false;
	}
	return true;
}

static int wait_for_one(struct wok_completed *completed)
{
	struct taker taker = {.parker = WOK__PARKER_INIT("the next of several tasks")};

	if (would_deadlock(completed))
		return wok_fail(-EDEADLK,
				"wok_completed_next: all that are left wait for the caller");
	completed->taker = &taker;
	int r = wok__park(&taker.parker, NULL);
	if (taker.left_alone)
		return wok_fail(-EBADF, "wok_completed_next: the iterator was freed meanwhile");
	completed->taker = NULL;
	return r;
}

int wok_completed_next(wok_completed *completed, wok_task **ret_task)
{
	WOK_TRY(wok__check());
	if (completed->taker)
		return wok_fail(-EBUSY, "wok_completed_next: another task waits for the next");
	if (completed->left == 0 || !wok__list_empty(&completed->ended))
		wok__spend();
	/* Whoever ran meanwhile may have taken one. */
	while (completed->left > 0 && wok__list_empty(&completed->ended))
		WOK_TRY(wait_for_one(completed));
	if (completed->left == 0)
		return 0;
	struct wok__node *node = wok__list_pop(&completed->ended);
	completed->left--;
	*ret_task = WOK__CONTAINER(node, struct watch, watcher.link)->task;
	return 1;
}

void wok_completed_free(wok_completed *completed)
{
	if (!completed)
		return;
	if (completed->taker) {
		completed->taker->left_alone = true;
		wok__wake(&completed->taker->parker, -EBADF);
	}
	for (size_t i = 0; i < completed->n; i++) {
		wok__task_unwatch(&completed->watches[i].watcher);
		wok__task_drop(completed->watches[i].task);
	}
	wok_free(completed);
}
