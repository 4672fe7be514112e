/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_APP_H
#define WOK_HTTP_SERVER_APP_H
#include <wok/http_app.h>

#include "http/h1.h"
#include "http/server/route_tree.h"

struct wok__middleware {
	wok_http_middleware_fn *fn;
	void *arg;
};

struct wok__hooks {
	wok_http_hooks hooks;
	void *arg;
};

/* What an app keeps for its routes. */
struct wok__owned {
	void *object;
	wok_free_fn *free;
};

/* An app that answers for some hosts. */
struct wok__host {
	char *name; /* "*.example.org": all below it */
	wok_http_app *app;
};

struct wok_http_app {
	wok_http_app *parent; /* within which it was mounted */
	char *prefix;         /* where; NULL by a host */
	wok_http_app **children;
	size_t n_children, children_capacity;
	struct wok__route_node root;
	struct wok__route **named;
	size_t n_named, named_capacity;
	struct wok__middleware *middlewares;
	size_t n_middlewares, middlewares_capacity;
	struct wok__hooks *hooks;
	size_t n_hooks, hooks_capacity;
	struct wok__host *hosts;
	size_t n_hosts, hosts_capacity;
	struct wok__owned *owned; /* freed with the app */
	size_t n_owned, owned_capacity;
	wok_http_error_fn *on_error;
	void *on_error_arg;
};

/* What a request's path has led to. */
struct wok__match {
	const struct wok__route *route; /* NULL: status says why */
	wok_http_app *app;              /* the innermost, whose middlewares come last */
	int status;                     /* 404, 405; 400 for a path that cannot be decoded */
	char *text;                     /* what the parameters point into; the request's */
	size_t text_capacity;
	size_t n_params;
	const char *names[WOK__ROUTE_PARAMS];
	size_t name_sizes[WOK__ROUTE_PARAMS];
	const char *values[WOK__ROUTE_PARAMS];
	const char *rest; /* of the path as it came, where a tail begins; "" */
};

/* Find the route for a request: 0, with match->route or match->status; -ENOMEM. */
int wok__app_find(wok_http_app *app, const char *method, const char *host, const char *path,
		  struct wok__match *match);

/* Give the app an object, that is freed with it; -ENOMEM, and it stays the caller's. */
int wok__app_own(wok_http_app *app, void *object, wok_free_fn *free);

/* The methods that a path has routes for, as "GET, HEAD, POST"; cut off if it does not fit. */
void wok__app_allowed(wok_http_app *app, const char *host, const char *path, char *text,
		      size_t size);

/* Go on in an app that is mounted where the walk has come to. */
bool wok__app_walk(struct wok__route_walk *walk, wok_http_app *app, const char *at);

/* Run the hooks of an app and of those within it. The startup that fails ends it: see serve.c. */
int wok__app_startup(wok_http_app *app, size_t *ret_started);
void wok__app_shutdown(wok_http_app *app);
void wok__app_cleanup(wok_http_app *app, size_t started);
#endif
