/* SPDX-License-Identifier: MIT */
/*
 * Making a connection: see http/client/call.h. A stream first, of whatever kind; TLS over it; then
 * the wire that TLS has agreed on.
 */
#include <stdio.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/net.h>
#include <wok/timeout.h>

#include "base/frame.h"
#include "base/time.h"
#include "http/alpn.h"
#include "http/client/call.h"
#include "http/client/in_process.h"
#include "http/client/secure.h"
#include "io/lookup.h"

enum { ORIGIN_MAX = 300 };

/* The address that an origin is to be found at; NULL if nobody said so. */
static WOK__OUT_OF_LINE const char *overridden(const wok_http_session *session, const char *host,
					       uint16_t port)
{
	const wok_http_session_options *options = &session->options;
	char origin[ORIGIN_MAX];

	if (options->n_resolve == 0)
		return NULL;
	snprintf(origin, sizeof(origin), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	for (size_t i = 0; i < options->n_resolve; i++)
		if (strcasecmp(options->resolve[i].origin, origin) == 0)
			return options->resolve[i].address;
	return NULL;
}

static int lookup(struct wok_http_call *call, const char *host, uint16_t port,
		  wok_addresses *ret_addresses)
{
	wok_http_session *session = call->session;

	wok__call_phase(call, WOK_HTTP_PHASE_LOOKUP);
	if (session->options.no_lookup_cache)
		return wok_lookup(host, port, ret_addresses);
	return wok__lookups_find(&session->lookups, host, port, ret_addresses);
}

static int connect_by_name(struct wok_http_call *call, const char *host, uint16_t port,
			   wok_stream **ret_stream)
{
	wok_addresses addresses;

	WOK_TRY(lookup(call, host, port, &addresses));
	call->timings.lookup_end = wok_now();
	wok__call_phase(call, WOK_HTTP_PHASE_CONNECT);
	int r = wok__tcp_connect_any(host, &addresses, call->session->options.connect, ret_stream);
	wok_addresses_clear(&addresses);
	return r;
}

/* A stream to a host, by TCP unless the session knows another way. */
static int connect_to(struct wok_http_call *call, const char *host, uint16_t port,
		      const char *unix_path, wok_stream **ret_stream)
{
	wok_http_session *session = call->session;
	const wok_http_session_options *options = &session->options;
	const char *address = overridden(session, host, port);

	wok__call_phase(call, WOK_HTTP_PHASE_CONNECT);
	if (options->app)
		return wok__in_process_connect(session, ret_stream);
	if (options->connect_fn)
		return options->connect_fn(options->connect_arg, host, port, ret_stream);
	if (unix_path)
		return wok_unix_connect(unix_path, ret_stream);
	if (address)
		return wok_connect(address, options->connect, ret_stream);
	return connect_by_name(call, host, port, ret_stream);
}

/* A stream to the server, through the proxy if there is one. */
static int connect_through(struct wok__exchange *exchange, wok_stream **ret_stream)
{
	const struct wok__route *route = &exchange->route;
	const struct wok__proxy *proxy = exchange->proxy;
	const char *host = proxy ? proxy->host : route->host.data;

	WOK_TRY(connect_to(exchange->call, host, proxy ? proxy->port : route->port,
			   route->unix_path, ret_stream));
	exchange->call->timings.connect_end = wok_now();
	return proxy ? wok__exchange_proxied(exchange, ret_stream) : 0;
}

static int connect_in_time(struct wok__exchange *exchange, wok_stream **ret_stream)
{
	struct wok_http_call *call = exchange->call;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, call->times.connect) {
		r = connect_through(exchange, ret_stream);
	}
	return wok__call_timed(call, &timeout, r, call->times.connect);
}

/* Whether HTTP/2 is offered. */
static bool may_be_h2(const struct wok__exchange *exchange)
{
	return exchange->route.may_share;
}

static WOK__OUT_OF_LINE int secure(struct wok__exchange *exchange, wok_stream **stream)
{
	struct wok_http_call *call = exchange->call;
	const struct wok__route *route = &exchange->route;
	const struct wok__secure how = {
		.session = exchange->session,
		.host = route->server_name ? route->server_name : route->host.data,
		.port = route->port,
		.alpn = may_be_h2(exchange) ? "h2,http/1.1" : "http/1.1",
		.limit = WOK_FOREVER,
	};
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	wok__call_phase(call, WOK_HTTP_PHASE_TLS);
	WOK_TIMEOUT (&timeout, call->times.tls) {
		r = wok__secure_connect(&how, stream, &call->timings.resumed);
	}
	call->timings.tls_end = wok_now();
	return wok__call_timed(call, &timeout, r, call->times.tls);
}

/* TLS has agreed on a wire; without it the session knows. */
static int choose_wire(const struct wok__exchange *exchange)
{
	struct wok__connection *connection = exchange->response->connection;
	const char *alpn = wok__http_alpn(connection->stream);
	bool h2 = may_be_h2(exchange) && (!exchange->route.secure || (alpn && !strcmp(alpn, "h2")));

	connection->wire = h2 ? &wok__wire_h2 : &wok__wire_h1;
	if (!h2 && exchange->route.may_share)
		wok__pool_not_shared(&exchange->session->pool, connection);
	return connection->wire->open ? connection->wire->open(connection) : 0;
}

int wok__exchange_connect(struct wok__exchange *exchange)
{
	struct wok__connection *connection = exchange->response->connection;
	wok_stream *stream = NULL;

	WOK_TRY(connect_in_time(exchange, &stream));
	if (exchange->route.secure)
		WOK_TRY(secure(exchange, &stream));
	connection->stream = stream;
	int r = choose_wire(exchange);
	if (r < 0) {
		wok_stream_free(WOK_TAKE(connection->stream));
		connection->wire = NULL;
	}
	return r;
}
