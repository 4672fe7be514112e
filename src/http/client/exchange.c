/* SPDX-License-Identifier: MIT */
/*
 * One request and the head of its response: see http/client/call.h.
 *
 * A connection that was kept alive may be closed by the server at the very moment a request goes
 * out over it. If not a byte has come back, an idempotent request whose body can be sent again is
 * sent once more, over a new connection. What an HTTP/2 server says it has not looked at is sent
 * again whatever it is, and more than once.
 */
#include <assert.h>

#include "base/time.h"
#include "http/client/call.h"
#include "http/h2/h2.h"

enum { REFUSED_MAX = 6 }; /* tries in all */

static int acquire_in_time(struct wok__exchange *exchange, uint64_t after)
{
	struct wok_http_call *call = exchange->call;
	struct wok__pool *pool = &exchange->session->pool;
	struct wok__connection **connection = &exchange->response->connection;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	wok__call_phase(call, WOK_HTTP_PHASE_QUEUE);
	if (call->times.queue == WOK_FOREVER)
		return wok__pool_acquire(pool, &exchange->route, after, connection);
	WOK_TIMEOUT (&timeout, call->times.queue) {
		r = wok__pool_acquire(pool, &exchange->route, after, connection);
	}
	return wok__call_timed(call, &timeout, r, call->times.queue);
}

/* Get a connection that is open. */
static int connect_or_reuse(struct wok__exchange *exchange, uint64_t after)
{
	struct wok_http_call *call = exchange->call;
	struct wok__pool *pool = &exchange->session->pool;
	struct wok__connection **connection = &exchange->response->connection;

	WOK_TRY(acquire_in_time(exchange, after));
	assert(*connection);
	if (pool->closed) /* since it was granted */
		return wok_fail(-ESHUTDOWN, "the session is closed");
	(*connection)->requests++;
	exchange->reused = (*connection)->stream != NULL;
	call->timings.queue_end = wok_now();
	call->timings.reused = exchange->reused;
	if (exchange->reused) {
		pool->reused++;
		wok__call_tell(call, (wok_http_event){.kind = WOK_HTTP_EVENT_REUSED});
		return 0;
	}
	WOK_TRY(wok__exchange_connect(exchange));
	pool->created++;
	return 0;
}

static void drop_connection(struct wok__exchange *exchange)
{
	struct wok__connection *connection = exchange->response->connection;

	exchange->response->reusable = false;
	if (connection && connection->stream)
		connection->wire->finish(exchange->response);
	else if (connection)
		wok__pool_discard(&exchange->session->pool,
				  WOK_TAKE(exchange->response->connection));
}

/* The server closed a connection that it had kept alive, just when the request came. */
static bool was_stale(const struct wok__exchange *exchange, int code)
{
	return exchange->reused && !exchange->answered && !exchange->call->body.failed &&
	       wok__is_disconnect(code);
}

/*
 * Whether it is tried once more, after so many tries. What the server says it has not looked at may
 * be sent again and again; where many wait for a server that ends each connection after some
 * requests, one of them can be unlucky several times.
 */
static bool may_repeat(struct wok__exchange *exchange, int code, unsigned tries)
{
	if (exchange->session->options.no_retry)
		return false;
	if (exchange->unprocessed)
		return tries < REFUSED_MAX && wok__source_rewind(&exchange->call->body);
	return tries == 1 && was_stale(exchange, code) && wok__call_is_idempotent(exchange->call) &&
	       wok__source_rewind(&exchange->call->body);
}

/* What is said of an exchange is about the last one. */
static void forget_last(wok_http_timings *timings)
{
	*timings = (wok_http_timings){
		.phase = timings->phase,
		.limit = timings->limit,
		.begin = timings->begin,
		.retries = timings->retries,
		.redirects = timings->redirects,
	};
}

static int try_once(struct wok__exchange *exchange, uint64_t after)
{
	forget_last(&exchange->call->timings);
	exchange->answered = exchange->unprocessed = exchange->cut_short = false;
	WOK_TRY(connect_or_reuse(exchange, after));
	int r = exchange->response->connection->wire->send(exchange);
	if (exchange->cut_short)
		exchange->response->reusable = false;
	return r;
}

static int explain(const struct wok__exchange *exchange, int code)
{
	if (code == -ECANCELED || exchange->call->timings.limit > 0)
		return code; /* the time-out's message is made above */
	return wok_fail(code, "%s %.300s: %s%s", exchange->call->method, exchange->url.text,
			wok_errmsg(code),
			was_stale(exchange, code)
				? " (it had been kept alive; such a request is not "
				  "sent again)"
				: "");
}

/* Whether the connection may turn out to be of HTTP/2. */
static bool may_share(const struct wok__exchange *exchange)
{
	const wok_http2_options *http2 = &exchange->session->options.http2;

	return wok__h2_supported() && !http2->disabled && !exchange->call->upgrade &&
	       (exchange->url.secure || (http2->prior_knowledge && !exchange->proxy));
}

/* What is not to be kept from the proxy it is asked for itself. */
static bool is_absolute(const struct wok__exchange *exchange)
{
	const struct wok__proxy *proxy = exchange->proxy;

	return proxy && (proxy->kind == WOK__PROXY_HTTP || proxy->kind == WOK__PROXY_HTTPS) &&
	       !exchange->url.secure && !exchange->call->upgrade &&
	       !exchange->session->options.proxy_tunnel;
}

void wok__exchange_choose_route(struct wok__exchange *exchange)
{
	const struct wok_http_call *call = exchange->call;
	const wok_http_options *options = call->options;
	const char *unix_path =
		options->unix_path ? options->unix_path : exchange->session->options.unix_path;

	if (!unix_path)
		exchange->proxy = wok__proxies_choose(&exchange->session->proxies, &exchange->url);
	exchange->absolute = is_absolute(exchange);
	exchange->route = (struct wok__route){
		.host = exchange->url.host,
		.port = exchange->url.port,
		.secure = exchange->url.secure,
		.h1_only = call->upgrade != NULL,
		.may_share = may_share(exchange),
		.unix_path = unix_path,
		.proxy = exchange->proxy ? exchange->proxy->key : NULL,
		.server_name = options->server_name,
	};
}

int wok__exchange_run(struct wok__exchange *exchange)
{
	int r = try_once(exchange, 0);
	for (unsigned tries = 1; r < 0 && exchange->response->connection; tries++) {
		uint64_t failed = exchange->response->connection->number;
		if (!may_repeat(exchange, r, tries))
			break;
		drop_connection(exchange);
		r = try_once(exchange, failed);
	}
	if (r < 0) {
		drop_connection(exchange);
		return explain(exchange, r);
	}
	struct wok_http_call *call = exchange->call;
	wok__call_phase(call, WOK_HTTP_PHASE_BODY);
	call->timings.head = wok_now();
	exchange->response->timings = call->timings;
	wok__call_tell(call, (wok_http_event){.kind = WOK_HTTP_EVENT_HEAD,
					      .status = exchange->response->status});
	if (exchange->response->ended)
		wok__response_finish(exchange->response);
	return 0;
}
