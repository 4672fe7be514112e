/* SPDX-License-Identifier: MIT */
/*
 * Streams in memory: see wok_stream_pair(). Two pipes, each a ring of bytes with one reader and one
 * writer; an end is released when both streams have let go of it.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/stream.h>

#include "base/memory.h"
#include "task/park.h"

enum { CAPACITY_DEFAULT = 64 << 10 };

/* One direction. */
struct pipe {
	char *ring;
	size_t capacity;
	size_t start, size;
	bool ended;         /* no more will be written: shut down, or the writer is closed */
	bool reader_closed; /* nobody will read */
	wok_waiters readers, writers; /* one each at most */
};

struct pair {
	struct pipe pipes[2];
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
	wok_free(pair->pipes[0].ring);
	wok_free(pair->pipes[1].ring);
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
	return n;
}

/* Wait at one side of a pipe: 0 to look again, or an error. */
static int wait_at(struct end *end, wok_waiters *queue, const char *what)
{
	struct wok__parker parker = WOK__PARKER_INIT(what);
	int r = wok__park(&parker, queue);

	return r == 0 && end->closed ? -EBADF : r;
}

static ssize_t read_pipe(struct end *end, void *data, size_t size)
{
	struct pipe *pipe = end->in;

	while (pipe->size == 0) {
		if (pipe->ended)
			return 0;
		WOK_TRY(wait_at(end, &pipe->readers, "data in memory"));
	}
	size_t n = copy_out(pipe, data, size);
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
	struct pipe *pipe = end->out;
	size_t n = 0;

	for (;;) {
		if (pipe->ended || pipe->reader_closed)
			return wok_fail(-EPIPE, "the other end of the stream is closed");
		if (pipe->size < pipe->capacity)
			break;
		WOK_TRY(wait_at(end, &pipe->writers, "room in memory"));
	}
	for (int i = 0; i < n_parts && pipe->size < pipe->capacity; i++)
		if (parts[i].iov_len > 0) /* an empty part may have no address */
			n += copy_in(pipe, parts[i].iov_base, parts[i].iov_len);
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

	WOK_TRY(wok__checkpoint());
	end_pipe(end->out);
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

static const wok_stream_ops memory_ops = {"memory",        memory_read,  memory_write,
					  memory_shutdown, memory_close, NULL};

static struct pair *new_pair(size_t capacity)
{
	struct pair *pair = wok__alloc_zeroed(sizeof(*pair));
	if (!pair)
		return NULL;
	for (int i = 0; i < 2; i++) {
		pair->pipes[i].capacity = capacity;
		pair->pipes[i].ring = wok_alloc(capacity);
	}
	if (pair->pipes[0].ring && pair->pipes[1].ring)
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

int wok_stream_pair(size_t capacity, wok_stream **ret_a, wok_stream **ret_b)
{
	struct pair *pair = new_pair(capacity ? capacity : CAPACITY_DEFAULT);
	wok_stream *a = NULL, *b = NULL;

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
