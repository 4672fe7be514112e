/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_H
#define WOK_HTTP_SERVER_H
#include <wok/base.h>
#include <wok/http2.h>
#include <wok/http_access_log.h>
#include <wok/http_app.h>
#include <wok/http_reply.h>
#include <wok/http_request.h>
#include <wok/net.h>
#include <wok/tls.h>

WOK_BEGIN_DECLS

/* How to serve. Zero in a field means the default. */
typedef struct {
	wok_listen_options listen;
	size_t max_connections;        /* at once, of a listener; no limit */
	size_t max_connections_per_ip; /* of one IPv4 address or IPv6 /64; no limit */
	size_t max_requests;           /* on a connection, which is closed then; no limit */
	wok_time header_timeout;       /* for a head, from its first byte on; 30 s */
	wok_time body_timeout;         /* between two arrivals of a body's bytes; 30 s */
	size_t min_body_rate;     /* bytes a second that a body must come at, when body_timeout has
				     been spent waiting for it; 240 */
	wok_time write_timeout;   /* for the peer to accept some bytes of a reply; 30 s */
	wok_time request_timeout; /* for a handler; its waits fail then, and the client gets 503; no
				     limit */
	wok_time keep_alive;      /* how long a connection may be idle between requests; 75 s */
	bool no_keep_alive;       /* a connection has one request */
	wok_time drain;           /* how long requests may go on when the server ends; 5 s */
	bool no_drain;            /* they may not */
	/*
	 * Cancel the handler when its client has gone: its waits fail then. Noticed while nothing
	 * of the request's body is left to be read; costs a task for each such request.
	 */
	bool cancel_on_disconnect;
	size_t max_line;         /* bytes of the request line, and of a header; 8190 */
	size_t max_head;         /* bytes of the whole head; 64 KiB */
	size_t max_headers;      /* fields in it; 128 */
	size_t max_body;         /* bytes of a request's body; 1 MiB; more is 413 */
	const char *server_name; /* the Server header; none; lives as long as the server */
	/*
	 * With one of these the server speaks TLS: what a context is made of when the server
	 * starts, or one of your own, which can be reloaded. "h2" and "http/1.1" are offered unless
	 * the options name others.
	 */
	const wok_tls_options *tls;
	wok_tls_context *tls_context;
	wok_time handshake_timeout; /* of TLS; 10 s */
	wok_http2_options http2;    /* with TLS it is offered by ALPN, if the context says "h2" */
	/*
	 * Each connection begins with a head of the PROXY protocol, version 1 or 2, which says who
	 * the client is. Anybody can write one: only for ports that nobody but the proxy reaches.
	 */
	bool proxy_protocol;
	/*
	 * Proxies whose X-Forwarded-... headers are believed, as "10.0.0.0/8", "::1", or "unix:"
	 * for all that comes by Unix sockets: see wok_http_request_client().
	 */
	const char *const *trusted;
	size_t n_trusted;
	/*
	 * They write Forwarded (RFC 7239), and that is read instead. Say so only if they do: what a
	 * proxy does not write it hands on as the client sent it.
	 */
	bool forwarded;
	/*
	 * Decides about a body that the client asks for before it sends it ("Expect:
	 * 100-continue"): replies to refuse it, or returns 0. NULL: a body is asked for when the
	 * handler reads it.
	 */
	wok_http_handler_fn *on_expect;
	void *on_expect_arg;
	const wok_http_access_log *access_log; /* see wok/http_access_log.h; none */
} wok_http_serve_options;

/**
 * Serve an app on an open listener, until the call is cancelled. Then, in this order: nothing more
 * is accepted; idle connections are closed, and WebSockets told to end; the app's shutdown hooks
 * run; what is being answered may end within the time for draining, its connection being closed
 * then; the rest is cancelled; the cleanup hooks run.
 *
 * listener:   closed by the call, not released
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    -ECANCELED; -EBADF if another task closed the listener; the error of a startup hook;
 *             as wok_tls_server_new(); -EINVAL for a network that cannot be understood; -ENOMEM
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_serve_on(wok_http_app *app, wok_listener *listener,
		      const wok_http_serve_options *options) WOK_MUST_CHECK;

/**
 * Listen on an address and serve an app there.
 *
 * address:    as wok_listen()
 * Returns:    as wok_listen() and wok_http_serve_on()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_serve(wok_http_app *app, const char *address, const wok_http_serve_options *options)
	WOK_MUST_CHECK;

/**
 * Serve an app on several listeners, as one server.
 *
 * listeners:  n of them; closed by the call, not released
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_http_serve_on(): when one of them ends, all do
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_serve_all(wok_http_app *app, wok_listener *const *listeners, size_t n,
		       const wok_http_serve_options *options) WOK_MUST_CHECK;

/**
 * Run a server for an app and nothing else: what main() of a small one is. SIGINT ends it in good
 * order.
 *
 * address:    as wok_listen()
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0 when SIGINT ended it; as wok_http_serve() and wok_run()
 * Checkpoint: never
 * Threads:    any
 */
int wok_http_serve_main(wok_http_app *app, const char *address,
			const wok_http_serve_options *options) WOK_MUST_CHECK;

/**
 * Serve one connection that exists already: a TLS stream, one end of wok_stream_pair() ...
 *
 * stream:     borrowed; not closed by the call
 * options:    NULL for the defaults; what concerns listeners and the end of a server is not used,
 *             nor are the app's hooks called
 * Returns:    0 when the connection is over in good order; an error of the stream; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_serve_stream(wok_http_app *app, wok_stream *stream,
			  const wok_http_serve_options *options) WOK_MUST_CHECK;

/* What servers have done. */
typedef struct {
	size_t connections; /* open now */
	size_t requests;    /* being answered now */
	uint64_t total_connections;
	uint64_t total_requests;
	uint64_t replies[6];     /* by the hundreds of their status: [2] is 200 to 299 */
	uint64_t broken;         /* replies that broke off */
	uint64_t refused;        /* connections over max_connections_per_ip */
	uint64_t bad_heads;      /* of requests that could not be understood */
	uint64_t bad_handshakes; /* of TLS, or of the PROXY protocol */
} wok_http_server_stats;

/**
 * What the server that a request came to has done so far: for a page that tells it to a monitor.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_http_get_server_stats(const wok_http_request *request, wok_http_server_stats *ret_stats);

WOK_END_DECLS
#endif
