/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_NEGOTIATE_H
#define WOK_HTTP_STATIC_NEGOTIATE_H
/* Which compressed siblings of a file a client takes (RFC 9110, 12.5.3). */
#include <stddef.h>

/* In the order of our liking. */
enum wok__sibling { WOK__SIBLING_BR, WOK__SIBLING_ZSTD, WOK__SIBLING_GZIP, WOK__SIBLINGS };

const char *wok__sibling_suffix(enum wok__sibling sibling); /* ".br" */
const char *wok__sibling_coding(enum wok__sibling sibling); /* "br" */

/*
 * accept: the header Accept-Encoding; NULL: there is none, so none is wanted
 * Returns: how many are acceptable, at least as much as the file itself is; the best one comes
 * first
 */
size_t wok__negotiate(const char *accept, enum wok__sibling ret_siblings[WOK__SIBLINGS]);
#endif
