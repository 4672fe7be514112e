/* SPDX-License-Identifier: MIT */
/*
 * Streams in memory: see wok_stream_pair(). Two pipes, each a ring of bytes with one reader and one
 * writer; an end is released when both streams have let go of it.
 */
#include <limits.h>
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/stream.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "task/park.h"

enum { CAPACITY_DEFAULT = 64 << 10, MARKS = 64 };

/* When the bytes up to a place in the stream can be read. */
struct mark {
	uint64_t upto;
	wok_time at;
};

/* Where there is a delay: what is on its way. */
struct line {
	struct mark marks[MARKS];
	size_t first, n;
};

/* One direction. */
struct pipe {
	char *ring;
	size_t capacity;
	size_t start, size;
	uint64_t written, taken; /* bytes, since the beginning */
	struct line *line;       /* NULL: there is no delay */
	bool ended;              /* no more will be written: shut down, or the writer is closed */
	bool reader_closed;      /* nobody will read */
	wok_waiters readers, writers; /* one each at most */
};

struct pair {
	struct pipe pipes[2];
	wok_stream_pair_options options;
	int ends; /* that have not been released */
};

/* Held by its stream, and by each call that is in it: a close may come while these wait. */
struct end {
	struct pair *pair;
	struct pipe *in, *out;
	int holders;
	bool closed;
};

static void release_pair(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		wok_free(pair->pipes[i].ring);
		wok_free(pair->pipes[i].line);
	}
	wok_free(pair);
}

static void let_go(struct end *end)
{
	if (--end->holders > 0)
		return;
	if (--end->pair->ends == 0)
		release_pair(end->pair);
	wok_free(end);
}

static size_t copy_out(struct pipe *pipe, char *data, size_t size)
{
	size_t n = size < pipe->size ? size : pipe->size;
	size_t first = pipe->capacity - pipe->start < n ? pipe->capacity - pipe->start : n;

	memcpy(data, pipe->ring + pipe->start, first);
	memcpy(data + first, pipe->ring, n - first);
	pipe->start = (pipe->start + n) % pipe->capacity;
	pipe->size -= n;
	pipe->taken += n;
	return n;
}

static size_t copy_in(struct pipe *pipe, const char *data, size_t size)
{
	size_t room = pipe->capacity - pipe->size, n = size < room ? size : room;
	size_t at = (pipe->start + pipe->size) % pipe->capacity;
	size_t first = pipe->capacity - at < n ? pipe->capacity - at : n;

	memcpy(pipe->ring + at, data, first);
	memcpy(pipe->ring, data + first, n - first);
	pipe->size += n;
	pipe->written += n;
	return n;
}

/* Note when what has just been written arrives. Where there is no place, it comes with the next. */
static void send_off(struct pipe *pipe, wok_time at)
{
	struct line *line = pipe->line;
	struct mark *last = &line->marks[(line->first + line->n - 1) % MARKS];

	if (line->n == MARKS || (line->n > 0 && last->at == at)) {
		*last = (struct mark){pipe->written, at};
		return;
	}
	line->marks[(line->first + line->n++) % MARKS] = (struct mark){pipe->written, at};
}

/* How many bytes have arrived, and when the next ones do. */
static size_t arrived(struct pipe *pipe, wok_time *ret_next)
{
	struct line *line = pipe->line;
	uint64_t upto = pipe->taken;

	if (!line)
		return pipe->size;
	*ret_next = WOK_FOREVER;
	for (size_t i = 0; i < line->n; i++) {
		const struct mark *mark = &line->marks[(line->first + i) % MARKS];
		if (mark->at > wok_now()) {
			*ret_next = mark->at;
			break;
		}
		upto = mark->upto;
	}
	while (line->n > 0 && line->marks[line->first].upto <= pipe->taken) {
		line->first = (line->first + 1) % MARKS;
		line->n--;
	}
	return (size_t) (upto - pipe->taken);
}

/* Wait at one side of a pipe: 0 to look again, or an error. */
static int wait_at(struct end *end, wok_waiters *queue, const char *what)
{
	struct wok__parker parker = WOK__PARKER_INIT(what);
	int r = wok__park(&parker, queue);

	return r == 0 && end->closed ? -EBADF : r;
}

/* The same, until a point in time at the latest. */
static int wait_until(struct end *end, wok_waiters *queue, const char *what, wok_time when)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (when == WOK_FOREVER)
		return wait_at(end, queue, what);
	WOK_TIMEOUT (&timeout, when - wok_now()) {
		r = wait_at(end, queue, what);
	}
	r = wok_timeout_result(&timeout, r);
	return r == -ETIMEDOUT ? 0 : r;
}

/* How many bytes may still pass before the line breaks; below zero: the error. */
static ssize_t left(const struct end *end, uint64_t passed)
{
	const wok_stream_pair_options *options = &end->pair->options;

	if (options->fail_after == 0)
		return SSIZE_MAX;
	if (passed >= options->fail_after)
		return wok_fail(options->error, "the line in memory broke after %zu bytes",
				options->fail_after);
	return (ssize_t) (options->fail_after - passed);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static ssize_t read_pipe(struct end *end, void *data, size_t size)
{
	struct pipe *pipe = end->in;
	wok_time next = WOK_FOREVER;
	size_t there;

	WOK_TRY(left(end, pipe->taken));
	while ((there = arrived(pipe, &next)) == 0) {
		if (pipe->ended && pipe->size == 0)
			return 0;
		WOK_TRY(wait_until(end, &pipe->readers, "data in memory", next));
	}
	size_t n = copy_out(pipe, data, least(least(size, there), end->pair->options.chunk));
	wok__wake_first(&pipe->writers, 0);
	wok__spend();
	return (ssize_t) n;
}

static ssize_t memory_read(void *self, void *data, size_t size)
{
	struct end *end = self;

	WOK_TRY(wok__check());
	end->holders++;
	ssize_t n = read_pipe(end, data, size);
	let_go(end);
	return n;
}

static ssize_t write_pipe(struct end *end, const struct iovec *parts, int n_parts)
{
	const wok_stream_pair_options *options = &end->pair->options;
	struct pipe *pipe = end->out;
	size_t n = 0;

	ssize_t may = left(end, pipe->written);
	if (may < 0)
		return may;
	size_t limit = least((size_t) may, options->chunk);
	for (;;) {
		if (pipe->ended || pipe->reader_closed)
			return wok_fail(-EPIPE, "the other end of the stream is closed");
		if (pipe->size < pipe->capacity)
			break;
		WOK_TRY(wait_at(end, &pipe->writers, "room in memory"));
	}
	for (int i = 0; i < n_parts && n < limit && pipe->size < pipe->capacity; i++)
		if (parts[i].iov_len > 0) /* an empty part may have no address */
			n += copy_in(pipe, parts[i].iov_base, least(parts[i].iov_len, limit - n));
	if (pipe->line)
		send_off(pipe, wok_now() + options->delay);
	wok__wake_first(&pipe->readers, 0);
	wok__spend();
	return (ssize_t) n;
}

static ssize_t memory_write(void *self, const struct iovec *parts, int n_parts)
{
	struct end *end = self;

	WOK_TRY(wok__check());
	end->holders++;
	ssize_t n = write_pipe(end, parts, n_parts);
	let_go(end);
	return n;
}

static void end_pipe(struct pipe *pipe)
{
	pipe->ended = true;
	wok__wake_first(&pipe->readers, 0);
}

static int memory_shutdown(void *self)
{
	struct end *end = self;

	WOK_TRY(wok__check());
	end_pipe(end->out);
	wok__spend(); /* others run, and may close it: it is not touched after that */
	return 0;
}

static int memory_close(void *self)
{
	struct end *end = self;

	end->closed = true;
	wok__wake_first(&end->in->readers, -EBADF);
	wok__wake_first(&end->out->writers, -EBADF);
	end_pipe(end->out);
	end->in->reader_closed = true;
	wok__wake_first(&end->in->writers, 0);
	let_go(end);
	return 0;
}

static const wok_stream_ops memory_ops = {
	.name = "memory",
	.read = memory_read,
	.write = memory_write,
	.shutdown = memory_shutdown,
	.close = memory_close,
};

static bool open_pipe(struct pipe *pipe, const wok_stream_pair_options *options)
{
	pipe->capacity = options->capacity;
	pipe->ring = wok_alloc(pipe->capacity);
	if (options->delay > 0)
		pipe->line = wok__alloc_zeroed(sizeof(*pipe->line));
	return pipe->ring && (pipe->line || options->delay <= 0);
}

static struct pair *new_pair(const wok_stream_pair_options *options)
{
	struct pair *pair = wok__alloc_zeroed(sizeof(*pair));
	if (!pair)
		return NULL;
	pair->options = *options;
	if (open_pipe(&pair->pipes[0], options) && open_pipe(&pair->pipes[1], options))
		return pair;
	release_pair(pair);
	return NULL;
}

static int new_end(struct pair *pair, int in, wok_stream **ret_stream)
{
	struct end *end = wok_alloc(sizeof(*end));

	if (!end)
		return -ENOMEM;
	*end = (struct end){pair, &pair->pipes[in], &pair->pipes[!in], .holders = 1};
	int r = wok_stream_new(&memory_ops, end, ret_stream);
	if (r < 0)
		wok_free(end);
	else
		pair->ends++;
	return r;
}

int wok_stream_pair_with(const wok_stream_pair_options *options, wok_stream **ret_a,
			 wok_stream **ret_b)
{
	wok_stream_pair_options chosen = options ? *options : (wok_stream_pair_options){0};
	wok_stream *a = NULL, *b = NULL;

	chosen.capacity = chosen.capacity ? chosen.capacity : CAPACITY_DEFAULT;
	chosen.chunk = chosen.chunk ? chosen.chunk : SIZE_MAX;
	chosen.error = chosen.error ? chosen.error : -ECONNRESET;
	if (chosen.error > 0)
		return wok_fail(-EINVAL, "wok_stream_pair_with: an error is negative, not %d",
				chosen.error);
	struct pair *pair = new_pair(&chosen);

	if (!pair)
		return -ENOMEM;
	if (new_end(pair, 0, &a) < 0) {
		release_pair(pair);
		return -ENOMEM;
	}
	if (new_end(pair, 1, &b) < 0) {
		wok_stream_free(a); /* the last end releases the pair */
		return -ENOMEM;
	}
	*ret_a = a;
	*ret_b = b;
	return 0;
}

int wok_stream_pair(size_t capacity, wok_stream **ret_a, wok_stream **ret_b)
{
	return wok_stream_pair_with(&(wok_stream_pair_options){.capacity = capacity}, ret_a, ret_b);
}
