/* SPDX-License-Identifier: MIT */
/*
 * Multishot accepts of the io_uring backend.
 *
 * Once a listener has found nothing, the ring accepts for it, until it is told to stop. What comes
 * while no task asks is kept for the next one, and closed with the listener. No connection is lost
 * by a cancel. When too many are kept, the ring is told to stop, so that the rest waits in the
 * kernel's backlog, as the listener's owner expects.
 *
 * A listener has an id of its own. A completion whose listener is gone closes what it brought.
 */
#include <errno.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "loop/uring.h"
#include "platform/sys.h"

enum { KEPT_MAX = 64 };

struct listener {
	struct wok__node link;
	uint32_t id;
	int fd;
	bool armed;
	bool stopping; /* armed, but told to stop */
	int *kept;     /* connections: from first to end */
	size_t first, end, capacity;
};

static struct listener *find_by_fd(const struct uring *uring, int fd)
{
	WOK__LIST_EACH (node, &uring->listeners) {
		struct listener *listener = WOK__CONTAINER(node, struct listener, link);
		if (listener->fd == fd)
			return listener;
	}
	return NULL;
}

static struct listener *find_by_id(const struct uring *uring, uint32_t id)
{
	WOK__LIST_EACH (node, &uring->listeners) {
		struct listener *listener = WOK__CONTAINER(node, struct listener, link);
		if (listener->id == id)
			return listener;
	}
	return NULL;
}

static struct listener *find_or_add(struct uring *uring, int fd)
{
	struct listener *listener = find_by_fd(uring, fd);

	if (listener)
		return listener;
	listener = wok__alloc_zeroed(sizeof(*listener));
	if (!listener)
		return NULL;
	listener->id = uring->listener_ids++;
	listener->fd = fd;
	wok__list_push_back(&uring->listeners, &listener->link);
	return listener;
}

static uint64_t id_of(const struct listener *listener)
{
	return (uint64_t) listener->id << 32 | URING_LISTENER;
}

/* Take the oldest of those that are kept; there is one. */
static int take_kept(struct listener *listener)
{
	int fd = listener->kept[listener->first++];

	if (listener->first == listener->end)
		listener->first = listener->end = 0;
	return fd;
}

static void keep(struct listener *listener, int fd)
{
	if (wok__grow((void **) &listener->kept, &listener->capacity, listener->end + 1,
		      sizeof(int)) < 0)
		(void) wok__sys_close(fd);
	else
		listener->kept[listener->end++] = fd;
}

/* The task that waits for a connection, if one does. */
static struct wok__io *acceptor(const struct uring *uring, const struct listener *listener)
{
	struct wok__io *reader = uring->watches.watches[listener->fd].reader;

	return reader && reader->kind == WOK__IO_ACCEPT ? reader : NULL;
}

bool wok__uring_accept(wok_loop *loop, struct wok__io *io, bool *ret_done)
{
	struct uring *uring = loop->backend_state;
	struct listener *listener = find_by_fd(uring, io->fd);

	if (!listener || uring->watches.watches[io->fd].reader)
		return false;
	if (listener->end > listener->first) {
		io->result = take_kept(listener);
		*ret_done = true;
		return true;
	}
	if (!listener->armed || listener->stopping)
		return false;
	wok__watch_wait(loop, &uring->watches.watches[io->fd], io);
	*ret_done = false;
	return true;
}

static int arm(struct uring *uring, struct listener *listener)
{
	struct wok__ring_entry *entry;

	/* One that is stopping is armed again when it has stopped. */
	if (listener->armed)
		return 0;
	int r = wok__uring_entry(uring, &entry);
	if (r < 0)
		return r;
	entry->operation = WOK__RING_ACCEPT;
	entry->priority = WOK__RING_ACCEPT_MULTI;
	entry->fd = listener->fd;
	entry->operation_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	entry->id = id_of(listener);
	listener->armed = true;
	return 0;
}

int wok__uring_accept_arm(struct uring *uring, int fd)
{
	struct listener *listener = find_or_add(uring, fd);

	return listener ? arm(uring, listener) : -ENOMEM;
}

static void hand_over(wok_loop *loop, struct listener *listener, int result)
{
	struct uring *uring = loop->backend_state;
	struct wok__io *io = acceptor(uring, listener);

	if (io && result != -ECANCELED)
		wok__watch_finish(loop, &uring->watches.watches[listener->fd], io, result);
	else if (result >= 0)
		keep(listener, result);
}

void wok__uring_accepted(wok_loop *loop, const struct wok__ring_result *result)
{
	struct uring *uring = loop->backend_state;
	struct listener *listener = find_by_id(uring, (uint32_t) (result->id >> 32));

	if (!listener) {
		if (result->result >= 0)
			(void) wok__sys_close(result->result);
		return;
	}
	if (!(result->flags & WOK__RING_MORE))
		listener->armed = listener->stopping = false;
	hand_over(loop, listener, result->result);
	struct wok__io *io = acceptor(uring, listener);
	int r = io ? arm(uring, listener) : 0;
	if (r < 0)
		wok__watch_finish(loop, &uring->watches.watches[listener->fd], io, r);
	if (!io && listener->end - listener->first >= KEPT_MAX && listener->armed &&
	    !listener->stopping) {
		listener->stopping = true;
		wok__uring_remove(uring, id_of(listener));
	}
}

static void release(struct listener *listener)
{
	while (listener->end > listener->first)
		(void) wok__sys_close(take_kept(listener));
	wok__list_remove(&listener->link);
	wok_free(listener->kept);
	wok_free(listener);
}

void wok__uring_accept_forget(struct uring *uring, int fd)
{
	struct listener *listener = find_by_fd(uring, fd);

	if (!listener)
		return;
	if (listener->armed)
		wok__uring_remove(uring, id_of(listener));
	release(listener);
}

void wok__uring_accept_close(struct uring *uring)
{
	struct wok__node *node;

	while ((node = wok__list_first(&uring->listeners)))
		release(WOK__CONTAINER(node, struct listener, link));
}
