/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_CONDITION_H
#define WOK_HTTP_STATIC_CONDITION_H
/*
 * Which version of a file a client has, or wants (RFC 9110, section 13): its tag and its date, and
 * what a request's conditions say of them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "http/message.h"

enum { WOK__ETAG_SIZE = 64 };

struct wok__version {
	char etag[WOK__ETAG_SIZE]; /* with its quotes, and W/ before if it is weak; "" for none */
	int64_t modified;          /* seconds since 1970; less than 0: nobody knows */
	int64_t now;               /* seconds since 1970 */
	bool recent;               /* so recently that it may change again within the same date */
};

/*
 * The version of a file: its tag is made of the time of its last change, its size and its inode. It
 * is weak while the file is so new that another change might leave all of these as they are.
 *
 * now: nanoseconds since 1970
 */
void wok__version_of(const struct stat *stat, int64_t now, struct wok__version *ret_version);

enum wok__verdict {
	WOK__CONDITION_NONE,   /* send it */
	WOK__CONDITION_UNMET,  /* 412 */
	WOK__CONDITION_IS_HAD, /* the client has this version: 304 */
};

/* What the If- headers of a GET or HEAD say, in the order of precedence that RFC 9110 gives. */
enum wok__verdict wok__condition_check(const struct wok__head *head,
				       const struct wok__version *version);

/* Whether a Range header counts: no If-Range, or one that names this very version. */
bool wok__condition_if_range(const struct wok__head *head, const struct wok__version *version);

/* Whether a tag is in a list of them, or the list is "*". strong: weak ones never match. */
bool wok__etag_is_in(const char *list, const char *etag, bool strong);
#endif
