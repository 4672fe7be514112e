/* SPDX-License-Identifier: MIT */
/*
 * The life of a server's HTTP/1.1 connection.
 *
 * A request is read, answered, and what its handler left of the body is read away; then comes the
 * next one, which may be in the buffer already: pipelined requests are answered in their order, and
 * while one is being answered nothing more is read than fits the buffer. After an error in a
 * request's framing nothing on the connection can be trusted: it is answered, and closed.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "base/frame.h"
#include "base/memory.h"
#include "base/time.h"
#include "http/server/h1_connection.h"
#include "io/stream.h"
#include "task/park.h"

enum { STATUS_TIMEOUT = 408 };

/* How long a connection is idle before its memory is given back, but for so many bytes. */
#define IDLE_SOON (WOK_SECOND / 2)
enum { IDLE_BUFFER = 256 };

/*
 * How long what comes after the last reply is read away, and how long the client may pause in it.
 */
#define LINGER_TIME (10 * WOK_SECOND)
#define LINGER_PAUSE (2 * WOK_SECOND)

/* Fill the stream's buffer, up to a size, within a time: 1; 0 at the end; an error. */
static int fill_some(struct wok__h1_connection *h1, size_t most, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_view unused;
	int r = 0;

	WOK_TIMEOUT (&timeout, limit) {
		r = wok_stream_fill(h1->stream, most, &unused);
	}
	return wok_timeout_result(&timeout, r);
}

/* The same for a head. What has been gathered goes out before anything is waited for. */
static int fill(struct wok__h1_connection *h1, wok_time limit)
{
	WOK_TRY(wok__h1_flush(h1));
	return fill_some(h1, (size_t) h1->request.server->limits.head + 4096, limit);
}

/* Nothing has come for a while: keep no memory that the next request can have anew. */
static void release_memory(struct wok__h1_connection *h1)
{
	wok_http_request *request = &h1->request;

	wok__request_reset(request);
	wok__request_release(request);
	wok_free(WOK_TAKE(request->match.text));
	request->match.text_capacity = 0;
	wok_free(WOK_TAKE(h1->host_copy));
	wok__stream_trim(h1->stream);
	wok__trim_stack();
}

/* Wait for the next request: shortly as one is, and then with as little as can be. */
static int idle(struct wok__h1_connection *h1)
{
	wok_time limit = h1->request.server->options.keep_alive;

	if (limit <= IDLE_SOON)
		return fill(h1, limit);
	int r = fill(h1, IDLE_SOON);
	if (r != -ETIMEDOUT)
		return r;
	release_memory(h1);
	return fill_some(h1, IDLE_BUFFER, limit - IDLE_SOON);
}

/* The server ends, and nothing is being answered. */
static void dismiss(struct wok__stop_hook *hook)
{
	struct wok__h1_connection *h1 = WOK__CONTAINER(hook, struct wok__h1_connection, when_idle);

	h1->dismissed = true; /* a request that comes at this moment is not begun */
	(void) wok_stream_close(h1->stream);
}

/* Wait for the first byte of a request, as long as a connection may be idle: 1, 0 or an error. */
static int await_first_byte(struct wok__h1_connection *h1)
{
	struct wok__http_server *server = h1->request.server;

	if (wok_stream_buffered(h1->stream).size > 0)
		return 1;
	if (server->draining)
		return 0;
	wok__server_on_stop(server, &h1->when_idle);
	int r = idle(h1);
	wok__request_off_stop(&h1->when_idle);
	if (h1->dismissed)
		return 0;
	/*
	 * Nobody is owed an answer: the client has gone, was idle for too long, or the server ends.
	 */
	if (r == -ETIMEDOUT || r == -EBADF || r == -ECONNRESET)
		return 0;
	return r;
}

/* Wait for a whole head in the stream's buffer: 1; 0 at the end; an error, the codec's included. */
static int await_head(struct wok__h1_connection *h1, size_t *ret_size)
{
	struct wok__http_server *server = h1->request.server;
	struct wok__h1_scan scan = WOK__H1_SCAN_REQUEST;
	wok_time deadline = 0;

	for (;;) {
		wok_view bytes = wok_stream_buffered(h1->stream);
		int r = wok__h1_scan_head(&scan, bytes.data, bytes.size, &server->limits, ret_size);
		if (r != 0)
			return r;
		if (deadline == 0)
			deadline = wok__time_add(wok_now(), server->options.header_timeout);
		r = fill(h1, deadline - wok_now());
		if (r <= 0)
			return r;
	}
}

/*
 * Take a head out of the stream's buffer and understand it: 0, or an error, the codec's included.
 */
static int take_head(struct wok__h1_connection *h1, size_t size)
{
	wok_http_request *request = &h1->request;
	struct wok__http_server *server = request->server;

	WOK_TRY(wok__head_copy(&request->head, wok_stream_buffered(h1->stream).data, size));
	wok_stream_consume(h1->stream, size);
	int r = wok__h1_parse_request(request->head.data, size, &server->limits, server->scratch,
				      server->limits.fields, &h1->parsed);
	if (r < 0)
		return r;
	WOK_TRY(wok__request_take_names(request, &h1->parsed, &h1->host_copy));
	h1->keep_alive = h1->parsed.message.keep_alive;
	WOK_TRY(wok__head_keep_fields(&request->head, server->scratch, h1->parsed.message.fields));
	r = wok__incoming_begin(&h1->incoming, h1->stream, &h1->parsed.message, &server->limits);
	request->expects = h1->parsed.expect_continue;
	h1->incoming.trailers = &request->trailers;
	/* A body that says it is too large is met when it is read: the handler may not want it. */
	if (r < 0)
		request->body_error = wok__h1_to_wok(r, "the request's body");
	return 0;
}

static void begin_request(struct wok__h1_connection *h1)
{
	wok__request_reset(&h1->request);
	wok_free(WOK_TAKE(h1->host_copy));
	memset(&h1->parsed, 0, sizeof(h1->parsed));
	h1->parsed.message.minor = 1;
	h1->continue_sent = h1->chunked = h1->keep_alive = false;
}

/*
 * Close so that the client can read the last reply: closing with bytes unread would reset the
 * connection, and the reply could be lost on the way.
 */
static WOK__OUT_OF_LINE void linger(struct wok__h1_connection *h1)
{
	wok_time end = wok_now() + LINGER_TIME;
	char unused[4096]; /* not in the frame of who waits for requests */
	ssize_t n = 1;

	if (h1->request.reply == WOK__REPLY_BROKEN || wok_stream_shutdown(h1->stream) < 0)
		return;
	while (n > 0 && wok_now() < end) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		WOK_TIMEOUT (&timeout, LINGER_PAUSE) {
			n = wok_stream_read(h1->stream, unused, sizeof(unused));
		}
	}
}

/* Answer what cannot be understood; the connection is over. */
static int refuse(struct wok__h1_connection *h1, int error)
{
	int status = error == -ETIMEDOUT ? STATUS_TIMEOUT : wok__h1_status_for(error);

	return status > 0 ? wok__request_refuse(&h1->request, status) : 0;
}

static bool is_codec_error(int code)
{
	return code <= WOK__H1_ERROR_TOP && code > WOK__H1_ERROR_TOP - WOK__H1_ERROR_COUNT;
}

/* One request: 1 if another may follow; 0 if the connection is over; an error. */
static int serve_one(struct wok__h1_connection *h1)
{
	size_t size;
	int r = await_first_byte(h1);

	if (r <= 0)
		return r;
	begin_request(h1);
	h1->request.connection->n_requests++;
	r = await_head(h1, &size);
	if (r > 0)
		r = take_head(h1, size);
	else if (r == 0)
		return 0; /* the client left in the middle of a head */
	if (is_codec_error(r) || r == -ETIMEDOUT)
		r = refuse(h1, r);
	else if (r == 0)
		r = wok__request_run(&h1->request);
	if (r < 0)
		return r;
	if (h1->keep_alive && h1->request.reply == WOK__REPLY_COMPLETE && wok__h1_drain_body(h1))
		return 1;
	WOK_TRY(wok__h1_flush(h1));
	linger(h1);
	return 0;
}

int wok__h1_serve(struct wok__connection *connection)
{
	struct wok__h1_connection *h1 = wok__alloc_zeroed(sizeof(*h1));
	int r;

	if (!h1)
		return -ENOMEM;
	wok__request_init(&h1->request, &wok__h1_server_wire, connection);
	h1->stream = connection->stream;
	h1->when_idle.call = dismiss;
	while ((r = serve_one(h1)) > 0)
		;
	/* A client that has gone, or does not read, is told nothing, and neither is anybody else.
	 */
	if (h1->failed && (r == -EPIPE || r == -ECONNRESET || r == -ETIMEDOUT))
		r = 0;
	wok__h1_flush_end(h1);
	wok__request_release(&h1->request);
	wok_free(h1->host_copy);
	wok_free(h1);
	return r;
}
