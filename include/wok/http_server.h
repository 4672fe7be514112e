/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_H
#define WOK_HTTP_SERVER_H
#include <wok/base.h>
#include <wok/http_client.h>
#include <wok/net.h>

WOK_BEGIN_DECLS

/* Routes, and what is done for each. */
typedef struct wok_http_app wok_http_app;

/* A request that is being answered. It lives until its handler has returned. */
typedef struct wok_http_request wok_http_request;

/*
 * Answers a request; it runs in the connection's task and may wait. Its result: 0, or an error,
 * which is reported, and is a reply of status 500 if no reply was begun. A handler that returns 0
 * without a reply gives an empty one of status 204.
 */
typedef int wok_http_handler(wok_http_request *request, void *arg);

/**
 * Make an app without routes.
 *
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time
 */
int wok_http_app_new(wok_http_app **ret_app) WOK_MUST_CHECK;

/**
 * Release an app that is not being served.
 *
 * app:        NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any one at a time
 */
void wok_http_app_free(wok_http_app *app);
WOK_DEFINE_AUTO(wok_http_app)

/**
 * Say who answers what. An exact path goes before a prefix, a longer prefix before a shorter one. A
 * path without a route is 404, one with a route for another method 405. GET also answers HEAD.
 *
 * method:     "GET" ...; "*" for any
 * path:       "/hello" for exactly this path; with a star at its end ("/files/" and a star) for
 *             all paths that begin so
 * arg:        what handler gets; borrowed for as long as the app lives
 * Returns:    0; -EINVAL for a path that does not begin with "/", or a method that is no token;
 *             -EEXIST if there is such a route; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_route(wok_http_app *app, const char *method, const char *path,
		   wok_http_handler *handler, void *arg) WOK_MUST_CHECK;

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

/**
 * The method of a request.
 *
 * Returns:    as it was sent; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_method(const wok_http_request *request);

/**
 * The path of a request, as it was sent, percent signs included.
 *
 * Returns:    begins with "/" (or is "*" for OPTIONS); lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_path(const wok_http_request *request);

/**
 * What stands behind the prefix of the route, "" for an exact one.
 *
 * Returns:    lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_rest(const wok_http_request *request);

/**
 * The query of a request, without its "?", as it was sent.
 *
 * Returns:    "" if there is none; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_query(const wok_http_request *request);

/**
 * The host that a request is for, with a port if one was sent.
 *
 * Returns:    "" if an HTTP/1.0 request sent none; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_host(const wok_http_request *request);

/**
 * The first header of a name.
 *
 * name:       upper or lower case
 * Returns:    its value, which lives as long as the request; NULL if there is none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_header(const wok_http_request *request, const char *name);

/**
 * The headers of a request in the order in which they came, repeated ones included.
 *
 * index:      0 and up
 * ret_header: borrowed, lives as long as the request
 * Returns:    true; false past the end
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_http_request_header_at(const wok_http_request *request, size_t index,
				wok_http_header *ret_header);

/**
 * Wait for more of the request's body and take at most size bytes of it. The first call answers
 * "Expect: 100-continue".
 *
 * Returns:    how many; 0 at its end; WOK_EEOF if the client left; WOK_ELIMIT if the body is larger
 *             than max_body (an error that the handler returns then gives 413); WOK_EPEER if it
 *             breaks the protocol (400); -ETIMEDOUT if the client stalls (408); -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_http_request_read(wok_http_request *request, void *data, size_t size) WOK_MUST_CHECK;

/**
 * Wait for all of the request's body.
 *
 * ret_body:   lives as long as the request; a NUL stands behind its last byte
 * Returns:    0; as wok_http_request_read(); -ENOMEM
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_request_body(wok_http_request *request, wok_view *ret_body) WOK_MUST_CHECK;

/**
 * Reply with a text of "text/plain; charset=utf-8".
 *
 * status:     200 to 599, but none that has no body
 * text:        borrowed for the call
 * Returns:    as wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_text(wok_http_request *request, int status, const char *text) WOK_MUST_CHECK;

/* A reply whose body is there. Zero in a field means the default. */
typedef struct {
	int status;               /* 200 to 599; 200 */
	const char *content_type; /* none if there is no body, else "application/octet-stream" */
	const wok_http_header *headers; /* besides those that wok sets */
	size_t n_headers;
	const void *body; /* borrowed for the call; sent with a Content-Length */
	size_t body_size;
} wok_http_reply_options;

/**
 * Add a field to the reply that will be sent, whoever sends it: for middlewares, and for what holds
 * of any reply, one of an error included.
 *
 * name, value: copied
 * Returns:    0; -EINVAL if it cannot be sent, or is wok's to set; -EALREADY after a reply has
 *             begun; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_reply_header(wok_http_request *request, const char *name, const char *value)
	WOK_MUST_CHECK;

/**
 * Reply. Head and body go out together.
 *
 * Returns:    0; -EINVAL for a status or header that cannot be sent; -EALREADY after a reply has
 *             begun; -EPIPE, -ECONNRESET ... if the client left; -ETIMEDOUT if it does not read;
 *             -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply(wok_http_request *request, const wok_http_reply_options *options) WOK_MUST_CHECK;

/**
 * Begin a reply whose body comes in pieces, chunked (to an HTTP/1.0 client: until the connection
 * closes). wok_http_reply_write() sends them; it ends when the handler returns 0. If the handler
 * returns an error, the connection breaks off, so that the client does not take the part for the
 * whole.
 *
 * options:    the body of it must be NULL. With a body_size, that is said as Content-Length, and
 *             the pieces must be so much in all: with less, the reply breaks off
 * Returns:    as wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_begin(wok_http_request *request, const wok_http_reply_options *options)
	WOK_MUST_CHECK;

/**
 * Send a piece of a reply that was begun. The bytes belong to the caller again when it returns.
 *
 * Returns:    0; -EINVAL if no reply was begun, or for more than the size that was said; as
 *             wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_write(wok_http_request *request, const void *data, size_t size) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
