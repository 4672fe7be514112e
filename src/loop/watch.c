/* SPDX-License-Identifier: MIT */
/*
 * Watches: see loop/watch.h.
 *
 * An operation is tried first, and waits only if it would block. Each descriptor is registered
 * once, edge-triggered, when something has to wait on it for the first time: for reading, and as
 * soon as a write has to wait for both directions. Not before, for it is an edge each time that the
 * peer of a Unix socket reads: a client would be woken by its server's reading of the request.
 * What is known of its readiness is kept: after a short read the next one goes straight to waiting,
 * for an edge will tell when there is more. That holds unless the peer has hung up: data and the
 * end of the stream may have come as one edge, so then every read is tried.
 *
 * Events carry the generation of their descriptor's number. Closing counts it up, so an event that
 * was fetched before the close is not taken for one of the next descriptor of that number. The
 * registration is removed explicitly: a forked child, or an io_uring, would keep it alive
 * otherwise.
 *
 * WAIT operations are for descriptors that others own and may close behind our back. These are
 * registered for the time of the wait only.
 *
 * The kernel never holds a pointer to an operation or to its data, with either backend. So a cancel
 * takes effect at once and costs nothing, and there is no race in which a byte could be lost.
 */
#include "loop/watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "platform/sys.h"

static bool writes(const struct wok__io *io)
{
	return io->kind == WOK__IO_SENDMSG || io->kind == WOK__IO_CONNECT ||
	       io->kind == WOK__IO_WRITE || io->kind == WOK__IO_CALL_TO_WRITE ||
	       (io->kind == WOK__IO_WAIT && io->events & WOK_WRITABLE);
}

static int try_wait(const struct wok__io *io)
{
	short wanted = (short) ((io->events & WOK_READABLE ? POLLIN | POLLRDHUP : 0) |
				(io->events & WOK_WRITABLE ? POLLOUT : 0));
	int r = wok__sys_poll_now(io->fd, wanted);
	int ready = 0;

	if (r < 0)
		return r;
	if (r & (POLLIN | POLLRDHUP | POLLHUP | POLLERR))
		ready |= WOK_READABLE;
	if (r & (POLLOUT | POLLHUP | POLLERR))
		ready |= WOK_WRITABLE;
	ready &= io->events;
	return ready ? ready : -EAGAIN;
}

/* Do an operation if that needs no waiting; else -EAGAIN. */
static ssize_t try(struct wok__io *io)
{
	switch (io->kind) {
	case WOK__IO_RECV:
		return wok__sys_recv(io->fd, io->data, io->size);
	case WOK__IO_SENDMSG:
		if (io->n_parts == 1)
			return wok__sys_send(io->fd, io->parts[0].iov_base, io->parts[0].iov_len);
		return wok__sys_sendmsg(io->fd, io->parts, io->n_parts);
	case WOK__IO_ACCEPT:
		return wok__sys_accept(io->fd);
	case WOK__IO_CONNECT:
		return wok__sys_connect(io->fd, io->address, io->address_size);
	case WOK__IO_READ:
		return wok__sys_read(io->fd, io->data, io->size);
	case WOK__IO_WRITE:
		return wok__sys_writev(io->fd, io->parts, io->n_parts);
	case WOK__IO_WAIT:
		return try_wait(io);
	case WOK__IO_CALL_TO_READ:
	case WOK__IO_CALL_TO_WRITE:
		return io->call(io);
	}
	return -EINVAL;
}

struct wok__watch *wok__watch_find(struct wok__watches *watches, int fd)
{
	if (fd < 0)
		return NULL;
	if ((size_t) fd >= watches->n) {
		size_t old = watches->n;
		if (wok__grow((void **) &watches->watches, &watches->capacity, (size_t) fd + 1,
			      sizeof(struct wok__watch)) < 0)
			return NULL;
		watches->n = watches->capacity;
		memset(watches->watches + old, 0, (watches->n - old) * sizeof(struct wok__watch));
	}
	return &watches->watches[fd];
}

static int arm(wok_loop *loop, struct wok__watch *watch, const struct wok__io *io)
{
	const struct wok__watches *watches = loop->backend_state;

	if (watch->registered && (watch->both || !writes(io)))
		return 0;
	if (watch->registered) { /* once in its life: a new one tells what is there by now */
		watches->disarm(loop, watch, io->fd);
		watch->registered = false;
		watch->generation++;
	}
	watch->hung_up = false;
	/* The call that led here has just found nothing; what is there now comes as an event. */
	watch->readable = watch->writable = false;
	watch->both |= writes(io);
	const int r = watches->arm(loop, watch, io);
	if (r < 0 && watch->reader) /* whom nothing would wake any more */
		wok__watch_finish(loop, watch, watch->reader, r);
	return r;
}

static void unregister(wok_loop *loop, struct wok__watch *watch, int fd)
{
	const struct wok__watches *watches = loop->backend_state;

	if (watch->registered)
		watches->disarm(loop, watch, fd);
	watch->registered = watch->both = watch->kept = false;
	watch->generation++;
}

static void detach(wok_loop *loop, struct wok__watch *watch, struct wok__io *io)
{
	int fd = io->fd;

	if (watch->reader == io)
		watch->reader = NULL;
	if (watch->writer == io)
		watch->writer = NULL;
	loop->io_pending--;
	if (!watch->kept && !watch->reader && !watch->writer)
		unregister(loop, watch, fd);
}

void wok__watch_finish(wok_loop *loop, struct wok__watch *watch, struct wok__io *io, ssize_t result)
{
	detach(loop, watch, io);
	io->result = result;
	io->done(io);
}

/* Learn from a result whether trying again makes sense before the next edge. */
static void learn(struct wok__watch *watch, const struct wok__io *io, ssize_t result)
{
	bool blocked = result == -EAGAIN;

	if (io->kind == WOK__IO_RECV && !watch->hung_up &&
	    (blocked || (io->to_the_end && result > 0 && (size_t) result < io->size)))
		watch->readable = false;
	else if (!blocked || io->kind == WOK__IO_WAIT || io->kind == WOK__IO_CONNECT)
		return; /* a terminal's short read says nothing */
	else if (wok__watch_reads(io))
		watch->readable = false;
	else
		watch->writable = false;
}

/* Whether an operation may succeed now, as far as is known. */
static bool worth_trying(const struct wok__watch *watch, const struct wok__io *io)
{
	if (!watch->registered || watch->hung_up || io->kind == WOK__IO_WAIT)
		return true;
	return wok__watch_reads(io) ? watch->readable : watch->writable || !watch->both;
}

static ssize_t start_or_block(wok_loop *loop, struct wok__watch *watch, struct wok__io *io)
{
	ssize_t r = -EAGAIN;

	if ((wok__watch_reads(io) && watch->reader) || (writes(io) && watch->writer))
		return -EBUSY;
	if (io->kind != WOK__IO_WAIT)
		watch->kept = true;
	if (worth_trying(watch, io)) {
		r = try(io);
		if (watch->registered)
			learn(watch, io, r);
	}
	if (r == -EAGAIN || (r == -EINPROGRESS && io->kind == WOK__IO_CONNECT)) {
		int failed = arm(loop, watch, io);
		return failed < 0 ? failed : -EAGAIN;
	}
	return r;
}

void wok__watch_wait(wok_loop *loop, struct wok__watch *watch, struct wok__io *io)
{
	if (wok__watch_reads(io))
		watch->reader = io;
	if (writes(io))
		watch->writer = io;
	loop->io_pending++;
}

bool wok__watch_start(wok_loop *loop, struct wok__io *io)
{
	struct wok__watch *watch = wok__watch_find(loop->backend_state, io->fd);

	if (!watch) {
		io->result = io->fd < 0 ? -EBADF : -ENOMEM;
		return true;
	}
	/* A Unix socket's connect that would block has not begun: there is no edge to wait for. */
	bool restart = io->kind == WOK__IO_CONNECT && io->address->sa_family == AF_UNIX;
	io->result = restart ? try(io) : start_or_block(loop, watch, io);
	if (restart || io->result != -EAGAIN)
		return true;
	wok__watch_wait(loop, watch, io);
	return false;
}

void wok__watch_cancel(wok_loop *loop, struct wok__io *io)
{
	const struct wok__watches *watches = loop->backend_state;

	wok__watch_finish(loop, &watches->watches[io->fd], io, -ECANCELED);
}

void wok__watch_forget(wok_loop *loop, int fd)
{
	const struct wok__watches *watches = loop->backend_state;

	if (fd < 0 || (size_t) fd >= watches->n)
		return;
	struct wok__watch *watch = &watches->watches[fd];
	unregister(loop, watch, fd);
	if (watch->reader)
		wok__watch_finish(loop, watch, watch->reader, -EBADF);
	if (watch->writer)
		wok__watch_finish(loop, watch, watch->writer, -EBADF);
}

/* A connection has been made, or has failed: then the kernel says so, and the socket says why. */
static ssize_t connected(const struct wok__watch *watch, const struct wok__io *io)
{
	return watch->hung_up ? wok__sys_get_socket_error(io->fd) : 0;
}

static void advance(wok_loop *loop, struct wok__watch *watch, struct wok__io *io)
{
	ssize_t r = io->kind == WOK__IO_CONNECT ? connected(watch, io) : try(io);

	learn(watch, io, r);
	if (r != -EAGAIN)
		wok__watch_finish(loop, watch, io, r);
}

void wok__watch_tell(wok_loop *loop, struct wok__watch *watch, unsigned events)
{
	uint32_t generation = watch->generation;
	bool gone = events & (POLLHUP | POLLERR);

	if (gone || events & POLLRDHUP)
		watch->hung_up = true;
	if (gone || events & (POLLIN | POLLRDHUP))
		watch->readable = true;
	if (gone || events & POLLOUT)
		watch->writable = true;
	if (watch->reader && watch->readable)
		advance(loop, watch, watch->reader);
	/* done() runs nobody, but it may have closed the descriptor. */
	if (watch->generation == generation && watch->writer && watch->writable)
		advance(loop, watch, watch->writer);
}
