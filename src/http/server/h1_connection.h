/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_H1_CONNECTION_H
#define WOK_HTTP_SERVER_H1_CONNECTION_H
/* A server's HTTP/1.1 connection. It has one request at a time, which is used again and again. */
#include <wok/loop.h>
#include <wok/task.h>

#include "http/server/connection.h"

struct wok__h1_connection {
	wok_http_request request;
	wok_stream *stream;
	struct wok__stop_hook when_idle;
	struct wok__h1_request parsed;
	struct wok__incoming incoming;
	char *host_copy;           /* where the head has no room for its NUL */
	wok_callback flush_soon;   /* when the task waits while replies are gathered */
	wok_task *flusher;         /* sends them then; NULL */
	struct wok__buffer behind; /* what it sends */
	bool failed;               /* a send was broken off */
	bool continue_sent;
	bool dismissed;  /* the server has ended while the connection was idle */
	bool chunked;    /* the reply's body is */
	bool keep_alive; /* after this request */
};

static inline struct wok__h1_connection *wok__h1_of(const wok_http_request *request)
{
	return WOK__CONTAINER(request, struct wok__h1_connection, request);
}

/*
 * Replies to requests that have come at once are gathered in request.out, and sent together: when
 * there is enough, before anything is waited for, and if a handler waits, by another task. flush()
 * sends them; flush_end() gives up what is left.
 */
int wok__h1_flush(struct wok__h1_connection *h1);
void wok__h1_flush_end(struct wok__h1_connection *h1);

/* A whole reply has been put into request.out: false if it cannot be left there. */
bool wok__h1_gather(struct wok__h1_connection *h1);

/* wok__h1_flush_begin() where replies were gathered. */
int wok__h1_flush_stop(struct wok__h1_connection *h1);

/* Before anything is sent: nobody else sends, and what is in request.out stays there. */
static inline int wok__h1_flush_begin(struct wok__h1_connection *h1)
{
	return h1->flush_soon.id != 0 || h1->flusher || h1->failed ? wok__h1_flush_stop(h1) : 0;
}

extern const struct wok__server_wire wok__h1_server_wire;

/* The client waits for a word before it sends the body: it may send it, or not. */
bool wok__h1_body_withheld(const struct wok__h1_connection *h1);

/* Read away what the handler left of the body: true if the next request begins behind it. */
bool wok__h1_drain_body(struct wok__h1_connection *h1);
#endif
