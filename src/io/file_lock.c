/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: see wok_file_lock().
 *
 * The system can tell a thread when a lock is free, and nobody else. A thread that waits for it
 * cannot be stopped, and may wait for ever, so the lock is asked for again and again.
 */
#include <sys/file.h>
#include <wok/error.h>
#include <wok/task.h>

#include "io/disk.h"
#include "io/file.h"
#include "platform/file.h"

struct locking {
	int fd;
	int how; /* LOCK_SH, LOCK_EX, LOCK_UN */
	bool range;
	off_t offset, size;
};

static int type_of(int how)
{
	return how == LOCK_SH ? F_RDLCK : how == LOCK_EX ? F_WRLCK : F_UNLCK;
}

/* A server may have to be asked. */
static int run_lock(void *arg)
{
	const struct locking *locking = arg;
	int r = locking->range ? wok__sys_file_lock_range(locking->fd, type_of(locking->how),
							  locking->offset, locking->size)
			       : wok__sys_file_flock(locking->fd, locking->how);

	return r == -EACCES ? -EAGAIN : r;
}

static int lock_patiently(wok_file *file, struct locking *locking, bool try_only)
{
	const wok_time longest = 50 * WOK_MS;
	wok_time pause = WOK_MS;

	for (;;) {
		if (file->closed)
			return -EBADF;
		locking->fd = file->handle->fd;
		int r = wok__disk_run(&file->disk, "wok_file_lock", run_lock, locking);
		if (r != -EAGAIN || try_only)
			return r;
		WOK_TRY(wok_sleep(pause));
		pause = pause * 2 < longest ? pause * 2 : longest;
	}
}

static int lock(wok_file *file, struct locking *locking, int flags)
{
	if (flags & ~(WOK_FILE_SHARED | WOK_FILE_TRY))
		return wok_fail(-EINVAL, "wok_file_lock: there are no flags %#x", (unsigned) flags);
	locking->how = flags & WOK_FILE_SHARED ? LOCK_SH : LOCK_EX;
	WOK_TRY(wok__file_enter_any(file));
	int r = lock_patiently(file, locking, flags & WOK_FILE_TRY);
	wok__file_leave(file);
	return wok__file_error(file, "lock", r);
}

/* It does not matter whether the task is cancelled: others wait for the lock. */
static int unlock(wok_file *file, struct locking *locking)
{
	if (file->closed)
		return wok_fail(-EBADF, "%s is closed, and so its locks are released", file->path);
	locking->how = LOCK_UN;
	locking->fd = file->handle->fd;
	file->users++;
	int r = wok__disk_finish(&file->disk, "wok_file_unlock", run_lock, locking);
	wok__file_leave(file);
	return wok__file_error(file, "unlock", r);
}

int wok_file_lock(wok_file *file, int flags)
{
	struct locking locking = {0};

	return lock(file, &locking, flags);
}

int wok_file_unlock(wok_file *file)
{
	struct locking locking = {0};

	return unlock(file, &locking);
}

int wok_file_lock_range(wok_file *file, off_t offset, off_t size, int flags)
{
	struct locking locking = {.range = true, .offset = offset, .size = size};

	return lock(file, &locking, flags);
}

int wok_file_unlock_range(wok_file *file, off_t offset, off_t size)
{
	struct locking locking = {.range = true, .offset = offset, .size = size};

	return unlock(file, &locking);
}
