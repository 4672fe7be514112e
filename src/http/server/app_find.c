/* SPDX-License-Identifier: MIT */
/* From a request's host, path and method to its route: see http/server/app.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/server/app.h"

/* --- hosts ------------------------------------------------------------------------------------ */

/* Of "example.org:80" and "[::1]:80" what stands before the port; a dot at the end means nothing.
 */
static size_t host_size(const char *host)
{
	const char *bracket = *host == '[' ? strchr(host, ']') : NULL;
	size_t size = bracket ? (size_t) (bracket + 1 - host) : strcspn(host, ":");

	return size > 1 && host[size - 1] == '.' ? size - 1 : size;
}

static bool host_fits(const char *name, const char *host, size_t size)
{
	size_t name_size = strlen(name);

	if (name[0] != '*')
		return size == name_size && strncasecmp(name, host, size) == 0;
	/* "*.example.org" is what ends in ".example.org", and has something before it. */
	return size > name_size - 1 &&
	       strncasecmp(host + size - (name_size - 1), name + 1, name_size - 1) == 0;
}

static wok_http_app *app_for_host(wok_http_app *app, const char *host)
{
	const struct wok__host *best = NULL;
	size_t size = app->n_hosts > 0 ? host_size(host) : 0;

	for (size_t i = 0; i < app->n_hosts; i++) {
		const struct wok__host *entry = &app->hosts[i];
		if (host_fits(entry->name, host, size) &&
		    (!best || entry->name[0] != '*' ||
		     (best->name[0] == '*' && strlen(entry->name) > strlen(best->name))))
			best = entry;
	}
	return best ? app_for_host(best->app, host) : app;
}

/* --- walking ---------------------------------------------------------------------------------- */

bool wok__app_walk(struct wok__route_walk *walk, wok_http_app *app, const char *at)
{
	walk->entered = app;
	return wok__route_walk(walk, app, &app->root, at);
}

struct finding {
	const char *method;
	const struct wok__route *route;
	bool path_known;
};

static const struct wok__route *route_of(const struct wok__route_node *node, const char *method)
{
	const struct wok__route *route = node->routes;

	while (route && strcmp(route->method, method) != 0 && strcmp(route->method, "*") != 0)
		route = route->next;
	return route;
}

static bool find_method(struct wok__route_walk *walk, wok_http_app *app,
			const struct wok__route_node *node)
{
	struct finding *finding = walk->arg;

	(void) app;
	finding->path_known = true;
	finding->route = route_of(node, finding->method);
	/* What answers GET answers HEAD, before a route for any method that fits less well does. */
	if ((!finding->route || strcmp(finding->route->method, "*") == 0) &&
	    strcmp(finding->method, "HEAD") == 0)
		finding->route = route_of(node, "GET");
	return finding->route;
}

/* A list of methods that grows. */
struct allowed {
	char *text;
	size_t size;
};

static void allow(struct allowed *allowed, const char *method)
{
	size_t used = strlen(allowed->text), size = strlen(method);

	for (const char *p = allowed->text; (p = strstr(p, method)); p += size)
		if ((p == allowed->text || p[-1] == ' ') && (!p[size] || p[size] == ','))
			return; /* another path that fits has it, too */
	snprintf(allowed->text + used, allowed->size - used, "%s%s", used ? ", " : "", method);
}

static bool add_methods(struct wok__route_walk *walk, wok_http_app *app,
			const struct wok__route_node *node)
{
	(void) app;
	for (const struct wok__route *route = node->routes; route; route = route->next) {
		allow(walk->arg, route->method);
		if (strcmp(route->method, "GET") == 0)
			allow(walk->arg, "HEAD");
	}
	return false;
}

/* The text of a tail, its encoding undone but for slashes and percent signs. */
static bool decode_tail(const char *from, char *to)
{
	while (*from) {
		const char *end = from[0] == '%' ? from + 3 : from + strcspn(from, "%");
		size_t size = strnlen(from, (size_t) (end - from));
		bool kept = strncasecmp(from, "%2f", 3) == 0 || strncmp(from, "%25", 3) == 0;
		if (kept)
			memcpy(to, from, size);
		ssize_t n = kept ? (ssize_t) size : wok__route_decode(from, size, to);
		if (n < 0)
			return false;
		to += n;
		from += size;
	}
	*to = '\0';
	return true;
}

/* --- parameters ------------------------------------------------------------------------------- */

static void add_names(const char *path, struct wok__match *match)
{
	const char *at = path + 1;
	struct wok__route_part part;

	while (match->n_params < WOK__ROUTE_PARAMS && wok__route_part_next(path, &at, &part) > 0)
		if (part.kind != WOK__PART_LITERAL) {
			match->names[match->n_params] = part.name.data;
			match->name_sizes[match->n_params++] = part.name.size;
		}
}

static void add_prefix_names(const wok_http_app *app, struct wok__match *match)
{
	if (app->parent)
		add_prefix_names(app->parent, match);
	if (app->prefix)
		add_names(app->prefix, match);
}

/* Room for the path's text and for that of a tail. */
static int make_room(struct wok__match *match, const char *path)
{
	return wok__grow((void **) &match->text, &match->text_capacity, 2 * (strlen(path) + 1), 1);
}

static int take_params(struct wok__route_walk *walk, struct wok__match *match)
{
	size_t size = strlen(walk->path) + 1;

	if (!walk->decoded) {
		WOK_TRY(make_room(match, walk->path));
		memcpy(match->text, walk->path, size);
	}
	add_prefix_names(match->route->app, match);
	add_names(match->route->path, match);
	for (size_t i = 0; i < walk->n_captures; i++) {
		const struct wok__capture *capture = &walk->captures[i];
		match->values[i] = match->text + capture->offset;
		if (!capture->tail) {
			match->text[capture->offset + capture->size] = '\0';
			continue;
		}
		match->rest = walk->path + capture->offset;
		match->values[i] = match->text + size;
		/* A star has no name to ask for it by: it is as it was sent. */
		if (match->name_sizes[i] > 0 && !decode_tail(match->rest, match->text + size)) {
			match->route = NULL;
			match->status = 400;
		}
	}
	return 0;
}

static const struct wok__route *walk_for(struct wok__route_walk *walk, wok_http_app *app,
					 const char *method, struct finding *finding)
{
	finding->method = method;
	walk->n_captures = 0;
	walk->found = find_method;
	walk->arg = finding;
	wok__app_walk(walk, app, walk->path);
	return finding->route;
}

int wok__app_find(wok_http_app *app, const char *method, const char *host, const char *path,
		  struct wok__match *match)
{
	struct wok__route_walk walk; /* most of it is room for what is captured */
	struct finding finding = {0};

	walk.path = walk.text = path;
	walk.decoded = false;
	walk.entered = NULL;
	match->n_params = 0;
	match->rest = "";
	app = app_for_host(app, host);
	if (strchr(path, '%')) {
		WOK_TRY(make_room(match, path));
		wok__route_walk_decode(&walk, match->text);
	}
	match->route = walk_for(&walk, app, method, &finding);
	match->app = match->route ? match->route->app : walk.entered;
	match->status = finding.path_known ? 405 : 404;
	return match->route && walk.n_captures > 0 ? take_params(&walk, match) : 0;
}

void wok__app_allowed(wok_http_app *app, const char *host, const char *path, char *text,
		      size_t size)
{
	struct allowed allowed = {text, size};
	struct wok__route_walk walk = {
		.path = path, .text = path, .found = add_methods, .arg = &allowed};

	text[0] = '\0';
	app = app_for_host(app, host);
	char *room = strchr(path, '%') ? wok_alloc(strlen(path) + 1) : NULL;
	if (room)
		wok__route_walk_decode(&walk, room);
	wok__app_walk(&walk, app, path);
	wok_free(room);
	allow(&allowed, "OPTIONS");
}
