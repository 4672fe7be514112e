/* SPDX-License-Identifier: MIT */
/*
 * Standard input and output as streams: see wok/standard.h.
 *
 * O_NONBLOCK belongs to the open description, and that of descriptor 0, 1 or 2 is the shell's, too,
 * which would get -EAGAIN from its own reads when this process has died in the middle. So there are
 * three ways, none of which sets it there:
 *
 *   PRIVATE  pipes, terminals and devices, opened anew by /proc: a description of our own
 *   SHARED   where that is refused (a socket, another user's terminal): wait until it is ready, and
 *            have a thread make the call, for another process may be quicker
 *   PLAIN    regular files: a thread; the position is the one that all share
 */
#include <string.h>
#include <wok/error.h>
#include <wok/fd.h>
#include <wok/standard.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "io/disk.h"
#include "io/transfer.h"
#include "loop/loop.h"
#include "platform/file.h"
#include "platform/path.h"
#include "platform/sys.h"
#include "task/park.h"

enum way { PRIVATE, SHARED, PLAIN };

struct standard {
	enum way way;
	int fd;
	int calls; /* tasks in them: a close leaves the rest to the last one */
	bool closed;
	bool no_quick; /* tries without waiting do not work */
};

/* What a write into a pipe or a socket that poll(2) calls writable takes without waiting. */
enum { SURELY_WRITABLE = 4096 };

/* 0, or what close(2) said. */
static int release(struct standard *self)
{
	int r = wok__sys_close(self->fd);

	wok_free(self);
	return r;
}

/* A thread may have been about to use the number: so it is closed only now. */
static void let_go(struct standard *self)
{
	if (--self->calls == 0 && self->closed)
		(void) release(self);
}

static int wait_ready(struct standard *self, bool write)
{
	struct wok__io io = {
		.kind = WOK__IO_WAIT,
		.fd = self->fd,
		.events = write ? WOK_WRITABLE : WOK_READABLE,
	};
	int r = (int) wok__io_wait(&io, write ? "room in standard output" : "standard input");

	return self->closed ? wok_fail(-EBADF, "the stream was closed") : r;
}

/* Our own description does not make anybody wait. */
static ssize_t call_private(struct standard *self, struct wok__transfer *transfer)
{
	for (;;) {
		ssize_t n = wok__transfer_once(transfer, WOK__TRANSFER_TURN, 0);
		if (n != -EAGAIN) {
			wok__spend();
			return n;
		}
		WOK_TRY(wait_ready(self, transfer->write));
	}
}

static int run_once(void *arg)
{
	struct wok__transfer *transfer = arg;

	return (int) wok__transfer_once(transfer, WOK__TRANSFER_TURN, 0);
}

static ssize_t call_shared(struct standard *self, struct wok__transfer *transfer)
{
	ssize_t n;

	if (transfer->write && transfer->parts[0].iov_len > SURELY_WRITABLE)
		transfer->parts[0].iov_len = SURELY_WRITABLE;
	if (transfer->write)
		transfer->n_parts = 1;
	do {
		WOK_TRY(wait_ready(self, transfer->write));
		n = wok__disk_run(NULL, "standard input or output", run_once, transfer);
	} while (n == -EAGAIN); /* others were quicker, and the descriptor is non-blocking */
	return n;
}

static ssize_t call_plain(struct standard *self, struct wok__transfer *transfer)
{
	ssize_t n = self->no_quick
			    ? -EAGAIN
			    : wok__transfer_once(transfer, WOK__TRANSFER_TURN, WOK__RWF_NOWAIT);

	if (n >= 0)
		wok__spend();
	if (n == -EOPNOTSUPP || n == -EINVAL)
		self->no_quick = true;
	if (n == -EAGAIN || self->no_quick)
		n = wok__disk_run(NULL, "standard input or output", run_once, transfer);
	return n;
}

static ssize_t call(struct standard *self, struct wok__transfer *transfer)
{
	WOK_TRY(wok__check());
	transfer->fd = self->fd;
	transfer->offset = -1;
	self->calls++;
	ssize_t n = self->way == PRIVATE  ? call_private(self, transfer)
		    : self->way == SHARED ? call_shared(self, transfer)
					  : call_plain(self, transfer);
	let_go(self);
	return n;
}

static ssize_t standard_read(void *self, void *data, size_t size)
{
	struct iovec part = {data, size};

	return call(self, &(struct wok__transfer){.parts = &part, .n_parts = 1});
}

/* Of more parts at once only the first ones are written: the stream comes again. */
static ssize_t standard_write(void *self, const struct iovec *parts, int n_parts)
{
	struct iovec copy[8];
	int n = n_parts < 8 ? n_parts : 8;

	memcpy(copy, parts, (size_t) n * sizeof(copy[0]));
	return call(self, &(struct wok__transfer){.write = true, .parts = copy, .n_parts = n});
}

/* Nothing to end but our own description; the descriptor itself stays open. */
static int standard_shutdown(void *self)
{
	(void) self;
	return wok__checkpoint();
}

static int standard_close(void *arg)
{
	struct standard *self = arg;

	self->closed = true;
	if (wok__loop)
		wok__loop->backend->forget(wok__loop, self->fd);
	return self->calls > 0 ? 0 : release(self);
}

static int standard_fd(void *self)
{
	return ((const struct standard *) self)->fd;
}

static const wok_stream_ops ops = {
	.name = "standard",
	.read = standard_read,
	.write = standard_write,
	.shutdown = standard_shutdown,
	.close = standard_close,
	.fd = standard_fd,
};

/* How to use a descriptor, and one of our own for it. */
static int open_way(int fd, bool write, enum way *ret_way)
{
	mode_t mode;
	int own = -ENXIO;

	WOK_TRY(wok__sys_file_mode(fd, &mode));
	bool plain = S_ISREG(mode) || S_ISBLK(mode);
	if (!plain && !S_ISSOCK(mode))
		own = wok__sys_file_reopen(fd, (write ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
	*ret_way = own >= 0 ? PRIVATE : plain ? PLAIN : SHARED;
	return own >= 0 ? own : wok__sys_dup(fd);
}

static int open_standard(int fd, bool write, wok_stream **ret_stream)
{
	static const char *const names[] = {"input", "output", "error"};
	struct standard *self = wok__alloc_zeroed(sizeof(*self));

	if (!self)
		return -ENOMEM;
	int r = open_way(fd, write, &self->way);
	self->fd = r;
	if (r < 0) {
		wok_free(self);
		return wok_fail(r, "standard %s cannot be used: %s", names[fd], wok_strerror(r));
	}
	r = wok_stream_new(&ops, self, ret_stream);
	if (r < 0) {
		(void) wok__sys_close(self->fd);
		wok_free(self);
	}
	return r;
}

int wok_stdin(wok_stream **ret_stream)
{
	return open_standard(0, false, ret_stream);
}

int wok_stdout(wok_stream **ret_stream)
{
	return open_standard(1, true, ret_stream);
}

int wok_stderr(wok_stream **ret_stream)
{
	return open_standard(2, true, ret_stream);
}
