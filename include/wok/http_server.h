/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_H
#define WOK_HTTP_SERVER_H
#include <wok/base.h>
#include <wok/http2.h>
#include <wok/http_app.h>
#include <wok/http_reply.h>
#include <wok/http_request.h>
#include <wok/net.h>

WOK_BEGIN_DECLS

/* How to serve. Zero in a field means the default. */
typedef struct {
	wok_listen_options listen;
	size_t max_connections;  /* at once; no limit */
	wok_time header_timeout; /* for a head, from its first byte on; 30 s */
	wok_time body_timeout;   /* between two arrivals of a body's bytes; 30 s */
	size_t min_body_rate;    /* bytes a second that a body must come at, when body_timeout has
				    been spent waiting for it; 240 */
	wok_time write_timeout;  /* for the peer to accept some bytes of a reply; 30 s */
	wok_time keep_alive;     /* how long a connection may be idle between requests; 75 s */
	wok_time drain;          /* how long requests may go on when the server ends; 5 s */
	size_t max_line;         /* bytes of the request line, and of a header; 8190 */
	size_t max_head;         /* bytes of the whole head; 64 KiB */
	size_t max_headers;      /* fields in it; 128 */
	size_t max_body;         /* bytes of a request's body; 1 MiB; more is 413 */
	const char *server_name; /* the Server header; none; lives as long as the server */
	wok_http2_options http2; /* with TLS it is offered by ALPN, if the context says "h2" */
} wok_http_serve_options;

/**
 * Serve an app on an open listener, until the call is cancelled. Then nothing more is accepted,
 * idle connections are closed, requests that are being answered may end within the time for
 * draining, and the rest is cancelled.
 *
 * listener:   closed by the call, not released
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    -ECANCELED; -EBADF if another task closed the listener; -ENOMEM
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
 * options:    NULL for the defaults; listen, max_connections and drain are not used
 * Returns:    0 when the connection is over in good order; an error of the stream; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_serve_stream(wok_http_app *app, wok_stream *stream,
			  const wok_http_serve_options *options) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
