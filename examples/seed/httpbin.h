/* SPDX-License-Identifier: MIT */
#ifndef SEED_HTTPBIN_H
#define SEED_HTTPBIN_H
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

/* URLs of the httpbin that the notes' programs talk to: HTTPBIN in the environment says where it
 * is, and "tests/seed/services.sh start" starts one. */
enum { URL_SIZE = 256 };

/* Make a URL: httpbin_url(&page->url, "/delay/%d", 2). Returns 0, or an error. */
WOK_PRINTF(2, 3)
static inline int httpbin_url(char (*ret_url)[URL_SIZE], const char *path, ...)
{
	const char *server = getenv("HTTPBIN");
	va_list args;

	int n = snprintf(*ret_url, URL_SIZE, "%s", server ? server : "http://127.0.0.1:8899");
	if (n < URL_SIZE) {
		va_start(args, path);
		n += vsnprintf(*ret_url + n, (size_t) (URL_SIZE - n), path, args);
		va_end(args);
	}
	return n < URL_SIZE ? 0 : wok_fail(-ENAMETOOLONG, "HTTPBIN is too long");
}

#endif
