/* SPDX-License-Identifier: MIT */
/* Set-Cookie: RFC 6265bis section 5.6, which says for any bytes at all what they mean. */
#include <string.h>
#include <strings.h>

#include "http/client/cookie.h"
#include "http/date.h"

enum { ATTRIBUTE_MAX = 1024, LONGEST_LIFE = 400 * 86400 };

static struct wok__h1_span trim(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return (struct wok__h1_span){from, (size_t) (to - from)};
}

static bool is(struct wok__h1_span span, const char *text)
{
	return span.size == strlen(text) && strncasecmp(span.data, text, span.size) == 0;
}

/* "name=value", or only a value; of an attribute, only a name. */
static void split_pair(const char *from, const char *to, bool lone_is_name,
		       struct wok__h1_span *name, struct wok__h1_span *value)
{
	const char *equals = from < to ? memchr(from, '=', (size_t) (to - from)) : NULL;

	*name = trim(from, equals ? equals : lone_is_name ? to : from);
	*value = trim(equals ? equals + 1 : lone_is_name ? to : from, to);
}

static void set_max_age(struct wok__h1_span value, int64_t now, struct wok__set_cookie *cookie)
{
	bool negative = value.size > 0 && *value.data == '-';
	int64_t seconds = 0;

	if (value.size == 0 || (negative && value.size == 1))
		return;
	for (size_t i = negative; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return;
		seconds = seconds * 10 + (value.data[i] - '0');
		if (seconds > LONGEST_LIFE)
			seconds = LONGEST_LIFE;
	}
	cookie->expires = negative || seconds == 0 ? INT64_MIN : now + seconds;
}

static void set_same_site(struct wok__h1_span value, struct wok__set_cookie *cookie)
{
	cookie->same_site = is(value, "Strict") ? WOK_SAME_SITE_STRICT
			    : is(value, "Lax")  ? WOK_SAME_SITE_LAX
			    : is(value, "None") ? WOK_SAME_SITE_NONE
						: WOK_SAME_SITE_DEFAULT;
}

static void set_expires(struct wok__h1_span value, int64_t now, struct wok__set_cookie *cookie)
{
	int64_t expires;

	if (wok__cookie_date_parse(value.data, value.size, &expires))
		cookie->expires = expires <= now                 ? INT64_MIN
				  : expires - now > LONGEST_LIFE ? now + LONGEST_LIFE
								 : expires;
}

static void set_attribute(struct wok__h1_span name, struct wok__h1_span value, int64_t now,
			  bool *has_max_age, struct wok__set_cookie *cookie)
{
	if (is(name, "Expires")) {
		if (!*has_max_age)
			set_expires(value, now, cookie);
	} else if (is(name, "Max-Age")) {
		int64_t before = cookie->expires;
		cookie->expires = INT64_MAX;
		set_max_age(value, now, cookie);
		*has_max_age = *has_max_age || cookie->expires != INT64_MAX;
		if (cookie->expires == INT64_MAX)
			cookie->expires = before;
	} else if (is(name, "Domain")) {
		cookie->domain = value;
		if (value.size > 0 && *value.data == '.')
			cookie->domain = (struct wok__h1_span){value.data + 1, value.size - 1};
	} else if (is(name, "Path")) {
		cookie->has_path = value.size > 0 && *value.data == '/';
		cookie->path = cookie->has_path ? value : (struct wok__h1_span){0};
	} else if (is(name, "Secure")) {
		cookie->secure = true;
	} else if (is(name, "HttpOnly")) {
		cookie->http_only = true;
	} else if (is(name, "SameSite")) {
		set_same_site(value, cookie);
	}
}

static bool has_control(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char) text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

static const char *part_end(const char *at, const char *end)
{
	const char *semicolon = at < end ? memchr(at, ';', (size_t) (end - at)) : NULL;

	return semicolon ? semicolon : end;
}

bool wok__set_cookie_parse(const char *text, size_t size, int64_t now,
			   struct wok__set_cookie *ret_cookie)
{
	struct wok__set_cookie cookie = {.expires = INT64_MAX};
	const char *end = text + size, *at = part_end(text, end);
	bool has_max_age = false;

	split_pair(text, at, false, &cookie.name, &cookie.value);
	/* A tab is allowed by the RFC, and no file of cookies could hold it. */
	if (has_control(text, size) || cookie.name.size + cookie.value.size == 0)
		return false;
	/* Sent without a name, "a=b" would be another cookie. */
	if (cookie.name.size == 0 && memchr(cookie.value.data, '=', cookie.value.size))
		return false;
	while (at < end) {
		struct wok__h1_span name, value;
		const char *next = part_end(at + 1, end);
		split_pair(at + 1, next, true, &name, &value);
		if (value.size <= ATTRIBUTE_MAX)
			set_attribute(name, value, now, &has_max_age, &cookie);
		at = next;
	}
	*ret_cookie = cookie;
	return true;
}
