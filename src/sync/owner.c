/* SPDX-License-Identifier: MIT */
/* Owners of locks: see sync/owner.h. */
#include "sync/owner.h"

#include "loop/report.h"
#include "task/run.h"
#include "task/slab.h"

void wok__owner_set(struct wok_task **owner, struct wok_task *task)
{
	if (*owner)
		wok__task_drop(*owner);
	*owner = task;
	if (task)
		wok__task_keep(task);
}

bool wok__owner_dead(const struct wok_task *owner)
{
	return owner && wok_task_done(owner);
}

void wok__owner_report(const struct wok_task *owner, const char *what)
{
	wok__report(-EOWNERDEAD, owner->name, owner->site, "a task ended without releasing %s",
		    what);
}

int wok__owner_check(struct wok_task *const *owner, const char *what)
{
	/* A task whose run is over belongs to no loop; one that has ended still does before that.
	 */
	if (!*owner || !wok__slab_is_open(*owner) || wok__run_of(wok__loop) == (*owner)->run)
		return 0;
	return wok__foreign(owner, what);
}

void wok__heir_watch(const wok_waiters *queue, struct wok_task *owner)
{
	struct wok__heir *first = wok__heir_first(queue);

	if (!first || !owner)
		return;
	wok__task_unwatch(&first->watcher);
	wok__task_watch(owner, &first->watcher);
}
