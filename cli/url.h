/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_URL_H
#define WOK_CLI_URL_H
#include <wok/base.h>

/* The parts of "http://host[:port][/path][?query]" that the blocking client needs. */
struct url {
	char host[256];      /* without the brackets of an IPv6 address */
	char port[6];        /* digits: what getaddrinfo wants; "80" if there was none */
	char authority[272]; /* what the Host header says: as it was written */
	const char *target;  /* path and query; points into the text, or to "/" */
};

/**
 * Take a URL apart.
 *
 * text:       outlives ret_url
 * Returns:    0; -EINVAL, -EPROTONOSUPPORT with a message that says what is wrong
 */
int url_parse(const char *text, struct url *ret_url);

#endif
