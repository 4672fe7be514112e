/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_URL_H
#define WOK_HTTP_CLIENT_URL_H
#include <stdint.h>

#include "http/h1.h"

/* The parts of "http://host[:port][/path][?query][#fragment]"; they point into the text. */
struct wok__url {
	struct wok__h1_span host; /* without the brackets of an IPv6 address */
	struct wok__h1_span
		authority;          /* as the Host header has it: no port if it is the scheme's */
	struct wok__h1_span target; /* path and query as they stand; empty: "/" */
	bool bare_query;            /* the target begins with "?": a "/" belongs before it */
	uint16_t port;
};

/* 0; -EINVAL, or -EPROTONOSUPPORT for another scheme, with a message that names the URL. */
int wok__url_parse(const char *text, struct wok__url *ret_url);
#endif
