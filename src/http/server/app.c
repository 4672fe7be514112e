/* SPDX-License-Identifier: MIT */
/* Routes: see wok_http_route(). */
#include "http/server/app.h"

#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"

int wok_http_app_new(wok_http_app **ret_app)
{
	wok_http_app *app = wok__alloc_zeroed(sizeof(*app));

	if (!app)
		return -ENOMEM;
	*ret_app = app;
	return 0;
}

int wok__app_own(wok_http_app *app, void *object, wok_free_fn *free)
{
	WOK_TRY(wok__grow((void **) &app->owned, &app->owned_capacity, app->n_owned + 1,
			  sizeof(*app->owned)));
	app->owned[app->n_owned++] = (struct wok__owned){object, free};
	return 0;
}

static void release_route(struct wok__route *route)
{
	wok_free(route->method);
	wok_free(route->path);
}

void wok_http_app_free(wok_http_app *app)
{
	if (!app)
		return;
	for (size_t i = 0; i < app->n; i++)
		release_route(&app->routes[i]);
	wok_free(app->routes);
	while (app->n_owned > 0) {
		struct wok__owned *last = &app->owned[--app->n_owned];
		last->free(last->object);
	}
	wok_free(app->owned);
	wok_free(app);
}

/* Whether a route goes before another that matches the same path. */
static bool goes_before(const struct wok__route *a, const struct wok__route *b)
{
	if (a->prefix != b->prefix)
		return !a->prefix;
	return a->prefix && a->path_size > b->path_size;
}

static bool same(const struct wok__route *a, const struct wok__route *b)
{
	return a->prefix == b->prefix && strcmp(a->path, b->path) == 0 &&
	       strcmp(a->method, b->method) == 0;
}

static int check_route(const wok_http_app *app, const struct wok__route *route)
{
	if (route->path[0] != '/')
		return wok_fail(-EINVAL, "the path \"%s\" of a route must begin with /",
				route->path);
	if (!wok__h1_valid_token(route->method, strlen(route->method)))
		return wok_fail(-EINVAL, "\"%s\" is no HTTP method", route->method);
	for (size_t i = 0; i < app->n; i++)
		if (same(&app->routes[i], route))
			return wok_fail(-EEXIST, "%s %s has a route already", route->method,
					route->path);
	return 0;
}

static void insert(wok_http_app *app, struct wok__route route)
{
	size_t at = app->n++;

	for (; at > 0 && goes_before(&route, &app->routes[at - 1]); at--)
		app->routes[at] = app->routes[at - 1];
	app->routes[at] = route;
}

int wok_http_route(wok_http_app *app, const char *method, const char *path,
		   wok_http_handler *handler, void *arg)
{
	struct wok__route route = {.handler = handler, .arg = arg};
	size_t size = strlen(path);
	int r = -ENOMEM;

	route.method = wok__strdup(method);
	route.path = wok__strdup(path);
	if (route.method && route.path &&
	    wok__grow((void **) &app->routes, &app->capacity, app->n + 1, sizeof(route)) == 0) {
		route.prefix = size > 0 && path[size - 1] == '*';
		route.path_size = size - route.prefix;
		route.path[route.path_size] = '\0';
		r = check_route(app, &route);
	}
	if (r < 0)
		release_route(&route);
	else
		insert(app, route);
	return r;
}

static bool matches_path(const struct wok__route *route, const char *path)
{
	return route->prefix ? strncmp(path, route->path, route->path_size) == 0
			     : strcmp(path, route->path) == 0;
}

static bool matches_method(const struct wok__route *route, const char *method)
{
	return strcmp(route->method, "*") == 0 || strcmp(route->method, method) == 0;
}

static const struct wok__route *find(const wok_http_app *app, const char *method, const char *path,
				     bool *ret_path_known)
{
	for (size_t i = 0; i < app->n; i++) {
		if (!matches_path(&app->routes[i], path))
			continue;
		*ret_path_known = true;
		if (matches_method(&app->routes[i], method))
			return &app->routes[i];
	}
	return NULL;
}

const struct wok__route *wok__app_find(const wok_http_app *app, const char *method,
				       const char *path, int *ret_status)
{
	bool path_known = false;
	const struct wok__route *route = find(app, method, path, &path_known);

	if (!route && strcmp(method, "HEAD") == 0)
		route = find(app, "GET", path, &path_known);
	if (!route)
		*ret_status = path_known ? 405 : 404;
	return route;
}

static void add_name(char *text, size_t size, const char *name)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

void wok__app_allowed(const wok_http_app *app, const char *path, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < app->n; i++) {
		if (!matches_path(&app->routes[i], path))
			continue;
		add_name(text, size, app->routes[i].method);
		if (strcmp(app->routes[i].method, "GET") == 0)
			add_name(text, size, "HEAD");
	}
}
