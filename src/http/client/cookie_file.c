/* SPDX-License-Identifier: MIT */
/*
 * Jars as files of the Netscape format: a line for a cookie, seven fields with tabs between. What
 * scripts must not see has "#HttpOnly_" in front, which other readers take for a comment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/whole_file.h>

#include "http/client/cookie.h"

enum { FIELDS = 7, FILE_MAX = 16 << 20 };

static const char first_line[] =
	"# Netscape HTTP Cookie File\n"
	"# Written by wok. Whoever can read this file can act in your name.\n\n";
static const char http_only[] = "#HttpOnly_";

static void put_flag(struct wok__buffer *out, bool flag)
{
	wok__buffer_text(out, flag ? "\tTRUE\t" : "\tFALSE\t");
}

static void put_cookie(struct wok__buffer *out, const wok_cookie *cookie)
{
	if (cookie->http_only)
		wok__buffer_text(out, http_only);
	if (cookie->subdomains)
		wok__buffer_text(out, ".");
	wok__buffer_text(out, cookie->domain);
	put_flag(out, cookie->subdomains);
	wok__buffer_text(out, cookie->path);
	put_flag(out, cookie->secure);
	wok__buffer_decimal(out, (uint64_t) cookie->expires);
	wok__buffer_text(out, "\t");
	wok__buffer_text(out, cookie->name);
	wok__buffer_text(out, "\t");
	wok__buffer_text(out, cookie->value);
	wok__buffer_text(out, "\n");
}

/* The one used last comes last, so that reading them in this order keeps the order of use. */
int wok__cookies_write(const wok_cookie_jar *jar, int64_t now, struct wok__buffer *out)
{
	wok__buffer_text(out, first_line);
	for (const struct wok__node *node = jar->all.head.prev; node != &jar->all.head;
	     node = node->prev) {
		const struct wok__cookie *cookie =
			WOK__CONTAINER(node, const struct wok__cookie, in_jar);
		wok_cookie description;
		if (cookie->expires <= now || cookie->expires < 0)
			continue;
		wok__cookie_describe(cookie, &description);
		put_cookie(out, &description);
	}
	return out->error;
}

static bool is_true(struct wok__h1_span field)
{
	return field.size == 4 && strncasecmp(field.data, "TRUE", 4) == 0;
}

/* A number of at most eleven digits: that is far enough. */
static bool read_expiry(struct wok__h1_span field, int64_t *ret_expires)
{
	int64_t value = 0;

	for (size_t i = 0; i < field.size; i++) {
		if (field.data[i] < '0' || field.data[i] > '9' || i > 10)
			return false;
		value = value * 10 + (field.data[i] - '0');
	}
	*ret_expires = value == 0 ? INT64_MAX : value;
	return field.size > 0;
}

static bool split(const char *at, const char *end, struct wok__h1_span fields[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		const char *tab =
			i < FIELDS - 1 && at < end ? memchr(at, '\t', (size_t) (end - at)) : end;
		if (!tab || at > end)
			return false;
		fields[i] = (struct wok__h1_span){at, (size_t) (tab - at)};
		at = tab + 1;
	}
	return true;
}

static int read_line(wok_cookie_jar *jar, const char *at, const char *end, int64_t now)
{
	struct wok__h1_span fields[FIELDS];
	struct wok__new_cookie cookie = {0};
	size_t prefix = sizeof(http_only) - 1;
	char domain[WOK__COOKIE_DOMAIN_MAX + 1];

	if (end > at && end[-1] == '\r')
		end--;
	cookie.http_only = (size_t) (end - at) > prefix && memcmp(at, http_only, prefix) == 0;
	at += cookie.http_only ? prefix : 0;
	if (at == end || *at == '#' || !split(at, end, fields) ||
	    !read_expiry(fields[4], &cookie.expires))
		return 0;
	cookie.subdomains = is_true(fields[1]);
	cookie.domain = fields[0];
	if (cookie.domain.size > 0 && *cookie.domain.data == '.') {
		cookie.domain.data++;
		cookie.domain.size--;
	}
	cookie.path = fields[2];
	cookie.secure = is_true(fields[3]);
	cookie.name = fields[5];
	cookie.value = fields[6];
	if (!wok__cookie_valid(&cookie) || cookie.expires <= now ||
	    !wok__cookie_canonical(cookie.domain, domain))
		return 0;
	cookie.domain = (struct wok__h1_span){domain, strlen(domain)};
	return wok__cookies_add(jar, &cookie, now);
}

int wok__cookies_read(wok_cookie_jar *jar, const char *text, size_t size, int64_t now)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t) (end - text));
		const char *line_end = newline ? newline : end;
		WOK_TRY(read_line(jar, text, line_end, now));
		text = line_end + 1;
	}
	return 0;
}

int wok_cookie_jar_save(const wok_cookie_jar *jar, const char *path)
{
	const wok_write_file_options options = {.permissions = 0600};
	struct wok__buffer out = {0};
	int r = wok__cookies_write(jar, wok__wall_clock(), &out);

	if (r == 0)
		r = wok_write_file_atomic_with(path, out.data, out.size, &options);
	if (out.data)
		explicit_bzero(out.data, out.size);
	wok__buffer_free(&out);
	return r;
}

int wok_cookie_jar_load(wok_cookie_jar *jar, const char *path)
{
	const wok_read_file_options options = {.limit = FILE_MAX};
	char *data = NULL;
	size_t size = 0;

	WOK_TRY(wok_read_file_with(path, &options, &data, &size));
	int r = wok__cookies_read(jar, data, size, wok__wall_clock());
	explicit_bzero(data, size);
	wok_free(data);
	return r;
}
