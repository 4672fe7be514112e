/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_ROUTE_TREE_H
#define WOK_HTTP_SERVER_ROUTE_TREE_H
/*
 * The routes of an app by their paths: a tree whose levels are the parts between slashes.
 *
 * A part of a request's path is decoded before it is compared ("%61" is "a"), but the path is split
 * before that: a "%2F" is never a separator. What is literal goes before what has a pattern, that
 * before a bare {name}, and that before {name*}; patterns in the order in which they came. Where a
 * branch leads to nothing, the next one is tried: each node is seen at most once.
 */
#include <wok/http_app.h>

#include "http/server/route_path.h"

struct wok__pattern;

/* Who answers one method of a path. */
struct wok__route {
	struct wok__route *next; /* of the same path */
	wok_http_app *app;
	char *method; /* "*": any */
	char *path;   /* as it was given */
	char *name;   /* NULL */
	wok_http_handler_fn *handler;
	void *arg;
};

struct wok__route_node {
	enum wok__part_kind kind;
	char *before, *behind; /* literal text around a parameter; before is all of a literal */
	size_t before_size, behind_size;
	char *pattern_text; /* NULL */
	struct wok__pattern *pattern;
	struct wok__route_node **literals; /* in the order of their texts */
	size_t n_literals, literals_capacity;
	struct wok__route_node **params; /* in the order in which they are tried */
	size_t n_params, params_capacity;
	struct wok__route_node *tail;
	struct wok__route *routes;
	wok_http_app *mounted; /* this app answers what begins here */
};

/* The node for a path, made if there is none: 0; -EINVAL with a message; -ENOMEM. */
int wok__route_node_get(struct wok__route_node *root, const char *path,
			struct wok__route_node **ret_node);
void wok__route_node_clear(struct wok__route_node *node);

/* A piece of a request's path that a parameter stands for, in bytes of wok__route_walk's text. */
struct wok__capture {
	size_t offset, size;
	bool tail;
};

/* A way through the trees. */
struct wok__route_walk {
	const char *path; /* as it came */
	const char *text; /* the same, its parts decoded, each with a NUL; or path itself */
	bool decoded;     /* which of the two */
	struct wok__capture captures[WOK__ROUTE_PARAMS];
	size_t n_captures;
	wok_http_app *entered; /* the app that the path has led to last */
	/* Called for each node with routes that the path leads to, the best first; true ends it. */
	bool (*found)(struct wok__route_walk *walk, wok_http_app *app,
		      const struct wok__route_node *node);
	void *arg;
};

/* Walk from a slash of the path on. True if found() said so. */
bool wok__route_walk(struct wok__route_walk *walk, wok_http_app *app,
		     const struct wok__route_node *root, const char *at);

/* Where decoded text is needed: make it of the path, in room for its size and a NUL. */
void wok__route_walk_decode(struct wok__route_walk *walk, char *room);
#endif
