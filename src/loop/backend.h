/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_BACKEND_H
#define WOK_LOOP_BACKEND_H
/*
 * What waits for the kernel on a loop's behalf. loop/io.h says what an operation is; each backend
 * holds its own state behind loop->backend_state.
 */
#include <stdbool.h>
#include <wok/base.h>

#include "loop/io.h"

struct wok__backend {
	const char *name; /* as WOK_BACKEND has it */

	/* Set up loop->backend_state; -errno, and why: a text that lives for ever, or NULL. */
	int (*open)(struct wok_loop *loop, const char **ret_why);
	void (*close)(struct wok_loop *loop);

	bool (*start)(struct wok_loop *loop, struct wok__io *io);
	void (*cancel)(struct wok_loop *loop, struct wok__io *io);

	/* Everything under way on fd ends with -EBADF; the caller closes it then. */
	void (*forget)(struct wok_loop *loop, int fd);

	/*
	 * Take what the kernel has, and call done() for what it ended. Sleep until there is
	 * something, for at most timeout nanoseconds; 0 looks only. Returns early when a byte
	 * arrives at loop->wake_fd.
	 */
	void (*poll)(struct wok_loop *loop, wok_time timeout);

	/* A descriptor that is readable when poll() has something to take; -errno. */
	int (*descriptor)(struct wok_loop *loop);

	/*
	 * Somebody else is going to wait for that descriptor: hand to the kernel what was put off
	 * until the next poll. NULL: nothing ever is.
	 */
	void (*flush)(struct wok_loop *loop);

	/* In the child of a fork: let go of the kernel's share, which is the parent's. */
	void (*abandon)(struct wok_loop *loop);
};

extern const struct wok__backend wok__backend_epoll;
extern const struct wok__backend wok__backend_uring;

/*
 * Open a backend: the first that works of some names with commas between them. NULL takes the
 * environment's, or else the default. If it is not the first one, loop->backend_why says why.
 */
int wok__backend_open(struct wok_loop *loop, const char *names);
#endif
