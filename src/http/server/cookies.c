/* SPDX-License-Identifier: MIT */
/* Cookies of requests and replies (RFC 6265): see wok_http_reply_cookie(). */
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/server/connection.h"
#include "http/server/sign.h"

enum { KEY_MIN = 16 };

/* --- those that come -------------------------------------------------------------------------- */

/* The next "name=value" of a Cookie header: false at its end. */
static bool next_cookie(const char **at, struct wok__h1_span *ret_name,
			struct wok__h1_span *ret_value)
{
	const char *p = *at + strspn(*at, "; \t");
	const char *end = p + strcspn(p, ";");
	const char *equals = memchr(p, '=', (size_t) (end - p));

	*at = end;
	if (p == end)
		return false;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*ret_name = (struct wok__h1_span){p, equals ? (size_t) (equals - p) : 0};
	const char *value = equals ? equals + 1 : p;
	if (end - value >= 2 && *value == '"' && end[-1] == '"') {
		value++;
		end--;
	}
	*ret_value = (struct wok__h1_span){value, (size_t) (end - value)};
	return true;
}

/* HTTP/2 may split them over several fields. */
static int find_cookie(const wok_http_request *request, const char *name,
		       struct wok__h1_span *ret_value)
{
	struct wok__h1_span found, value;
	wok_http_header header;
	size_t size = strlen(name);

	for (size_t i = 0; wok_http_request_header_at(request, i, &header); i++) {
		if (strcasecmp(header.name, "Cookie") != 0)
			continue;
		for (const char *at = header.value; next_cookie(&at, &found, &value);)
			if (found.size == size && memcmp(found.data, name, size) == 0) {
				*ret_value = value;
				return 0;
			}
	}
	return -ENOENT;
}

static int copy(struct wok__h1_span text, char **ret_copy)
{
	char *copied = wok_alloc(text.size + 1);

	if (!copied)
		return -ENOMEM;
	memcpy(copied, text.data, text.size);
	copied[text.size] = '\0';
	*ret_copy = copied;
	return 0;
}

int wok_http_request_cookie(const wok_http_request *request, const char *name, char **ret_value)
{
	struct wok__h1_span value;

	WOK_TRY(find_cookie(request, name, &value));
	return copy(value, ret_value);
}

int wok_http_request_signed_cookie(const wok_http_request *request, const char *name,
				   const wok_view *keys, size_t n_keys, char **ret_value)
{
	struct wok__h1_span value;
	char mark[WOK__SIGNATURE_SIZE];
	bool fits = false;

	WOK_TRY(find_cookie(request, name, &value));
	if (value.size < WOK__SIGNATURE_SIZE + 1 ||
	    value.data[value.size - WOK__SIGNATURE_SIZE - 1] != '.')
		return wok_fail(-EBADMSG, "the cookie \"%s\" is not signed", name);
	const char *signature = value.data + value.size - WOK__SIGNATURE_SIZE;
	value.size -= WOK__SIGNATURE_SIZE + 1;
	for (size_t i = 0; i < n_keys; i++) {
		unsigned char differs = 0;
		WOK_TRY(wok__sign(keys[i], name, (wok_view){value.data, value.size}, mark));
		for (size_t k = 0; k < WOK__SIGNATURE_SIZE; k++) /* in the same time for all */
			differs |= (unsigned char) (mark[k] ^ signature[k]);
		fits |= differs == 0;
	}
	if (!fits)
		return wok_fail(-EBADMSG, "the cookie \"%s\" was not signed by us", name);
	return copy(value, ret_value);
}

/* --- those that go ---------------------------------------------------------------------------- */

/* RFC 6265 cookie-octet. */
static bool is_value(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;
		if (c <= ' ' || c >= 0x7f || strchr("\",;\\", c))
			return false;
	}
	return true;
}

/* Of an attribute: anything but what would end it. */
static bool is_attribute(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < ' ' || (unsigned char) *text >= 0x7f || *text == ';')
			return false;
	return true;
}

static int check_cookie(const wok_http_set_cookie *cookie)
{
	const char *name = cookie->name ? cookie->name : "";

	if (!wok__h1_valid_token(name, strlen(name)))
		return wok_fail(-EINVAL, "\"%.60s\" is no name for a cookie", name);
	if (cookie->value && !is_value(cookie->value))
		return wok_fail(-EINVAL,
				"the value of the cookie \"%s\" has bytes that are not "
				"allowed: encode them",
				name);
	if ((cookie->path && (cookie->path[0] != '/' || !is_attribute(cookie->path))) ||
	    (cookie->domain && !is_attribute(cookie->domain)) || cookie->max_age < 0)
		return wok_fail(-EINVAL,
				"the cookie \"%s\" has a path, domain or age that makes no "
				"sense",
				name);
	if (cookie->same_site == WOK_HTTP_SAME_SITE_NONE && !cookie->secure)
		return wok_fail(-EINVAL, "the cookie \"%s\" is SameSite=None, so it must be secure",
				name);
	/* Browsers drop one that breaks what its name promises. */
	bool host = strncasecmp(name, "__Host-", 7) == 0;
	if ((host || strncasecmp(name, "__Secure-", 9) == 0) && !cookie->secure)
		return wok_fail(-EINVAL, "the cookie \"%s\" must be secure", name);
	if (host && (cookie->domain || (cookie->path && strcmp(cookie->path, "/") != 0)))
		return wok_fail(-EINVAL, "the cookie \"%s\" can have no domain, and no path but /",
				name);
	if (cookie->key.size > 0 && cookie->key.size < KEY_MIN)
		return wok_fail(-EINVAL, "a key of %zu bytes is too short", cookie->key.size);
	return 0;
}

static void put_attribute(struct wok__buffer *text, const char *name, const char *value)
{
	wok__buffer_text(text, "; ");
	wok__buffer_text(text, name);
	wok__buffer_text(text, value);
}

static int put_value(struct wok__buffer *text, const wok_http_set_cookie *cookie)
{
	const char *value = cookie->value && !cookie->remove ? cookie->value : "";
	char signature[WOK__SIGNATURE_SIZE];

	wok__buffer_text(text, cookie->name);
	wok__buffer_text(text, "=");
	wok__buffer_text(text, value);
	if (cookie->key.size == 0 || cookie->remove)
		return 0;
	WOK_TRY(wok__sign(cookie->key, cookie->name, (wok_view){value, strlen(value)}, signature));
	wok__buffer_text(text, ".");
	wok__buffer_add(text, signature, sizeof(signature));
	return 0;
}

static void put_attributes(struct wok__buffer *text, const wok_http_set_cookie *cookie)
{
	static const char *const same_sites[] = {"Lax", "Strict", "None"};

	put_attribute(text, "Path=", cookie->path ? cookie->path : "/");
	if (cookie->domain)
		put_attribute(text, "Domain=", cookie->domain);
	if (cookie->remove) {
		put_attribute(text, "Max-Age=0", "; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
	} else if (cookie->max_age > 0) {
		put_attribute(text, "Max-Age=", "");
		wok__buffer_decimal(text, (uint64_t) (cookie->max_age / WOK_SECOND));
	}
	if (!cookie->script)
		put_attribute(text, "HttpOnly", "");
	if (cookie->secure)
		put_attribute(text, "Secure", "");
	if (cookie->same_site >= WOK_HTTP_SAME_SITE_LAX &&
	    cookie->same_site < WOK_HTTP_SAME_SITE_UNSAID)
		put_attribute(text, "SameSite=", same_sites[cookie->same_site]);
}

int wok_http_reply_cookie(wok_http_request *request, const wok_http_set_cookie *cookie)
{
	struct wok__buffer text = {0};

	WOK_TRY(check_cookie(cookie));
	int r = put_value(&text, cookie);
	put_attributes(&text, cookie);
	wok__buffer_add(&text, "", 1);
	if (r == 0)
		r = text.error;
	if (r == 0)
		r = wok_http_reply_header(request, "Set-Cookie", text.data);
	wok__buffer_free(&text);
	return r;
}
