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
 *             the lock is the caller's then, to mend what it guards and to release it
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_lock_acquire(wok_lock *lock) WOK_MUST_CHECK;

/**
 * Take the lock if it is free and nobody queues for it.
 *
 * Returns:    0; -EAGAIN; -EDEADLK and -EOWNERDEAD as wok_lock_acquire()
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
 * Run the block that follows with the lock held, and release it on every way out. If r is negative
 * the block is not entered: the lock was not acquired, or (-EOWNERDEAD) it was released again.
 */
#define WOK_WITH_LOCK(lock, r)                                                                     \
	for (wok_lock * WOK__HIDDEN(held) __attribute__((cleanup(wok_lock_leave_auto))) =          \
		     wok__lock_acquired((lock), (r) = wok_lock_acquire(lock)),                     \
					  *WOK__HIDDEN(once) = (r) < 0 ? NULL : WOK__HIDDEN(held); \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/* The lock, if the result of acquiring it says that the caller has it. */
static inline wok_lock *wok__lock_acquired(wok_lock *lock, int result)
{
	return result < 0 && result != -EOWNERDEAD ? NULL : lock;
}

static inline void wok_lock_leave_auto(wok_lock **lock)
{
	if (*lock)
		wok_lock_release(*lock);
}

WOK_END_DECLS
#endif
