/* SPDX-License-Identifier: MIT */
/*
 * Files into streams: see wok_stream_sendfile().
 *
 * sendfile(2) waits for the disk where a page is not in the cache, and with it would the whole
 * loop. So before each chunk its first and last page are asked for by reads that do not wait; if
 * one is missing, a thread reads the chunk into the cache first. (A page in between may have been
 * dropped meanwhile: that is rare, and costs one page's wait.)
 */
#include "io/sendfile.h"

#include <wok/memory.h>
#include <wok/thread_pool.h>

#include "loop/loop.h"
#include "platform/path.h"
#include "platform/process.h"
#include "platform/sys_socket.h"
#include "task/park.h"

enum { CHUNK = 256 << 10, STEP = 64 << 10, COPY = 64 << 10 };

struct chunk {
	int file;
	off_t offset;
	size_t size;
	void *data; /* where to read it to, or NULL: only into the cache */
};

/* In a thread. */
static int read_chunk(void *arg)
{
	const struct chunk *chunk = arg;

	if (chunk->data)
		return (int) wok__sys_pread(chunk->file, chunk->data, chunk->size, chunk->offset);
	wok__sys_readahead(chunk->file, chunk->offset, chunk->size);
	for (size_t at = 0; at < chunk->size; at += STEP) { /* each waits for what was asked for */
		char byte;
		ssize_t r = wok__sys_pread(chunk->file, &byte, 1, chunk->offset + (off_t) at);
		if (r <= 0)
			return (int) r;
	}
	return 0;
}

static int run_in_thread(struct chunk *chunk)
{
	const wok_thread_job_options options = {.lane = WOK_LANE_FILES};

	return wok_thread_pool_run_with(NULL, read_chunk, chunk, &options);
}

static bool is_missing(const struct chunk *chunk, size_t at)
{
	char byte;

	return wok__sys_pread_now(chunk->file, &byte, 1, chunk->offset + (off_t) at) == -EAGAIN;
}

/* Have a chunk in the cache. What is wrong with the file, sendfile says. */
static int load(struct chunk *chunk)
{
	if (is_missing(chunk, 0) || is_missing(chunk, chunk->size - 1))
		return run_in_thread(chunk);
	return 0;
}

static ssize_t sendfile_call(const struct wok__io *io)
{
	const struct chunk *chunk = io->arg;

	return wok__sys_sendfile(io->fd, chunk->file, chunk->offset, chunk->size);
}

ssize_t wok__send_by_socket(int socket, int file, off_t offset, size_t size)
{
	struct chunk chunk = {file, offset, size < CHUNK ? size : CHUNK, NULL};
	struct wok__io io = {
		.kind = WOK__IO_CALL_TO_WRITE, .fd = socket, .call = sendfile_call, .arg = &chunk};

	WOK_TRY(load(&chunk));
	return wok__io_wait(&io, "room in a socket");
}

/* Read now if the bytes are in the cache, else in a thread. */
static ssize_t read_some(struct chunk *chunk)
{
	ssize_t n = wok__sys_pread_now(chunk->file, chunk->data, chunk->size, chunk->offset);

	return n == -EAGAIN || n == -EOPNOTSUPP ? run_in_thread(chunk) : n;
}

static ssize_t write_whole(const wok_stream_ops *ops, void *self, struct iovec part)
{
	size_t size = part.iov_len;

	while (part.iov_len > 0) {
		ssize_t n = ops->write(self, &part, 1);
		if (n < 0) /* what went out before is told; the error comes again */
			return part.iov_len < size ? (ssize_t) (size - part.iov_len) : n;
		part.iov_base = (char *) part.iov_base + n;
		part.iov_len -= (size_t) n;
	}
	return (ssize_t) size;
}

ssize_t wok__send_by_copy(const wok_stream_ops *ops, void *self, int file, off_t offset,
			  size_t size)
{
	struct chunk chunk = {file, offset, size < COPY ? size : COPY, NULL};

	chunk.data = wok_alloc(chunk.size);
	if (!chunk.data)
		return -ENOMEM;
	ssize_t n = read_some(&chunk);
	if (n > 0)
		n = write_whole(ops, self, (struct iovec){chunk.data, (size_t) n});
	wok_free(chunk.data);
	return n;
}
