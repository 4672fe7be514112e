/* SPDX-License-Identifier: MIT */
/* The routes of an app by their paths: see http/server/route_tree.h. */
#include "http/server/route_tree.h"

#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/server/app.h"
#include "http/server/pattern.h"

/* --- making it -------------------------------------------------------------------------------- */

void wok__route_node_clear(struct wok__route_node *node)
{
	for (size_t i = 0; i < node->n_literals; i++) {
		wok__route_node_clear(node->literals[i]);
		wok_free(node->literals[i]);
	}
	for (size_t i = 0; i < node->n_params; i++) {
		wok__route_node_clear(node->params[i]);
		wok_free(node->params[i]);
	}
	if (node->tail)
		wok__route_node_clear(node->tail);
	wok_free(node->tail);
	wok_free(node->literals);
	wok_free(node->params);
	wok_free(node->before);
	wok_free(node->behind);
	wok_free(node->pattern_text);
	wok_free(node->pattern);
	*node = (struct wok__route_node){0};
}

/* A copy of literal text, its percent-encoding undone. */
static int copy_text(wok_view text, char **ret_copy, size_t *ret_size)
{
	char *copy = wok_alloc(text.size + 1);

	if (!copy)
		return -ENOMEM;
	ssize_t n = wok__route_decode(text.data, text.size, copy);
	if (n < 0) {
		wok_free(copy);
		return wok_fail(-EINVAL, "\"%.*s\" in a path has a bad percent sign",
				(int) text.size, text.data);
	}
	*ret_copy = copy;
	*ret_size = (size_t) n;
	return 0;
}

static int copy_pattern(wok_view text, struct wok__route_node *node)
{
	node->pattern_text = wok__alloc_zeroed(text.size + 1);
	if (!node->pattern_text)
		return -ENOMEM;
	memcpy(node->pattern_text, text.data, text.size);
	return wok__pattern_compile(text.data, text.size, &node->pattern);
}

static int new_node(const struct wok__route_part *part, struct wok__route_node **ret_node)
{
	struct wok__route_node *node = wok__alloc_zeroed(sizeof(*node));
	int r = node ? 0 : -ENOMEM;

	if (r == 0) {
		node->kind = part->kind;
		r = copy_text(part->before, &node->before, &node->before_size);
	}
	if (r == 0)
		r = copy_text(part->behind, &node->behind, &node->behind_size);
	if (r == 0 && part->pattern.data)
		r = copy_pattern(part->pattern, node);
	if (r < 0 && node)
		wok__route_node_clear(node);
	if (r < 0)
		wok_free(node);
	else
		*ret_node = node;
	return r;
}

static int compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t common = a_size < b_size ? a_size : b_size;
	int order = common > 0 ? memcmp(a, b, common) : 0;

	return order ? order : a_size < b_size ? -1 : a_size > b_size;
}

/* Where a literal is, or would be. */
static size_t literal_place(const struct wok__route_node *node, const char *text, size_t size,
			    bool *ret_there)
{
	size_t low = 0, high = node->n_literals;

	*ret_there = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct wok__route_node *child = node->literals[middle];
		int order = compare(text, size, child->before, child->before_size);
		if (order == 0) {
			*ret_there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool is_bare(const struct wok__route_node *node)
{
	return !node->pattern && node->before_size == 0 && node->behind_size == 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_param(const struct wok__route_node *a, const struct wok__route_node *b)
{
	return strcmp(a->before, b->before) == 0 && strcmp(a->behind, b->behind) == 0 &&
	       same_text(a->pattern_text, b->pattern_text);
}

static int insert_at(struct wok__route_node ***list, size_t *n, size_t *capacity, size_t at,
		     struct wok__route_node *child)
{
	WOK_TRY(wok__grow((void **) list, capacity, *n + 1, sizeof(struct wok__route_node *)));
	memmove(*list + at + 1, *list + at, (*n - at) * sizeof(struct wok__route_node *));
	(*list)[at] = child;
	++*n;
	return 0;
}

/* Put a child in its place, or find that there is one like it: the one that counts. */
static int add_child(struct wok__route_node *node, struct wok__route_node *child,
		     struct wok__route_node **ret_node)
{
	bool there;

	*ret_node = child;
	if (child->kind == WOK__PART_TAIL) {
		if (node->tail)
			*ret_node = node->tail;
		node->tail = *ret_node;
		return 0;
	}
	if (child->kind == WOK__PART_LITERAL) {
		size_t at = literal_place(node, child->before, child->before_size, &there);
		if (there)
			*ret_node = node->literals[at];
		return there ? 0
			     : insert_at(&node->literals, &node->n_literals,
					 &node->literals_capacity, at, child);
	}
	for (size_t i = 0; i < node->n_params; i++)
		if (same_param(node->params[i], child)) {
			*ret_node = node->params[i];
			return 0;
		}
	size_t at = node->n_params;
	if (!is_bare(child) && at > 0 && is_bare(node->params[at - 1]))
		at--;
	return insert_at(&node->params, &node->n_params, &node->params_capacity, at, child);
}

int wok__route_node_get(struct wok__route_node *root, const char *path,
			struct wok__route_node **ret_node)
{
	const char *at = path + 1;
	struct wok__route_part part;
	size_t n_params = 0;
	int r;

	if (path[0] != '/')
		return wok_fail(-EINVAL, "the path \"%s\" of a route must begin with /", path);
	while ((r = wok__route_part_next(path, &at, &part)) > 0) {
		struct wok__route_node *child, *kept;
		n_params += part.kind != WOK__PART_LITERAL;
		if (n_params > WOK__ROUTE_PARAMS)
			return wok_fail(-EINVAL, "the path \"%s\" has more than %d parameters",
					path, WOK__ROUTE_PARAMS);
		WOK_TRY(new_node(&part, &child));
		r = add_child(root, child, &kept);
		if (r < 0 || kept != child) {
			wok__route_node_clear(child);
			wok_free(child);
		}
		if (r < 0)
			return r;
		root = kept;
	}
	if (r < 0)
		return r;
	*ret_node = root;
	return 0;
}

/* --- walking ---------------------------------------------------------------------------------- */

void wok__route_walk_decode(struct wok__route_walk *walk, char *room)
{
	const char *p = walk->path;
	char *to = room;

	while (*p) {
		const char *end = strchrnul(p, '/');
		/* What cannot be decoded looks empty, and is not: nothing fits it. */
		if (wok__route_decode(p, (size_t) (end - p), to) < 0)
			*to = '\0';
		to[end - p] = '\0';
		to += end - p + (*end == '/');
		p = end + (*end == '/');
	}
	*to = '\0';
	walk->text = room;
	walk->decoded = true;
}

static bool walk_node(struct wok__route_walk *walk, wok_http_app *app,
		      const struct wok__route_node *node, const char *at);

/* Go down with a piece of the path captured. */
static bool walk_captured(struct wok__route_walk *walk, wok_http_app *app,
			  const struct wok__route_node *node, struct wok__capture capture,
			  const char *at)
{
	if (walk->n_captures == WOK__ROUTE_PARAMS)
		return false;
	walk->captures[walk->n_captures++] = capture;
	if (walk_node(walk, app, node, at))
		return true;
	walk->n_captures--;
	return false;
}

static bool fits(const struct wok__route_node *node, const char *text, size_t size)
{
	size_t around = node->before_size + node->behind_size;

	if (size < around || memcmp(text, node->before, node->before_size) != 0 ||
	    memcmp(text + size - node->behind_size, node->behind, node->behind_size) != 0)
		return false;
	if (node->pattern)
		return wok__pattern_matches(node->pattern, text + node->before_size, size - around);
	return size > around;
}

/* Behind a slash: which child fits the part that begins here. */
static bool walk_children(struct wok__route_walk *walk, wok_http_app *app,
			  const struct wok__route_node *node, const char *part)
{
	const char *end = strchrnul(part, '/');
	size_t offset = (size_t) (part - walk->path), size = (size_t) (end - part);
	const char *text = walk->text + offset;
	bool there = false;

	if (walk->decoded)
		size = strlen(text);
	if (size > 0 || end == part) {
		size_t at = literal_place(node, text, size, &there);
		if (there && walk_node(walk, app, node->literals[at], end))
			return true;
		for (size_t i = 0; i < node->n_params; i++) {
			const struct wok__route_node *child = node->params[i];
			if (!fits(child, text, size))
				continue;
			struct wok__capture capture = {
				offset + child->before_size,
				size - child->before_size - child->behind_size, false};
			if (walk_captured(walk, app, child, capture, end))
				return true;
		}
	}
	struct wok__capture rest = {offset, strlen(part), true};
	return node->tail && walk_captured(walk, app, node->tail, rest, part + rest.size);
}

/* at: the slash behind what has led here, or the path's end. */
static bool walk_node(struct wok__route_walk *walk, wok_http_app *app,
		      const struct wok__route_node *node, const char *at)
{
	if (!*at && node->routes && walk->found(walk, app, node))
		return true;
	if (node->mounted && wok__app_walk(walk, node->mounted, at))
		return true;
	return *at && walk_children(walk, app, node, at + 1);
}

bool wok__route_walk(struct wok__route_walk *walk, wok_http_app *app,
		     const struct wok__route_node *root, const char *at)
{
	return walk_node(walk, app, root, at);
}
