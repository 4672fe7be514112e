/* SPDX-License-Identifier: MIT */
/*
 * Locks: see wok/lock.h.
 *
 * The lock is handed over: release() makes the longest waiter the owner before it runs, so nobody
 * can slip in between, and a waiter that is cancelled after that is the owner all the same. The
 * owner's header is held, so an owner that has ended is told from a task that reuses its memory; if
 * somebody waits then, the lock goes on to him at once.
 */
#include <wok/error.h>
#include <wok/lock.h>

#include "loop/report.h"
#include "task/park.h"

static void set_owner(wok_lock *lock, struct wok_task *task)
{
	if (lock->owner)
		wok__task_drop(lock->owner);
	lock->owner = task;
	if (task)
		wok__task_keep(task);
}

/* A task that waits for a lock. The first in the queue also watches whether the owner ends. */
struct waiter {
	struct wok__parker parker;
	struct wok__watcher watcher;
	wok_lock *lock;
};

static struct waiter *first_waiter(const wok_lock *lock)
{
	struct wok__parker *first = lock->waiters.first;

	return first ? WOK__CONTAINER(first, struct waiter, parker) : NULL;
}

/* Called whenever the owner or the first waiter has become another one. */
static void watch_owner(wok_lock *lock)
{
	struct waiter *first = first_waiter(lock);

	if (!first)
		return;
	wok__task_unwatch(&first->watcher);
	wok__task_watch(lock->owner, &first->watcher);
}

static void hand_over(wok_lock *lock, int result)
{
	struct waiter *next = first_waiter(lock);

	set_owner(lock, next ? next->parker.task : NULL);
	if (!next)
		return;
	wok__task_unwatch(&next->watcher);
	wok__wake(&next->parker, result);
	watch_owner(lock);
}

static bool owner_is_dead(const wok_lock *lock)
{
	return lock->owner && wok_task_done(lock->owner);
}

static void report_dead(const wok_lock *lock)
{
	wok__report(-EOWNERDEAD, lock->owner->name, lock->owner->site,
		    "a task ended without releasing a lock");
}

static void owner_ended(struct wok__watcher *watcher)
{
	wok_lock *lock = WOK__CONTAINER(watcher, struct waiter, watcher)->lock;

	/*
	 * A waiter that was cancelled, and has not run yet, may watch who owned the lock before;
	 * and where it was the only one, the lock stays with the dead for the next who comes.
	 */
	if (!owner_is_dead(lock) || !lock->waiters.first)
		return;
	report_dead(lock);
	hand_over(lock, -EOWNERDEAD);
}

int wok_lock_try_acquire(wok_lock *lock)
{
	struct wok_task *task = wok__current();

	if (!task)
		return wok__may_wait();
	if (lock->owner == task)
		return wok_fail(-EDEADLK, "the task %s holds this lock already", task->name);
	if (owner_is_dead(lock)) {
		/* It ended while nobody waited. */
		report_dead(lock);
		set_owner(lock, task);
		return -EOWNERDEAD;
	}
	if (lock->owner)
		return -EAGAIN;
	set_owner(lock, task);
	return 0;
}

static int wait_for_lock(wok_lock *lock)
{
	struct waiter waiter = {
		.parker = {.what = "a lock", .holder = &lock->owner},
		.watcher = {.done = owner_ended},
		.lock = lock,
	};

	wok__list_init_node(&waiter.watcher.link);
	if (!lock->waiters.first)
		wok__task_watch(lock->owner, &waiter.watcher);
	int r = wok__park(&waiter.parker, &lock->waiters);
	wok__task_unwatch(&waiter.watcher);
	/* Cancelled: if this was the first waiter, another one is now. */
	if (r == -ECANCELED && lock->owner && !owner_is_dead(lock))
		watch_owner(lock);
	return r;
}

int wok_lock_acquire(wok_lock *lock)
{
	int r = wok__check();

	if (r < 0)
		return r;
	r = wok_lock_try_acquire(lock);
	if (r == -EAGAIN)
		return wait_for_lock(lock);
	if (r == 0)
		wok__spend();
	return r;
}

int wok_lock_release(wok_lock *lock)
{
	if (!lock->owner || lock->owner != wok__current())
		return wok_fail(-EPERM, "wok_lock_release: the caller does not hold the lock");
	hand_over(lock, 0);
	return 0;
}

bool wok_lock_held(const wok_lock *lock)
{
	return lock->owner != NULL;
}
