/* SPDX-License-Identifier: MIT */
#ifndef WOK_RWLOCK_H
#define WOK_RWLOCK_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A lock that many tasks hold to read, or one alone to write. Strictly first in, first out: a
 * reader that comes behind a waiting writer waits, too, so that neither side starves. Embed it or
 * make it static; its fields are private. Not for threads.
 *
 * Only the writer is known by name. Readers are counted: a task that ends without releasing keeps
 * writers out for ever, and one that asks to read twice, or to write while it reads, waits for
 * itself as soon as a writer waits.
 */
typedef struct {
	struct wok_task *writer;
	size_t readers;
	wok_waiters waiters;
} wok_rwlock;

#define WOK_RWLOCK_INIT {0}

/**
 * Wait until nobody writes, nor came before to write, and take the lock to read.
 *
 * After -EOWNERDEAD the caller HAS the lock, and must release it: WOK_TRY() around this call would
 * return with the lock held, and keep writers out for ever. WOK_WITH_READ_LOCK releases it.
 *
 * Returns:    0; -EOWNERDEAD if a writer ended without releasing it, which was reported: the lock
 *             is the caller's, and what it guards may be half written; -ECANCELED if a scope
 *             around the call was cancelled; -EDEADLK if the caller holds it to write
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_rwlock_acquire_read(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Wait until nobody else holds the lock, and take it to write. After -EOWNERDEAD, too, the caller
 * HAS the lock.
 *
 * Returns:    as wok_rwlock_acquire_read()
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_rwlock_acquire_write(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Take the lock to read if that is possible at once and nobody queues.
 *
 * Returns:    0; -EOWNERDEAD as wok_rwlock_acquire_read(), the lock being the caller's; -EAGAIN;
 *             -EDEADLK if the caller holds it to write
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_rwlock_try_acquire_read(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Take the lock to write if nobody holds it.
 *
 * Returns:    as wok_rwlock_try_acquire_read()
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_rwlock_try_acquire_write(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Release what wok_rwlock_acquire_read() took. Any task may do so for the one that took it.
 *
 * Returns:    0; -EPERM if nobody holds the lock to read
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_rwlock_release_read(wok_rwlock *lock);

/**
 * Release what wok_rwlock_acquire_write() took.
 *
 * Returns:    0; -EPERM if the caller does not hold the lock to write
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_rwlock_release_write(wok_rwlock *lock);

/**
 * How many hold the lock to read.
 *
 * Returns:    their number
 * Checkpoint: never
 * Threads:    the lock's loop
 */
size_t wok_rwlock_readers(const wok_rwlock *lock);

/**
 * Whether somebody holds the lock to write.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the lock's loop
 */
bool wok_rwlock_writing(const wok_rwlock *lock);

/*
 * Run the block that follows with the lock held to read, and release it on every way out. r, an
 * int, is set by the macro; if it is negative the block is not entered: the lock was not acquired,
 * or (-EOWNERDEAD) it was released again. The block is a loop that runs once: break and continue
 * leave the block, not a loop around it; return and goto leave both.
 */
#define WOK_WITH_READ_LOCK(lock, r)                                                                \
	for (wok_rwlock * WOK__HIDDEN(held) __attribute__((cleanup(wok_rwlock_leave_read_auto))) = \
		     wok__rwlock_enter_read((lock), &(r)),                                         \
					    *WOK__HIDDEN(once) = WOK__HIDDEN(held);                \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/* The same, with the lock held to write. */
#define WOK_WITH_WRITE_LOCK(lock, r)                                                               \
	for (wok_rwlock * WOK__HIDDEN(held)                                                        \
				  __attribute__((cleanup(wok_rwlock_leave_write_auto))) =          \
		     wok__rwlock_enter_write((lock), &(r)),                                        \
				  *WOK__HIDDEN(once) = WOK__HIDDEN(held);                          \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/* The lock, if the block is to be entered. */
static inline wok_rwlock *wok__rwlock_enter_read(wok_rwlock *lock, int *ret_result)
{
	int r = *ret_result = wok_rwlock_acquire_read(lock);

	if (r == -EOWNERDEAD)
		wok_rwlock_release_read(lock);
	return r < 0 ? NULL : lock;
}

static inline wok_rwlock *wok__rwlock_enter_write(wok_rwlock *lock, int *ret_result)
{
	int r = *ret_result = wok_rwlock_acquire_write(lock);

	if (r == -EOWNERDEAD)
		wok_rwlock_release_write(lock);
	return r < 0 ? NULL : lock;
}

static inline void wok_rwlock_leave_read_auto(wok_rwlock **lock)
{
	if (*lock)
		wok_rwlock_release_read(*lock);
}

static inline void wok_rwlock_leave_write_auto(wok_rwlock **lock)
{
	if (*lock)
		wok_rwlock_release_write(*lock);
}

WOK_END_DECLS
#endif
