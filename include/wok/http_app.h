/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_APP_H
#define WOK_HTTP_APP_H
#include <wok/base.h>
#include <wok/http_client.h>
#include <wok/url.h>

WOK_BEGIN_DECLS

/*
 * Who answers what: routes, and what stands around them. An app is made before it is served, by
 * one thread; then it does not change, and several servers may share it.
 */
typedef struct wok_http_app wok_http_app;

/* A request that is being answered. It lives until its handler has returned. */
typedef struct wok_http_request wok_http_request;

/*
 * Answers a request; it runs in the connection's task (with HTTP/2, which carries several at once,
 * in one of its own) and may wait. Its result: 0, or an error, which is reported, and is a reply of
 * status 500 if no reply was begun. A handler that returns 0 without a reply gives an empty one of
 * status 204.
 */
typedef int wok_http_handler_fn(wok_http_request *request, void *arg);

/*
 * Stands around handlers: it replies by itself, or calls wok_http_next() and returns its result, or
 * another one.
 */
typedef int wok_http_middleware_fn(wok_http_request *request, void *arg);

/**
 * Make an app without routes.
 *
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time
 */
int wok_http_app_new(wok_http_app **ret_app) WOK_MUST_CHECK;

/**
 * Release an app that is not being served, and those that are mounted within it.
 *
 * app:        NULL does nothing, nor does one that is mounted: it goes with the other
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any one at a time
 */
void wok_http_app_free(wok_http_app *app);
WOK_DEFINE_AUTO(wok_http_app)

/**
 * Say who answers what. A path is split at its slashes, and each part is one of these:
 *
 * - a text: what has no parameters goes before what has
 * - {name}, perhaps with text around it, as "{name}.json": something, but not nothing
 * - {name:pattern}: what fits a small regular expression, of bytes, . [a-z] [^a-z] \d \w \s (a|b)
 *   and the repetitions * + ? {2} {2,} {2,4}
 * - {name*}, the last: all the rest, slashes included, perhaps nothing. A star alone is the same
 *   without a name; see wok_http_request_rest()
 *
 * A path without a route is 404, one with a route for other methods 405. GET also answers HEAD;
 * OPTIONS is answered with the methods that there are. The parts of a request's path are compared
 * with their percent-encoding undone; an encoded slash does not separate.
 *
 * method:     "GET" ...; "*" for any
 * path:       copied
 * arg:        what handler gets; borrowed for as long as the app lives
 * Returns:    0; -EINVAL for a path that cannot be understood, or a method that is no token;
 *             -EEXIST if there is such a route; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_route(wok_http_app *app, const char *method, const char *path,
		   wok_http_handler_fn *handler, void *arg) WOK_MUST_CHECK;

/**
 * The same for a route that has a name, so that its URL can be made: see wok_http_app_url().
 *
 * name:       copied
 * Returns:    as wok_http_route(); -EEXIST if another route of the app has that name
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_route_named(wok_http_app *app, const char *name, const char *method, const char *path,
			 wok_http_handler_fn *handler, void *arg) WOK_MUST_CHECK;

/**
 * Have another app answer all paths below a prefix. Its routes, middlewares and hooks are within
 * those of this one.
 *
 * prefix:     "/api", perhaps with parameters, without a slash at its end; copied
 * inner:      released with this one from now on, unless the call fails
 * Returns:    0; -EINVAL; -EEXIST if an app is mounted there; -EBUSY if inner is mounted
 *             already, or within itself; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_mount(wok_http_app *app, const char *prefix, wok_http_app *inner) WOK_MUST_CHECK;

/**
 * Have another app answer whatever is asked of a host.
 *
 * host:       "api.example.org", or "*.example.org" for all that ends so; without a port; copied
 * inner:      as wok_http_mount()
 * Returns:    as wok_http_mount()
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_mount_host(wok_http_app *app, const char *host, wok_http_app *inner) WOK_MUST_CHECK;

/**
 * The path of a route that has a name, with its parameters filled in.
 *
 * params:     by name; values are encoded as the path needs it. Those that the path does not have
 *             become the query
 * ret_url:    "/users/7?page=2", with the prefixes of the apps around; from wok_alloc()
 * Returns:    0; -ENOENT if neither the app nor one within it has such a route; -EINVAL if a
 *             parameter is missing, or its value does not fit: the message says which; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_http_app_url(const wok_http_app *app, const char *name, const wok_url_param *params,
		     size_t n_params, char **ret_url) WOK_MUST_CHECK;

/**
 * Put a middleware around all routes of an app, and those of the apps within it. The one that was
 * added first is the outermost. They also stand around what wok answers by itself (404, 405).
 *
 * arg:        what fn gets; borrowed for as long as the app lives
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_use(wok_http_app *app, wok_http_middleware_fn *fn, void *arg) WOK_MUST_CHECK;

/**
 * In a middleware: have the request answered by the next one, or the handler. The reply may have
 * been sent when it returns; see wok_http_reply_header() for what is to be said in any reply.
 *
 * Returns:    the handler's result
 * Checkpoint: always, if the handler has one
 * Threads:    the loop's
 */
int wok_http_next(wok_http_request *request) WOK_MUST_CHECK;

/* What belongs to the life of a server. Each may be NULL, and may wait. */
typedef struct {
	/* Before anything is accepted. An error ends the server, and is its result. */
	int (*startup)(void *arg);
	/* Nothing more is accepted, requests are still answered: end what would go on for ever. */
	void (*shutdown)(void *arg);
	/* At the end, if startup went well; in the opposite order. */
	void (*cleanup)(void *arg);
} wok_http_hooks;

/**
 * Have something done at the beginning and the end of a server.
 *
 * hooks:      copied
 * arg:        what they get; borrowed for as long as the app lives
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
int wok_http_add_hooks(wok_http_app *app, const wok_http_hooks *hooks, void *arg) WOK_MUST_CHECK;

/*
 * Makes the page of an error that nobody has replied to: 404, 405, 413, 500 ... Replies, or leaves
 * it to wok, whose page says what the status means and nothing else.
 *
 * error:      of a handler that failed; else 0
 */
typedef int wok_http_error_fn(wok_http_request *request, int status, int error, void *arg);

/**
 * Say who makes the pages of errors, in an app and those within it that do not say otherwise. Of a
 * request that could not be understood, method and path are "".
 *
 * fn:         NULL for wok's own
 * arg:        what fn gets; borrowed for as long as the app lives
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any one at a time, before the app is served
 */
void wok_http_on_error(wok_http_app *app, wok_http_error_fn *fn, void *arg);

WOK_END_DECLS
#endif
