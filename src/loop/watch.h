/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_WATCH_H
#define WOK_LOOP_WATCH_H
/*
 * What is known, and who waits, of each descriptor: the half of a backend that does not depend on
 * how the kernel tells that something is ready. See watch.c for how operations are done.
 */
#include <wok/fd.h>

#include "loop/loop.h"

struct wok__watch {
	uint32_t generation; /* of this descriptor number: counted up when it is closed */
	bool registered;     /* the kernel tells of each edge that lets one read */
	bool both;           /* and of those that let one write */
	bool kept;           /* wok's own: the registration outlives a wait */
	bool readable;       /* a read may succeed: no edge has been used up */
	bool writable;
	bool hung_up; /* RDHUP, HUP or ERR was seen */
	struct wok__io *reader;
	struct wok__io *writer;
};

/* The first member of a backend's state. */
struct wok__watches {
	struct wok__watch *watches; /* by descriptor number */
	size_t n;
	size_t capacity;

	/*
	 * Have the kernel tell when io, which has found nothing, is worth another try; what is
	 * there by now counts, too. Most often that is a registration for all edges that the
	 * watch needs, made once. -errno, but not -EAGAIN.
	 */
	int (*arm)(wok_loop *loop, struct wok__watch *watch, const struct wok__io *io);
	/* End the registration. */
	void (*disarm)(wok_loop *loop, struct wok__watch *watch, int fd);
};

/* NULL: out of memory, or no descriptor. */
struct wok__watch *wok__watch_find(struct wok__watches *watches, int fd);

/* As the backend's functions of these names. */
bool wok__watch_start(wok_loop *loop, struct wok__io *io);
void wok__watch_cancel(wok_loop *loop, struct wok__io *io);
void wok__watch_forget(wok_loop *loop, int fd);

/* For a backend that knows better: io is under way; no other one is in its direction. */
void wok__watch_wait(wok_loop *loop, struct wok__watch *watch, struct wok__io *io);

/* And: io, which was under way, has ended. */
void wok__watch_finish(wok_loop *loop, struct wok__watch *watch, struct wok__io *io,
		       ssize_t result);

/* The kernel has told: events as poll(2) has them. */
void wok__watch_tell(wok_loop *loop, struct wok__watch *watch, unsigned events);

static inline void wok__watches_open(struct wok__watches *watches)
{
	watches->watches = NULL;
	watches->n = watches->capacity = 0;
}

static inline bool wok__watch_reads(const struct wok__io *io)
{
	return io->kind == WOK__IO_RECV || io->kind == WOK__IO_ACCEPT || io->kind == WOK__IO_READ ||
	       io->kind == WOK__IO_CALL_TO_READ ||
	       (io->kind == WOK__IO_WAIT && io->events & WOK_READABLE);
}
#endif
