/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_H1_CONNECTION_H
#define WOK_HTTP_SERVER_H1_CONNECTION_H
/* A server's HTTP/1.1 connection. It has one request at a time, which is used again and again. */
#include "http/server/connection.h"

struct wok__h1_connection {
	wok_http_request request;
	wok_stream *stream;
	struct wok__stop_hook when_idle;
	struct wok__h1_request parsed;
	struct wok__incoming incoming;
	char *host_copy; /* where the head has no room for its NUL */
	bool continue_sent;
	bool dismissed;  /* the server has ended while the connection was idle */
	bool chunked;    /* the reply's body is */
	bool keep_alive; /* after this request */
};

static inline struct wok__h1_connection *wok__h1_of(const wok_http_request *request)
{
	return WOK__CONTAINER(request, struct wok__h1_connection, request);
}

extern const struct wok__server_wire wok__h1_server_wire;

/* The client waits for a word before it sends the body: it may send it, or not. */
bool wok__h1_body_withheld(const struct wok__h1_connection *h1);

/* Read away what the handler left of the body: true if the next request begins behind it. */
bool wok__h1_drain_body(struct wok__h1_connection *h1);
#endif
