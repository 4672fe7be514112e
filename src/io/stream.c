/* SPDX-License-Identifier: MIT */
/*
 * Streams: see wok/stream.h.
 *
 * The read buffer appears with the first call that needs one. Bytes lie in it from `start` to
 * `end`; room is made by moving them to the front, then by doubling. Plain reads go around it.
 */
#include <assert.h>
#include <string.h>
#include <wok/error.h>
#include <wok/stream.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "io/sendfile.h"
#include "io/stream.h"
#include "io/turn.h"
#include "task/park.h"

enum { BUFFER_FIRST = 2048, LIMIT_DEFAULT = 64 << 10 };

struct wok_stream {
	const wok_stream_ops *ops;
	void *self;
	char *buffer;
	size_t start, end, capacity;
	size_t scanned; /* of what is buffered: holds no separator of the read under way */
	bool filled;    /* the last read took all the room there was */
	bool reading;
	bool shut;
	bool closed;
	struct wok__turn writing;
};

int wok_stream_new(const wok_stream_ops *ops, void *self, wok_stream **ret_stream)
{
	wok_stream *stream = wok__alloc_zeroed(sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->ops = ops;
	stream->self = self;
	*ret_stream = stream;
	return 0;
}

/*
 * What each read begins with. A second reader is refused even if its bytes are there already: the
 * first one may be waiting for more to come behind them.
 */
static int begin_read(const wok_stream *stream)
{
	WOK_TRY(wok__quick_check());
	if (stream->closed)
		return wok_fail(-EBADF, "the stream is closed");
	if (stream->reading)
		return wok_fail(-EBUSY, "another task reads from this stream");
	return 0;
}

int wok__stream_begin_read(wok_stream *stream)
{
	WOK_TRY(begin_read(stream));
	stream->reading = true;
	return 0;
}

void wok__stream_end_read(wok_stream *stream)
{
	stream->reading = false;
}

static ssize_t source_read(wok_stream *stream, void *data, size_t size)
{
	if (stream->closed) /* between two reads of one call */
		return wok_fail(-EBADF, "the stream was closed");
	stream->reading = true;
	ssize_t n = stream->ops->read(stream->self, data, size);
	stream->reading = false;
	return n;
}

wok_view wok_stream_buffered(const wok_stream *stream)
{
	if (!stream->buffer)
		return (wok_view){0};
	return (wok_view){stream->buffer + stream->start, stream->end - stream->start};
}

void wok_stream_consume(wok_stream *stream, size_t size)
{
	size_t there = stream->end - stream->start;

	stream->start += size < there ? size : there;
	stream->scanned = 0;
	/* A reader that waits has been promised its place behind the end. */
	if (stream->start == stream->end && !stream->reading)
		stream->start = stream->end = 0;
}

static size_t take(wok_stream *stream, void *data, size_t size)
{
	wok_view bytes = wok_stream_buffered(stream);

	if (size > bytes.size)
		size = bytes.size;
	if (size > 0)
		memcpy(data, bytes.data, size);
	wok_stream_consume(stream, size);
	return size;
}

ssize_t wok_stream_read(wok_stream *stream, void *data, size_t size)
{
	WOK_TRY(begin_read(stream));
	if (size > 0 && stream->end == stream->start)
		return source_read(stream, data, size);
	ssize_t n = (ssize_t) take(stream, data, size);
	wok__spend();
	return n;
}

int wok_stream_read_exactly(wok_stream *stream, void *data, size_t size, size_t *ret_done)
{
	size_t unused, *done = ret_done ? ret_done : &unused;

	*done = 0;
	WOK_TRY(begin_read(stream));
	*done = take(stream, data, size);
	if (*done == size)
		wok__spend();
	while (*done < size) {
		ssize_t n = source_read(stream, (char *) data + *done, size - *done);
		if (n < 0)
			return (int) n;
		if (n == 0)
			return wok_fail(WOK_EEOF, "the stream ended after %zu of %zu bytes", *done,
					size);
		*done += (size_t) n;
	}
	return 0;
}

/* Make room behind the buffered bytes, keeping to a limit of them; -ENOMEM or WOK_ELIMIT. */
static int make_room(wok_stream *stream, size_t limit)
{
	size_t there = stream->end - stream->start;

	if (there >= limit)
		return wok_fail(WOK_ELIMIT, "more than %zu bytes without an end", limit);
	if (stream->start > 0 && (stream->end == stream->capacity || there == 0)) {
		memmove(stream->buffer, stream->buffer + stream->start, there);
		stream->start = 0;
		stream->end = there;
	}
	if (stream->end < stream->capacity && !(stream->filled && stream->capacity < limit))
		return 0;
	stream->filled = false;
	size_t capacity = stream->capacity ? stream->capacity * 2 : BUFFER_FIRST;
	if (capacity > limit && limit > stream->capacity)
		capacity = limit;
	char *grown = wok_realloc(stream->buffer, capacity);
	if (!grown)
		return -ENOMEM;
	stream->buffer = grown;
	stream->capacity = capacity;
	return 0;
}

void wok__stream_trim(wok_stream *stream)
{
	if (stream->start < stream->end)
		return;
	wok_free(WOK_TAKE(stream->buffer));
	stream->start = stream->end = stream->capacity = stream->scanned = 0;
	stream->filled = false;
}

int wok_stream_fill(wok_stream *stream, size_t limit, wok_view *ret_bytes)
{
	limit = limit ? limit : LIMIT_DEFAULT;
	WOK_TRY(begin_read(stream));
	WOK_TRY(make_room(stream, limit));
	size_t room = stream->capacity - stream->end,
	       allowed = limit - (stream->end - stream->start);
	ssize_t n =
		source_read(stream, stream->buffer + stream->end, room < allowed ? room : allowed);
	if (n <= 0)
		return (int) n;
	stream->end += (size_t) n;
	stream->filled = stream->end == stream->capacity;
	*ret_bytes = wok_stream_buffered(stream);
	return 1;
}

/* Where a separator ends in the buffer, or 0. Bytes seen once are not searched again. */
static size_t find(wok_stream *stream, const void *separator, size_t size)
{
	wok_view bytes = wok_stream_buffered(stream);
	size_t from = stream->scanned;
	const char *at = NULL;

	if (bytes.data && bytes.size - from >= size)
		at = memmem(bytes.data + from, bytes.size - from, separator, size);
	if (at)
		return (size_t) (at - bytes.data) + size;
	stream->scanned = bytes.size >= size ? bytes.size - size + 1 : 0;
	return 0;
}

/* Hand out the first bytes of the buffer as a view, and count them as taken. */
static void hand_out(wok_stream *stream, size_t size, wok_view *ret_bytes)
{
	assert(stream->buffer);
	*ret_bytes = (wok_view){stream->buffer + stream->start, size};
	stream->start += size;
	stream->scanned = 0;
}

static int end_without_separator(wok_stream *stream, wok_view *ret_bytes)
{
	size_t rest = stream->end - stream->start;

	if (rest == 0)
		return 0;
	hand_out(stream, rest, ret_bytes);
	return wok_fail(WOK_EEOF, "the stream ended after %zu bytes without the separator", rest);
}

int wok_stream_read_until(wok_stream *stream, const void *separator, size_t size, size_t limit,
			  wok_view *ret_bytes)
{
	wok_view unused;
	size_t found;
	bool waited = false;

	limit = limit ? limit : LIMIT_DEFAULT;
	if (size == 0)
		return wok_fail(-EINVAL, "wok_stream_read_until: the separator is empty");
	WOK_TRY(begin_read(stream));
	stream->scanned = 0;
	while (!(found = find(stream, separator, size))) {
		int r = wok_stream_fill(stream, limit, &unused);
		if (r == 0)
			return end_without_separator(stream, ret_bytes);
		if (r < 0)
			return r;
		waited = true;
	}
	if (found > limit)
		return wok_fail(WOK_ELIMIT, "a separator only after %zu bytes; the limit is %zu",
				found, limit);
	if (!waited) {
		stream->reading = true; /* the bytes found are this task's, though others run now */
		wok__spend();
		stream->reading = false;
	}
	hand_out(stream, found, ret_bytes);
	return 1;
}

int wok_stream_next_line(wok_stream *stream, size_t limit, wok_view *ret_line)
{
	wok_view line = {0};
	int r = wok_stream_read_until(stream, "\n", 1, limit, &line);

	if (r == 0 || (r < 0 && r != WOK_EEOF))
		return r;
	if (r > 0)
		line.size--;
	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	*ret_line = line;
	return 1;
}

static int begin_write(wok_stream *stream)
{
	WOK_TRY(wok__quick_check());
	if (stream->closed)
		return wok_fail(-EBADF, "the stream is closed");
	return wok__turn_take(&stream->writing, "another task's write to end");
}

static void end_write(wok_stream *stream)
{
	wok__turn_pass(&stream->writing);
}

int wok__stream_begin_write(wok_stream *stream)
{
	return begin_write(stream);
}

void wok__stream_end_write(wok_stream *stream)
{
	end_write(stream);
}

static int write_loop(wok_stream *stream, struct iovec *parts, int n_parts, size_t *done)
{
	wok__iovec_skip(&parts, &n_parts, 0); /* empty parts */
	if (n_parts == 0)
		return wok__checkpoint();
	while (n_parts > 0) {
		if (stream->closed)
			return wok_fail(-EBADF, "the stream was closed");
		ssize_t n = stream->ops->write(stream->self, parts, n_parts);
		if (n < 0)
			return (int) n;
		*done += (size_t) n;
		wok__iovec_skip(&parts, &n_parts, (size_t) n);
	}
	return 0;
}

int wok_stream_write_parts(wok_stream *stream, struct iovec *parts, int n_parts, size_t *ret_done)
{
	size_t done = 0;
	int r = begin_write(stream);

	if (r == 0) {
		r = write_loop(stream, parts, n_parts, &done);
		end_write(stream);
	}
	if (ret_done)
		*ret_done = done;
	return r;
}

/* Write what was read of a file: how many bytes went, or an error if none did. */
static ssize_t write_copy(wok_stream *stream, struct iovec part)
{
	size_t size = part.iov_len;
	ssize_t n = 0;

	while (part.iov_len > 0 && n >= 0) {
		n = stream->closed ? wok_fail(-EBADF, "the stream was closed")
				   : stream->ops->write(stream->self, &part, 1);
		if (n > 0) {
			part.iov_base = (char *) part.iov_base + n;
			part.iov_len -= (size_t) n;
		}
	}
	/* What went out before an error is told; the error comes again. */
	return part.iov_len < size ? (ssize_t) (size - part.iov_len) : n;
}

static ssize_t send_copy(wok_stream *stream, int file, off_t offset, size_t size)
{
	void *data;
	ssize_t n = wok__file_copy(file, offset, size, &data);

	if (n > 0)
		n = write_copy(stream, (struct iovec){data, (size_t) n});
	wok_free(data);
	return n;
}

/* By the stream's own way, or by reading and writing if it has none for such a file. */
static ssize_t send_some(wok_stream *stream, int file, off_t offset, size_t size)
{
	ssize_t n = -EOPNOTSUPP;

	/* What may wait for a thread comes first: a stream may be closed meanwhile. */
	if (stream->ops->sendfile)
		WOK_TRY(wok__file_load(file, offset, size));
	if (stream->closed)
		return wok_fail(-EBADF, "the stream was closed");
	if (stream->ops->sendfile)
		n = stream->ops->sendfile(stream->self, file, offset, size);
	if (n != -EOPNOTSUPP && n != -EINVAL && n != -ENOSYS)
		return n;
	return send_copy(stream, file, offset, size);
}

static int sendfile_loop(wok_stream *stream, int file, off_t offset, size_t size, size_t *done)
{
	if (size == 0)
		return wok__checkpoint();
	while (*done < size) {
		ssize_t n = send_some(stream, file, offset + (off_t) *done, size - *done);
		if (n < 0)
			return (int) n;
		if (n == 0 && size == WOK_UNLIMITED)
			return 0;
		if (n == 0)
			return wok_fail(WOK_EEOF, "the file ended after %zu of %zu bytes", *done,
					size);
		*done += (size_t) n;
	}
	return 0;
}

int wok_stream_sendfile(wok_stream *stream, int file, off_t offset, size_t size, size_t *ret_done)
{
	size_t done = 0;
	int r = offset < 0 ? wok_fail(-EINVAL, "wok_stream_sendfile: the offset is below zero")
			   : begin_write(stream);

	if (r == 0) {
		r = sendfile_loop(stream, file, offset, size, &done);
		end_write(stream);
	}
	if (ret_done)
		*ret_done = done;
	return r;
}

int wok_stream_write_all(wok_stream *stream, const void *data, size_t size)
{
	struct iovec part = {(void *) (uintptr_t) data, size};

	return wok_stream_write_parts(stream, &part, 1, NULL);
}

static ssize_t write_once(wok_stream *stream, const struct iovec *part)
{
	if (stream->closed)
		return wok_fail(-EBADF, "the stream was closed");
	if (part->iov_len == 0)
		return wok__checkpoint();
	return stream->ops->write(stream->self, part, 1);
}

ssize_t wok_stream_write(wok_stream *stream, const void *data, size_t size)
{
	struct iovec part = {(void *) (uintptr_t) data, size};

	WOK_TRY(begin_write(stream));
	ssize_t n = write_once(stream, &part);
	end_write(stream);
	return n;
}

int wok_stream_shutdown(wok_stream *stream)
{
	WOK_TRY(begin_write(stream));
	int r = stream->closed ? -EBADF
		: stream->shut ? wok_fail(-EALREADY, "the stream was shut down before")
			       : stream->ops->shutdown(stream->self);
	if (r == 0)
		stream->shut = true;
	end_write(stream);
	return r;
}

int wok_stream_close(wok_stream *stream)
{
	if (stream->closed)
		return -EBADF;
	stream->closed = true;
	return stream->ops->close(stream->self);
}

void wok_stream_free(wok_stream *stream)
{
	if (!stream)
		return;
	(void) wok_stream_close(stream);
	wok_free(stream->buffer);
	wok_free(stream);
}

int wok_stream_fd(const wok_stream *stream)
{
	return stream->closed || !stream->ops->fd ? -1 : stream->ops->fd(stream->self);
}

void *wok__stream_self(const wok_stream *stream, const wok_stream_ops *ops)
{
	return stream->ops == ops && !stream->closed ? stream->self : NULL;
}

const char *wok_stream_kind(const wok_stream *stream)
{
	return stream->ops->name;
}
