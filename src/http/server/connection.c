/* SPDX-License-Identifier: MIT */
/*
 * The life of a server's connection: see http/server/connection.h.
 *
 * A request is read, answered, and what its handler left of the body is read away; then comes the
 * next one, which may be in the buffer already: pipelined requests are answered in their order, and
 * while one is being answered nothing more is read than fits the buffer. After an error in a
 * request's framing nothing on the connection can be trusted: it is answered, and closed.
 */
#include "http/server/connection.h"

#include <string.h>
#include <sys/socket.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "base/time.h"
#include "loop/report.h"
#include "task/park.h"

enum { STATUS_TIMEOUT = 408 };

/*
 * How long what comes after the last reply is read away, and how long the client may pause in it.
 */
#define LINGER_TIME (10 * WOK_SECOND)
#define LINGER_PAUSE (2 * WOK_SECOND)

int wok__request_fill(wok_http_request *request, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	size_t most = (size_t) request->server->limits.head + 4096;
	wok_view unused;
	int r = 0;

	WOK_TIMEOUT (&timeout, limit) {
		r = wok_stream_fill(request->stream, most, &unused);
	}
	return wok_timeout_result(&timeout, r);
}

/* Wait for the first byte of a request, as long as a connection may be idle: 1, 0 or an error. */
static int await_first_byte(wok_http_request *request)
{
	struct wok__http_server *server = request->server;

	if (wok_stream_buffered(request->stream).size > 0)
		return 1;
	if (server->draining)
		return 0;
	wok__list_push_back(&server->idle, &request->in_idle);
	int r = wok__request_fill(request, server->options.keep_alive);
	wok__list_remove(&request->in_idle);
	if (request->dismissed)
		return 0;
	/*
	 * Nobody is owed an answer: the client has gone, was idle for too long, or the server ends.
	 */
	if (r == -ETIMEDOUT || r == -EBADF || r == -ECONNRESET)
		return 0;
	return r;
}

/* Wait for a whole head in the stream's buffer: 1; 0 at the end; an error, the codec's included. */
static int await_head(wok_http_request *request, size_t *ret_size)
{
	struct wok__http_server *server = request->server;
	struct wok__h1_scan scan = WOK__H1_SCAN_REQUEST;
	wok_time deadline = 0;

	for (;;) {
		wok_view bytes = wok_stream_buffered(request->stream);
		int r = wok__h1_scan_head(&scan, bytes.data, bytes.size, &server->limits, ret_size);
		if (r != 0)
			return r;
		if (deadline == 0)
			deadline = wok__time_add(wok_now(), server->options.header_timeout);
		r = wok__request_fill(request, deadline - wok_now());
		if (r <= 0)
			return r;
	}
}

/* Names of the request as C strings: a byte behind each part of the start line can be spared. */
static int name_parts(wok_http_request *request)
{
	const struct wok__h1_request *parsed = &request->parsed;
	struct wok__h1_span host = parsed->host;

	request->host = "";
	if (host.data) {
		request->host_copy = wok_alloc(host.size + 1);
		if (!request->host_copy)
			return -ENOMEM;
		memcpy(request->host_copy, host.data, host.size);
		request->host_copy[host.size] = '\0';
		request->host = request->host_copy;
	}
	request->method = parsed->method.data;
	request->path = parsed->path.size > 0 ? parsed->path.data : "/";
	if (parsed->form == WOK__H1_ASTERISK_FORM)
		request->path = parsed->target.data;
	request->query = parsed->query.data ? parsed->query.data : "";
	((char *) (uintptr_t) parsed->method.data)[parsed->method.size] = '\0';
	if (parsed->path.size > 0)
		((char *) (uintptr_t) parsed->path.data)[parsed->path.size] = '\0';
	((char *) (uintptr_t) parsed->target.data)[parsed->target.size] = '\0';
	request->rest = "";
	return 0;
}

/*
 * Take a head out of the stream's buffer and understand it: 0, or an error, the codec's included.
 */
static int take_head(wok_http_request *request, size_t size)
{
	struct wok__http_server *server = request->server;

	WOK_TRY(wok__head_copy(&request->head, wok_stream_buffered(request->stream).data, size));
	wok_stream_consume(request->stream, size);
	int r = wok__h1_parse_request(request->head.data, size, &server->limits, server->scratch,
				      server->limits.fields, &request->parsed);
	if (r < 0)
		return r;
	WOK_TRY(name_parts(request));
	WOK_TRY(wok__head_keep_fields(&request->head, server->scratch,
				      request->parsed.message.fields));
	request->is_head = request->parsed.method_id == WOK__H1_HEAD;
	request->keep_alive = request->parsed.message.keep_alive;
	r = wok__incoming_begin(&request->incoming, request->stream, &request->parsed.message,
				&server->limits);
	/* A body that says it is too large is met when it is read: the handler may not want it. */
	if (r < 0)
		request->body_error = wok__h1_to_wok(r, "the request's body");
	return 0;
}

static void begin_request(wok_http_request *request)
{
	wok_free(WOK_TAKE(request->host_copy));
	wok_free(request->body.data);
	request->body = (struct wok__gathered){0};
	memset(&request->parsed, 0, sizeof(request->parsed));
	request->parsed.message.minor = 1;
	request->body_error = 0;
	request->body_waited = 0;
	request->continue_sent = false;
	request->reply = WOK__REPLY_NONE;
	request->is_head = request->chunked = false;
	request->keep_alive = false;
}

/* The status for an error of reading a body. */
static int status_of(int code)
{
	return code == WOK_ELIMIT                      ? 413
	       : code == WOK_EPEER || code == WOK_EEOF ? 400
	       : code == -ETIMEDOUT                    ? STATUS_TIMEOUT
						       : 500;
}

/*
 * A streamed reply breaks off: a part must not look like the whole. Chunks lack their end then; a
 * body that ends with its connection needs a reset instead of an orderly end.
 */
static void break_off(wok_http_request *request)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	int fd = wok_stream_fd(request->stream);

	request->reply = WOK__REPLY_BROKEN;
	if (!request->chunked && fd >= 0)
		(void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* The handler has returned: make a reply of what it left undone. */
static int complete_reply(wok_http_request *request, int result)
{
	if (request->reply == WOK__REPLY_BEGUN) {
		if (result >= 0)
			return wok__reply_end(request);
		break_off(request);
	}
	if (request->reply != WOK__REPLY_NONE)
		return 0;
	if (result >= 0)
		return wok_http_reply(request, &(wok_http_reply_options){.status = 204});
	bool body_failed = request->body_error < 0 && result == request->body_error;
	return wok__reply_error(request, body_failed ? status_of(result) : 500, NULL);
}

/* Whether a handler's error is that of its client. (It may have other connections that break.) */
static bool is_clients_doing(const wok_http_request *request, int code)
{
	bool unsent = request->reply == WOK__REPLY_BROKEN &&
		      (code == -EPIPE || code == -ECONNRESET || code == -ETIMEDOUT);

	return unsent || (request->body_error < 0 && code == request->body_error);
}

static int run_handler(wok_http_request *request, const struct wok__route *route)
{
	int r = route->handler(request, route->arg);

	if (r == -ECANCELED && wok__is_canceled())
		return r;
	if (r < 0 && !is_clients_doing(request, r))
		wok__report(r, NULL, NULL, "the handler of %s %s failed: %s", request->method,
			    request->path, wok_errmsg(r));
	return complete_reply(request, r);
}

static int route_request(wok_http_request *request)
{
	const struct wok__h1_request *parsed = &request->parsed;
	const struct wok__route *route;
	char allowed[256];
	int status = 0;

	if (parsed->method_id == WOK__H1_CONNECT || parsed->method_id == WOK__H1_TRACE) {
		request->keep_alive = false;
		return wok__reply_error(request, 501, NULL);
	}
	if (parsed->expect_unknown) {
		request->keep_alive = false;
		return wok__reply_error(request, 417, NULL);
	}
	if (parsed->form == WOK__H1_ASTERISK_FORM)
		return wok_http_reply(request, &(wok_http_reply_options){.status = 200});
	route = wok__app_find(request->server->app, request->method, request->path, &status);
	if (!route) {
		wok__app_allowed(request->server->app, request->path, allowed, sizeof(allowed));
		return wok__reply_error(request, status, status == 405 ? allowed : NULL);
	}
	if (route->prefix)
		request->rest = request->path + route->path_size;
	return run_handler(request, route);
}

/* Read away what the handler left of the body: true if the next request begins behind it. */
static bool drain_body(wok_http_request *request)
{
	char unused[4096];
	size_t drained = 0;
	ssize_t n = 0;

	if (wok__request_body_withheld(request))
		return false;
	while (request->body_error == 0 && drained <= WOK__HTTP_DRAIN_MAX &&
	       (n = wok_http_request_read(request, unused, sizeof(unused))) > 0)
		drained += (size_t) n;
	return n == 0 && request->incoming.ended && request->body_error == 0;
}

/*
 * Close so that the client can read the last reply: closing with bytes unread would reset the
 * connection, and the reply could be lost on the way.
 */
static void linger(wok_http_request *request)
{
	wok_time end = wok_now() + LINGER_TIME;
	char unused[4096];
	ssize_t n = 1;

	if (request->reply == WOK__REPLY_BROKEN || wok_stream_shutdown(request->stream) < 0)
		return;
	while (n > 0 && wok_now() < end) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		WOK_TIMEOUT (&timeout, LINGER_PAUSE) {
			n = wok_stream_read(request->stream, unused, sizeof(unused));
		}
	}
}

/* Answer what cannot be understood; the connection is over. */
static int refuse(wok_http_request *request, int error)
{
	int status = error == -ETIMEDOUT ? STATUS_TIMEOUT : wok__h1_status_for(error);
	int r = 0;

	request->keep_alive = false;
	if (status > 0)
		r = wok__reply_error(request, status, NULL);
	return r;
}

static bool is_codec_error(int code)
{
	return code <= WOK__H1_ERROR_TOP && code > WOK__H1_ERROR_TOP - WOK__H1_ERROR_COUNT;
}

/* One request: 1 if another may follow; 0 if the connection is over; an error. */
static int serve_one(wok_http_request *request)
{
	size_t size;
	int r = await_first_byte(request);

	if (r <= 0)
		return r;
	begin_request(request);
	r = await_head(request, &size);
	if (r > 0)
		r = take_head(request, size);
	else if (r == 0)
		return 0; /* the client left in the middle of a head */
	if (is_codec_error(r) || r == -ETIMEDOUT)
		r = refuse(request, r);
	else if (r == 0)
		r = route_request(request);
	if (r < 0)
		return r;
	if (request->keep_alive && request->reply == WOK__REPLY_COMPLETE && drain_body(request))
		return 1;
	linger(request);
	return 0;
}

static void release(wok_http_request *request)
{
	wok__head_free(&request->head);
	wok__buffer_free(&request->out);
	wok_free(request->host_copy);
	wok_free(request->body.data);
	wok_free(request);
}

int wok__serve_connection(struct wok__http_server *server, wok_stream *stream)
{
	wok_http_request *request = wok__alloc_zeroed(sizeof(*request));
	int r;

	if (!request)
		return -ENOMEM;
	request->server = server;
	request->stream = stream;
	while ((r = serve_one(request)) > 0)
		;
	release(request);
	return r;
}
