/* SPDX-License-Identifier: MIT */
/* Files: what all calls on them share, and their position. See io/file.h. */
#include "io/file.h"

#include <poll.h>
#include <stdio.h>
#include <wok/error.h>
#include <wok/fd.h>

#include "base/iovec.h"
#include "io/disk.h"
#include "platform/file.h"
#include "task/park.h"

int wok__file_error(const wok_file *file, const char *what, int code)
{
	if (code >= 0 || code == -ECANCELED || code == -ENOMEM)
		return code;
	if (code == -EINVAL && file->direct)
		return wok_fail(code,
				"cannot %s %s: past the page cache, addresses, sizes and offsets "
				"must be multiples of the device's blocks, most often 4096",
				what, file->path);
	return wok_fail(code, "cannot %s %s: %s", what, file->path, wok_strerror(code));
}

static int check_open(const wok_file *file)
{
	return file->closed ? wok_fail(-EBADF, "%s is closed", file->path) : 0;
}

static int check_side(const wok_file *file, enum wok__file_side side)
{
	if (side == WOK__FILE_READING && !file->readable)
		return wok_fail(-EBADF, "%s is not open for reading", file->path);
	if (side == WOK__FILE_WRITING && !file->writable)
		return wok_fail(-EBADF, "%s is not open for writing", file->path);
	return 0;
}

int wok__file_enter(wok_file *file, enum wok__file_side side)
{
	WOK_TRY(wok__check());
	WOK_TRY(check_open(file));
	WOK_TRY(check_side(file, side));
	file->users++;
	return 0;
}

void wok__file_leave(wok_file *file)
{
	if (--file->users == 0 && file->closed)
		(void) wok__wake_first(&file->leaving, 0);
}

static struct wok__file_turn *turn_of(wok_file *file, enum wok__file_side side)
{
	return &file->turns[file->polled ? side : WOK__FILE_READING];
}

static int wait_turn(struct wok__file_turn *turn)
{
	struct wok__parker parker = WOK__PARKER_INIT("another task's call on the file to end");

	if (turn->taken)
		return wok__park(&parker, &turn->waiters);
	turn->taken = true;
	return 0;
}

static void end_turn(struct wok__file_turn *turn)
{
	if (!wok__wake_first(&turn->waiters, 0))
		turn->taken = false;
}

void wok__file_end_turn(wok_file *file, enum wok__file_side side)
{
	end_turn(turn_of(file, side));
	wok__file_leave(file);
}

int wok__file_begin_turn(wok_file *file, enum wok__file_side side)
{
	WOK_TRY(wok__file_enter(file, side));
	int r = wait_turn(turn_of(file, side));
	if (r < 0) {
		wok__file_leave(file);
		return r;
	}
	/* It may have been closed while this task waited. */
	r = check_open(file);
	if (r < 0)
		wok__file_end_turn(file, side);
	return r;
}

/* Without a turn, for what touches neither position nor buffers; both sides will do. */
int wok__file_enter_any(wok_file *file)
{
	return wok__file_enter(file, file->readable ? WOK__FILE_READING : WOK__FILE_WRITING);
}

static int begin_any(wok_file *file)
{
	return wok__file_begin_turn(file, file->writable ? WOK__FILE_WRITING : WOK__FILE_READING);
}

static void end_any(wok_file *file)
{
	wok__file_end_turn(file, file->writable ? WOK__FILE_WRITING : WOK__FILE_READING);
}

/* --- the position ----------------------------------------------------------------------------- */

void wok__file_drop_input(wok_file *file)
{
	file->offset -= (off_t) (file->in_end - file->in_start);
	file->in_start = file->in_end = file->in_scanned = 0;
	file->skipping = false;
}

off_t wok_file_tell(const wok_file *file)
{
	WOK_TRY(check_open(file));
	if (file->polled)
		return wok_fail(-ESPIPE, "%s has no position", file->path);
	return file->offset - (off_t) (file->in_end - file->in_start) + (off_t) file->out_used;
}

/* What a thread does for the calls below. */
struct query {
	int fd;
	off_t offset;
	int whence;
	off_t result;
};

static int run_seek(void *arg)
{
	struct query *query = arg;

	query->result = wok__sys_file_seek(query->fd, query->offset, query->whence);
	return query->result < 0 ? (int) query->result : 0;
}

/* Where a position is that is not counted from the start or from here. */
static int seek_in_thread(wok_file *file, off_t offset, int whence, off_t *ret_offset)
{
	struct query query = {.fd = file->handle->fd, .offset = offset, .whence = whence};

	WOK_TRY(wok__disk_run(&file->disk, "wok_file_seek", run_seek, &query));
	*ret_offset = query.result;
	return 0;
}

static int find_position(wok_file *file, off_t offset, int whence, off_t *ret_offset)
{
	off_t base = whence == SEEK_CUR ? file->offset : 0;

	if (whence != SEEK_SET && whence != SEEK_CUR)
		return seek_in_thread(file, offset, whence, ret_offset);
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -EINVAL;
	wok__spend();
	*ret_offset = base;
	return 0;
}

static off_t seek(wok_file *file, off_t offset, int whence)
{
	if (file->polled)
		return -ESPIPE;
	WOK_TRY(wok__file_drain(file));
	wok__file_drop_input(file);
	WOK_TRY(find_position(file, offset, whence, &file->offset));
	file->at_start = file->offset == 0;
	return file->offset;
}

off_t wok_file_seek(wok_file *file, off_t offset, int whence)
{
	WOK_TRY(begin_any(file));
	off_t r = seek(file, offset, whence);
	end_any(file);
	return r < 0 ? wok__file_error(file, "seek in", (int) r) : r;
}

/* --- size and descriptor ---------------------------------------------------------------------- */

/* A device has no size but where its end is. */
static int run_size(void *arg)
{
	struct query *query = arg;
	struct stat stat;

	WOK_TRY(wok__sys_file_stat(query->fd, &stat));
	query->result = stat.st_size;
	if (S_ISBLK(stat.st_mode))
		query->result = wok__sys_file_seek(query->fd, 0, SEEK_END);
	return query->result < 0 ? (int) query->result : 0;
}

static off_t size_of(wok_file *file)
{
	struct query query = {.fd = file->handle->fd};

	WOK_TRY(wok__file_drain(file));
	WOK_TRY(wok__disk_run(&file->disk, "wok_file_size", run_size, &query));
	return query.result;
}

off_t wok_file_size(wok_file *file)
{
	WOK_TRY(begin_any(file));
	off_t r = size_of(file);
	end_any(file);
	return r < 0 ? wok__file_error(file, "find the size of", (int) r) : r;
}

static int run_truncate(void *arg)
{
	const struct query *query = arg;

	return wok__sys_file_truncate(query->fd, query->offset);
}

static int truncate_file(wok_file *file, off_t size)
{
	struct query query = {.fd = file->handle->fd, .offset = size};

	WOK_TRY(wok__file_drain(file));
	if (!file->polled)
		wok__file_drop_input(file);
	return wok__disk_run(&file->disk, "wok_file_truncate", run_truncate, &query);
}

int wok_file_truncate(wok_file *file, off_t size)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_WRITING));
	int r = truncate_file(file, size);
	wok__file_end_turn(file, WOK__FILE_WRITING);
	return wok__file_error(file, "truncate", r);
}

int wok_file_fileno(const wok_file *file)
{
	WOK_TRY(check_open(file));
	return file->handle->fd;
}

void wok_file_set_disk(wok_file *file, const wok_disk_options *disk)
{
	file->disk = disk ? *disk : (wok_disk_options){0};
}

/* --- moving bytes ----------------------------------------------------------------------------- */

/* Whether this side of the file may be tried without waiting, as far as is known. */
static bool *given_up(wok_file *file, const struct wok__transfer *transfer)
{
	return transfer->write ? &file->no_quick_write : &file->no_quick_read;
}

static int move_positioned(wok_file *file, struct wok__transfer *transfer)
{
	bool *hopeless = given_up(file, transfer);
	int r = *hopeless ? WOK__TRANSFER_WOULD_WAIT : wok__transfer_now(transfer);

	if (r == -EOPNOTSUPP || r == -EINVAL) {
		*hopeless = true;
		r = WOK__TRANSFER_WOULD_WAIT;
	}
	if (r != WOK__TRANSFER_WOULD_WAIT) {
		wok__spend();
		return r == WOK__TRANSFER_STOPPED ? -ECANCELED : r < 0 ? r : 0;
	}
	return wok__transfer_in_thread(transfer, &file->disk, file->handle);
}

static int wait_ready(wok_file *file, bool write)
{
	struct wok__io io = {
		.kind = WOK__IO_WAIT,
		.fd = file->handle->fd,
		.events = write ? WOK_WRITABLE : WOK_READABLE,
	};
	int r = (int) wok__io_wait(&io, write ? "room in a file" : "data from a file");

	return file->closed ? -EBADF : r;
}

/* A pipe whose writers are still to come reads as if it had ended. */
static bool has_ended(const wok_file *file)
{
	return !file->fifo || wok__sys_file_poll(file->handle->fd, POLLIN, 0) != 0;
}

/* Reading takes what is there; writing goes on to the end. */
static int move_polled(wok_file *file, struct wok__transfer *transfer)
{
	wok__iovec_skip(&transfer->parts, &transfer->n_parts, 0);
	while (transfer->n_parts > 0 && (transfer->write || transfer->done == 0)) {
		if (file->closed)
			return -EBADF;
		ssize_t n = wok__transfer_once(transfer, WOK__TRANSFER_TURN, 0);
		if (n == -EAGAIN || (n == 0 && !transfer->write && !has_ended(file)))
			n = wait_ready(file, transfer->write);
		else if (n > 0)
			wok__spend();
		else
			return (int) n;
		if (n < 0)
			return (int) n;
		if (transfer->n_parts > 0 && transfer->done > 0 && wok__is_canceled())
			return -ECANCELED;
	}
	return 0;
}

int wok__file_move(wok_file *file, struct wok__transfer *transfer)
{
	transfer->fd = file->handle->fd;
	transfer->flags = file->flags;
	if (file->polled)
		transfer->offset = -1;
	int r = file->polled ? move_polled(file, transfer) : move_positioned(file, transfer);
	file->flags = transfer->flags;
	return r;
}
