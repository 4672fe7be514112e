/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_WIRE_H
#define WOK_HTTP_SERVER_WIRE_H
/*
 * How a request's bytes come and how its reply's bytes go: the HTTP/1.1 of h1_wire.c, or HTTP/2. A
 * request belongs to one wire; all above (routes, handlers, replies) does not know which.
 *
 * The wire makes a request with wok__request_init(), fills in what it has parsed, runs it with
 * wok__request_run() in the task that is to be the handler's, and releases it. Sends have their
 * own time limits; reads get theirs from the caller, as a timeout around the call.
 */
#include <wok/http_server.h>

#include "base/list.h"
#include "http/buffer.h"

/* How the body of a reply comes behind its head. */
enum wok__reply_kind {
	WOK__REPLY_WHOLE,    /* it is given with the head, and nothing follows */
	WOK__REPLY_SIZED,    /* in pieces, whose sum is known: Content-Length is among the lines */
	WOK__REPLY_STREAMED, /* in pieces, until the end() */
};

struct wok__reply_head {
	int status;
	enum wok__reply_kind kind;
	bool bodiless; /* a body is not sent (HEAD, 204 ...): neither here nor by pieces */
	const void *body;
	size_t body_size;
};

struct wok__server_wire {
	/*
	 * Wait for bytes of the request's body: how many; 0 at its end; an error as
	 * wok_http_request_read() has it. Answers "Expect: 100-continue" when it first waits.
	 */
	ssize_t (*read)(wok_http_request *request, void *data, size_t size);
	/*
	 * Send an interim reply (103 ...), whose fields are in lines. HTTP/1.0 knows none: 0.
	 */
	int (*interim)(wok_http_request *request, int status, const struct wok__buffer *lines);
	/*
	 * A head is begun: put what stands before its lines into request->out, at its end, and set
	 * request->lines_at behind it. Failures are found in out->error.
	 */
	void (*begin)(wok_http_request *request, const struct wok__reply_head *head);
	/*
	 * The lines stand in request->out, from lines_at on, each "Name: value" and CRLF, without
	 * the empty line. Add what else the wire has to say, and send it with the body. If that
	 * cannot be made (out->error), nothing is sent, and out ends at head_at again: so the
	 * caller knows.
	 */
	int (*head)(wok_http_request *request, const struct wok__reply_head *head);
	/* Send a piece of the body, of 1 byte at least. */
	int (*piece)(wok_http_request *request, const void *data, size_t size);
	/* Send size bytes of a file. WOK_EEOF if it has fewer: then the reply is broken off. */
	int (*file)(wok_http_request *request, int file, off_t offset, size_t size);
	/* End a body that came in pieces. trailers: lines, or NULL. */
	int (*end)(wok_http_request *request, const struct wok__buffer *trailers);
	/* Break the reply off, so that nobody takes the part for the whole. */
	void (*abort)(wok_http_request *request);
	/*
	 * Send a head (101 ..., its lines in request->out as for head()), and hand the stream over:
	 * what was read ahead is in its buffer. It stays the connection's, and is closed when the
	 * handler has returned. NULL: -ENOTSUP.
	 */
	int (*upgrade)(wok_http_request *request, const struct wok__reply_head *head,
		       wok_stream **ret_stream);
};

/*
 * Take the connection over, for a WebSocket. status: 101; headers: those that are not wok's to set
 * otherwise (Upgrade, Connection) included. The handler has the stream until it returns.
 *
 * Returns: 0; -EALREADY after a reply; -ENOTSUP if the wire cannot; as wok_http_reply()
 */
int wok__request_upgrade(wok_http_request *request, int status, const wok_http_header *headers,
			 size_t n, wok_stream **ret_stream);

/*
 * Something that changes the body of a reply on its way out, as a compression does. A middleware
 * adds one before wok_http_next(); the request owns it from then on. The one that was added last
 * meets the bytes first.
 */
struct wok__reply_filter {
	/*
	 * A reply begins. Says whether its body is to pass through the filter: 1, 0, or an error,
	 * which is that of the reply. May change the copy of the options that it gets: the headers
	 * (an array of the filter's own), the content type; not body and size. What is only added
	 * is set by wok_http_reply_header(). size: of the body; UINT64_MAX if that is not known.
	 * For HEAD it is asked as for GET, and no piece follows.
	 */
	int (*begin)(struct wok__reply_filter *filter, wok_http_request *request,
		     wok_http_reply_options *options, uint64_t size);
	/*
	 * Put what becomes of a piece behind what is in out; last: and all that was kept. 0, or an
	 * error, which breaks the reply off. Never waits; a piece has 64 KiB at most.
	 */
	int (*piece)(struct wok__reply_filter *filter, const void *data, size_t size, bool last,
		     struct wok__buffer *out);
	void (*free)(struct wok__reply_filter *filter);
	/* The rest is private, and zero. */
	struct wok__reply_filter *next;
	struct wok__buffer made;
	bool active;
};

void wok__request_add_filter(wok_http_request *request, struct wok__reply_filter *filter);

/* Send size bytes of a file as a part of a reply that was begun. */
int wok__reply_write_file(wok_http_request *request, int file, off_t offset, size_t size);

/*
 * What is called when the server stops: nothing more is accepted, and what goes on without end (a
 * WebSocket, events) is to come to an end. It must not wait. Called at once if that has been.
 */
struct wok__stop_hook {
	struct wok__node node;
	void (*call)(struct wok__stop_hook *hook);
};

void wok__request_on_stop(wok_http_request *request, struct wok__stop_hook *hook);
/* Before the handler returns, whether it was called or not. */
void wok__request_off_stop(struct wok__stop_hook *hook);
#endif
