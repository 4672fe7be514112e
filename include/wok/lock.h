/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOCK_H
#define WOK_LOCK_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Mutual exclusion between tasks of one loop, across their waits. Handed over first in, first out.
 * Embed it or make it static; its fields are private. Not for threads.
 */
typedef struct {
	struct wok_task *owner;
	wok_waiters waiters;
} wok_lock;

#define WOK_LOCK_INIT {0}

/**
 * Wait for the lock and take it. For a time limit, open a timeout around the call.
 *
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -EDEADLK if the caller holds
 *             it already; -EOWNERDEAD if its owner ended without releasing it, which was reported:
 *             the lock is the caller's then, too
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_lock_acquire(wok_lock *lock) WOK_MUST_CHECK;

/**
 * Take the lock if it is free and nobody queues for it.
 *
 * Returns:    0; -EAGAIN; -EDEADLK if the caller holds it already
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_lock_try_acquire(wok_lock *lock) WOK_MUST_CHECK;

/**
 * Release the lock; the longest waiter gets it.
 *
 * Returns:    0; -EPERM if the caller does not hold it
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_lock_release(wok_lock *lock);

/**
 * Whether somebody holds the lock.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the lock's loop
 */
bool wok_lock_held(const wok_lock *lock);

/*
 * Run the block that follows with the lock held, and release it on every way out. If the lock was
 * not acquired, r is the negative result, and the block is not entered.
 */
#define WOK_WITH_LOCK(lock, r)                                                                     \
	for (wok_lock * WOK__HIDDEN(held) __attribute__((cleanup(wok_lock_leave_auto))) =          \
		     ((r) = wok_lock_acquire(lock)) < 0 ? NULL : (lock),                           \
					  *WOK__HIDDEN(once) = WOK__HIDDEN(held);                  \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

static inline void wok_lock_leave_auto(wok_lock **lock)
{
	if (*lock)
		wok_lock_release(*lock);
}

WOK_END_DECLS
#endif
