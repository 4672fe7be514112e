/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_PATH_H
#define WOK_HTTP_STATIC_PATH_H
/*
 * From a URL to a path below a folder. What a client could climb out with is refused here, before
 * the system sees it; that links do not lead out either is for who opens the path (locate.c).
 *
 * Nothing is normalised: clients do that. A name that is empty, "." or ".." is not found, and so is
 * one that has a slash or a backslash in it once it is decoded.
 */
#include <limits.h>
#include <stdbool.h>

struct wok__static_path {
	char text[PATH_MAX]; /* "." for the folder itself; no slash at its ends */
	bool folder;         /* there was a slash at the end, or nothing at all */
};

/*
 * rest: what stands behind the prefix of a route, as it was sent
 * Returns: 0, or the status to refuse it with: 400, 404, 414
 */
int wok__static_path(const char *rest, bool dot_files, struct wok__static_path *ret_path);
#endif
