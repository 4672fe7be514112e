/* SPDX-License-Identifier: MIT */
/* Apps and their routes: see wok/http_app.h. */
#include "http/server/app.h"

#include <string.h>
#include <strings.h>
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

static void free_route(struct wok__route *route)
{
	wok_free(route->method);
	wok_free(route->path);
	wok_free(route->name);
	wok_free(route);
}

static void free_routes(struct wok__route_node *node)
{
	while (node->routes) {
		struct wok__route *route = node->routes;
		node->routes = route->next;
		free_route(route);
	}
	for (size_t i = 0; i < node->n_literals; i++)
		free_routes(node->literals[i]);
	for (size_t i = 0; i < node->n_params; i++)
		free_routes(node->params[i]);
	if (node->tail)
		free_routes(node->tail);
}

void wok_http_app_free(wok_http_app *app)
{
	if (!app || app->parent)
		return;
	for (size_t i = 0; i < app->n_children; i++) {
		app->children[i]->parent = NULL;
		wok_http_app_free(app->children[i]);
	}
	for (size_t i = 0; i < app->n_hosts; i++)
		wok_free(app->hosts[i].name);
	free_routes(&app->root);
	wok__route_node_clear(&app->root);
	wok_free(app->prefix);
	wok_free(app->children);
	wok_free(app->named);
	wok_free(app->middlewares);
	wok_free(app->hooks);
	wok_free(app->hosts);
	while (app->n_owned > 0) {
		struct wok__owned *last = &app->owned[--app->n_owned];
		last->free(last->object);
	}
	wok_free(app->owned);
	wok_free(app);
}

static const struct wok__route *find_named(const wok_http_app *app, const char *name)
{
	for (size_t i = 0; i < app->n_named; i++)
		if (strcmp(app->named[i]->name, name) == 0)
			return app->named[i];
	return NULL;
}

static int check_route(const wok_http_app *app, const struct wok__route_node *node,
		       const struct wok__route *route)
{
	if (!wok__h1_valid_token(route->method, strlen(route->method)))
		return wok_fail(-EINVAL, "\"%s\" is no HTTP method", route->method);
	for (const struct wok__route *other = node->routes; other; other = other->next)
		if (strcmp(other->method, route->method) == 0)
			return wok_fail(-EEXIST, "%s %s has a route already", route->method,
					route->path);
	if (route->name && find_named(app, route->name))
		return wok_fail(-EEXIST, "a route has the name \"%s\" already", route->name);
	return 0;
}

static int add_route(wok_http_app *app, struct wok__route *route, const char *name,
		     const char *method, const char *path)
{
	struct wok__route_node *node = NULL;

	route->method = wok__strdup(method);
	route->path = wok__strdup(path);
	route->name = name ? wok__strdup(name) : NULL;
	if (!route->method || !route->path || (name && !route->name))
		return -ENOMEM;
	WOK_TRY(wok__route_node_get(&app->root, path, &node));
	WOK_TRY(check_route(app, node, route));
	if (name) {
		WOK_TRY(wok__grow((void **) &app->named, &app->named_capacity, app->n_named + 1,
				  sizeof(struct wok__route *)));
		app->named[app->n_named++] = route;
	}
	struct wok__route **last = &node->routes;
	while (*last && strcmp((*last)->method, "*") != 0)
		last = &(*last)->next; /* any method comes last */
	route->next = *last;
	*last = route;
	return 0;
}

static int route_with(wok_http_app *app, const char *name, const char *method, const char *path,
		      wok_http_handler_fn *handler, void *arg)
{
	struct wok__route *route = wok__alloc_zeroed(sizeof(*route));

	if (!route)
		return -ENOMEM;
	route->app = app;
	route->handler = handler;
	route->arg = arg;
	int r = add_route(app, route, name, method, path);
	if (r < 0)
		free_route(route);
	return r;
}

int wok_http_route(wok_http_app *app, const char *method, const char *path,
		   wok_http_handler_fn *handler, void *arg)
{
	return route_with(app, NULL, method, path, handler, arg);
}

int wok_http_route_named(wok_http_app *app, const char *name, const char *method, const char *path,
			 wok_http_handler_fn *handler, void *arg)
{
	return route_with(app, name, method, path, handler, arg);
}

/* --- apps in apps ----------------------------------------------------------------------------- */

static int check_inner(const wok_http_app *app, const wok_http_app *inner)
{
	if (inner->parent)
		return wok_fail(-EBUSY, "an app can be mounted only once");
	for (; app; app = app->parent)
		if (app == inner)
			return wok_fail(-EBUSY, "an app cannot be mounted within itself");
	return 0;
}

static int add_child(wok_http_app *app, wok_http_app *inner)
{
	WOK_TRY(wok__grow((void **) &app->children, &app->children_capacity, app->n_children + 1,
			  sizeof(wok_http_app *)));
	app->children[app->n_children++] = inner;
	inner->parent = app;
	return 0;
}

int wok_http_mount(wok_http_app *app, const char *prefix, wok_http_app *inner)
{
	struct wok__route_node *node = NULL;
	size_t size = strlen(prefix);

	WOK_TRY(check_inner(app, inner));
	if (size < 2 || prefix[size - 1] == '/')
		return wok_fail(-EINVAL, "the prefix \"%s\" must be as \"/api\"", prefix);
	WOK_TRY(wok__route_node_get(&app->root, prefix, &node));
	if (node->kind == WOK__PART_TAIL)
		return wok_fail(-EINVAL, "the prefix \"%s\" leaves nothing behind it", prefix);
	if (node->mounted)
		return wok_fail(-EEXIST, "an app is mounted at \"%s\" already", prefix);
	char *copy = wok__strdup(prefix);
	int r = copy ? add_child(app, inner) : -ENOMEM;
	if (r < 0) {
		wok_free(copy);
		return r;
	}
	inner->prefix = copy;
	node->mounted = inner;
	return 0;
}

int wok_http_mount_host(wok_http_app *app, const char *host, wok_http_app *inner)
{
	const char *name = strncmp(host, "*.", 2) == 0 ? host + 2 : host;

	WOK_TRY(check_inner(app, inner));
	if (!*name || strpbrk(name, "*/: "))
		return wok_fail(-EINVAL, "\"%s\" is no host", host);
	for (size_t i = 0; i < app->n_hosts; i++)
		if (strcasecmp(app->hosts[i].name, host) == 0)
			return wok_fail(-EEXIST, "the host \"%s\" has an app already", host);
	WOK_TRY(wok__grow((void **) &app->hosts, &app->hosts_capacity, app->n_hosts + 1,
			  sizeof(app->hosts[0])));
	char *copy = wok__strdup(host);
	int r = copy ? add_child(app, inner) : -ENOMEM;
	if (r < 0) {
		wok_free(copy);
		return r;
	}
	app->hosts[app->n_hosts++] = (struct wok__host){copy, inner};
	return 0;
}

/* --- what stands around ----------------------------------------------------------------------- */

int wok_http_use(wok_http_app *app, wok_http_middleware_fn *fn, void *arg)
{
	WOK_TRY(wok__grow((void **) &app->middlewares, &app->middlewares_capacity,
			  app->n_middlewares + 1, sizeof(app->middlewares[0])));
	app->middlewares[app->n_middlewares++] = (struct wok__middleware){fn, arg};
	return 0;
}

void wok_http_on_error(wok_http_app *app, wok_http_error_fn *fn, void *arg)
{
	app->on_error = fn;
	app->on_error_arg = arg;
}

int wok_http_add_hooks(wok_http_app *app, const wok_http_hooks *hooks, void *arg)
{
	WOK_TRY(wok__grow((void **) &app->hooks, &app->hooks_capacity, app->n_hooks + 1,
			  sizeof(app->hooks[0])));
	app->hooks[app->n_hooks++] = (struct wok__hooks){*hooks, arg};
	return 0;
}
