/* SPDX-License-Identifier: MIT */
/*
 * Writing to files: see wok/file.h.
 *
 * There is one buffer, and whoever finds it full writes it out and waits for that. The page cache
 * behind it writes to the disk in its own time, so a second buffer that is written while the first
 * is filled would hide a copy in memory and no more; and there would be errors of writes that
 * nobody waits for.
 *
 * What could not be written stays at the front of the buffer. Until a flush gets rid of it, each
 * write fails as that one did, so that no later byte overtakes it.
 */
#include <limits.h>
#include <string.h>
#include <wok/error.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "io/disk.h"
#include "io/file.h"
#include "platform/file.h"
#include "task/park.h"

static int check_failed(wok_file *file)
{
	/* One that was left behind has told nobody so far. */
	if (file->failed == 0)
		file->failed = atomic_load(&file->handle->failed);
	if (file->failed == 0)
		return 0;
	return wok_fail(-EIO,
			"%s: an earlier sync failed (%s), and what was written before may be lost: "
			"open it anew and write everything again",
			file->path, wok_strerror(file->failed));
}

/* Write bytes at the position, and move it. Left behind, they would overtake, or come twice. */
static int put(wok_file *file, struct wok__transfer *transfer)
{
	size_t before = transfer->done;

	transfer->write = true;
	transfer->stays = true;
	transfer->offset = file->positioned_at_end ? -1 : file->offset;
	int r = wok__file_move(file, transfer);
	file->offset += (off_t) (transfer->done - before);
	if (file->positioned_at_end && transfer->done > before) {
		off_t end = wok__sys_file_seek(file->handle->fd, 0, SEEK_CUR);
		if (end >= 0)
			file->offset = end;
	}
	return wok__file_error(file, "write", r);
}

int wok__file_drain(wok_file *file)
{
	struct iovec part = {file->out, file->out_used};
	struct wok__transfer transfer = {.parts = &part, .n_parts = 1};

	if (file->out_used == 0)
		return 0;
	WOK_TRY(check_failed(file));
	int r = put(file, &transfer);
	file->out_used -= transfer.done;
	memmove(file->out, file->out + transfer.done, file->out_used);
	file->deferred = r == -ECANCELED ? 0 : r;
	return r;
}

static size_t size_of(const struct iovec *parts, int n_parts)
{
	size_t size = 0;

	for (int i = 0; i < n_parts; i++)
		size += parts[i].iov_len;
	return size;
}

static int make_buffer(wok_file *file)
{
	if (!file->out)
		file->out = wok_alloc(file->out_size);
	return file->out ? 0 : -ENOMEM;
}

static void copy_in(wok_file *file, const struct iovec *parts, int n_parts)
{
	for (int i = 0; i < n_parts; i++) {
		if (parts[i].iov_len > 0)
			memcpy(file->out + file->out_used, parts[i].iov_base, parts[i].iov_len);
		file->out_used += parts[i].iov_len;
	}
}

/* More than the buffer holds, or there is none. */
static int write_through(wok_file *file, struct iovec *parts, int n_parts, size_t *done)
{
	struct wok__transfer transfer = {.parts = parts, .n_parts = n_parts};

	WOK_TRY(wok__file_drain(file));
	int r = put(file, &transfer);
	*done = transfer.done;
	return r;
}

static int check_writing(wok_file *file)
{
	WOK_TRY(check_failed(file));
	if (file->deferred < 0 && file->out_used > 0)
		return wok_fail(file->deferred,
				"%s: %zu bytes that were written before could not be: %s",
				file->path, file->out_used, wok_strerror(file->deferred));
	return 0;
}

static int write_parts(wok_file *file, struct iovec *parts, int n_parts, size_t *done)
{
	size_t size = size_of(parts, n_parts);

	WOK_TRY(check_writing(file));
	if (!file->polled)
		wok__file_drop_input(file);
	if (size >= file->out_size)
		return write_through(file, parts, n_parts, done);
	WOK_TRY(make_buffer(file));
	if (size > file->out_size - file->out_used)
		WOK_TRY(wok__file_drain(file));
	else
		wok__spend();
	copy_in(file, parts, n_parts);
	*done = size;
	return 0;
}

int wok_file_write_parts(wok_file *file, struct iovec *parts, int n_parts, size_t *ret_done)
{
	size_t done = 0;
	int r = wok__file_begin_turn(file, WOK__FILE_WRITING);

	if (r == 0) {
		r = write_parts(file, parts, n_parts, &done);
		wok__file_end_turn(file, WOK__FILE_WRITING);
	}
	if (ret_done)
		*ret_done = done;
	return r;
}

int wok_file_write(wok_file *file, const void *data, size_t size)
{
	struct iovec part = {(void *) (uintptr_t) data, size};

	return wok_file_write_parts(file, &part, 1, NULL);
}

/* --- somewhere -------------------------------------------------------------------------------- */

/* What is buffered lies in front of it, or is what it replaces. */
static int settle_buffers(wok_file *file)
{
	if (file->out_used == 0 && file->in_start == file->in_end)
		return 0;
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_WRITING));
	int r = wok__file_drain(file);
	if (r == 0)
		wok__file_drop_input(file);
	wok__file_end_turn(file, WOK__FILE_WRITING);
	return r;
}

static int write_at(wok_file *file, struct wok__transfer *transfer)
{
	if (file->polled)
		return wok__file_error(file, "write", -ESPIPE);
	if (transfer->offset < 0)
		return wok__file_error(file, "write", -EINVAL);
	WOK_TRY(check_failed(file));
	WOK_TRY(settle_buffers(file));
	transfer->stays = file->positioned_at_end; /* the system appends, whatever the offset */
	return wok__file_error(file, "write", wok__file_move(file, transfer));
}

int wok_file_pwrite_parts(wok_file *file, struct iovec *parts, int n_parts, off_t offset,
			  size_t *ret_done)
{
	struct wok__transfer transfer = {
		.write = true, .parts = parts, .n_parts = n_parts, .offset = offset};
	int r = wok__file_enter(file, WOK__FILE_WRITING);

	if (r == 0) {
		r = write_at(file, &transfer);
		wok__file_leave(file);
	}
	if (ret_done)
		*ret_done = transfer.done;
	return r;
}

int wok_file_pwrite(wok_file *file, const void *data, size_t size, off_t offset, size_t *ret_done)
{
	struct iovec part = {(void *) (uintptr_t) data, size};

	return wok_file_pwrite_parts(file, &part, 1, offset, ret_done);
}

/* --- onto the disk ---------------------------------------------------------------------------- */

int wok_file_flush(wok_file *file)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_WRITING));
	int r = check_failed(file);
	if (r == 0 && file->out_used > 0)
		r = wok__file_drain(file);
	else
		wok__spend();
	wok__file_end_turn(file, WOK__FILE_WRITING);
	return r;
}

struct sync {
	int fd;
	bool data_only;
};

static int run_sync(void *arg)
{
	const struct sync *sync = arg;

	return wok__sys_file_sync(sync->fd, sync->data_only);
}

/* Left behind, it brings nothing that must be released but the descriptor. */
struct owned_sync {
	struct sync sync;
	struct wok__handle *handle;
};

/* Whether a sync that failed has said something of what is on the disk. */
static bool tells_of_disk(int r)
{
	return r == -EIO || r == -ENOSPC || r == -EDQUOT;
}

/* The system tells of an error once only: it is kept for whoever comes next. */
static int run_owned_sync(void *arg)
{
	struct owned_sync *owned = arg;
	int r = run_sync(&owned->sync);

	if (tells_of_disk(r))
		atomic_store(&owned->handle->failed, r);
	return r;
}

static void dispose_sync(void *arg)
{
	struct owned_sync *owned = arg;

	(void) wok__handle_unref(owned->handle);
	wok_free(owned);
}

static int sync_owned(wok_file *file, bool data_only)
{
	struct owned_sync *owned = wok_alloc(sizeof(*owned));

	if (!owned)
		return -ENOMEM;
	*owned = (struct owned_sync){{file->handle->fd, data_only}, file->handle};
	wok__handle_ref(file->handle);
	int r = wok__disk_run_owned(&file->disk, "wok_file_sync", run_owned_sync, owned,
				    dispose_sync);
	if (r != -ECANCELED)
		dispose_sync(owned);
	return r;
}

static int sync_file(wok_file *file, bool data_only)
{
	struct sync sync = {file->handle->fd, data_only};

	WOK_TRY(check_failed(file));
	WOK_TRY(wok__file_drain(file));
	int r = file->disk.flags & WOK_ABANDON
			? sync_owned(file, data_only)
			: wok__disk_run(&file->disk, "wok_file_sync", run_sync, &sync);
	if (tells_of_disk(r))
		file->failed = r;
	return wok__file_error(file, "sync", r);
}

int wok_file_sync(wok_file *file)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_WRITING));
	int r = sync_file(file, false);
	wok__file_end_turn(file, WOK__FILE_WRITING);
	return r;
}

int wok_file_sync_data(wok_file *file)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_WRITING));
	int r = sync_file(file, true);
	wok__file_end_turn(file, WOK__FILE_WRITING);
	return r;
}
