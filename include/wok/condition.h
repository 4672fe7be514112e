/* SPDX-License-Identifier: MIT */
#ifndef WOK_CONDITION_H
#define WOK_CONDITION_H
#include <wok/base.h>
#include <wok/lock.h>

WOK_BEGIN_DECLS

/*
 * What tasks wait for while they do not hold a lock: that something guarded by it has changed. It
 * belongs to one lock, for ever. Embed it or make it static; its fields are private.
 */
typedef struct {
	wok_lock *lock;
	wok_waiters waiters;
} wok_condition;

/* lock: borrowed; a constant expression if the condition is static: &lock of a static lock */
#define WOK_CONDITION_INIT(lock) {(lock), {0}}

/* Whether a condition holds: called with the lock held, must not wait. */
typedef bool wok_condition_fn(void *arg);

/**
 * Release the lock, wait until notified, and take the lock again. Whatever is returned, the caller
 * holds the lock as before; a second cancel, while somebody else still has it, changes nothing
 * about that. A task that was notified before it was cancelled gets 0: no notification is lost. So
 * do not wait for the end of such a task (wok_task_free() does, too) while you hold the lock.
 *
 * After -EOWNERDEAD, too, the caller HAS the lock: see wok_lock_acquire().
 *
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -EOWNERDEAD if the lock's
 *             owner ended meanwhile without releasing it (see wok_lock_acquire()); -EPERM if the
 *             caller does not hold the lock; -EDEADLK outside of tasks
 * Checkpoint: always
 * Threads:    the lock's loop
 */
int wok_condition_wait(wok_condition *condition) WOK_MUST_CHECK;

/**
 * Wait until a predicate is true: it is asked at first, and each time the condition is notified.
 *
 * predicate:  called in the caller's task, with the lock held
 * Returns:    0; a failure as wok_condition_wait(), the predicate then being false, or not asked
 * Checkpoint: always, even if it is true at once
 * Threads:    the lock's loop
 */
int wok_condition_wait_until(wok_condition *condition, wok_condition_fn *predicate, void *arg)
	WOK_MUST_CHECK;

/**
 * Notify the longest waiters. Each goes on when it has the lock: first in, first out, after those
 * who queue for the lock already. One that is cancelled does not count as a waiter any more.
 *
 * n:          how many at most
 * Returns:    how many were notified; -EPERM if the caller does not hold the lock
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_condition_notify(wok_condition *condition, size_t n);

/**
 * Notify all who wait.
 *
 * Returns:    as wok_condition_notify()
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_condition_notify_all(wok_condition *condition);

WOK_END_DECLS
#endif
