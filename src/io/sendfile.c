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
#include "platform/file.h"
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

static ssize_t read_now(int file, void *data, size_t size, off_t offset)
{
	const struct iovec part = {data, size};

	return wok__sys_file_read(file, &part, 1, offset, WOK__RWF_NOWAIT);
}

static bool is_missing(const struct chunk *chunk, size_t at)
{
	char byte;

	return read_now(chunk->file, &byte, 1, chunk->offset + (off_t) at) == -EAGAIN;
}

int wok__file_load(int file, off_t offset, size_t size)
{
	struct chunk chunk = {file, offset, size < CHUNK ? size : CHUNK, NULL};

	/* What is wrong with the file, sendfile(2) says. */
	if (is_missing(&chunk, 0) || is_missing(&chunk, chunk.size - 1))
		return run_in_thread(&chunk);
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

	return wok__io_wait(&io, "room in a socket");
}

ssize_t wok__file_copy(int file, off_t offset, size_t size, void **ret_data)
{
	struct chunk chunk = {file, offset, size < COPY ? size : COPY, NULL};

	*ret_data = chunk.data = wok_alloc(chunk.size);
	if (!chunk.data)
		return -ENOMEM;
	ssize_t n = read_now(file, chunk.data, chunk.size, offset);
	return n == -EAGAIN || n == -EOPNOTSUPP ? run_in_thread(&chunk) : n;
}
