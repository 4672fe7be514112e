/* SPDX-License-Identifier: MIT */
/* Reading from files: see wok/file.h. */
#include <string.h>
#include <wok/error.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "io/file.h"
#include "task/park.h"

/* What was read ahead goes first. */
static size_t take_buffered(wok_file *file, struct wok__transfer *transfer)
{
	size_t taken = 0;

	while (transfer->n_parts > 0 && file->in_start < file->in_end) {
		size_t n = file->in_end - file->in_start;
		if (n > transfer->parts->iov_len)
			n = transfer->parts->iov_len;
		memcpy(transfer->parts->iov_base, file->in + file->in_start, n);
		file->in_start += n;
		taken += n;
		wok__iovec_skip(&transfer->parts, &transfer->n_parts, n);
	}
	file->in_scanned = 0;
	file->skipping = false;
	return taken;
}

/* What was read is the caller's, whatever came after it: the next read tells. */
static ssize_t outcome(const wok_file *file, size_t done, int r)
{
	return r < 0 && done == 0 ? wok__file_error(file, "read", r) : (ssize_t) done;
}

static ssize_t read_parts(wok_file *file, struct iovec *parts, int n_parts)
{
	struct wok__transfer transfer = {.parts = parts, .n_parts = n_parts};

	if (!file->polled)
		WOK_TRY(wok__file_drain(file));
	wok__iovec_skip(&transfer.parts, &transfer.n_parts, 0);
	transfer.done = take_buffered(file, &transfer);
	if (transfer.n_parts == 0 || (file->polled && transfer.done > 0)) {
		wok__spend();
		return (ssize_t) transfer.done;
	}
	transfer.offset = file->offset;
	size_t ahead = transfer.done;
	int r = wok__file_move(file, &transfer);
	file->offset += (off_t) (transfer.done - ahead);
	if (transfer.done > 0)
		file->at_start = false;
	return outcome(file, transfer.done, r);
}

ssize_t wok_file_read_parts(wok_file *file, struct iovec *parts, int n_parts)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_READING));
	ssize_t n = read_parts(file, parts, n_parts);
	wok__file_end_turn(file, WOK__FILE_READING);
	return n;
}

ssize_t wok_file_read(wok_file *file, void *data, size_t size)
{
	struct iovec part = {data, size};

	return wok_file_read_parts(file, &part, 1);
}

/* What was written, and is in the buffer still, is to be read. */
static int drain_first(wok_file *file)
{
	if (file->out_used == 0)
		return 0;
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_WRITING));
	int r = wok__file_drain(file);
	wok__file_end_turn(file, WOK__FILE_WRITING);
	return r;
}

ssize_t wok_file_pread_parts(wok_file *file, struct iovec *parts, int n_parts, off_t offset)
{
	struct wok__transfer transfer = {.parts = parts, .n_parts = n_parts, .offset = offset};

	WOK_TRY(wok__file_enter(file, WOK__FILE_READING));
	int r = file->polled ? -ESPIPE : offset < 0 ? -EINVAL : drain_first(file);
	if (r == 0)
		r = wok__file_move(file, &transfer);
	wok__file_leave(file);
	return outcome(file, transfer.done, r);
}

ssize_t wok_file_pread(wok_file *file, void *data, size_t size, off_t offset)
{
	struct iovec part = {data, size};

	return wok_file_pread_parts(file, &part, 1, offset);
}

/* --- reading ahead ---------------------------------------------------------------------------- */

/* Room behind what is buffered: by moving it to the front, or by more memory, up to most bytes. */
static int make_room(wok_file *file, size_t most)
{
	size_t there = file->in_end - file->in_start;

	if (file->in_start > 0 && (there == 0 || file->in_end == file->in_capacity)) {
		memmove(file->in, file->in + file->in_start, there);
		file->in_start = 0;
		file->in_end = there;
	}
	if (file->in_end < file->in_capacity)
		return 0;
	size_t capacity = file->in_capacity ? file->in_capacity * 2 : file->buffer_size;
	if (capacity > most)
		capacity = most;
	if (capacity <= file->in_capacity)
		return -ENOBUFS;
	char *grown = wok_realloc(file->in, capacity);
	if (!grown)
		return -ENOMEM;
	file->in = grown;
	file->in_capacity = capacity;
	return 0;
}

int wok__file_fill(wok_file *file, size_t most)
{
	WOK_TRY(make_room(file, most));
	struct iovec part = {file->in + file->in_end, file->in_capacity - file->in_end};
	struct wok__transfer transfer = {.parts = &part, .n_parts = 1, .offset = file->offset};
	int r = wok__file_move(file, &transfer);
	file->in_end += transfer.done;
	file->offset += (off_t) transfer.done;
	ssize_t n = outcome(file, transfer.done, r);
	return n > 0 ? 1 : (int) n;
}
