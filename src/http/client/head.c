/* SPDX-License-Identifier: MIT */
/* The head of a request: see http/client/call.h. */
#include <strings.h>
#include <wok/error.h>

#include "http/client/call.h"

static bool has_header(const wok_http_header *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return true;
	return false;
}

static bool overridden(const struct wok__exchange *exchange, const char *name)
{
	const wok_http_options *options = exchange->call->options;

	return has_header(options->headers, options->n_headers, name);
}

static void put_default(struct wok__exchange *exchange, const char *name, const char *value)
{
	if (!overridden(exchange, name) && !has_header(exchange->session->options.headers,
						       exchange->session->options.n_headers, name))
		wok__buffer_field(&exchange->head, name, value);
}

/* Whether the options of the request have something else for a header of the session. */
static bool replaced(const struct wok__exchange *exchange, const char *name)
{
	return overridden(exchange, name) ||
	       (exchange->call->options->content_type && strcasecmp(name, "Content-Type") == 0);
}

static void put_headers(struct wok__exchange *exchange)
{
	const wok_http_session_options *session = &exchange->session->options;
	const wok_http_options *options = exchange->call->options;
	struct wok__buffer *out = &exchange->head;

	put_default(exchange, "Accept", "*/*");
	put_default(exchange, "User-Agent", "wok/" WOK_VERSION);
	for (size_t i = 0; i < session->n_headers; i++)
		if (!replaced(exchange, session->headers[i].name))
			wok__buffer_field(out, session->headers[i].name, session->headers[i].value);
	for (size_t i = 0; i < options->n_headers; i++) {
		const wok_http_header *header = &options->headers[i];
		if (wok__is_framing_header(header->name))
			out->error = wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
					      header->name);
		wok__buffer_field(out, header->name, header->value);
	}
}

static void put_body_headers(struct wok__exchange *exchange)
{
	const struct wok_http_call *call = exchange->call;
	const wok_http_options *options = call->options;
	struct wok__buffer *out = &exchange->head;
	bool expected = wok__call_is(call, "POST") || wok__call_is(call, "PUT") ||
			wok__call_is(call, "PATCH");

	if (call->body.length == WOK__LENGTH_UNKNOWN) {
		wok__buffer_text(out, "Transfer-Encoding: chunked\r\n");
	} else if (call->body.length > 0 || expected) {
		wok__buffer_text(out, "Content-Length: ");
		wok__buffer_decimal(out, call->body.length);
		wok__buffer_text(out, "\r\n");
	} else {
		return;
	}
	if (options->content_type && !overridden(exchange, "Content-Type"))
		wok__buffer_field(out, "Content-Type", options->content_type);
	else if (call->body.length > 0)
		put_default(exchange, "Content-Type", "application/octet-stream");
}

static void put_request_line(struct wok__exchange *exchange)
{
	const struct wok__url *url = &exchange->url;
	struct wok__buffer *out = &exchange->head;

	wok__buffer_text(out, exchange->call->method);
	wok__buffer_text(out, " ");
	wok__buffer_add(out, url->target.data, url->target.size);
	wok__buffer_text(out, " HTTP/1.1\r\n");
}

static void put_host(struct wok__exchange *exchange)
{
	const struct wok__url *url = &exchange->url;
	const wok_http_session_options *session = &exchange->session->options;
	struct wok__buffer *out = &exchange->head;

	if (overridden(exchange, "Host") ||
	    has_header(session->headers, session->n_headers, "Host"))
		return;
	wok__buffer_text(out, "Host: ");
	wok__buffer_add(out, url->authority.data, url->authority.size);
	wok__buffer_text(out, "\r\n");
}

static void put_upgrade(struct wok__exchange *exchange)
{
	if (!exchange->call->upgrade)
		return;
	wok__buffer_text(&exchange->head, "Connection: Upgrade\r\n");
	wok__buffer_field(&exchange->head, "Upgrade", exchange->call->upgrade);
}

int wok__exchange_put_head(struct wok__exchange *exchange)
{
	wok__buffer_clear(&exchange->head);
	put_request_line(exchange);
	exchange->fields_at = exchange->head.size;
	put_host(exchange);
	put_upgrade(exchange);
	put_headers(exchange);
	put_body_headers(exchange);
	wok__buffer_text(&exchange->head, "\r\n");
	return exchange->head.error;
}
