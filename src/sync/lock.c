/* SPDX-License-Identifier: MIT */
/*
 * Locks: see wok/lock.h.
 *
 * The lock is handed over: release() makes the longest waiter the owner before it runs, so nobody
 * can slip in between, and a waiter that is cancelled after that is the owner all the same. If the
 * owner ends without releasing it while somebody waits, the lock goes on to him at once.
 */
#include "sync/lock.h"

#include <wok/error.h>

static void hand_over(wok_lock *lock, int result)
{
	struct wok__heir *next = wok__heir_first(&lock->waiters);

	wok__owner_set(&lock->owner, next ? next->parker.task : NULL);
	if (!next)
		return;
	wok__task_unwatch(&next->watcher);
	wok__wake(&next->parker, result);
	wok__heir_watch(&lock->waiters, lock->owner);
}

static void owner_ended(struct wok__watcher *watcher)
{
	wok_lock *lock = WOK__CONTAINER(watcher, struct wok__heir, watcher)->object;

	/*
	 * A waiter that was cancelled, and has not run yet, may watch who owned the lock before;
	 * and where it was the only one, the lock stays with the dead for the next who comes.
	 */
	if (!wok__owner_dead(lock->owner) || !lock->waiters.first)
		return;
	wok__owner_report(lock->owner, "a lock");
	hand_over(lock, -EOWNERDEAD);
}

/* Make task the owner if nobody alive is; -EAGAIN if somebody is. */
static int take(wok_lock *lock, struct wok_task *task)
{
	bool dead = wok__owner_dead(lock->owner);

	if (lock->owner && !dead)
		return -EAGAIN;
	if (dead) /* it ended while nobody waited */
		wok__owner_report(lock->owner, "a lock");
	wok__owner_set(&lock->owner, task);
	return dead ? -EOWNERDEAD : 0;
}

int wok_lock_try_acquire(wok_lock *lock)
{
	struct wok_task *task = wok__current();

	if (!task)
		return wok__may_wait();
	if (lock->owner == task)
		return wok_fail(-EDEADLK, "the task %s holds this lock already", task->name);
	int r = wok__owner_check(&lock->owner, "a lock");
	if (r < 0)
		return r;
	return take(lock, task);
}

void wok__lock_heir_init(struct wok__heir *heir, wok_lock *lock, const char *what)
{
	*heir = (struct wok__heir){
		.parker = WOK__PARKER_INIT(what),
		.watcher = {.done = owner_ended},
		.object = lock,
	};
	wok__list_init_node(&heir->watcher.link);
}

void wok__lock_requeue(wok_lock *lock, struct wok__heir *heir)
{
	int r = take(lock, heir->parker.task);

	if (r != -EAGAIN) {
		wok__wake(&heir->parker, r);
		return;
	}
	heir->parker.what = "a lock";
	heir->parker.holder = &lock->owner;
	wok__requeue(&heir->parker, &lock->waiters);
	wok__heir_watch(&lock->waiters, lock->owner);
}

static WOK__OUT_OF_LINE int wait_for_lock(wok_lock *lock)
{
	struct wok__heir heir;

	wok__lock_heir_init(&heir, lock, "a lock");
	heir.parker.holder = &lock->owner;
	if (!lock->waiters.first)
		wok__task_watch(lock->owner, &heir.watcher);
	int r = wok__park(&heir.parker, &lock->waiters);
	wok__task_unwatch(&heir.watcher);
	/* Cancelled: if this was the first waiter, another one is now. */
	if (r == -ECANCELED && lock->owner && !wok__owner_dead(lock->owner))
		wok__heir_watch(&lock->waiters, lock->owner);
	return r;
}

int wok_lock_acquire(wok_lock *lock)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	r = wok_lock_try_acquire(lock);
	if (r == -EAGAIN)
		return wait_for_lock(lock);
	if (r == 0)
		wok__quick_spend();
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
