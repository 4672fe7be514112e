/* SPDX-License-Identifier: MIT */
/*
 * Locks: see wok/lock.h.
 *
 * The lock is handed over: release() makes the longest waiter the owner before it runs, so nobody
 * can slip in between, and a waiter that is cancelled after that is the owner all the same. The
 * owner's header is held, so an owner that has ended is told from a task that reuses its memory.
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

/* Take the lock from a task that ended with it. */
static int take_from_dead(wok_lock *lock, struct wok_task *task)
{
	wok__report(-EOWNERDEAD, lock->owner->name, lock->owner->site,
		    "a task ended without releasing a lock");
	set_owner(lock, task);
	return -EOWNERDEAD;
}

static bool owner_is_dead(const wok_lock *lock)
{
	return lock->owner && wok_task_done(lock->owner);
}

int wok_lock_try_acquire(wok_lock *lock)
{
	struct wok_task *task = wok__current();

	if (!task)
		return wok__may_wait();
	if (lock->owner == task)
		return wok_fail(-EDEADLK, "the task %s holds this lock already", task->name);
	if (owner_is_dead(lock))
		return take_from_dead(lock, task);
	if (lock->owner || lock->waiters.first)
		return -EAGAIN;
	set_owner(lock, task);
	return 0;
}

int wok_lock_acquire(wok_lock *lock)
{
	struct wok__parker parker = WOK__PARKER_INIT("a lock");
	int r = wok__check();

	if (r < 0)
		return r;
	r = wok_lock_try_acquire(lock);
	if (r == -EAGAIN)
		return wok__park(&parker, &lock->waiters);
	if (r == 0)
		wok__spend();
	return r;
}

int wok_lock_release(wok_lock *lock)
{
	struct wok__parker *next = lock->waiters.first;

	if (!lock->owner || lock->owner != wok__current())
		return wok_fail(-EPERM, "wok_lock_release: the caller does not hold the lock");
	set_owner(lock, next ? next->task : NULL);
	if (next)
		wok__wake(next, 0);
	return 0;
}

bool wok_lock_held(const wok_lock *lock)
{
	return lock->owner != NULL;
}
