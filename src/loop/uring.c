/* SPDX-License-Identifier: MIT */
/*
 * The io_uring backend: see loop/backend.h, and loop/watch.c for all that is not io_uring.
 *
 * The ring is used to wait, and for what comes by itself: each descriptor has one multishot poll,
 * which gives a completion an edge, and a listener one multishot accept. Bytes are moved by plain
 * calls, tried first and again after an edge. So the kernel holds no pointer to anybody's memory,
 * a cancel needs no call and cannot race, and what was measured against letting the ring receive is
 * in docs/design/003.
 *
 * A completion carries the generation of its descriptor's number, as an event of epoll does. One
 * that comes late is not taken for one of the next descriptor.
 *
 * Entries are put off until the next poll: then a single call submits, waits, and takes. Only what
 * ends something is submitted at once, for the ring holds its descriptors open: a peer would not
 * see the end, a port could not be bound again.
 *
 * DEFER_TASKRUN: completions are made within our own calls, and the ring says when there are any to
 * be made. So to look whether something came costs no call if nothing did.
 */
#include "loop/uring.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "platform/sys.h"

enum {
	ENTRIES = 256,
	ENTRIES_MAX = 4096,
	TAKEN_MAX = 512, /* completions in a poll: the tasks run, too */
	CALLS_MAX = 32,  /* calls in a poll */
};

static uint64_t id_of(const struct wok__watch *watch, int fd)
{
	return (uint64_t) watch->generation << 32 | (uint32_t) fd;
}

int wok__uring_entry(struct uring *uring, struct wok__ring_entry **ret_entry)
{
	struct wok__ring_entry *entry = wok__ring_entry(&uring->ring);

	if (!entry)
		return -ENOBUFS;
	*ret_entry = entry;
	return 0;
}

static int arm_poll(struct uring *uring, int fd, unsigned events, uint64_t id)
{
	struct wok__ring_entry *entry;

	int r = wok__uring_entry(uring, &entry);
	if (r < 0)
		return r;
	entry->operation = WOK__RING_POLL_ADD;
	entry->fd = fd;
	entry->length = WOK__RING_POLL_MULTI;
	entry->operation_flags = BYTE_ORDER == BIG_ENDIAN ? events << 16 : events;
	entry->id = id;
	return 0;
}

static int arm_watch(struct uring *uring, struct wok__watch *watch, int fd)
{
	const unsigned events = POLLIN | (watch->both ? POLLOUT : 0) | POLLRDHUP;
	int r = arm_poll(uring, fd, events, id_of(watch, fd));

	if (r == 0)
		watch->registered = true;
	return r;
}

static int uring_arm(wok_loop *loop, struct wok__watch *watch, const struct wok__io *io)
{
	struct uring *uring = loop->backend_state;

	if (io->kind == WOK__IO_ACCEPT && wok__uring_accept_arm(uring, io->fd) == 0)
		return 0;
	return arm_watch(uring, watch, io->fd);
}

void wok__uring_remove(struct uring *uring, uint64_t id)
{
	struct wok__ring_entry *entry;

	if (wok__uring_entry(uring, &entry) < 0) {
		wok__ring_cancel(&uring->ring, id);
		return;
	}
	entry->operation = WOK__RING_CANCEL;
	entry->flags = WOK__RING_QUIET;
	entry->address = id;
	entry->id = URING_NOTHING;
	uring->removed = true;
}

static void uring_disarm(wok_loop *loop, struct wok__watch *watch, int fd)
{
	wok__uring_remove(loop->backend_state, id_of(watch, fd));
}

/*
 * Make the kernel let go of what was removed. That is done when the work it has put off is done, of
 * which a call does a part.
 */
static void let_go(struct uring *uring)
{
	if (!uring->removed || uring->polling)
		return;
	for (int i = 0; i < CALLS_MAX && wok__ring_wants_call(&uring->ring); i++)
		(void) wok__ring_enter(&uring->ring, 0);
	uring->removed = false;
}

static bool uring_start(wok_loop *loop, struct wok__io *io)
{
	bool done;

	if (io->kind == WOK__IO_ACCEPT && wok__uring_accept(loop, io, &done))
		return done;
	return wok__watch_start(loop, io);
}

static void uring_cancel(wok_loop *loop, struct wok__io *io)
{
	wok__watch_cancel(loop, io);
	let_go(loop->backend_state);
}

static void uring_forget(wok_loop *loop, int fd)
{
	struct uring *uring = loop->backend_state;

	wok__uring_accept_forget(uring, fd);
	wok__watch_forget(loop, fd);
	let_go(uring);
}

/* The poll of a descriptor has ended: for an error, or because there was no room to say more. */
static void ended(wok_loop *loop, struct wok__watch *watch, int fd, int error)
{
	if (error == 0 || error == -ECANCELED)
		error = arm_watch(loop->backend_state, watch, fd);
	if (error == 0)
		return;
	uint32_t generation = watch->generation;
	if (watch->reader)
		wok__watch_finish(loop, watch, watch->reader, error);
	if (watch->generation == generation && watch->writer)
		wok__watch_finish(loop, watch, watch->writer, error);
}

static void take_edge(wok_loop *loop, const struct wok__ring_result *result)
{
	const struct uring *uring = loop->backend_state;
	int fd = (int) (uint32_t) result->id;
	struct wok__watch *watch = &uring->watches.watches[fd];
	uint32_t generation = (uint32_t) (result->id >> 32);

	if (!watch->registered || watch->generation != generation)
		return;
	if (!(result->flags & WOK__RING_MORE))
		watch->registered = false;
	if (result->result > 0)
		wok__watch_tell(loop, watch, (unsigned) result->result);
	if (watch->generation == generation && !watch->registered &&
	    (watch->reader || watch->writer))
		ended(loop, watch, fd, result->result < 0 ? result->result : 0);
}

static void take(wok_loop *loop, struct uring *uring, const struct wok__ring_result *result)
{
	uint64_t count;

	if (result->id == URING_NOTHING)
		return;
	if (result->id == URING_WAKE) {
		uring->wake_set = uring->wake_set && result->flags & WOK__RING_MORE;
		(void) wok__sys_read(loop->wake_fd, &count, sizeof(count));
	} else if (result->id & URING_LISTENER) {
		wok__uring_accepted(loop, result);
	} else {
		take_edge(loop, result);
	}
}

static int take_all(wok_loop *loop, struct uring *uring, int limit)
{
	struct wok__ring_result result;
	int n = 0;

	while (n < limit && wok__ring_take(&uring->ring, &result)) {
		take(loop, uring, &result);
		n++;
	}
	return n;
}

static void set_wake(wok_loop *loop, struct uring *uring)
{
	if (!uring->wake_set)
		uring->wake_set = arm_poll(uring, loop->wake_fd, POLLIN, URING_WAKE) == 0;
}

static void uring_poll(wok_loop *loop, wok_time timeout)
{
	struct uring *uring = loop->backend_state;
	int n = 0;
	uint64_t count;

	if (uring->event_fd >= 0)
		(void) wok__sys_read(uring->event_fd, &count, sizeof(count));
	set_wake(loop, uring);
	uring->polling = true;
	if (timeout > 0)
		(void) wok__ring_enter(&uring->ring, timeout);
	for (int calls = 0; calls < CALLS_MAX && n < TAKEN_MAX; calls++) {
		n += take_all(loop, uring, TAKEN_MAX - n);
		if (!wok__ring_wants_call(&uring->ring))
			break;
		(void) wok__ring_enter(&uring->ring, 0);
	}
	uring->polling = false;
	let_go(uring);
}

/* For tests: a ring that is always full. */
static unsigned entries_wanted(void)
{
	const char *text = getenv("WOK_RING_ENTRIES");
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n > 0 && n <= ENTRIES_MAX ? (unsigned) n : ENTRIES;
}

static int uring_open(wok_loop *loop, const char **ret_why)
{
	struct uring *uring = wok__alloc_zeroed(sizeof(*uring));

	if (!uring)
		return -ENOMEM;
	int r = wok__ring_open(&uring->ring, entries_wanted(), ret_why);
	if (r < 0) {
		wok_free(uring);
		return r;
	}
	wok__watches_open(&uring->watches);
	uring->watches.arm = uring_arm;
	uring->watches.disarm = uring_disarm;
	wok__list_init(&uring->listeners);
	uring->event_fd = -1;
	loop->backend_state = uring;
	return 0;
}

static void close_event_fd(struct uring *uring)
{
	if (uring->event_fd >= 0)
		(void) wok__sys_close(uring->event_fd);
}

static void uring_close(wok_loop *loop)
{
	struct uring *uring = loop->backend_state;

	assert(loop->io_pending == 0);
	wok__uring_accept_close(uring);
	wok__ring_close(&uring->ring);
	close_event_fd(uring);
	wok_free(uring->watches.watches);
	wok_free(uring);
}

/* The ring's own descriptor would not do: a poll of it sees no work that is put off. */
static int uring_descriptor(wok_loop *loop)
{
	struct uring *uring = loop->backend_state;

	if (uring->event_fd >= 0)
		return uring->event_fd;
	int fd = wok__sys_eventfd();
	if (fd < 0)
		return fd;
	int r = wok__ring_notify(&uring->ring, fd);
	if (r < 0) {
		(void) wok__sys_close(fd);
		return r;
	}
	return uring->event_fd = fd;
}

static void uring_flush(wok_loop *loop)
{
	const uint64_t one = 1;
	struct uring *uring = loop->backend_state;

	set_wake(loop, uring);
	if (wok__ring_wants_call(&uring->ring))
		(void) wok__ring_enter(&uring->ring, 0);
	/* What came before somebody began to look. */
	if (wok__ring_filled(&uring->ring) || wok__ring_wants_call(&uring->ring)) {
		ssize_t ignored = write(uring->event_fd, &one, sizeof(one));
		(void) ignored;
	}
}

static void uring_abandon(wok_loop *loop)
{
	struct uring *uring = loop->backend_state;

	wok__ring_abandon(&uring->ring);
	close_event_fd(uring);
}

const struct wok__backend wok__backend_uring = {
	.name = "io_uring",
	.open = uring_open,
	.close = uring_close,
	.start = uring_start,
	.cancel = uring_cancel,
	.forget = uring_forget,
	.poll = uring_poll,
	.descriptor = uring_descriptor,
	.flush = uring_flush,
	.abandon = uring_abandon,
};
