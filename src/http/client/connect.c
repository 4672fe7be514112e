/* SPDX-License-Identifier: MIT */
/* Making a connection: see http/client/call.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/net.h>
#include <wok/timeout.h>

#include "http/client/call.h"

static int connect_to(struct wok__exchange *exchange)
{
	struct wok__connection *connection = exchange->response->connection;
	if (exchange->url.secure)
		return wok_fail(-EPROTONOSUPPORT, "https is not supported yet");
	return wok_tcp_connect(exchange->url.host.data, exchange->url.port, &connection->stream);
}

/* Which wire TLS has agreed on would be told by its ALPN. */
static int choose_wire(struct wok__connection *connection)
{
	connection->wire = &wok__wire_h1;
	return connection->wire->open ? connection->wire->open(connection) : 0;
}

int wok__exchange_connect(struct wok__exchange *exchange)
{
	struct wok_http_call *call = exchange->call;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	call->phase = WOK__PHASE_CONNECT;
	WOK_TIMEOUT (&timeout, call->connect_timeout) {
		r = connect_to(exchange);
	}
	r = wok_timeout_result(&timeout, r);
	if (wok_timeout_expired(&timeout))
		call->limit = call->connect_timeout;
	if (r < 0)
		return r;
	r = choose_wire(exchange->response->connection);
	if (r < 0) {
		wok_stream_free(WOK_TAKE(exchange->response->connection->stream));
		exchange->response->connection->wire = NULL;
	}
	return r;
}
