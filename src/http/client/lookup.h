/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_LOOKUP_H
#define WOK_HTTP_CLIENT_LOOKUP_H
/*
 * Names that a session has looked up, kept for some seconds: getaddrinfo(3) does not say how long
 * an answer is good, and takes a thread for each question. Requests that ask for one name at the
 * same time share a look-up. Where libwok-dns is in use it does all this better.
 */
#include <wok/net.h>

#include "base/list.h"

struct wok__lookups {
	struct wok__lookup *first; /* the one used last in front */
	size_t n;
};

/* The addresses of a host, as wok_lookup(). */
int wok__lookups_find(struct wok__lookups *lookups, const char *host, uint16_t port,
		      wok_addresses *ret_addresses);

/* Nobody waits any more. */
void wok__lookups_clear(struct wok__lookups *lookups);
#endif
