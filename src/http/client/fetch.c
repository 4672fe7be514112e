/* SPDX-License-Identifier: MIT */
/* A request as a whole: see wok_http_fetch(). */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/client/call.h"

static const char *phase_text(enum wok__phase phase)
{
	switch (phase) {
	case WOK__PHASE_QUEUE:
		return "waiting for a connection of the session";
	case WOK__PHASE_CONNECT:
		return "connecting";
	case WOK__PHASE_SEND:
		return "sending the request";
	case WOK__PHASE_HEAD:
		break;
	}
	return "waiting for the response";
}

/* An error's message names the request; one about what the caller gave is left as it is. */
static int explain(const struct wok_http_call *call, int code)
{
	if (code == -ETIMEDOUT && call->limit > 0)
		return wok_fail(code, "%s %.300s: timed out while %s, after %.3g s", call->method,
				call->url, phase_text(call->phase),
				(double) call->limit / (double) WOK_SECOND);
	return code;
}

static int check(const struct wok_http_call *call)
{
	const wok_http_options *options = call->options;

<<<<<<< HEAD
	if (!wok__h1_valid_token(call->method, strlen(call->method)))
		return wok_fail(-EINVAL, "\"%.40s\" is no HTTP method", call->method);
	if (wok__call_is(call, "CONNECT"))
=======
	static void put_default(const struct exchange *exchange, struct wok__buffer *out,
				const char *name, const char *value)
	{
		if (!overridden(exchange, name) &&
		    !has_header(exchange->session->headers, exchange->session->n_headers, name))
			wok__buffer_field(out, name, value);
	}

	/* Whether the options of the request have something else for a header of the session. */
	static bool replaced(const struct exchange *exchange, const char *name)
	{
		return overridden(exchange, name) ||
		       (exchange->options->content_type && strcasecmp(name, "Content-Type") == 0);
	}

	static void put_headers(const struct exchange *exchange, struct wok__buffer *out)
	{
		const wok_http_session *session = exchange->session;

		put_default(exchange, out, "Accept", "*/*");
		put_default(exchange, out, "User-Agent", "wok/" WOK_VERSION);
		for (size_t i = 0; i < session->n_headers; i++)
			if (!replaced(exchange, session->headers[i].name))
				wok__buffer_field(out, session->headers[i].name,
						  session->headers[i].value);
		for (size_t i = 0; i < exchange->options->n_headers; i++) {
			const wok_http_header *header = &exchange->options->headers[i];
			if (wok__is_framing_header(header->name))
				out->error =
					wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
						 header->name);
			wok__buffer_field(out, header->name, header->value);
		}
	}

	static void put_body_headers(const struct exchange *exchange, struct wok__buffer *out)
	{
		const wok_http_options *options = exchange->options;
		bool expected = is_method(exchange, "POST") || is_method(exchange, "PUT") ||
				is_method(exchange, "PATCH");

		if (options->body_read) {
			wok__buffer_text(out, "Transfer-Encoding: chunked\r\n");
		} else if (options->body_size > 0 || expected) {
			wok__buffer_text(out, "Content-Length: ");
			wok__buffer_decimal(out, options->body_size);
			wok__buffer_text(out, "\r\n");
		} else {
			return;
		}
		if (options->content_type && !overridden(exchange, "Content-Type"))
			wok__buffer_field(out, "Content-Type", options->content_type);
		else if (options->body_size > 0 || options->body_read)
			put_default(exchange, out, "Content-Type", "application/octet-stream");
	}

	/* Write the head, so that a request that cannot be sent never asks for a connection. */
	static int put_head(struct exchange * exchange)
	{
		const wok_http_session *session = exchange->session;
		const struct wok__url *url = &exchange->url;
		struct wok__buffer *out = &exchange->head;

		wok__buffer_text(out, exchange->method);
		wok__buffer_text(out, " ");
		wok__buffer_add(out, url->target.data, url->target.size);
		wok__buffer_text(out, " HTTP/1.1\r\n");
		if (!overridden(exchange, "Host") &&
		    !has_header(session->headers, session->n_headers, "Host")) {
			wok__buffer_text(out, "Host: ");
			wok__buffer_add(out, url->authority.data, url->authority.size);
			wok__buffer_text(out, "\r\n");
		}
		put_headers(exchange, out);
		put_body_headers(exchange, out);
		wok__buffer_text(out, "\r\n");
		return out->error;
	}

	/* Send the request: 0, also if the server answered before it had all; an error. */
	static int send_request(struct exchange * exchange)
	{
		struct wok__upload upload = {
			.stream = exchange->connection->stream,
			.head = &exchange->head,
			.options = exchange->options,
			.head_limit = (size_t) exchange->session->limits.head + 4096,
		};

		exchange->phase = sending;
		int r = wok__upload_send(&upload);
		exchange->source_failed = upload.source_failed;
		exchange->cut_short = upload.answered;
		return r;
	}

	static int fill(struct exchange * exchange)
	{
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		size_t limit = (size_t) exchange->session->limits.head + 4096;
		wok_view unused;
		int r = 0;

		if (exchange->read_timeout == WOK_FOREVER)
			return wok_stream_fill(exchange->connection->stream, limit, &unused);
		WOK_TIMEOUT (&timeout, exchange->read_timeout) {
			r = wok_stream_fill(exchange->connection->stream, limit, &unused);
		}
		if (wok_timeout_expired(&timeout))
			exchange->limit = exchange->read_timeout;
		return wok_timeout_result(&timeout, r);
	}

	/* Wait until a whole head is in the stream's buffer. */
	static int await_head(struct exchange * exchange, size_t * ret_size)
	{
		struct wok__h1_scan scan = WOK__H1_SCAN_RESPONSE;
		wok_stream *stream = exchange->connection->stream;

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
						bytes.size
							? "the server closed the connection in the "
							  "middle of the response's head"
							: "the server closed the connection "
							  "without an answer");
			if (r < 0)
				return r;
		}
	}

	/* Parse a head out of the stream's buffer; 1 if it was an interim one. */
	static int take_head(struct exchange * exchange, size_t size, wok_http_response * response)
	{
		wok_http_session *session = exchange->session;
		wok_stream *stream = exchange->connection->stream;
		unsigned flags =
			WOK__H1_RESPONSE | (is_method(exchange, "HEAD") ? WOK__H1_FOR_HEAD : 0);
		struct wok__h1_response parsed;

		WOK_TRY(wok__head_copy(&response->head, wok_stream_buffered(stream).data, size));
		int r = wok__h1_parse_response(response->head.data, size, flags, &session->limits,
					       session->scratch, session->limits.fields, &parsed);
		if (r < 0)
			return wok__h1_to_wok(r, "the response's head");
		wok_stream_consume(stream, size);
		if (parsed.interim)
			return 1;
		WOK_TRY(wok__head_keep_fields(&response->head, session->scratch,
					      parsed.message.fields));
		response->status = parsed.status;
		response->content_length = parsed.message.content_length;
		response->reusable = parsed.message.keep_alive && !parsed.must_close &&
				     !parsed.tunnel &&
				     parsed.message.framing != WOK__H1_UNTIL_CLOSE;
		r = wok__incoming_begin(&response->incoming, stream, &parsed.message,
					&session->limits);
		return r < 0 ? wok__h1_to_wok(r, "the response") : 0;
	}

	static int read_response(struct exchange * exchange)
	{
		exchange->phase = waiting_for_head;
		for (int interim = 0; interim <= INTERIM_MAX; interim++) {
			size_t size;
			WOK_TRY(await_head(exchange, &size));
			int r = take_head(exchange, size, exchange->response);
			if (r <= 0)
				return r;
		}
		return wok_fail(WOK_EPEER, "the server sent more than %d interim responses",
				INTERIM_MAX);
	}

	static bool is_disconnect(int code)
	{
		return code == -EPIPE || code == -ECONNRESET || code == WOK_EEOF;
	}

	static int try_once(struct exchange * exchange, bool fresh)
	{
		WOK_TRY(connect_or_reuse(exchange, fresh));
		int sent = send_request(exchange);
		/* A server that has seen enough answers and hangs up: its answer may be there. */
		if (sent < 0 && (exchange->source_failed || !is_disconnect(sent)))
			return sent;
		int r = read_response(exchange);
		if (r < 0 && sent < 0 && is_disconnect(r))
			return sent;
		if (sent < 0 || exchange->cut_short)
			exchange->response->reusable = false;
		return r;
	}

	static void drop_connection(struct exchange * exchange)
	{
		if (exchange->connection)
			wok__pool_discard(&exchange->session->pool, WOK_TAKE(exchange->connection));
	}

	/* The server closed a connection that it had kept alive, just when the request came. */
	static bool was_stale(const struct exchange *exchange, int code)
	{
		return exchange->reused && !exchange->answered && !exchange->source_failed &&
		       is_disconnect(code);
	}

	static bool may_repeat(const struct exchange *exchange, int code)
	{
		return was_stale(exchange, code) && !exchange->session->no_retry &&
		       !exchange->options->body_read && is_idempotent(exchange);
	}

	static int run_exchange(struct exchange * exchange)
	{
		int r = try_once(exchange, false);

		if (r < 0 && may_repeat(exchange, r)) {
			drop_connection(exchange);
			r = try_once(exchange, true);
		}
		return r;
	}

	static int check(const struct exchange *exchange)
	{
		if (!wok__h1_valid_token(exchange->method, strlen(exchange->method)))
			return wok_fail(-EINVAL, "\"%.40s\" is no HTTP method", exchange->method);
		if (is_method(exchange, "CONNECT"))
>>>>>>> 10ad83451c604cf74b6e5c8f3393257ac7c193d4
		return wok_fail(-EINVAL, "CONNECT is not for wok_http_fetch()");
	if (options->body_size > 0 && (!options->body || options->body_read))
		return wok_fail(-EINVAL, "a request's body comes from body or from body_read");
<<<<<<< HEAD
=======
		if (exchange->url.scheme != WOK__HTTP)
			return wok_fail(-EPROTONOSUPPORT, "%.300s: the scheme must be http",
					exchange->url.text);
		if (exchange->url.user)
			return wok_fail(
				-EINVAL,
				"%.300s: a user name or password in the URL is not supported; use "
				"a header",
				exchange->url.text);
>>>>>>> 10ad83451c604cf74b6e5c8f3393257ac7c193d4
	return 0;
}

int wok__call_run(struct wok_http_call *call)
{
	const wok_http_session *session = call->session;
	const wok_http_options *options = call->options;
	wok_time limit = wok__time_or(options->timeout, session->timeout);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

<<<<<<< HEAD
	WOK_TRY(check(call));
	wok__source_open(&call->body, options);
	call->connect_timeout = wok__time_or(options->connect_timeout, session->connect_timeout);
	call->read_timeout = wok__time_or(options->read_timeout, session->read_timeout);
	call->deadline = wok__time_add(wok_now(), limit);
=======
		WOK_TRY(wok__url_parse(url, &exchange->url));
		WOK_TRY(check(exchange));
		WOK_TRY(put_head(exchange));
		exchange->connect_timeout =
			wok__time_or(options->connect_timeout, session->connect_timeout);
		exchange->read_timeout = wok__time_or(options->read_timeout, session->read_timeout);
		exchange->response = new_response(session, exchange->method, exchange->url.text);
		if (!exchange->response)
			return -ENOMEM;
		exchange->response->deadline = wok__time_add(wok_now(), limit);
		exchange->response->read_timeout = exchange->read_timeout;
>>>>>>> 10ad83451c604cf74b6e5c8f3393257ac7c193d4
	WOK_TIMEOUT (&timeout, limit) {
		r = wok__call_hops(call);
	}
	r = wok_timeout_result(&timeout, r);
	if (wok_timeout_expired(&timeout))
		call->limit = limit;
	if (r < 0) {
		wok_http_response_free(WOK_TAKE(call->response));
		return explain(call, r);
	}
	return 0;
}

int wok_http_fetch(wok_http_session *session, const char *method, const char *url,
		   const wok_http_options *options, wok_http_response **ret_response)
{
	const wok_http_options defaults = {0};

	if (!session)
		WOK_TRY(wok__session_default(&session));
	struct wok_http_call call = {
		.session = session,
		.method = method,
		.url = url,
		.options = options ? options : &defaults,
	};
<<<<<<< HEAD
	WOK_TRY(wok__call_run(&call));
	*ret_response = call.response;
=======
		int r = fetch(&exchange, url);
		wok__buffer_free(&exchange.head);
		wok__url_free(&exchange.url);
		if (r < 0) {
			wok_http_response_free(exchange.response);
			return r;
		}
		*ret_response = exchange.response;
>>>>>>> 10ad83451c604cf74b6e5c8f3393257ac7c193d4
	return 0;
}

int wok_http_get(wok_http_session *session, const char *url, const wok_http_options *options,
		 wok_http_response **ret_response)
{
	return wok_http_fetch(session, "GET", url, options, ret_response);
}

int wok_http_post(wok_http_session *session, const char *url, const wok_http_options *options,
		  wok_http_response **ret_response)
{
	return wok_http_fetch(session, "POST", url, options, ret_response);
}
