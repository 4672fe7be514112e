/* SPDX-License-Identifier: MIT */
/* From a stream to a proxy to one to the server: see http/client/call.h. */
#include <netdb.h>
#include <wok/error.h>

#include "http/client/call.h"
#include "http/client/secure.h"

static int to_proxy_securely(struct wok__exchange *exchange, wok_stream **stream)
{
	bool resumed = false;
	const struct wok__secure how = {
		.session = exchange->session,
		.host = exchange->proxy->host,
		.port = exchange->proxy->port,
		.alpn = "http/1.1",
		.limit = WOK_FOREVER,
		.no_pins = true,
	};

	return wok__secure_connect(&how, stream, &resumed);
}

static int ask_for_tunnel(struct wok__exchange *exchange, wok_stream *stream)
{
	const struct wok__tunnel tunnel = {
		.proxy = exchange->proxy,
		.host = exchange->route.host.data,
		.port = exchange->route.port,
		.limits = &exchange->session->limits,
	};
	struct wok__refusal refusal = {.status = 0};
	int r = wok__proxy_connect_tunnel(stream, &tunnel, &refusal);

	exchange->call->timings.proxy_status = refusal.status;
	wok__refusal_free(&refusal);
	return r;
}

/* SOCKS 5 is told an address, which is looked up here. */
static int ask_by_address(struct wok__exchange *exchange, wok_stream *stream)
{
	const struct wok__route *route = &exchange->route;
	wok_addresses addresses = {0};
	char host[NI_MAXHOST];

	WOK_TRY(wok__lookups_find(&exchange->session->lookups, route->host.data, route->port,
				  &addresses));
	const wok_address *first = &addresses.list[0];
	int failed = getnameinfo((const void *) &first->storage, first->size, host, sizeof(host),
				 NULL, 0, NI_NUMERICHOST);
	wok_addresses_clear(&addresses);
	if (failed)
		return wok_fail(WOK_ENAME, "%s has no address that a proxy could be told",
				route->host.data);
	return wok__socks5_connect(stream, exchange->proxy, host, route->port);
}

static int ask(struct wok__exchange *exchange, wok_stream *stream)
{
	const struct wok__route *route = &exchange->route;
	const struct wok__proxy *proxy = exchange->proxy;

	switch (proxy->kind) {
	case WOK__PROXY_HTTP:
	case WOK__PROXY_HTTPS:
		return exchange->absolute ? 0 : ask_for_tunnel(exchange, stream);
	case WOK__PROXY_SOCKS5:
		return ask_by_address(exchange, stream);
	case WOK__PROXY_SOCKS5H:
		return wok__socks5_connect(stream, proxy, route->host.data, route->port);
	case WOK__PROXY_SOCKS4A:
		break;
	}
	return wok__socks4a_connect(stream, proxy, route->host.data, route->port);
}

int wok__exchange_proxied(struct wok__exchange *exchange, wok_stream **stream)
{
	wok__call_phase(exchange->call, WOK_HTTP_PHASE_PROXY);
	if (exchange->proxy->kind == WOK__PROXY_HTTPS)
		WOK_TRY(to_proxy_securely(exchange, stream));
	int r = ask(exchange, *stream);
	if (r < 0)
		wok_stream_free(WOK_TAKE(*stream));
	else
		exchange->call->timings.proxy_end = wok_now();
	return r;
}
