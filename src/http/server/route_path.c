/* SPDX-License-Identifier: MIT */
/* The paths of routes: see http/server/route_path.h. */
#include "http/server/route_path.h"

#include <string.h>
#include <wok/error.h>

/* The end of a part: the next slash that is not within braces. */
static const char *part_end(const char *p)
{
	int depth = 0;

	for (; *p && (depth > 0 || *p != '/'); p++) {
		if (*p == '\\' && depth > 0 && p[1])
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}')
			depth--;
	}
	return p;
}

/* The brace that closes one. */
static const char *closing(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p;
	}
	return NULL;
}

static bool is_name(wok_view name)
{
	const char *p = name.data;

	for (size_t i = 0; i < name.size; i++) {
		bool letter =
			(p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_';
		if (!letter && !(i > 0 && p[i] >= '0' && p[i] <= '9'))
			return false;
	}
	return name.size > 0;
}

static wok_view view(const char *from, const char *to)
{
	return (wok_view){from, (size_t) (to - from)};
}

/* {name}, {name:pattern}, {name*}, from brace to brace. */
static int parse_param(const char *path, const char *open, const char *close,
		       struct wok__route_part *part)
{
	const char *colon = memchr(open, ':', (size_t) (close - open));
	const char *name_end = colon ? colon : close;

	if (!colon && name_end[-1] == '*') {
		name_end--;
		part->kind = WOK__PART_TAIL;
	}
	part->name = view(open + 1, name_end);
	part->pattern = colon ? view(colon + 1, close) : (wok_view){0};
	if (!is_name(part->name))
		return wok_fail(-EINVAL, "the path \"%s\" has a parameter without a proper name",
				path);
	if (colon && memchr(colon, '/', (size_t) (close - colon)))
		return wok_fail(-EINVAL,
				"the path \"%s\" has a pattern with a slash, which "
				"ends a part: {name*} takes slashes",
				path);
	return 0;
}

int wok__route_part_next(const char *path, const char **at, struct wok__route_part *ret_part)
{
	struct wok__route_part part = {.kind = WOK__PART_LITERAL};
	const char *from = *at;

	if (!from)
		return 0;
	const char *end = part_end(from);
	const char *open = memchr(from, '{', (size_t) (end - from));
	part.before = view(from, open ? open : end);
	if (!open && memchr(from, '*', (size_t) (end - from))) {
		/* "/files/" and a star: a tail without a name. */
		if (end - from != 1 || *end)
			return wok_fail(-EINVAL,
					"the path \"%s\" has a star that is not a part of "
					"its own, and the last",
					path);
		part.kind = WOK__PART_TAIL;
		part.before = (wok_view){0};
	} else if (open) {
		const char *close = closing(open, end);
		if (!close)
			return wok_fail(-EINVAL, "the path \"%s\" has a brace that is not closed",
					path);
		part.kind = WOK__PART_PARAM;
		part.behind = view(close + 1, end);
		WOK_TRY(parse_param(path, open, close, &part));
		if (memchr(close, '{', (size_t) (end - close)))
			return wok_fail(-EINVAL,
					"the path \"%s\" has two parameters between two "
					"slashes",
					path);
		if (part.kind == WOK__PART_TAIL && (part.before.size > 0 || close[1]))
			return wok_fail(-EINVAL,
					"the path \"%s\" has a {name*} that is not all "
					"behind the last slash",
					path);
	}
	*at = *end ? end + 1 : NULL;
	*ret_part = part;
	return 1;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

ssize_t wok__route_decode(const char *from, size_t size, char *to)
{
	char *start = to;

	for (size_t i = 0; i < size; i++) {
		int c = (unsigned char) from[i];
		if (c == '%') {
			int high = size - i > 2 ? hex(from[i + 1]) : -1;
			int low = high >= 0 ? hex(from[i + 2]) : -1;
			if (low < 0 || (high | low) == 0)
				return -EINVAL;
			c = high << 4 | low;
			i += 2;
		}
		*to++ = (char) c;
	}
	*to = '\0';
	return to - start;
}
