/* SPDX-License-Identifier: MIT */
/*
 * Read-write locks: see wok/rwlock.h.
 *
 * One queue for both sides. Whenever something was given back, or somebody left the queue, the lock
 * is handed over to whoever stands first: one writer, or all readers up to the next writer. Nobody
 * can come in between, and a cancel that comes after the grant changes nothing about it.
 */
#include <wok/error.h>
#include <wok/rwlock.h>

#include "sync/owner.h"

struct waiter {
	struct wok__heir heir;
	bool writes;
};

static struct waiter *first_waiter(const wok_rwlock *lock)
{
	return lock->waiters.first ? WOK__CONTAINER(lock->waiters.first, struct waiter, heir.parker)
				   : NULL;
}

/* Let in those at the head of the queue who can be; result is what their wait returns. */
static void admit(wok_rwlock *lock, int result)
{
	struct waiter *first;

	while (!lock->writer && (first = first_waiter(lock))) {
		if (first->writes && lock->readers > 0)
			return;
		if (first->writes)
			wok__owner_set(&lock->writer, first->heir.parker.task);
		else
			lock->readers++;
		wok__task_unwatch(&first->heir.watcher);
		wok__wake(&first->heir.parker, result);
	}
	wok__heir_watch(&lock->waiters, lock->writer);
}

static void writer_ended(struct wok__watcher *watcher)
{
	wok_rwlock *lock = WOK__CONTAINER(watcher, struct wok__heir, watcher)->object;

	/* As in a lock: perhaps a former writer's end; and without waiters it stays with the dead.
	 */
	if (!wok__owner_dead(lock->writer) || !lock->waiters.first)
		return;
	wok__owner_report(lock->writer, "a read-write lock");
	wok__owner_set(&lock->writer, NULL);
	admit(lock, -EOWNERDEAD);
}

/* Leave the queue at once: readers behind a writer that gives up do not wait for it to run. */
static void on_cancel(struct wok__parker *parker)
{
	struct wok__heir *heir = WOK__CONTAINER(parker, struct wok__heir, parker);
	wok_rwlock *lock = heir->object;

	wok__task_unwatch(&heir->watcher);
	wok__wake(parker, -ECANCELED);
	admit(lock, 0);
}

static int try_acquire(wok_rwlock *lock, bool writes)
{
	struct wok_task *task = wok__current();

	if (!task)
		return wok__may_wait();
	if (lock->writer == task)
		return wok_fail(-EDEADLK, "the task %s holds this read-write lock to write already",
				task->name);
	int r = wok__owner_check(&lock->writer, "a read-write lock");
	if (r < 0)
		return r;
	bool dead = wok__owner_dead(lock->writer);
	if ((lock->writer && !dead) || lock->waiters.first || (writes && lock->readers > 0))
		return -EAGAIN;
	if (dead) /* it ended while nobody waited */
		wok__owner_report(lock->writer, "a read-write lock");
	wok__owner_set(&lock->writer, writes ? task : NULL);
	lock->readers += !writes;
	return dead ? -EOWNERDEAD : 0;
}

static WOK__OUT_OF_LINE int wait_for_lock(wok_rwlock *lock, bool writes)
{
	struct waiter waiter = {
		.heir =
			{
				.parker = {.what = writes ? "a read-write lock (to write)"
							  : "a read-write lock (to read)",
					   .holder = &lock->writer,
					   .cancel = on_cancel},
				.watcher = {.done = writer_ended},
				.object = lock,
			},
		.writes = writes,
	};

	wok__list_init_node(&waiter.heir.watcher.link);
	if (!lock->waiters.first && lock->writer)
		wok__task_watch(lock->writer, &waiter.heir.watcher);
	int r = wok__park(&waiter.heir.parker, &lock->waiters);
	wok__task_unwatch(&waiter.heir.watcher);
	return r;
}

static int acquire(wok_rwlock *lock, bool writes)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	r = try_acquire(lock, writes);
	if (r == -EAGAIN)
		return wait_for_lock(lock, writes);
	if (r == 0)
		wok__quick_spend();
	return r;
}

int wok_rwlock_acquire_read(wok_rwlock *lock)
{
	return acquire(lock, false);
}

int wok_rwlock_acquire_write(wok_rwlock *lock)
{
	return acquire(lock, true);
}

int wok_rwlock_try_acquire_read(wok_rwlock *lock)
{
	return try_acquire(lock, false);
}

int wok_rwlock_try_acquire_write(wok_rwlock *lock)
{
	return try_acquire(lock, true);
}

int wok_rwlock_release_read(wok_rwlock *lock)
{
	if (lock->readers == 0)
		return wok_fail(-EPERM, "wok_rwlock_release_read: nobody holds the lock to read");
	int r = wok__check_queue(&lock->waiters);
	if (r < 0)
		return r;
	lock->readers--;
	admit(lock, 0);
	return 0;
}

int wok_rwlock_release_write(wok_rwlock *lock)
{
	if (!lock->writer || lock->writer != wok__current())
		return wok_fail(-EPERM,
				"wok_rwlock_release_write: the caller does not hold the lock to "
				"write");
	wok__owner_set(&lock->writer, NULL);
	admit(lock, 0);
	return 0;
}

size_t wok_rwlock_readers(const wok_rwlock *lock)
{
	return lock->readers;
}

bool wok_rwlock_writing(const wok_rwlock *lock)
{
	return lock->writer != NULL;
}
