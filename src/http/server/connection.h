/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_CONNECTION_H
#define WOK_HTTP_SERVER_CONNECTION_H
/*
 * A connection of a server, and the request that it answers: one at a time, in the connection's own
 * task. So a request is a part of its connection, used again and again.
 */
#include <wok/http_server.h>
#include <wok/timeout.h>

#include "base/list.h"
#include "http/buffer.h"
#include "http/message.h"
#include "http/server/app.h"

/* What a server's connections share. */
struct wok__http_server {
	wok_http_app *app;
	wok_http_serve_options options; /* with the defaults filled in */
	struct wok__h1_limits limits;
	struct wok__h1_field *scratch; /* where heads are parsed; never across a wait */
	struct wok__list idle;         /* connections between two requests */
	bool draining;
	char date[32]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
	int64_t date_second;
};

/* How far the reply to a request has come. */
enum wok__reply {
	WOK__REPLY_NONE,     /* not begun */
	WOK__REPLY_BEGUN,    /* its head is out; wok_http_reply_write() sends more */
	WOK__REPLY_COMPLETE, /* all is out */
	WOK__REPLY_BROKEN,   /* the connection cannot be used any more */
};

struct wok_http_request {
	struct wok__http_server *server;
	wok_stream *stream;
	struct wok__node in_idle;

	struct wok__head head;
	const char *method, *path, *query, *host, *rest;
	char *host_copy; /* where the head has no room for its NUL */
	struct wok__h1_request parsed;
	struct wok__incoming incoming;
	struct wok__gathered body; /* of wok_http_request_body() */
	wok_time body_waited;      /* how long reading the body has taken so far */
	int body_error; /* how reading the body failed: the reply to an error of the handler */
	bool continue_sent;
	bool dismissed; /* the server has ended while the connection was idle */

	struct wok__buffer out;
	enum wok__reply reply;
	bool is_head;    /* a body is not sent, only spoken of */
	bool chunked;    /* the reply's body is */
	bool keep_alive; /* after this request */
};

/* Set up what connections share; -ENOMEM. */
int wok__http_server_open(struct wok__http_server *server, wok_http_app *app,
			  const wok_http_serve_options *options);
void wok__http_server_close(struct wok__http_server *server);

/* The Date header's value, made anew once a second. */
const char *wok__http_date(struct wok__http_server *server);

/* Serve a connection until it ends; see wok_http_serve_stream(). */
int wok__serve_connection(struct wok__http_server *server, wok_stream *stream);

/* Send all parts; a stall of the write timeout's length is an error. */
int wok__request_send(wok_http_request *request, struct iovec *parts, int n_parts);

/* Reply with a status and its reason as text, and close the connection after it. */
int wok__reply_error(wok_http_request *request, int status, const char *allow);

/* End a reply that was begun; after that it is complete or broken. */
int wok__reply_end(wok_http_request *request);

/* The client waits for a word before it sends the body: it may send it, or not. */
bool wok__request_body_withheld(const wok_http_request *request);

/* Of a body that nobody read, so much is read away to keep the connection. */
enum { WOK__HTTP_DRAIN_MAX = 256 << 10 };

/* Fill the stream's buffer within a time: 1; 0 at the end; an error. */
int wok__request_fill(wok_http_request *request, wok_time limit);
#endif
