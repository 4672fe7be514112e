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
 * After -EOWNERDEAD the caller HAS the lock, as with the robust mutexes of POSIX: it mends what the
 * lock guards, and releases it. So WOK_TRY() around this call is right only in a task whose own end
 * matters to nobody: it returns with the lock held. WOK_WITH_LOCK releases it.
 *
 * Returns:    0; -EOWNERDEAD if its owner ended without releasing it, which was reported: the lock
 *             is the caller's; -ECANCELED if a scope around the call was cancelled; -EDEADLK if the
 *             caller holds it already
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_lock_acquire(wok_lock *lock) WOK_MUST_CHECK;

/**
 * Take the lock if it is free and nobody queues for it.
 *
 * Returns:    0; -EOWNERDEAD as wok_lock_acquire(), the lock being the caller's; -EAGAIN; -EDEADLK
 *             if the caller holds it already
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
 * Run the block that follows with the lock held, and release it on every way out. r, an int, is
 * set by the macro; if it is negative the block is not entered: the lock was not acquired, or
 * (-EOWNERDEAD) it was released again. The block is a loop that runs once: break and continue leave
 * the block, not a loop around it; return and goto leave both.
 */
#define WOK_WITH_LOCK(lock, r)                                                                     \
	for (wok_lock * WOK__HIDDEN(held) __attribute__((cleanup(wok_lock_leave_auto))) =          \
		     wok__lock_enter((lock), &(r)),                                                \
					  *WOK__HIDDEN(once) = WOK__HIDDEN(held);                  \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/* The lock, if the block is to be entered. */
static inline wok_lock *wok__lock_enter(wok_lock *lock, int *ret_result)
{
	int r = *ret_result = wok_lock_acquire(lock);

	if (r == -EOWNERDEAD)
		wok_lock_release(lock);
	return r < 0 ? NULL : lock;
}

static inline void wok_lock_leave_auto(wok_lock **lock)
{
	if (*lock)
		wok_lock_release(*lock);
}

WOK_END_DECLS
#endif
