/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_PATH_H
#define WOK_IO_PATH_H
/*
 * A path on its way to a thread: a copy, and for a relative one the folder that it begins at, as it
 * was when the call was made. The process may change its folder at any time.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

struct wok__path {
	int dir; /* AT_FDCWD for an absolute path */
	char *text;
};

/* On failure there is nothing to clear. Never waits. */
int wok__path_init(struct wok__path *path, const char *text);
void wok__path_clear(struct wok__path *path);

/* In a thread: open it. A lease that somebody holds is waited for, though flags say O_NONBLOCK. */
int wok__path_open(const struct wok__path *path, int flags, mode_t permissions);

/*
 * Open what is there, if the path is in the kernel's cache: the descriptor, or what is wrong, or
 * -EAGAIN, and then only a thread can tell.
 */
int wok__path_open_cached(const char *text, int flags);

/* Whether a path that was just found leads to a pipe. */
bool wok__path_is_fifo(const char *text);
#endif
