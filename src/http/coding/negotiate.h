/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CODING_NEGOTIATE_H
#define WOK_HTTP_CODING_NEGOTIATE_H
/*
 * What a client accepts, of what we could send (RFC 9110, 12.4 and 12.5): lists of ranges with
 * weights. Pure functions; a member of a list that is malformed is as if it were not there.
 */
#include <sys/types.h>

#include "http/coding/coding.h"
#include "http/h1.h"

/* A member of a list, and its weight. */
struct wok__accepted {
	struct wok__h1_span range;  /* "gzip", "text/html" ... */
	struct wok__h1_span params; /* between the range and the weight, from a semicolon on */
	unsigned weight;            /* thousandths; 1000 if there is none */
};

/* The next member of a list that is well-formed; false at the end. */
bool wok__accepted_next(struct wok__h1_span *rest, struct wok__accepted *ret_item);

/*
 * Choose a coding for a reply. Of those that the client likes best the first one of ours is taken;
 * identity where it does not say what it likes, or likes that better.
 *
 * accept:     the Accept-Encoding; NULL if there is none
 * ours:       what we offer besides identity, in our order
 * Returns:    true; false if the client refuses all of them, and identity, too
 */
bool wok__choose_coding(const char *accept, const enum wok__coding *ours, size_t n,
			enum wok__coding *ret_coding);

/*
 * Choose a media type for a reply: the index of the first of those that the client likes best.
 *
 * accept:     the Accept; NULL if there is none, which is as if all were
 * types:      "text/html", "application/json; charset=utf-8"; n of them
 * Returns:    the index; -1 if none is accepted
 */
ssize_t wok__choose_type(const char *accept, const char *const *types, size_t n);
#endif
