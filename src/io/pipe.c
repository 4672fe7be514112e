/* SPDX-License-Identifier: MIT */
/*
 * Pipes as streams, and the near end of a pseudo-terminal: descriptors of read(2) and write(2), not
 * of recv(2) and send(2). A pipe goes one way. Its writer is shut down by closing the descriptor,
 * since that is how the reader comes to its end; the stream itself lives on.
 *
 * The descriptor is kept in memory of its own. A close releases that while a call may be waiting
 * for the descriptor: what a call needs afterwards it must not take from there.
 */
#include "io/pipe.h"

#include <wok/error.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "platform/child.h"
#include "platform/sys.h"
#include "task/park.h"

enum { PARTS_MAX = 1024 }; /* that the kernel takes at once */

struct end {
	int fd; /* -1 when it was shut down */
	bool writes;
};

static int wrong_way(const char *what)
{
	WOK_TRY(wok__check());
	return wok_fail(-EBADF, "this end of a pipe is not for %s", what);
}

static int shut_down(const char *what)
{
	WOK_TRY(wok__check());
	return wok_fail(-EPIPE, "this %s was shut down", what);
}

static ssize_t read_some(int fd, void *data, size_t size, const char *what)
{
	struct wok__io io = {.kind = WOK__IO_READ, .fd = fd, .data = data, .size = size};

	return wok__io_wait(&io, what);
}

static ssize_t write_some(int fd, const struct iovec *parts, int n_parts, const char *what)
{
	struct wok__io io = {
		.kind = WOK__IO_WRITE,
		.fd = fd,
		.parts = parts,
		.n_parts = n_parts < PARTS_MAX ? n_parts : PARTS_MAX,
	};

	return wok__io_wait(&io, what);
}

static int close_fd(int fd)
{
	if (fd < 0)
		return 0;
	return wok__loop ? wok__io_close(wok__loop, fd) : wok__sys_close(fd);
}

static ssize_t pipe_read(void *self, void *data, size_t size)
{
	const struct end *end = self;

	if (end->writes)
		return wrong_way("reading");
	return read_some(end->fd, data, size, "data from a pipe");
}

static ssize_t pipe_write(void *self, const struct iovec *parts, int n_parts)
{
	const struct end *end = self;

	if (!end->writes)
		return wrong_way("writing");
	if (end->fd < 0)
		return shut_down("pipe");
	return write_some(end->fd, parts, n_parts, "room in a pipe");
}

static int pipe_shutdown(void *self)
{
	struct end *end = self;

	if (!end->writes)
		return wrong_way("writing");
	WOK_TRY(wok__check());
	int fd = end->fd, r;
	end->fd = -1;
	r = close_fd(fd);
	wok__spend(); /* others run, and may close it: it is not touched after that */
	return r;
}

static int end_close(void *self)
{
	struct end *end = self;
	int fd = end->fd;

	wok_free(end);
	return close_fd(fd);
}

static int fd_of(void *self)
{
	return ((const struct end *) self)->fd;
}

/* The kernel says that nobody has the terminal open any more by an error, which is the end. */
static ssize_t terminal_read(void *self, void *data, size_t size)
{
	const struct end *end = self;
	ssize_t n = read_some(end->fd, data, size, "output of a terminal");

	return n == -EIO ? 0 : n;
}

static ssize_t terminal_write(void *self, const struct iovec *parts, int n_parts)
{
	const struct end *end = self;

	return write_some(end->fd, parts, n_parts, "room in a terminal");
}

static int terminal_shutdown(void *self)
{
	(void) self;
	WOK_TRY(wok__checkpoint());
	return wok_fail(-EOPNOTSUPP, "a terminal has one end for both directions: write what ends "
				     "the input, which is \"\\4\" as long as it was not changed");
}

static const wok_stream_ops pipe_ops = {
	.name = "pipe",
	.read = pipe_read,
	.write = pipe_write,
	.shutdown = pipe_shutdown,
	.close = end_close,
	.fd = fd_of,
};
static const wok_stream_ops terminal_ops = {
	.name = "terminal",
	.read = terminal_read,
	.write = terminal_write,
	.shutdown = terminal_shutdown,
	.close = end_close,
	.fd = fd_of,
};

static int new_stream(const wok_stream_ops *ops, int fd, bool writes, wok_stream **ret_stream)
{
	struct end *end = wok_alloc(sizeof(*end));

	if (!end)
		return -ENOMEM;
	*end = (struct end){.fd = fd, .writes = writes};
	int r = wok_stream_new(ops, end, ret_stream);
	if (r < 0)
		wok_free(end);
	return r;
}

int wok__pipe_stream_new(int fd, bool writes, wok_stream **ret_stream)
{
	return new_stream(&pipe_ops, fd, writes, ret_stream);
}

int wok__terminal_stream_new(int fd, wok_stream **ret_stream)
{
	return new_stream(&terminal_ops, fd, true, ret_stream);
}

int wok_pipe(wok_stream **ret_reader, wok_stream **ret_writer)
{
	wok_stream *reader = NULL, *writer = NULL;
	int fds[2];

	WOK_TRY(wok__sys_new_pipe(WOK__PIPE_BOTH_NONBLOCKING, fds));
	int r = wok__pipe_stream_new(fds[0], false, &reader);
	if (r < 0)
		goto fail_first;
	r = wok__pipe_stream_new(fds[1], true, &writer);
	if (r < 0)
		goto fail_second;
	*ret_reader = reader;
	*ret_writer = writer;
	return 0;

fail_second:
	wok_stream_free(reader);
	wok__sys_close(fds[1]);
	return r;
fail_first:
	wok__sys_close(fds[0]);
	wok__sys_close(fds[1]);
	return r;
}
