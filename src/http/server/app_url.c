/* SPDX-License-Identifier: MIT */
/* URLs of routes: see wok_http_app_url(). */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/buffer.h"
#include "http/server/app.h"
#include "http/server/pattern.h"

struct url {
	struct wok__buffer text;
	const wok_url_param *params;
	size_t n_params;
	uint64_t used; /* which of them stand in the path */
};

enum { MAX_PARAMS = 64 };

static const struct wok__route *find(const wok_http_app *app, const char *name)
{
	for (size_t i = 0; i < app->n_named; i++)
		if (strcmp(app->named[i]->name, name) == 0)
			return app->named[i];
	for (size_t i = 0; i < app->n_children; i++) {
		const struct wok__route *route = find(app->children[i], name);
		if (route)
			return route;
	}
	return NULL;
}

/* What may stand in a path as it is, besides letters and digits; also what may in a query. */
static const char path_signs[] = "-._~!$&'()*+,;=:@";
static const char query_signs[] = "-._~!$'()*,;:@/";

static void encode(struct wok__buffer *buffer, const char *text, size_t size, const char *signs,
		   bool slashes)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char) text[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || (c == '/' && slashes) ||
			     (c && strchr(signs, c));
		char code[3] = {'%', digits[c >> 4], digits[c & 15]};
		wok__buffer_add(buffer, plain ? text + i : code, plain ? 1 : 3);
	}
}

static void encode_view(struct wok__buffer *buffer, wok_view text)
{
	/* The path of a route may have percent signs of its own. */
	char sign = '%';

	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] == sign)
			wok__buffer_add(buffer, &sign, 1);
		else
			encode(buffer, text.data + i, 1, path_signs, false);
}

static const char *value_of(struct url *url, wok_view name)
{
	for (size_t i = 0; i < url->n_params; i++)
		if (strlen(url->params[i].name) == name.size &&
		    memcmp(url->params[i].name, name.data, name.size) == 0) {
			url->used |= UINT64_C(1) << i;
			return url->params[i].value;
		}
	return NULL;
}

static int check_value(const struct wok__route_part *part, const char *value)
{
	struct wok__pattern *pattern = NULL;
	bool fits = *value || part->kind == WOK__PART_TAIL;

	if (part->pattern.data) {
		WOK_TRY(wok__pattern_compile(part->pattern.data, part->pattern.size, &pattern));
		fits = wok__pattern_matches(pattern, value, strlen(value));
		wok_free(pattern);
	}
	if (!fits)
		return wok_fail(-EINVAL, "\"%.60s\" does not fit the parameter {%.*s}", value,
				(int) part->name.size, part->name.data);
	return 0;
}

static int add_param(struct url *url, const struct wok__route_part *part)
{
	const char *value = value_of(url, part->name);

	if (!value && part->kind == WOK__PART_TAIL && part->name.size == 0)
		value = "";
	if (!value)
		return wok_fail(-EINVAL, "the parameter {%.*s} of the path is missing",
				(int) part->name.size, part->name.data);
	WOK_TRY(check_value(part, value));
	encode_view(&url->text, part->before);
	encode(&url->text, value, strlen(value), path_signs, part->kind == WOK__PART_TAIL);
	encode_view(&url->text, part->behind);
	return 0;
}

static int add_path(struct url *url, const char *path)
{
	const char *at = path + 1;
	struct wok__route_part part;
	int r;

	while ((r = wok__route_part_next(path, &at, &part)) > 0) {
		wok__buffer_text(&url->text, "/");
		if (part.kind == WOK__PART_LITERAL)
			encode_view(&url->text, part.before);
		else
			WOK_TRY(add_param(url, &part));
	}
	return r;
}

static int add_prefixes(struct url *url, const wok_http_app *app)
{
	if (app->parent)
		WOK_TRY(add_prefixes(url, app->parent));
	return app->prefix ? add_path(url, app->prefix) : 0;
}

static void add_query(struct url *url)
{
	const char *sign = "?";

	for (size_t i = 0; i < url->n_params; i++) {
		const wok_url_param *param = &url->params[i];
		if (url->used >> i & 1)
			continue;
		wok__buffer_text(&url->text, sign);
		encode(&url->text, param->name, strlen(param->name), query_signs, true);
		wok__buffer_text(&url->text, "=");
		encode(&url->text, param->value, strlen(param->value), query_signs, true);
		sign = "&";
	}
}

int wok_http_app_url(const wok_http_app *app, const char *name, const wok_url_param *params,
		     size_t n_params, char **ret_url)
{
	struct url url = {.params = params, .n_params = n_params};
	const struct wok__route *route = find(app, name);

	if (!route)
		return wok_fail(-ENOENT, "no route has the name \"%s\"", name);
	if (n_params > MAX_PARAMS)
		return wok_fail(-EINVAL, "more than %d parameters", MAX_PARAMS);
	int r = add_prefixes(&url, route->app);
	if (r == 0)
		r = add_path(&url, route->path);
	if (r == 0) {
		add_query(&url);
		wok__buffer_add(&url.text, "", 1);
		r = url.text.error;
	}
	if (r < 0)
		wok__buffer_free(&url.text);
	else
		*ret_url = url.text.data;
	return r;
}
