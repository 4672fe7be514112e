/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_CHECK_H
#define TESTS_CLIENT_CHECK_H
/*
 * A server on streams in memory, so that all runs on the virtual clock, and in every order: a
 * session whose connect_fn is peer_connect() talks to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <wok/http.h>
#include <wok/loop.h>
#include <wok/scope.h>
#include <wok/stream.h>
#include <wok/tls.h>

#include "harness/test.h"

#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* What answer() gives besides a text: say nothing more; hang up. */
#define PEER_SILENT ((const char *) 1)
#define PEER_HANGS_UP ((const char *) 2)

struct peer {
	/* The answer to a request; NULL: OK_HELLO. The head is NUL-terminated, and so is a body. */
	const char *(*answer)(struct peer *peer, const char *head, const char *body);
	int (*serve)(struct peer *peer, wok_stream *stream); /* instead */
	wok_tls_context *tls;
	void *arg;
	wok_time delay; /* before each answer */
	int connections, open, requests;
	char asked[300]; /* "host:port" of the last connection */
	char head[8192], body[8192];
	wok_scope *scope;
};

int peer_connect(void *arg, const char *host, uint16_t port, wok_stream **ret_stream);
void peer_open(struct peer *peer);
void peer_close(struct peer *peer);

/* Read a request: 1; 0 at the end. */
int peer_take(struct peer *peer, wok_stream *stream);
int peer_say(wok_stream *stream, const char *text);

/* A session that talks to a peer. */
wok_http_session *session_of(struct peer *peer, const wok_http_session_options *options);

/* A whole request: the status, or the error of the head or of the body. */
int fetch(wok_http_session *session, const char *method, const char *url,
	  const wok_http_options *options);
int get(wok_http_session *session, const char *url);

/* The value of a field in a text of a head, in a static buffer; NULL. */
const char *field_of(const char *head, const char *name);

#define ASSERT_SAYS(code, word)                                                                    \
	do {                                                                                       \
		const char *message__ = wok_errmsg(code);                                          \
		if (!strstr(message__, (word)))                                                    \
			FAIL("\"%s\" does not say \"%s\"", message__, (word));                     \
	} while (0)

#define ASSERT_POOL(session, want_open, want_idle, want_waiting)                                   \
	do {                                                                                       \
		wok_http_stats stats__;                                                            \
		wok_http_session_stats((session), &stats__);                                       \
		if (stats__.open != (want_open) || stats__.idle != (want_idle) ||                  \
		    stats__.waiting != (want_waiting))                                             \
			FAIL("%zu open, %zu idle, %zu waiting", stats__.open, stats__.idle,        \
			     stats__.waiting);                                                     \
	} while (0)
#endif
