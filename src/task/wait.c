/* SPDX-License-Identifier: MIT */
/* Waiting for some of several tasks, without owning them: see wok_wait(). */
#include <wok/error.h>
#include <wok/wait.h>

#include "base/memory.h"
#include "task/cycle.h"
#include "task/park.h"

enum { FEW = 16 }; /* so many need no allocation */

struct wait {
	struct wok__parker parker;
	size_t n;
	size_t ended;
	size_t failed;
	int when;
	struct watch *watches;
};

/* One of the tasks. Its header is held: its owners may let go of it meanwhile. */
struct watch {
	struct wok__watcher watcher;
	struct wait *wait;
	struct wok_task *task;
};

static bool satisfied(const struct wait *wait)
{
	if (wait->ended == wait->n)
		return true;
	return (wait->when == WOK_FIRST_COMPLETED && wait->ended > 0) ||
	       (wait->when == WOK_FIRST_EXCEPTION && wait->failed > 0);
}

static void note_end(struct wait *wait, const struct wok_task *task)
{
	wait->ended++;
	wait->failed += task->result < 0 && !task->was_canceled;
}

static void on_end(struct wok__watcher *watcher)
{
	struct watch *watch = WOK__CONTAINER(watcher, struct watch, watcher);

	note_end(watch->wait, watch->task);
	if (satisfied(watch->wait))
		wok__wake(&watch->wait->parker, 0);
}

static void watch_all(struct wait *wait, wok_task *const *tasks)
{
	for (size_t i = 0; i < wait->n; i++) {
		struct watch *watch = &wait->watches[i];
		*watch = (struct watch){{.done = on_end}, wait, tasks[i]};
		wok__task_keep(tasks[i]);
		wok__list_init_node(&watch->watcher.link);
		if (tasks[i]->state == WOK__TASK_DONE)
			note_end(wait, tasks[i]);
		else
			wok__task_watch(tasks[i], &watch->watcher);
	}
}

/* Let go of all, and put those that have ended in front; the watches hold the order. */
static size_t sort_out(struct wait *wait, wok_task **tasks)
{
	size_t done = 0, at = 0;

	for (size_t i = 0; i < wait->n; i++) {
		wok__task_unwatch(&wait->watches[i].watcher);
		done += wait->watches[i].task->state == WOK__TASK_DONE;
	}
	size_t rest = done;
	for (size_t i = 0; i < wait->n; i++) {
		wok_task *task = wait->watches[i].task;
		tasks[task->state == WOK__TASK_DONE ? at++ : rest++] = task;
	}
	for (size_t i = 0; i < wait->n; i++)
		wok__task_drop(wait->watches[i].task);
	return done;
}

/* Whether the caller would wait for itself: for all, one is enough; for the first, it takes all. */
static bool would_deadlock(wok_task *const *tasks, size_t n, int when)
{
	struct wok_task *self = wok__current();

	if (when == WOK_ALL_COMPLETED)
		return wok__join_would_deadlock(self, &(struct wok__join){.tasks = tasks, .n = n});
	for (size_t i = 0; i < n; i++)
		if (!wok__join_would_deadlock(self,
					      &(struct wok__join){.tasks = &tasks[i], .n = 1}))
			return false;
	return true;
}

static int check_wait(wok_task *const *tasks, size_t n, int when)
{
	WOK_TRY(wok__may_wait());
	if (n == 0)
		return wok_fail(-EINVAL, "wok_wait: there is no task to wait for");
	if (when < WOK_ALL_COMPLETED || when > WOK_FIRST_EXCEPTION)
		return wok_fail(-EINVAL, "wok_wait: %d is no condition", when);
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok__task_check_here(tasks[i], "wok_wait"));
	if (would_deadlock(tasks, n, when))
		return wok_fail(-EDEADLK,
				"wok_wait: what it waits for is, or waits for, the caller");
	return 0;
}

static int wait_until_satisfied(struct wait *wait)
{
	const struct wok_task *task = wok__current();
	int r = 0;

	if (satisfied(wait) || task->current->effective)
		return wok__checkpoint();
	while (r == 0 && !satisfied(wait))
		r = wok__park(&wait->parker, NULL);
	return r;
}

int wok_wait(wok_task **tasks, size_t n, int when, size_t *ret_done)
{
	struct watch few[FEW];
	struct wait wait = {
		.parker = WOK__PARKER_INIT("some of several tasks"),
		.n = n,
		.when = when,
		.watches = few,
	};

	WOK_TRY(check_wait(tasks, n, when));
	if (n > FEW)
		wait.watches = wok__alloc_array(n, sizeof(struct watch));
	if (!wait.watches)
		return -ENOMEM;
	struct wok__join join = {.tasks = tasks, .n = n};
	if (when == WOK_ALL_COMPLETED)
		wait.parker.join = &join;
	watch_all(&wait, tasks);
	int r = wait_until_satisfied(&wait);
	size_t done = sort_out(&wait, tasks);
	if (ret_done && (r == 0 || r == -ECANCELED))
		*ret_done = done;
	if (wait.watches != few)
		wok_free(wait.watches);
	if (r == -EDEADLK)
		return wok_fail(r, "wok_wait: one of the tasks came to wait for the caller");
	return r;
}
