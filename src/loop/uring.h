/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_URING_H
#define WOK_LOOP_URING_H
/* What the files of the io_uring backend share. */
#include "base/list.h"
#include "loop/ring.h"
#include "loop/watch.h"

struct uring {
	struct wok__watches watches;
	struct wok__ring ring;
	struct wok__list listeners;
	uint32_t listener_ids;
	int event_fd;  /* what a foreign loop waits for; -1 */
	bool wake_set; /* the ring watches the loop's wake_fd */
	bool removed;  /* an entry lies in the ring that ends something */
	bool polling;
};

/* What a completion is about. The low half is a descriptor, or has this bit: */
#define URING_LISTENER (UINT64_C(1) << 31)
#define URING_WAKE UINT64_MAX
#define URING_NOTHING (UINT64_MAX - 1)

/* An empty entry; -ENOBUFS if the kernel takes none. */
int wok__uring_entry(struct uring *uring, struct wok__ring_entry **ret_entry);

/* Have what has this id end. */
void wok__uring_remove(struct uring *uring, uint64_t id);

/* See uring_accept.c. */
bool wok__uring_accept(wok_loop *loop, struct wok__io *io, bool *ret_done);
int wok__uring_accept_arm(struct uring *uring, int fd);
void wok__uring_accepted(wok_loop *loop, const struct wok__ring_result *result);
void wok__uring_accept_forget(struct uring *uring, int fd);
void wok__uring_accept_close(struct uring *uring);
#endif
