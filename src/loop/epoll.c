/* SPDX-License-Identifier: MIT */
/*
 * The epoll backend: see loop/backend.h, and loop/watch.c for all that is not epoll.
 *
 * A descriptor is in the set once, edge-triggered. An event carries its number and the generation
 * of that. The registration is removed explicitly: a forked child would keep it alive otherwise.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "base/memory.h"
#include "loop/watch.h"
#include "platform/sys.h"

enum { EVENTS_MAX = 512 };

/* What wok__watch_tell() takes is what comes. */
_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
		       EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP,
	       "epoll's events are poll's");

struct epoll {
	struct wok__watches watches;
	int fd;
	struct epoll_event events[EVENTS_MAX];
};

/* The eventfd's events carry a number that no descriptor with a generation can have. */
#define WAKE UINT64_MAX

static int epoll_arm(wok_loop *loop, struct wok__watch *watch, const struct wok__io *io)
{
	const struct epoll *epoll = loop->backend_state;
	struct epoll_event event = {
		.events = EPOLLIN | (watch->both ? EPOLLOUT : 0) | EPOLLRDHUP | EPOLLET,
		.data.u64 = (uint64_t) watch->generation << 32 | (uint32_t) io->fd,
	};

	int r = wok__sys_epoll_ctl(epoll->fd, EPOLL_CTL_ADD, io->fd, &event);
	if (r == 0)
		watch->registered = true;
	return r;
}

static void epoll_disarm(wok_loop *loop, struct wok__watch *watch, int fd)
{
	const struct epoll *epoll = loop->backend_state;
	struct epoll_event unused = {0};

	(void) watch;
	(void) wok__sys_epoll_ctl(epoll->fd, EPOLL_CTL_DEL, fd, &unused);
}

static void take_event(wok_loop *loop, struct epoll *epoll, const struct epoll_event *event)
{
	struct wok__watch *watch = &epoll->watches.watches[(uint32_t) event->data.u64];

	if (watch->registered && watch->generation == (uint32_t) (event->data.u64 >> 32))
		wok__watch_tell(loop, watch, event->events);
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

static int epoll_open(wok_loop *loop, const char **ret_why)
{
	struct epoll_event wake = {.events = EPOLLIN, .data.u64 = WAKE};
	struct epoll *epoll = wok_alloc(sizeof(*epoll));
	int r;

	(void) ret_why;
	if (!epoll)
		return -ENOMEM;
	wok__watches_open(&epoll->watches);
	epoll->watches.arm = epoll_arm;
	epoll->watches.disarm = epoll_disarm;
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
	wok_free(epoll->watches.watches);
	wok_free(epoll);
}

static int epoll_descriptor(wok_loop *loop)
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
	.start = wok__watch_start,
	.cancel = wok__watch_cancel,
	.forget = wok__watch_forget,
	.poll = epoll_poll,
	.descriptor = epoll_descriptor,
	.abandon = epoll_abandon,
};
