/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_ROUTE_PATH_H
#define WOK_HTTP_SERVER_ROUTE_PATH_H
/* The paths that routes are given for, taken apart: "/users/{id:\d+}.json", "/files/{path*}". */
#include <wok/base.h>

enum {
	WOK__ROUTE_PARAMS = 16, /* of a route, those of the apps around it included */
};

enum wok__part_kind {
	WOK__PART_LITERAL, /* before is all of it */
	WOK__PART_PARAM,   /* one, with what stands before and behind it in the same part */
	WOK__PART_TAIL,    /* all the rest, slashes included */
};

struct wok__route_part {
	enum wok__part_kind kind;
	wok_view before, name, pattern, behind; /* into the path */
};

/*
 * The part at *at, which stands behind a slash: 1, and *at stands behind the next one; 0 at the
 * end; -EINVAL with a message.
 */
int wok__route_part_next(const char *path, const char **at, struct wok__route_part *ret_part);

/*
 * Undo percent-encoding: the size, without the NUL that is put behind it. -EINVAL if it is
 * malformed, or there would be a NUL. to has as much room as from has, and one more; it may be
 * from.
 */
ssize_t wok__route_decode(const char *from, size_t size, char *to);
#endif
