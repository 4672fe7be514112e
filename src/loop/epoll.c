/* SPDX-License-Identifier: MIT */
/*
 * The epoll backend: see loop/backend.h.
 *
 * An operation is tried first, and waits only if it would block. Each descriptor is registered
 * once, edge-triggered, for both directions, when something has to wait on it for the first time.
 * What is known of its readiness is kept: after a short read the next one goes straight to waiting,
 * for an edge will tell when there is more. That holds unless the peer has hung up: data and the
 * end of the stream may have come as one edge, so then every read is tried.
 *
 * Events carry the generation of their descriptor's number. Closing counts it up, so an event that
 * was fetched before the close is not taken for one of the next descriptor of that number. The
 * registration is removed explicitly: a forked child would keep it alive otherwise.
 *
 * WAIT operations are for descriptors that others own and may close behind our back. These are
 * registered for the time of the wait only.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <wok/fd.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "platform/sys.h"

enum { EVENTS_MAX = 512 };

/* What is known, and who waits, of one descriptor number. */
struct watch {
	uint32_t generation;
	bool registered;
	bool kept;     /* wok's own: the registration outlives a wait */
	bool readable; /* a read may succeed: no edge has been used up */
	bool writable;
	bool hung_up; /* RDHUP, HUP or ERR was seen */
	struct wok__io *reader;
	struct wok__io *writer;
};

struct epoll {
	int fd;
	struct watch *watches; /* by descriptor number */
	size_t n;
	size_t capacity;
	struct epoll_event events[EVENTS_MAX];
};

/* The eventfd's events carry a number that no descriptor with a generation can have. */
#define WAKE UINT64_MAX

static bool reads(const struct wok__io *io)
{
	return io->kind == WOK__IO_RECV || io->kind == WOK__IO_ACCEPT ||
	       (io->kind == WOK__IO_WAIT && io->events & WOK_READABLE);
}

static bool writes(const struct wok__io *io)
{
	return io->kind == WOK__IO_SENDMSG || io->kind == WOK__IO_CONNECT ||
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
	case WOK__IO_WAIT:
		return try_wait(io);
	}
	return -EINVAL;
}

static struct watch *find_watch(struct epoll *epoll, int fd)
{
	if (fd < 0)
		return NULL;
	if ((size_t) fd >= epoll->n) {
		size_t old = epoll->n;
		if (wok__grow((void **) &epoll->watches, &epoll->capacity, (size_t) fd + 1,
			      sizeof(struct watch)) < 0)
			return NULL;
		epoll->n = epoll->capacity;
		memset(epoll->watches + old, 0, (epoll->n - old) * sizeof(struct watch));
	}
	return &epoll->watches[fd];
}

static int registration(struct epoll *epoll, struct watch *watch, int fd)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.u64 = (uint64_t) watch->generation << 32 | (uint32_t) fd,
	};

	if (watch->registered)
		return 0;
	int r = wok__sys_epoll_ctl(epoll->fd, EPOLL_CTL_ADD, fd, &event);
	if (r < 0)
		return r;
	watch->registered = true;
	watch->hung_up = false;
	/* The call that led here has just found nothing; what is there now comes as an event. */
	watch->readable = watch->writable = false;
	return 0;
}

static void unregister(struct epoll *epoll, struct watch *watch, int fd)
{
	struct epoll_event unused = {0};

	if (watch->registered)
		(void) wok__sys_epoll_ctl(epoll->fd, EPOLL_CTL_DEL, fd, &unused);
	watch->registered = watch->kept = false;
	watch->generation++;
}

static void detach(wok_loop *loop, struct watch *watch, struct wok__io *io)
{
	int fd = io->fd;

	if (watch->reader == io)
		watch->reader = NULL;
	if (watch->writer == io)
		watch->writer = NULL;
	loop->io_pending--;
	if (!watch->kept && !watch->reader && !watch->writer)
		unregister(loop->backend_state, watch, fd);
}

/* End an operation that was under way. */
static void finish(wok_loop *loop, struct watch *watch, struct wok__io *io, ssize_t result)
{
	detach(loop, watch, io);
	io->result = result;
	io->done(io);
}

/* Learn from a result whether trying again makes sense before the next edge. */
static void learn(struct watch *watch, const struct wok__io *io, ssize_t result)
{
	bool blocked = result == -EAGAIN;

	if (io->kind == WOK__IO_RECV && !watch->hung_up &&
	    (blocked || (result > 0 && (size_t) result < io->size)))
		watch->readable = false;
	else if (io->kind == WOK__IO_ACCEPT && blocked)
		watch->readable = false;
	else if (io->kind == WOK__IO_SENDMSG && blocked)
		watch->writable = false;
}

/* Whether an operation may succeed now, as far as is known. */
static bool worth_trying(const struct watch *watch, const struct wok__io *io)
{
	if (!watch->registered || watch->hung_up || io->kind == WOK__IO_WAIT)
		return true;
	return reads(io) ? watch->readable : watch->writable;
}

static ssize_t start_or_block(struct epoll *epoll, struct watch *watch, struct wok__io *io)
{
	ssize_t r = -EAGAIN;

	if ((reads(io) && watch->reader) || (writes(io) && watch->writer))
		return -EBUSY;
	if (io->kind != WOK__IO_WAIT)
		watch->kept = true;
	if (worth_trying(watch, io)) {
		r = try(io);
		if (watch->registered)
			learn(watch, io, r);
	}
	if (r == -EAGAIN || (r == -EINPROGRESS && io->kind == WOK__IO_CONNECT)) {
		int failed = registration(epoll, watch, io->fd);
		return failed < 0 ? failed : -EAGAIN;
	}
	return r;
}

static bool epoll_start(wok_loop *loop, struct wok__io *io)
{
	struct epoll *epoll = loop->backend_state;
	struct watch *watch = find_watch(epoll, io->fd);

	if (!watch) {
		io->result = io->fd < 0 ? -EBADF : -ENOMEM;
		return true;
	}
	/* A Unix socket's connect that would block has not begun: there is no edge to wait for. */
	bool restart = io->kind == WOK__IO_CONNECT && io->address->sa_family == AF_UNIX;
	io->result = restart ? try(io) : start_or_block(epoll, watch, io);
	if (restart || io->result != -EAGAIN)
		return true;
	if (reads(io))
		watch->reader = io;
	if (writes(io))
		watch->writer = io;
	loop->io_pending++;
	return false;
}

static void epoll_cancel(wok_loop *loop, struct wok__io *io)
{
	struct epoll *epoll = loop->backend_state;

	finish(loop, &epoll->watches[io->fd], io, -ECANCELED);
}

static void epoll_forget(wok_loop *loop, int fd)
{
	struct epoll *epoll = loop->backend_state;

	if (fd < 0 || (size_t) fd >= epoll->n)
		return;
	struct watch *watch = &epoll->watches[fd];
	unregister(epoll, watch, fd);
	if (watch->reader)
		finish(loop, watch, watch->reader, -EBADF);
	if (watch->writer)
		finish(loop, watch, watch->writer, -EBADF);
}

/* A connection has been made, or has failed: then the kernel says so, and the socket says why. */
static ssize_t connected(const struct watch *watch, const struct wok__io *io)
{
	return watch->hung_up ? wok__sys_get_socket_error(io->fd) : 0;
}

static void advance(wok_loop *loop, struct watch *watch, struct wok__io *io)
{
	ssize_t r = io->kind == WOK__IO_CONNECT ? connected(watch, io) : try(io);

	learn(watch, io, r);
	if (r != -EAGAIN)
		finish(loop, watch, io, r);
}

static void take_event(wok_loop *loop, struct epoll *epoll, const struct epoll_event *event)
{
	int fd = (int) (uint32_t) event->data.u64;
	struct watch *watch = &epoll->watches[fd];
	uint32_t generation = (uint32_t) (event->data.u64 >> 32);

	if (watch->generation != generation || !watch->registered)
		return;
	bool gone = event->events & (EPOLLHUP | EPOLLERR);
	if (gone || event->events & EPOLLRDHUP)
		watch->hung_up = true;
	if (gone || event->events & (EPOLLIN | EPOLLRDHUP))
		watch->readable = true;
	if (gone || event->events & EPOLLOUT)
		watch->writable = true;
	if (watch->reader && watch->readable)
		advance(loop, watch, watch->reader);
	/* done() runs nobody, but it may have closed the descriptor. */
	if (watch->generation == generation && watch->writer && watch->writable)
		advance(loop, watch, watch->writer);
}

static void epoll_poll(wok_loop *loop, wok_time timeout)
{
	struct epoll *epoll = loop->backend_state;
	int n = wok__sys_epoll_wait(epoll->fd, epoll->events, EVENTS_MAX, timeout);

	for (int i = 0; i < n; i++) {
		uint64_t count;
		if (epoll->events[i].data.u64 == WAKE)
			(void) wok__sys_read(loop->wake_fd, &count, sizeof(count));
		else
			take_event(loop, epoll, &epoll->events[i]);
	}
}

static int epoll_open(wok_loop *loop)
{
	struct epoll_event wake = {.events = EPOLLIN, .data.u64 = WAKE};
	struct epoll *epoll = wok_alloc(sizeof(*epoll));
	int r;

	if (!epoll)
		return -ENOMEM;
	epoll->watches = NULL;
	epoll->n = epoll->capacity = 0;
	epoll->fd = r = wok__sys_epoll_create();
	if (r < 0)
		goto fail;
	r = wok__sys_epoll_ctl(epoll->fd, EPOLL_CTL_ADD, loop->wake_fd, &wake);
	if (r < 0)
		goto fail_fd;
	loop->backend_state = epoll;
	return 0;

fail_fd:
	wok__sys_close(epoll->fd);
fail:
	wok_free(epoll);
	return r;
}

static void epoll_close(wok_loop *loop)
{
	struct epoll *epoll = loop->backend_state;

	assert(loop->io_pending == 0);
	wok__sys_close(epoll->fd);
	wok_free(epoll->watches);
	wok_free(epoll);
}

static int epoll_descriptor(const wok_loop *loop)
{
	return ((const struct epoll *) loop->backend_state)->fd;
}

/* Only this process' name for the set: the registrations are the parent's. */
static void epoll_abandon(wok_loop *loop)
{
	wok__sys_close(epoll_descriptor(loop));
}

const struct wok__backend wok__backend_epoll = {
	.name = "epoll",
	.open = epoll_open,
	.close = epoll_close,
	.start = epoll_start,
	.cancel = epoll_cancel,
	.forget = epoll_forget,
	.poll = epoll_poll,
	.descriptor = epoll_descriptor,
	.abandon = epoll_abandon,
};
