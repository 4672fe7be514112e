/* SPDX-License-Identifier: MIT */
/*
 * The head of a request: see http/client/call.h. Order and case are the caller's: first what wok
 * says by itself, then the session's headers, then the request's.
 */
#include <strings.h>
#include <wok/error.h>

#include "http/client/credentials.h"

static bool has_header(const wok_http_header *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return true;
	return false;
}

static bool is_listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcasecmp(*names, name) == 0)
			return true;
	return false;
}

/* What must not get to another origin than the one that the caller has named. */
static bool is_sensitive(const struct wok__exchange *exchange, const char *name)
{
	static const char *const always[] = {"Authorization", "Cookie", "Proxy-Authorization",
					     "Host", NULL};

	return is_listed(always, name) ||
	       is_listed(exchange->session->options.sensitive_headers, name);
}

/* What a redirect has taken away. */
static bool withheld(const struct wok__exchange *exchange, const char *name)
{
	const struct wok_http_call *call = exchange->call;

	return (call->foreign && is_sensitive(exchange, name)) ||
	       (call->no_body && strncasecmp(name, "Content-", 8) == 0);
}

static bool overridden(const struct wok__exchange *exchange, const char *name)
{
	const wok_http_options *options = exchange->call->options;

	if (options->n_headers + exchange->call->n_extra == 0)
		return false;
	return (has_header(options->headers, options->n_headers, name) ||
		wok__call_has_extra(exchange->call, name)) &&
	       !withheld(exchange, name);
}

/* Nobody has said anything about headers: as it is with most requests. */
static bool is_plain(const struct wok__exchange *exchange)
{
	const struct wok_http_call *call = exchange->call;

	return exchange->session->options.n_headers + call->options->n_headers + call->n_extra == 0;
}

static bool given(const struct wok__exchange *exchange, const char *name)
{
	const wok_http_session_options *session = &exchange->session->options;

	if (is_plain(exchange))
		return false;
	return overridden(exchange, name) ||
	       (session->n_headers > 0 && has_header(session->headers, session->n_headers, name) &&
		!withheld(exchange, name));
}

static void put_default(struct wok__exchange *exchange, const char *name, const char *value)
{
	if (!given(exchange, name))
		wok__buffer_field(&exchange->head, name, value);
}

static void put_header(struct wok__exchange *exchange, const wok_http_header *header)
{
	if (!header->value || withheld(exchange, header->name))
		return;
	if (wok__is_framing_header(header->name))
		exchange->head.error =
			wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set", header->name);
	wok__buffer_field(&exchange->head, header->name, header->value);
}

/* Whether the options of the request have something else for a header of the session. */
static bool replaced(const struct wok__exchange *exchange, const char *name)
{
	return overridden(exchange, name) ||
	       (exchange->call->options->content_type && strcasecmp(name, "Content-Type") == 0);
}

int wok__session_put_defaults(wok_http_session *session)
{
	struct wok__buffer *out = &session->defaults;

	wok__buffer_field(out, "Accept", "*/*");
	wok__buffer_field(out, "Accept-Encoding", wok__coding_accepted());
	wok__buffer_field(out, "User-Agent", "wok/" WOK_VERSION);
	return out->error;
}

static void put_defaults(struct wok__exchange *exchange)
{
	const struct wok__buffer *defaults = &exchange->session->defaults;
	bool decoded = !exchange->session->options.no_decode && !exchange->call->options->no_decode;

	if (decoded && is_plain(exchange)) {
		wok__buffer_add(&exchange->head, defaults->data, defaults->size);
		return;
	}
	put_default(exchange, "Accept", "*/*");
	if (decoded)
		put_default(exchange, "Accept-Encoding", wok__coding_accepted());
	put_default(exchange, "User-Agent", "wok/" WOK_VERSION);
}

static void put_headers(struct wok__exchange *exchange)
{
	const wok_http_session_options *session = &exchange->session->options;
	const wok_http_options *options = exchange->call->options;

	put_defaults(exchange);
	if (!given(exchange, "Authorization"))
		wok__credentials_put(exchange);
	if (!given(exchange, "Cookie"))
		wok__cookies_send(exchange);
	for (size_t i = 0; i < session->n_headers; i++)
		if (!replaced(exchange, session->headers[i].name))
			put_header(exchange, &session->headers[i]);
	for (size_t i = 0; i < options->n_headers; i++)
		if (!wok__call_has_extra(exchange->call, options->headers[i].name))
			put_header(exchange, &options->headers[i]);
	for (size_t i = 0; i < exchange->call->n_extra; i++)
		put_header(exchange, &exchange->call->extra[i]);
}

/* The names of what stands behind the body. */
static void put_trailer_names(struct wok__exchange *exchange)
{
	const wok_http_options *options = exchange->call->options;
	struct wok__buffer *out = &exchange->head;

	for (size_t i = 0; i < options->n_trailers; i++) {
		const char *name = options->trailers[i].name;
		if (!wok__h1_valid_token(name, strlen(name)) || wok__is_framing_header(name))
			out->error = wok_fail(-EINVAL, "\"%.40s\" cannot be a trailer", name);
		wok__buffer_text(out, i == 0 ? "Trailer: " : ", ");
		wok__buffer_text(out, name);
	}
	if (options->n_trailers > 0)
		wok__buffer_text(out, "\r\n");
}

static void put_coding(struct wok__exchange *exchange)
{
	enum wok__coding coding = exchange->call->body.coding;

	if (coding == WOK__CODING_IDENTITY)
		return;
	if (given(exchange, "Content-Encoding"))
		exchange->head.error = wok_fail(-EINVAL, "compress: the headers have a "
							 "Content-Encoding already");
	wok__buffer_field(&exchange->head, "Content-Encoding", wok__coding_name(coding));
}

static void put_body_headers(struct wok__exchange *exchange)
{
	const struct wok_http_call *call = exchange->call;
	struct wok__buffer *out = &exchange->head;
	bool expected = wok__call_is(call, "POST") || wok__call_is(call, "PUT") ||
			wok__call_is(call, "PATCH");

	if (call->body.length == WOK__LENGTH_UNKNOWN) {
		wok__buffer_text(out, "Transfer-Encoding: chunked\r\n");
		put_trailer_names(exchange);
	} else if (call->body.length > 0 || expected) {
		wok__buffer_text(out, "Content-Length: ");
		wok__buffer_decimal(out, call->body.length);
		wok__buffer_text(out, "\r\n");
	} else {
		return;
	}
	put_coding(exchange);
	if (wok__call_expects(call))
		wok__buffer_text(out, "Expect: 100-continue\r\n");
	if (call->options->content_type && !overridden(exchange, "Content-Type"))
		wok__buffer_field(out, "Content-Type", call->options->content_type);
	else if (call->body.length > 0)
		put_default(exchange, "Content-Type", "application/octet-stream");
}

static void put_request_line(struct wok__exchange *exchange)
{
	const struct wok__url *url = &exchange->url;
	struct wok__buffer *out = &exchange->head;

	wok__buffer_text(out, exchange->call->method);
	wok__buffer_text(out, " ");
	if (exchange->absolute) {
		wok__buffer_text(out, "http://");
		wok__buffer_add(out, url->authority.data, url->authority.size);
	}
	wok__buffer_add(out, url->target.data, url->target.size);
	wok__buffer_text(out, " HTTP/1.1\r\n");
}

static void put_host(struct wok__exchange *exchange)
{
	const struct wok__url *url = &exchange->url;
	struct wok__buffer *out = &exchange->head;

	if (given(exchange, "Host"))
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
	if (exchange->absolute)
		wok__proxy_put_authorization(exchange->proxy, &exchange->head);
	put_headers(exchange);
	put_body_headers(exchange);
	wok__buffer_text(&exchange->head, "\r\n");
	return exchange->head.error;
}
