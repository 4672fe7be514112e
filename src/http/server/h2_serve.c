/* SPDX-License-Identifier: MIT */
/*
 * A server's HTTP/2 connection, and its wire: see http/server/wire.h.
 *
 * The connection's task reads, and starts a task for each request that has come; these end before
 * the connection does. A handler whose client has gone is not stopped, as with HTTP/1.1: it finds
 * out when it reads or writes.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/scope.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "http/h2/h2.h"
#include "http/server/connection.h"
#include "io/sendfile.h"

struct h2_connection {
	struct wok__connection *connection;
	struct wok__h2 *h2;
	wok_scope *handlers;
	struct wok__stop_hook on_stop;
};

struct h2_request {
	wok_http_request request;
	struct h2_connection *owner;
	struct wok__h2_stream *stream;
	char *host_copy;
	bool expect_continue;
};

static struct h2_request *of(const wok_http_request *request)
{
	return WOK__CONTAINER(request, struct h2_request, request);
}

/* --- the request's body ----------------------------------------------------------------------- */

static int over_limit(const struct h2_request *h2)
{
	return wok_fail(WOK_ELIMIT, "the request's body has more than %llu bytes",
			(unsigned long long) h2->request.server->limits.body);
}

/* What came behind the body, as HTTP/1.1 has it there. */
static int keep_trailers(struct h2_request *h2)
{
	struct wok__buffer *lines = &h2->stream->trailers;
	struct wok__incoming incoming = {
		.limits = h2->request.server->limits,
		.trailers = &h2->request.trailers,
	};

	if (lines->size == 0)
		return 0;
	wok__buffer_text(lines, "\r\n");
	if (lines->error < 0)
		return -ENOMEM;
	incoming.body.limits = &incoming.limits;
	incoming.body.trailers = (struct wok__h1_span){lines->data, lines->size};
	int r = wok__incoming_keep_trailers(&incoming);
	wok__buffer_free(lines);
	return r < 0 && r != -ENOMEM ? wok__h1_to_wok(r, "the request's trailers") : r;
}

static ssize_t h2_read(wok_http_request *request, void *data, size_t size)
{
	struct h2_request *h2 = of(request);
	struct wok__h2_stream *stream = h2->stream;

	if (request->content_length > request->server->limits.body)
		return over_limit(h2);
	if (h2->expect_continue && stream->received == 0 && !stream->ended &&
	    request->body_error == 0 && request->reply == WOK__REPLY_NONE)
		WOK_TRY(wok__h2_send_response(stream, 100, (wok_view){"", 0}, true));
	h2->expect_continue = false;
	ssize_t n = wok__h2_read(stream, data, size);
	if (stream->received > request->server->limits.body)
		return over_limit(h2);
	if (n == -ECONNRESET || n == -EPIPE)
		return wok_fail(WOK_EEOF, "the client has broken off its request");
	if (n == 0 && size > 0)
		WOK_TRY(keep_trailers(h2));
	return n;
}

/* --- the reply -------------------------------------------------------------------------------- */

/* Write in the time that a client may take nothing. */
static int write_parts(struct h2_request *h2, struct iovec *parts, int n_parts, bool last)
{
	size_t done;
	int r = 0;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct iovec rest[2];
		memcpy(rest, parts, sizeof(rest[0]) * (size_t) n_parts);
		done = 0;
		WOK_TIMEOUT (&timeout, h2->request.server->options.write_timeout) {
			r = wok__h2_write(h2->stream, rest, n_parts, last, &done);
		}
		r = wok_timeout_result(&timeout, r);
		wok__iovec_skip(&parts, &n_parts, done);
		/* Slow is not stalled: as long as something goes out, the time starts anew. */
	} while (r == -ETIMEDOUT && done > 0 && n_parts > 0);
	return r == -ETIMEDOUT ? wok_fail(r, "the client does not read its reply") : r;
}

static int h2_interim(wok_http_request *request, int status, const struct wok__buffer *lines)
{
	return wok__h2_send_response(of(request)->stream, status,
				     (wok_view){lines->data, lines->size}, true);
}

static void h2_begin(wok_http_request *request, const struct wok__reply_head *head)
{
	(void) head;
	wok__buffer_clear(&request->out);
	request->head_at = request->lines_at = 0;
}

static int h2_head(wok_http_request *request, const struct wok__reply_head *head)
{
	struct h2_request *h2 = of(request);
	struct wok__buffer *out = &request->out;
	bool body = !head->bodiless && (head->kind != WOK__REPLY_WHOLE || head->body_size > 0);
	int r = out->error;

	if (r == 0)
		r = wok__h2_send_response(h2->stream, head->status,
					  (wok_view){out->data, out->size}, body);
	if (out->error < 0 || r == -ENOMEM) {
		out->error = 0;
		out->size = request->head_at; /* nothing was sent */
		return r;
	}
	struct iovec part = {(void *) (uintptr_t) head->body, head->body_size};
	if (r < 0 || !body || head->kind != WOK__REPLY_WHOLE)
		return r;
	return write_parts(h2, &part, 1, true);
}

static int h2_piece(wok_http_request *request, const void *data, size_t size)
{
	struct iovec part = {(void *) (uintptr_t) data, size};

	return write_parts(of(request), &part, 1, false);
}

static int h2_file(wok_http_request *request, int file, off_t offset, size_t size)
{
	while (size > 0) {
		void *data = NULL;
		ssize_t n = wok__file_copy(file, offset, size, &data);
		int r = n > 0 ? h2_piece(request, data, (size_t) n) : (int) n;
		wok_free(data);
		if (n == 0)
			return wok_fail(WOK_EEOF, "the file has become shorter");
		if (r < 0)
			return r;
		offset += (off_t) n;
		size -= (size_t) n;
	}
	return 0;
}

static int h2_end(wok_http_request *request, const struct wok__buffer *trailers)
{
	if (request->bodiless)
		return 0;
	return wok__h2_end(of(request)->stream, trailers
							? (wok_view){trailers->data, trailers->size}
							: (wok_view){"", 0});
}

static void h2_abort(wok_http_request *request)
{
	wok__h2_reset(of(request)->stream, WOK__H2_INTERNAL_ERROR);
}

static const struct wok__server_wire h2_server_wire = {
	.read = h2_read,
	.interim = h2_interim,
	.begin = h2_begin,
	.head = h2_head,
	.piece = h2_piece,
	.file = h2_file,
	.end = h2_end,
	.abort = h2_abort,
};

/* --- a request -------------------------------------------------------------------------------- */

/* Understand its head: 0, or an error, HTTP/1.1's included. */
static int take_head(struct h2_request *h2)
{
	wok_http_request *request = &h2->request;
	struct wok__http_server *server = request->server;
	struct wok__h2_head *head = &h2->stream->head;
	struct wok__h1_request parsed;

	request->major = 2;
	request->minor = 0;
	if (head->error < 0)
		return head->error;
	WOK_TRY(wok__head_copy(&request->head, head->text.data, head->text.size));
	wok__buffer_free(&head->text);
	WOK_TRY(wok__h1_parse_request(request->head.data, request->head.size, &server->limits,
				      server->scratch, server->limits.fields, &parsed));
	WOK_TRY(wok__request_take_names(request, &parsed, &h2->host_copy));
	WOK_TRY(wok__head_keep_fields(&request->head, server->scratch, parsed.message.fields));
	request->major = 2;
	request->minor = 0;
	h2->expect_continue =
		wok__h1_has(&parsed.message, WOK__H1_EXPECT) && !parsed.expect_unknown;
	request->expects = h2->expect_continue;
	if (request->content_length > server->limits.body)
		request->body_error = over_limit(h2);
	return 0;
}

static int serve(struct h2_request *h2)
{
	int r = take_head(h2);

	if (r == 0)
		return wok__request_run(&h2->request);
	int status = r == -ENOMEM ? 500 : wok__h1_status_for(r);
	return wok__request_refuse(&h2->request, status > 0 ? status : 400);
}

static void release(struct h2_request *h2)
{
	wok__request_release(&h2->request);
	wok__h2_stream_free(h2->stream);
	wok_free(h2->host_copy);
	wok_free(h2);
}

/* The task of a request. What went wrong concerns this stream only. */
static int handle(void *arg)
{
	struct h2_request *h2 = arg;
	int r = serve(h2);

	release(h2);
	return r == -ECANCELED ? r : 0;
}

/* The client has gone, or taken its request back. */
static void on_gone(void *arg)
{
	wok__request_gone(arg);
}

static void on_request(void *arg, struct wok__h2_stream *stream)
{
	struct h2_connection *owner = arg;
	struct h2_request *h2 = wok__alloc_zeroed(sizeof(*h2));

	if (!h2) {
		wok__h2_stream_free(stream); /* INTERNAL_ERROR: no reply was begun */
		return;
	}
	h2->owner = owner;
	h2->stream = stream;
	wok__request_init(&h2->request, &h2_server_wire, owner->connection);
	stream->on_gone = on_gone;
	stream->on_gone_arg = &h2->request;
	/* A connection that has served for long ends with what is under way. */
	size_t most = owner->connection->server->options.max_requests;
	if (++owner->connection->n_requests >= most && most > 0)
		wok__h2_drain(owner->h2);
	if (wok_scope_spawn(owner->handlers, handle, h2) < 0)
		release(h2);
}

/* --- the connection --------------------------------------------------------------------------- */

static void drain(struct wok__stop_hook *hook)
{
	wok__h2_drain(WOK__CONTAINER(hook, struct h2_connection, on_stop)->h2);
}

static int run(struct h2_connection *owner)
{
	const wok_scope_options options = {.keep_going = true};
	WOK_AUTO(wok_scope) *handlers = NULL;

	WOK_TRY(wok_scope_new_with(&options, &handlers));
	owner->handlers = handlers;
	owner->on_stop.call = drain;
	wok__server_on_stop(owner->connection->server, &owner->on_stop);
	int r = wok__h2_run(owner->h2);
	wok__request_off_stop(&owner->on_stop);
	int joined = wok_scope_join(handlers);
	/* A client that hangs up, or is silent, owes nobody an explanation. */
	if (r == WOK_EEOF || r == -ECONNRESET || r == -ETIMEDOUT || r == -EPIPE)
		r = 0;
	return joined < 0 ? joined : r;
}

int wok__h2_serve(struct wok__connection *connection)
{
	struct wok__http_server *server = connection->server;
	const wok_http_serve_options *options = &server->options;
	struct wok__h2_settings settings = wok__h2_settings(&options->http2, true, &server->limits);
	struct h2_connection owner = {.connection = connection};

	settings.head_timeout = options->header_timeout;
	settings.idle_timeout = options->keep_alive;
	settings.write_timeout = options->write_timeout;
	settings.on_request = on_request;
	settings.arg = &owner;
	WOK_TRY(wok__h2_new(connection->stream, &settings, &owner.h2));
	int r = run(&owner);
	wok__h2_let_go(owner.h2);
	return r;
}
