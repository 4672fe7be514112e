/* SPDX-License-Identifier: MIT */
/* HTTP/1.1 on a connection: see http/client/wire.h. One request at a time. */
#include <stdlib.h>
#include <string.h>
#include <wok/error.h>
#include <wok/timeout.h>

#include "http/client/call.h"
#include "http/client/upload.h"

enum { INTERIM_MAX = 16, DRAIN_MAX = 64 << 10, KEEP_ALIVE_MAX = 1000000, CONTINUE = 100 };
#define LEAVE_TIME WOK_SECOND

/* Bytes of a head that the stream's buffer may have to hold. */
static size_t head_room(const wok_http_session *session)
{
	return (size_t) session->limits.head + 4096;
}

static int fill(struct wok__exchange *exchange)
{
	struct wok_http_call *call = exchange->call;
	wok_stream *stream = exchange->response->connection->stream;
	size_t limit = head_room(exchange->session);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_view unused;
	int r = 0;

	if (call->times.read == WOK_FOREVER)
		return wok_stream_fill(stream, limit, &unused);
	WOK_TIMEOUT (&timeout, call->times.read) {
		r = wok_stream_fill(stream, limit, &unused);
	}
	return wok__call_timed(call, &timeout, r, call->times.read);
}

/* Wait until a whole head is in the stream's buffer. */
static int await_head(struct wok__exchange *exchange, size_t *ret_size)
{
	struct wok__h1_scan scan = WOK__H1_SCAN_RESPONSE;
	wok_stream *stream = exchange->response->connection->stream;

	for (;;) {
		wok_view bytes = wok_stream_buffered(stream);
		if (bytes.size > 0) {
			exchange->answered = true;
			int r = wok__h1_scan_head(&scan, bytes.data, bytes.size,
						  &exchange->session->limits, ret_size);
			if (r < 0)
				return wok__h1_to_wok(r, "the response's head");
			if (r > 0)
				return 0;
		}
		int r = fill(exchange);
		if (r == 0)
			return wok_fail(WOK_EEOF,
					bytes.size ? "the server closed the connection in the "
						     "middle of the response's head"
						   : "the server closed the connection "
						     "without an answer");
		if (r < 0)
			return r;
	}
}

static unsigned parse_flags(const struct wok_http_call *call)
{
	return WOK__H1_RESPONSE | (wok__call_is(call, "HEAD") ? WOK__H1_FOR_HEAD : 0) |
	       (call->upgrade ? WOK__H1_FOR_UPGRADE : 0);
}

/*
 * "Keep-Alive: timeout=5, max=100": the server closes after so many seconds. A second is taken off,
 * since a request takes its time to get there.
 */
static void read_keep_alive(wok_http_response *response)
{
	const char *text = strcasestr(wok__head_value(&response->head, "Keep-Alive"), "timeout=");
	unsigned long seconds = text ? strtoul(text + 8, NULL, 10) : 0;

	if (!text)
		return;
	if (seconds <= 1)
		response->reusable = false;
	else if (seconds < KEEP_ALIVE_MAX)
		response->connection->keep_alive = (wok_time) (seconds - 1) * WOK_SECOND;
}

/* Parse a head out of the stream's buffer; 1 if it was an interim one. */
static int take_head(struct wok__exchange *exchange, size_t size)
{
	wok_http_session *session = exchange->session;
	wok_http_response *response = exchange->response;
	wok_stream *stream = response->connection->stream;
	struct wok__h1_response parsed;

	WOK_TRY(wok__head_copy(&response->head, wok_stream_buffered(stream).data, size));
	int r = wok__h1_parse_response(response->head.data, size, parse_flags(exchange->call),
				       &session->limits, session->scratch, session->limits.fields,
				       &parsed);
	if (r < 0)
		return wok__h1_to_wok(r, "the response's head");
	wok_stream_consume(stream, size);
	if (parsed.interim) {
		exchange->interim = parsed.status;
		return 1;
	}
	WOK_TRY(wok__head_keep_fields(&response->head, session->scratch, parsed.message.fields));
	response->status = parsed.status;
	response->content_length = parsed.message.content_length;
	response->tunnel = parsed.tunnel;
	response->reusable = parsed.message.keep_alive && !parsed.must_close && !parsed.tunnel &&
			     parsed.message.framing != WOK__H1_UNTIL_CLOSE;
	r = wok__incoming_begin(&response->incoming, stream, &parsed.message, &session->limits);
	if (r < 0)
		return wok__h1_to_wok(r, "the response");
	response->ended = response->incoming.ended && !parsed.tunnel;
	if (wok__h1_has(&parsed.message, WOK__H1_KEEP_ALIVE))
		read_keep_alive(response);
	return 0;
}

static int too_many_interim(void)
{
	return wok_fail(WOK_EPEER, "the server sent more than %d interim responses", INTERIM_MAX);
}

static int read_heads(struct wok__exchange *exchange)
{
	for (int interim = 0; interim <= INTERIM_MAX; interim++) {
		size_t size;
		WOK_TRY(await_head(exchange, &size));
		int r = take_head(exchange, size);
		if (r <= 0)
			return r;
	}
	return too_many_interim();
}

static int read_response(struct wok__exchange *exchange)
{
	struct wok_http_call *call = exchange->call;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	call->timings.send_end = wok_now();
	wok__call_phase(call, WOK_HTTP_PHASE_WAIT);
	if (call->times.wait == WOK_FOREVER)
		return read_heads(exchange);
	WOK_TIMEOUT (&timeout, call->times.wait) {
		r = read_heads(exchange);
	}
	return wok__call_timed(call, &timeout, r, call->times.wait);
}

static struct wok__upload begin_upload(struct wok__exchange *exchange)
{
	struct wok_http_call *call = exchange->call;

	wok__call_phase(call, WOK_HTTP_PHASE_SEND);
	return (struct wok__upload){
		.stream = exchange->response->connection->stream,
		.trailers = call->options->trailers,
		.n_trailers = call->options->n_trailers,
		.head_limit = head_room(exchange->session),
		.write_time = call->times.write,
	};
}

/* Send the request: 0, also if the server answered before it had all; an error. */
static int send_parts(struct wok__exchange *exchange, bool head, bool body)
{
	struct wok__upload upload = begin_upload(exchange);

	if (head)
		upload.head = &exchange->head;
	if (body)
		upload.body = &exchange->call->body;
	int r = wok__upload_send(&upload);
	exchange->cut_short = upload.answered;
	if (upload.timed_out)
		exchange->call->timings.limit = upload.write_time;
	return r;
}

/* 0 for leave; 1 if the final response has come instead; an error. */
static int read_leave(struct wok__exchange *exchange)
{
	for (int interim = 0; interim <= INTERIM_MAX; interim++) {
		size_t size;
		WOK_TRY(await_head(exchange, &size));
		int r = take_head(exchange, size);
		if (r <= 0)
			return r < 0 ? r : 1;
		if (exchange->interim == CONTINUE)
			return 0;
	}
	return too_many_interim();
}

/* Wait for leave to send the body, but not for long: many servers do not know of this. */
static int await_leave(struct wok__exchange *exchange)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	wok__call_phase(exchange->call, WOK_HTTP_PHASE_WAIT);
	WOK_TIMEOUT (&timeout, LEAVE_TIME) {
		r = read_leave(exchange);
	}
	r = wok_timeout_result(&timeout, r);
	return r == -ETIMEDOUT && exchange->call->timings.limit == 0 ? 0 : r;
}

/* 1 if the final response is there. */
static int send_when_wanted(struct wok__exchange *exchange)
{
	WOK_TRY(send_parts(exchange, true, false));
	int r = await_leave(exchange);
	if (r != 0) {
		exchange->cut_short = r > 0;
		return r;
	}
	return send_parts(exchange, false, true);
}

static int h1_send(struct wok__exchange *exchange)
{
	int sent = wok__call_expects(exchange->call) ? send_when_wanted(exchange)
						     : send_parts(exchange, true, true);

	if (sent > 0)
		return 0;
	/* A server that has seen enough answers and hangs up: its answer may be there. */
	if (sent < 0 && (exchange->call->body.failed || !wok__is_disconnect(sent)))
		return sent;
	exchange->cut_short |= sent < 0;
	int r = read_response(exchange);
	return r < 0 && sent < 0 && wok__is_disconnect(r) ? sent : r;
}

/* What a read has given: also whether the end has been seen. */
static ssize_t note_end(wok_http_response *response, ssize_t n)
{
	response->ended = n >= 0 && response->incoming.ended && response->incoming.decoded == 0;
	return n;
}

static ssize_t h1_take(wok_http_response *response, void *data, size_t size)
{
	return note_end(response, wok__incoming_take(&response->incoming, data, size));
}

static ssize_t h1_read(wok_http_response *response, void *data, size_t size)
{
	return note_end(response, wok__incoming_read(&response->incoming, data, size));
}

/* What is buffered already costs nothing to skip, and may be all that was left. */
static void skip_buffered(wok_http_response *response)
{
	char unused[1024];
	size_t skipped = 0;
	ssize_t n;

	while (skipped < DRAIN_MAX && !response->incoming.ended &&
	       (n = h1_take(response, unused, sizeof(unused))) > 0)
		skipped += (size_t) n;
}

static void h1_finish(wok_http_response *response)
{
	struct wok__pool *pool = &response->session->pool;

	if (response->reusable && !response->ended)
		skip_buffered(response);
	struct wok__connection *connection = WOK_TAKE(response->connection);
	/*
	 * Bytes behind the end answer nothing that was asked: the connection is not to be trusted.
	 */
	if (response->reusable && response->ended &&
	    wok_stream_buffered(connection->stream).size == 0)
		wok__pool_release(pool, connection);
	else
		wok__pool_discard(pool, connection);
}

const struct wok__wire wok__wire_h1 = {
	.name = "HTTP/1.1",
	.send = h1_send,
	.take = h1_take,
	.read = h1_read,
	.finish = h1_finish,
};
