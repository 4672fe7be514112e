/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_SOURCE_H
#define WOK_HTTP_CLIENT_SOURCE_H
/* Where the body of a request comes from: memory, or a function. */
#include <wok/http_client.h>

#define WOK__LENGTH_UNKNOWN UINT64_MAX

struct wok__source {
	const void *data; /* all of it, or */
	ssize_t (*read)(void *arg, void *data, size_t size);
	void *arg;
	uint64_t length; /* bytes in all; WOK__LENGTH_UNKNOWN: until read() gives 0 */
	uint64_t taken;  /* of them */
	bool failed;     /* read() did: not the connection's fault */
};

void wok__source_open(struct wok__source *source, const wok_http_options *options);

/* Begin anew, to send it again; false if it cannot be had again. */
bool wok__source_rewind(struct wok__source *source);

/* The next bytes, at most size of them; 0 at the end; what read() fails with. It may wait. */
ssize_t wok__source_take(struct wok__source *source, void *data, size_t size);
#endif
