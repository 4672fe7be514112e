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
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -EDEADLK if the caller holds
 *             it to write; -EOWNERDEAD if a writer ended without releasing it, which was reported:
 *             the caller has the lock then, and knows that what it guards may be half written
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_rwlock_acquire_read(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Wait until nobody else holds the lock, and take it to write.
 *
 * Returns:    as wok_rwlock_acquire_read()
 * Checkpoint: always, even when the lock is free
 * Threads:    the lock's loop
 */
int wok_rwlock_acquire_write(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Take the lock to read if that is possible at once and nobody queues.
 *
 * Returns:    0; -EAGAIN; -EDEADLK and -EOWNERDEAD as wok_rwlock_acquire_read()
 * Checkpoint: never
 * Threads:    the lock's loop
 */
int wok_rwlock_try_acquire_read(wok_rwlock *lock) WOK_MUST_CHECK;

/**
 * Take the lock to write if nobody holds it.
 *
 * Returns:    0; -EAGAIN; -EDEADLK and -EOWNERDEAD as wok_rwlock_acquire_read()
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

WOK_END_DECLS
#endif
