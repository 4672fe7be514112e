/* SPDX-License-Identifier: MIT */
/*
 * CONNECT: a tunnel through an HTTP proxy (RFC 9110 section 9.3.6). Behind the head of a 2xx there
 * is no body, whatever that head says: the next byte is the server's.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "http/client/proxy.h"

enum { INTERIM_MAX = 16, BODY_MAX = 16 << 10 };
#define BODY_TIME WOK_SECOND

void wok__refusal_free(struct wok__refusal *refusal)
{
	wok__head_free(&refusal->head);
	wok_free(refusal->body);
	*refusal = (struct wok__refusal){0};
}

/* --- asking ----------------------------------------------------------------------------------- */

static void put_target(struct wok__buffer *out, const struct wok__tunnel *tunnel)
{
	bool v6 = strchr(tunnel->host, ':');

	wok__buffer_text(out, v6 ? "[" : "");
	wok__buffer_add(out, tunnel->host, strcspn(tunnel->host, "%"));
	wok__buffer_text(out, v6 ? "]:" : ":");
	wok__buffer_decimal(out, tunnel->port);
}

static bool has_header(const struct wok__tunnel *tunnel, const char *name)
{
	for (size_t i = 0; i < tunnel->n_headers; i++)
		if (strcasecmp(tunnel->headers[i].name, name) == 0)
			return true;
	return false;
}

static void put_request(struct wok__buffer *out, const struct wok__tunnel *tunnel)
{
	wok__buffer_text(out, "CONNECT ");
	put_target(out, tunnel);
	wok__buffer_text(out, " HTTP/1.1\r\nHost: ");
	put_target(out, tunnel);
	wok__buffer_text(out, "\r\n");
	if (!has_header(tunnel, "User-Agent"))
		wok__buffer_field(out, "User-Agent", "wok/" WOK_VERSION);
	if (!has_header(tunnel, "Proxy-Authorization"))
		wok__proxy_put_authorization(tunnel->proxy, out);
	for (size_t i = 0; i < tunnel->n_headers; i++) {
		const wok_http_header *header = &tunnel->headers[i];
		if (wok__is_framing_header(header->name) && out->error == 0)
			out->error = wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
					      header->name);
		if (header->value)
			wok__buffer_field(out, header->name, header->value);
	}
	wok__buffer_text(out, "\r\n");
}

static int ask(wok_stream *stream, const struct wok__tunnel *tunnel)
{
	struct wok__buffer out = {0};

	put_request(&out, tunnel);
	int r = out.error;
	if (r == 0)
		r = wok_stream_write_all(stream, out.data, out.size);
	if (out.data)
		explicit_bzero(out.data, out.size);
	wok__buffer_free(&out);
	return r;
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Wait until a whole head is in the stream's buffer. */
static int await_head(wok_stream *stream, const struct wok__h1_limits *limits, size_t *ret_size)
{
	struct wok__h1_scan scan = WOK__H1_SCAN_RESPONSE;

	for (;;) {
		wok_view bytes = wok_stream_buffered(stream);
		int r = bytes.size
				? wok__h1_scan_head(&scan, bytes.data, bytes.size, limits, ret_size)
				: 0;
		if (r < 0)
			return wok__h1_to_wok(r, "the proxy's answer");
		if (r > 0)
			return 0;
		r = wok_stream_fill(stream, (size_t) limits->head + 4096, &bytes);
		if (r < 0)
			return r;
		if (r == 0)
			return wok_fail(WOK_EEOF,
					"the proxy closed the connection without an answer");
	}
}

/* Parse and take a head; 1 if it was an interim one. */
static int take_head(wok_stream *stream, const struct wok__h1_limits *limits, size_t size,
		     struct wok__refusal *answer, struct wok__h1_response *ret_parsed)
{
	struct wok__h1_field *fields = wok__alloc_array(limits->fields, sizeof(fields[0]));

	if (!fields)
		return -ENOMEM;
	int r = wok__head_copy(&answer->head, wok_stream_buffered(stream).data, size);
	if (r == 0) {
		r = wok__h1_parse_response(answer->head.data, size,
					   WOK__H1_RESPONSE | WOK__H1_FOR_CONNECT, limits, fields,
					   limits->fields, ret_parsed);
		r = r < 0 ? wok__h1_to_wok(r, "the proxy's answer") : 0;
	}
	if (r == 0) {
		wok_stream_consume(stream, size);
		r = wok__head_keep_fields(&answer->head, fields, ret_parsed->message.fields);
	}
	wok_free(fields);
	return r < 0 ? r : ret_parsed->interim;
}

/* What the proxy says about its no, as far as it is short. A broken one says nothing. */
static int take_body(wok_stream *stream, const struct wok__h1_limits *limits,
		     const struct wok__h1_response *parsed, struct wok__refusal *refusal)
{
	struct wok__incoming incoming = {0};
	ssize_t n = 1;

	if (wok__incoming_begin(&incoming, stream, &parsed->message, limits) < 0 || incoming.ended)
		return 0;
	refusal->body = wok_alloc(BODY_MAX);
	if (!refusal->body)
		return -ENOMEM;
	while (n > 0 && refusal->body_size < BODY_MAX) {
		n = wok__incoming_read(&incoming, refusal->body + refusal->body_size,
				       BODY_MAX - refusal->body_size);
		refusal->body_size += n > 0 ? (size_t) n : 0;
	}
	return n == -ECANCELED ? (int) n : 0;
}

/* It is not worth a long wait: that the proxy says no is known. */
static int take_body_soon(wok_stream *stream, const struct wok__h1_limits *limits,
			  const struct wok__h1_response *parsed, struct wok__refusal *refusal)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, BODY_TIME) {
		r = take_body(stream, limits, parsed, refusal);
	}
	r = wok_timeout_result(&timeout, r);
	return r == -ETIMEDOUT ? 0 : r;
}

static int refuse(const struct wok__tunnel *tunnel, const struct wok__h1_response *parsed)
{
	return wok_fail(WOK_EPROXY, "the proxy %s does not connect to %.255s:%u: %d %.*s%s",
			tunnel->proxy->text, tunnel->host, tunnel->port, parsed->status,
			parsed->reason.size > 100 ? 100 : (int) parsed->reason.size,
			parsed->reason.size ? parsed->reason.data : "",
			parsed->status == 407 && !tunnel->proxy->user
				? " (its URL has neither user nor password)"
				: "");
}

static int read_answer(wok_stream *stream, const struct wok__tunnel *tunnel,
		       struct wok__refusal *answer)
{
	struct wok__h1_response parsed = {0};
	int r = 1;

	for (int i = 0; r == 1 && i <= INTERIM_MAX; i++) {
		size_t size = 0;
		WOK_TRY(await_head(stream, tunnel->limits, &size));
		r = take_head(stream, tunnel->limits, size, answer, &parsed);
	}
	if (r == 1)
		return wok_fail(WOK_EPEER, "the proxy sent more than %d interim responses",
				INTERIM_MAX);
	if (r < 0 || parsed.tunnel)
		return r;
	answer->status = parsed.status;
	r = take_body_soon(stream, tunnel->limits, &parsed, answer);
	return r < 0 ? r : refuse(tunnel, &parsed);
}

int wok__proxy_connect_tunnel(wok_stream *stream, const struct wok__tunnel *tunnel,
			      struct wok__refusal *ret_refusal)
{
	struct wok__refusal answer = {0};

	WOK_TRY(ask(stream, tunnel));
	int r = read_answer(stream, tunnel, &answer);
	if (r == WOK_EPROXY && ret_refusal)
		*ret_refusal = answer;
	else
		wok__refusal_free(&answer);
	return r;
}
