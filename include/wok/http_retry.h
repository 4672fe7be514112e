/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_RETRY_H
#define WOK_HTTP_RETRY_H
/* Trying again, and functions around requests: wok/http_client.h includes this. */
#include <wok/http_response.h>

WOK_BEGIN_DECLS

/*
 * When a request is tried again, and after which pause. Zero in a field means the default. Without
 * such options only what a server surely has not seen is sent again.
 */
typedef struct {
	unsigned tries; /* in all; 3 */
	wok_time
		pause; /* before the second try; it doubles each time, and varies by half; 200 ms */
	wok_time max_pause; /* 20 s */
	/*
	 * What the server asks for by Retry-After counts instead, up to this; for more the response
	 * is handed over. 60 s.
	 */
	wok_time max_retry_after;
	const int
		*statuses; /* that are tried again, a 0 behind the last; 429, 500, 502, 503, 504 */
	bool any_method;   /* also those that may do twice what was meant once: POST, PATCH */
	bool no_errors;    /* a connection that fails, or is too slow, is no reason */
	/*
	 * Of a hundred requests of the session so many may be tried again, besides the first ten: a
	 * server in trouble is not helped by three times the load. 20
	 */
	unsigned budget;
} wok_http_retry_options;

/* A request on its way through a session's middlewares. */
typedef struct wok_http_call wok_http_call;

/*
 * A function around requests: it looks at a request, changes it, calls wok_http_call_next(), once
 * or more often, and looks at the response. What it returns, the caller gets.
 */
typedef int wok_http_client_middleware_fn(wok_http_call *call, void *arg,
					  wok_http_response **ret_response);

/* One of them, and what it gets. */
typedef struct {
	wok_http_client_middleware_fn *fn;
	void *arg;
} wok_http_client_middleware;

/**
 * Go on with a request: the next middleware, or the request itself. A response of an earlier call
 * is the middleware's to free.
 *
 * Returns:    as wok_http_fetch(); -ESPIPE if the body cannot be sent again
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_call_next(wok_http_call *call, wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * The method of a request.
 *
 * Returns:    borrowed, valid for the call
 * Checkpoint: never
 * Threads:    the session's loop
 */
const char *wok_http_call_method(const wok_http_call *call);

/**
 * The URL that was asked for.
 *
 * Returns:    borrowed, valid for the call
 * Checkpoint: never
 * Threads:    the session's loop
 */
const char *wok_http_call_url(const wok_http_call *call);

/**
 * Set a header of a request, in place of what the session and the request have.
 *
 * value:      copied; NULL leaves the header out
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    the session's loop
 */
int wok_http_call_set_header(wok_http_call *call, const char *name, const char *value)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif
