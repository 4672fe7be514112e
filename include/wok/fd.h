/* SPDX-License-Identifier: MIT */
#ifndef WOK_FD_H
#define WOK_FD_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/* What to wait for on a descriptor, and what it became. */
enum {
	/* Data, a connection to accept, the end, or an error is there to be read. */
	WOK_READABLE = 1,
	/* A write would not block, or would fail. */
	WOK_WRITABLE = 2,
};

/**
 * Wait until a descriptor is ready: the door for other libraries. The descriptor stays yours; wok
 * keeps nothing about it between calls. One task may wait for it to become readable while another
 * waits for it to become writable.
 *
 * fd:         a socket, pipe, eventfd, timerfd ...; it should be non-blocking
 * events:     WOK_READABLE, WOK_WRITABLE, or both
 * Returns:    which of the two it is, by bits; -ECANCELED if a scope around the call was cancelled;
 *             -EBUSY if another task waits for the same; -EBADF if it is closed with wok_fd_close()
 *             meanwhile, or no descriptor. A regular file is always ready
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fd_wait(int fd, int events) WOK_MUST_CHECK;

/**
 * Close a descriptor that tasks may be waiting for: they get -EBADF.
 *
 * Returns:    0; -errno of close(2), the descriptor being gone nevertheless
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_fd_close(int fd);

WOK_END_DECLS
#endif
