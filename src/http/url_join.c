/* SPDX-License-Identifier: MIT */
/*
 * References against a base: RFC 3986 section 5.2, byte by byte but for dot segments, and those
 * only where that section removes them. "%2e" is no dot, and a base's own path stays as it is.
 */
#include <errno.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/url.h>

#include "http/buffer.h"
#include "http/url.h"

/* RFC 3986 section 3: data is NULL where a part is missing, which differs from its being empty. */
struct reference {
	struct wok__h1_span scheme, authority, path, query, fragment;
};

static struct wok__h1_span upto(const char *from, const char *to)
{
	return (struct wok__h1_span){from, (size_t) (to - from)};
}

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static const char *scheme_end(const char *text)
{
	const char *p = text;

	if (!is_alpha(*p))
		return NULL;
	while (is_alpha(*p) || (*p >= '0' && *p <= '9') || *p == '+' || *p == '-' || *p == '.')
		p++;
	return *p == ':' ? p : NULL;
}

static struct reference split(const char *text)
{
	struct reference parts = {0};
	const char *end = scheme_end(text);

	if (end) {
		parts.scheme = upto(text, end);
		text = end + 1;
	}
	if (text[0] == '/' && text[1] == '/') {
		end = text + 2 + strcspn(text + 2, "/?#");
		parts.authority = upto(text + 2, end);
		text = end;
	}
	end = text + strcspn(text, "?#");
	parts.path = upto(text, end);
	if (*end == '?') {
		text = end + 1;
		end = text + strcspn(text, "#");
		parts.query = upto(text, end);
	}
	if (*end == '#')
		parts.fragment = upto(end + 1, end + strlen(end));
	return parts;
}

static void put(struct wok__buffer *out, const char *before, struct wok__h1_span part,
		const char *behind)
{
	if (!part.data)
		return;
	wok__buffer_text(out, before);
	wok__buffer_add(out, part.data, part.size);
	wok__buffer_text(out, behind);
}

/* Take the last segment and its slash back, down to where the path begins. */
static void drop_segment(struct wok__buffer *out, size_t start)
{
	while (out->size > start && out->data[out->size - 1] != '/')
		out->size--;
	if (out->size > start)
		out->size--;
}

/* Section 5.2.4, of a path that begins with "/". Each byte is put and taken back once at most. */
static void put_without_dots(struct wok__buffer *out, const char *path, size_t size)
{
	const char *at = path, *end = path + size;
	size_t start = out->size;

	while (at < end && out->error == 0) { /* at a slash */
		const char *slash = memchr(at + 1, '/', (size_t) (end - at - 1));
		const char *segment_end = slash ? slash : end;
		struct wok__h1_span segment = upto(at + 1, segment_end);
		bool one = segment.size == 1 && segment.data[0] == '.';
		bool two = segment.size == 2 && memcmp(segment.data, "..", 2) == 0;

		if (two)
			drop_segment(out, start);
		if (!one && !two)
			put(out, "/", segment, "");
		else if (!slash)
			wok__buffer_text(out, "/");
		at = segment_end;
	}
}

/* The base's path up to its last slash, and the reference's behind it: section 5.2.3. */
static void put_merged(struct wok__buffer *out, const struct reference *base,
		       const struct reference *reference)
{
	struct wok__buffer merged = {0};
	const char *slash = base->path.size ? memrchr(base->path.data, '/', base->path.size) : NULL;

	if (slash)
		wok__buffer_add(&merged, base->path.data, (size_t) (slash + 1 - base->path.data));
	else
		wok__buffer_text(&merged, "/");
	put(&merged, "", reference->path, "");
	if (merged.error < 0)
		out->error = merged.error;
	else
		put_without_dots(out, merged.data, merged.size);
	wok__buffer_free(&merged);
}

static void put_path(struct wok__buffer *out, struct wok__h1_span path)
{
	if (path.size > 0 && *path.data == '/')
		put_without_dots(out, path.data, path.size);
	else
		put(out, "", path, "");
}

/* Section 5.2.2; the base's fragment only where a redirect inherits it. */
static void put_joined(struct wok__buffer *out, const struct reference *base,
		       const struct reference *reference, bool inherit)
{
	const struct reference *from = reference->scheme.data ? reference : base;
	struct wok__h1_span query = reference->query;

	put(out, "", from->scheme, ":");
	if (reference->authority.data)
		from = reference;
	put(out, "//", from->authority, "");
	if (from == reference || (reference->path.size > 0 && *reference->path.data == '/')) {
		put_path(out, reference->path);
	} else if (reference->path.size > 0) {
		put_merged(out, base, reference);
	} else {
		put(out, "", base->path, "");
		if (!query.data)
			query = base->query;
	}
	put(out, "?", query, "");
	put(out, "#", inherit && !reference->fragment.data ? base->fragment : reference->fragment,
	    "");
	wok__buffer_add(out, "", 1);
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static int join(const char *base, const char *reference, bool inherit, char **ret_url)
{
	struct wok__buffer out = {0};
	struct reference b = split(base), r = split(reference);

	if (!b.scheme.data)
		return wok__bad_url(-EINVAL, base, "this is no URL: http://host/path is one");
	if (has_control(base) || has_control(reference))
		return wok__bad_url(-EINVAL, has_control(base) ? base : reference,
				    "it has a control character");
	put_joined(&out, &b, &r, inherit);
	int error = out.error;
	if (error < 0)
		wok__buffer_free(&out);
	else
		*ret_url = out.data;
	return error;
}

int wok__url_redirect(const char *base, const char *location, char **ret_url)
{
	return join(base, location, true, ret_url);
}

int wok_url_join(const char *base, const char *reference, char **ret_url)
{
	return join(base, reference, false, ret_url);
}
