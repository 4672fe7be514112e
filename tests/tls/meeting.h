/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_TLS_MEETING_H
#define WOK_TEST_TLS_MEETING_H
/* A client and a server that do a handshake over a pair of streams, and what comes of it. */
#include <wok/tls.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "tls/certs.h"

struct meeting {
	/* Before: */
	wok_tls_context *client_context, *server_context;
	const char *host; /* "example.com" */
	wok_tls_stream_options client_options, server_options;
	size_t capacity;        /* of the pair below */
	wok_stream *near, *far; /* the pair itself, if the test brings one */
	/* After: */
	wok_stream *client, *server;
	int connected, accepted; /* results */
	char client_says[500], server_says[500];
};

/* The contexts of most tests: the good certificate, and a client that trusts its CA. */
wok_tls_context *good_client(void);
wok_tls_context *good_server(void);
wok_tls_context *client_with(const wok_tls_options *options);
wok_tls_context *server_with(const wok_tls_options *options);
/* A server that has this certificate. */
wok_tls_context *server_of(const struct cert *cert);

/* Do both handshakes, in a task each. Contexts that are missing are the good ones. */
void meet(struct meeting *meeting);
/* The same, and it has to go well. */
void meet_well(struct meeting *meeting);
/* Free the streams and the contexts; all zero then. */
void part(struct meeting *meeting);

/* Send a text from one to the other. */
void say(wok_stream *from, wok_stream *to, const char *text);

#define ASSERT_SAYS(text, word)                                                                    \
	do {                                                                                       \
		if (!strstr((text), (word)))                                                       \
			FAIL("\"%s\" does not say \"%s\"", (text), (word));                        \
	} while (0)
#endif
