/* SPDX-License-Identifier: MIT */
/* Who may set which cookie, and where it goes: RFC 6265bis sections 5.1, 5.7 and 5.8. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/cookie.h"

enum { PATH_MAX_SIZE = 1024 };

int64_t wok__wall_clock(void)
{
	return (int64_t) time(NULL);
}

/* --- matching --------------------------------------------------------------------------------- */

static bool is_address(struct wok__h1_span host)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr unused;

	if (memchr(host.data, ':', host.size))
		return true;
	if (host.size >= sizeof(text))
		return false;
	memcpy(text, host.data, host.size);
	text[host.size] = '\0';
	return inet_pton(AF_INET, text, &unused) == 1;
}

bool wok__domain_match(struct wok__h1_span host, struct wok__h1_span domain)
{
	if (domain.size == 0 || host.size < domain.size ||
	    strncasecmp(host.data + host.size - domain.size, domain.data, domain.size) != 0)
		return false;
	return host.size == domain.size ||
	       (host.data[host.size - domain.size - 1] == '.' && !is_address(host));
}

bool wok__cookie_path_match(const char *path, size_t size, const char *of_cookie,
			    size_t of_cookie_size)
{
	if (size < of_cookie_size || memcmp(path, of_cookie, of_cookie_size) != 0)
		return false;
	return size == of_cookie_size ||
	       (of_cookie_size > 0 && of_cookie[of_cookie_size - 1] == '/') ||
	       path[of_cookie_size] == '/';
}

static struct wok__h1_span path_of(const struct wok__url *url)
{
	const char *mark = memchr(url->target.data, '?', url->target.size);

	return (struct wok__h1_span){url->target.data,
				     mark ? (size_t) (mark - url->target.data) : url->target.size};
}

/* The directory of the request: section 5.1.4. */
static struct wok__h1_span default_path(const struct wok__url *url)
{
	struct wok__h1_span path = path_of(url);
	const char *slash = memrchr(path.data, '/', path.size);

	path.size = slash > path.data ? (size_t) (slash - path.data) : 1;
	return path;
}

/* --- setting ---------------------------------------------------------------------------------- */

static bool begins(struct wok__h1_span span, const char *prefix)
{
	size_t size = strlen(prefix);

	return span.size >= size && strncasecmp(span.data, prefix, size) == 0;
}

/* What a name promises about how the cookie was set. */
static bool keeps_promise(const struct wok__set_cookie *set, const struct wok__new_cookie *cookie)
{
	bool is_root = set->has_path && set->path.size == 1;

	if (set->name.size == 0)
		return !begins(set->value, "__Secure-") && !begins(set->value, "__Host-");
	if (begins(set->name, "__Secure-"))
		return cookie->secure;
	if (begins(set->name, "__Host-"))
		return cookie->secure && !cookie->subdomains && is_root && set->domain.size == 0;
	return true;
}

bool wok__cookie_canonical(struct wok__h1_span domain, char ret_text[WOK__COOKIE_DOMAIN_MAX + 1])
{
	char text[WOK__COOKIE_DOMAIN_MAX + 1];
	bool ascii = true;

	if (domain.size > WOK__COOKIE_DOMAIN_MAX || domain.size == 0 || *domain.data == '.')
		return false;
	for (size_t i = 0; i < domain.size; i++) {
		char c = domain.data[i];
		ascii = ascii && (unsigned char) c < 0x80;
		text[i] = (char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	text[domain.size] = '\0';
	if (!ascii)
		return wok__idn_to_ascii(text, ret_text, WOK__COOKIE_DOMAIN_MAX + 1) == 0;
	memcpy(ret_text, text, domain.size + 1);
	return true;
}

/* For which hosts a server's cookie is; false if it may not set that. */
static bool set_domain(const struct wok__url *url, const struct wok__set_cookie *set,
		       char text[WOK__COOKIE_DOMAIN_MAX + 1], struct wok__new_cookie *cookie)
{
	cookie->domain = url->host;
	if (set->domain.size == 0)
		return true;
	/* With a dot at its end it would be no public suffix. */
	if (!wok__cookie_canonical(set->domain, text) ||
	    set->domain.data[set->domain.size - 1] == '.')
		return false;
	const struct wok__h1_span domain = {text, strlen(text)};
	bool itself = domain.size == url->host.size;
	if (!wok__domain_match(url->host, domain))
		return false;
	/* "localhost", and who owns a public suffix, may set cookies for themselves. */
	if (is_address(url->host) || wok__is_public_suffix(text))
		return itself;
	cookie->domain = domain;
	cookie->subdomains = true;
	return true;
}

int wok__cookies_store(wok_cookie_jar *jar, const struct wok__url *url, const char *text,
		       int64_t now)
{
	struct wok__set_cookie set;
	struct wok__new_cookie cookie = {.weak = !url->secure};
	char domain[WOK__COOKIE_DOMAIN_MAX + 1];

	if (!wok__set_cookie_parse(text, strlen(text), now, &set))
		return 0;
	cookie.name = set.name;
	cookie.value = set.value;
	cookie.expires = set.expires;
	cookie.same_site = set.same_site;
	cookie.secure = set.secure;
	cookie.http_only = set.http_only;
	cookie.path = set.has_path ? set.path : default_path(url);
	if (cookie.path.size > PATH_MAX_SIZE || !set_domain(url, &set, domain, &cookie))
		return 0;
	if ((cookie.secure && !url->secure) || !keeps_promise(&set, &cookie))
		return 0;
	return wok__cookies_add(jar, &cookie, now);
}

int wok_cookie_jar_store(wok_cookie_jar *jar, const char *url, const char *set_cookie)
{
	struct wok__url parsed;

	WOK_TRY(wok__url_parse(url, &parsed));
	int r = wok__cookies_store(jar, &parsed, set_cookie, wok__wall_clock());
	wok__url_free(&parsed);
	return r;
}

/* --- by hand ---------------------------------------------------------------------------------- */

/* Neither control bytes nor what would be misread, nor white space around, which would be lost. */
static bool valid_part(struct wok__h1_span part, const char *forbidden)
{
	for (size_t i = 0; i < part.size; i++) {
		unsigned char c = (unsigned char) part.data[i];
		if (c < ' ' || c == 0x7f || strchr(forbidden, c))
			return false;
	}
	return part.size == 0 || (part.data[0] != ' ' && part.data[part.size - 1] != ' ');
}

bool wok__cookie_valid(const struct wok__new_cookie *cookie)
{
	bool nameless = cookie->name.size == 0;

	return cookie->name.size + cookie->value.size > 0 && valid_part(cookie->name, ";=") &&
	       valid_part(cookie->value, nameless ? ";=" : ";") && cookie->path.size > 0 &&
	       cookie->path.size <= PATH_MAX_SIZE && *cookie->path.data == '/' &&
	       valid_part(cookie->path, "") && cookie->domain.size > 0 &&
	       cookie->domain.size <= WOK__COOKIE_DOMAIN_MAX && valid_part(cookie->domain, " ");
}

static struct wok__h1_span span_of(const char *text)
{
	return (struct wok__h1_span){text, text ? strlen(text) : 0};
}

int wok_cookie_jar_set(wok_cookie_jar *jar, const wok_cookie *from)
{
	bool dot = from->domain && *from->domain == '.';
	char domain[WOK__COOKIE_DOMAIN_MAX + 1];
	struct wok__new_cookie cookie = {
		.name = span_of(from->name),
		.value = span_of(from->value),
		.domain = span_of(dot ? from->domain + 1 : from->domain),
		.path = span_of(from->path ? from->path : "/"),
		.expires = from->expires ? from->expires : INT64_MAX,
		.same_site = from->same_site,
		.subdomains = from->subdomains || dot,
		.secure = from->secure,
		.http_only = from->http_only,
	};

	if (!wok__cookie_valid(&cookie))
		return wok_fail(-EINVAL,
				"the cookie \"%.40s\" has no domain, or a part of it has bytes "
				"that a cookie cannot have",
				from->name ? from->name : "");
	if (cookie.name.size + cookie.value.size > jar->limits.max_size)
		return wok_fail(-EINVAL, "the cookie \"%.40s\" has more than %zu bytes", from->name,
				jar->limits.max_size);
	if (!wok__cookie_canonical(cookie.domain, domain))
		return wok_fail(-EINVAL, "the cookie's domain \"%.100s\" is no host", from->domain);
	cookie.domain = span_of(domain);
	int r = wok__cookies_add(jar, &cookie, wok__wall_clock());
	return r < 0 ? r : 0;
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool goes_along(const struct wok__cookie *cookie, const struct wok__url *url, int64_t now)
{
	struct wok__h1_span path = path_of(url);

	return cookie->expires > now && (url->secure || !cookie->secure) &&
	       (cookie->subdomains || cookie->domain->size == url->host.size) &&
	       wok__cookie_path_match(path.data, path.size,
				      cookie->text + cookie->name_size + cookie->value_size + 2,
				      cookie->path_size);
}

struct found {
	struct wok__cookie **cookies;
	size_t n, capacity;
};

static int gather_domain(const struct wok__cookie_domain *domain, const struct wok__url *url,
			 int64_t now, struct found *found)
{
	WOK__LIST_EACH (node, &domain->cookies) {
		struct wok__cookie *cookie = WOK__CONTAINER(node, struct wok__cookie, in_domain);
		if (!goes_along(cookie, url, now))
			continue;
		WOK_TRY(wok__grow((void **) &found->cookies, &found->capacity, found->n + 1,
				  sizeof(struct wok__cookie *)));
		found->cookies[found->n++] = cookie;
	}
	return 0;
}

/* The host's own, and those of each name above it. */
static int gather(const wok_cookie_jar *jar, const struct wok__url *url, int64_t now,
		  struct found *found)
{
	const char *at = url->host.data, *end = at + url->host.size;
	bool address = is_address(url->host);

	while (at && at < end) {
		const struct wok__cookie_domain *domain =
			wok__cookie_domain_find(jar, at, (size_t) (end - at));
		if (domain)
			WOK_TRY(gather_domain(domain, url, now, found));
		at = address ? NULL : memchr(at, '.', (size_t) (end - at));
		at = at ? at + 1 : NULL;
	}
	return 0;
}

/* Longer paths first, and of the same length the older first. */
static int compare(const void *a, const void *b)
{
	const struct wok__cookie *x = *(struct wok__cookie *const *) a;
	const struct wok__cookie *y = *(struct wok__cookie *const *) b;

	if (x->path_size != y->path_size)
		return x->path_size > y->path_size ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void put_found(wok_cookie_jar *jar, const struct found *found, struct wok__buffer *out)
{
	size_t size = 0;

	for (size_t i = 0; i < found->n; i++) {
		struct wok__cookie *cookie = found->cookies[i];
		size_t more =
			(size_t) cookie->name_size + 1 + cookie->value_size + (size > 0 ? 2 : 0);
		if (size + more > jar->limits.max_header)
			continue;
		if (size > 0)
			wok__buffer_text(out, "; ");
		if (cookie->name_size > 0) {
			wok__buffer_add(out, cookie->text, cookie->name_size);
			wok__buffer_text(out, "=");
		}
		wok__buffer_add(out, cookie->text + cookie->name_size + 1, cookie->value_size);
		size += more;
		wok__cookie_used(jar, cookie);
	}
}

int wok__cookies_value(wok_cookie_jar *jar, const struct wok__url *url, int64_t now,
		       struct wok__buffer *out)
{
	struct found found = {0};
	int r = gather(jar, url, now, &found);

	if (r == 0 && found.n > 0) {
		qsort(found.cookies, found.n, sizeof(struct wok__cookie *), compare);
		put_found(jar, &found, out);
		r = out->error;
	}
	wok_free(found.cookies);
	return r;
}

int wok__cookies_put(wok_cookie_jar *jar, const struct wok__url *url, int64_t now,
		     struct wok__buffer *out)
{
	size_t before = out->size;

	wok__buffer_text(out, "Cookie: ");
	size_t begin = out->size;
	WOK_TRY(wok__cookies_value(jar, url, now, out));
	if (out->size > begin)
		wok__buffer_text(out, "\r\n");
	else
		out->size = before;
	return out->error;
}

int wok_cookie_jar_header(wok_cookie_jar *jar, const char *url, char **ret_value)
{
	struct wok__buffer out = {0};
	struct wok__url parsed;

	WOK_TRY(wok__url_parse(url, &parsed));
	int r = wok__cookies_value(jar, &parsed, wok__wall_clock(), &out);
	wok__url_free(&parsed);
	if (r == 0 && out.size > 0)
		wok__buffer_add(&out, "", 1);
	r = r < 0 ? r : out.error;
	if (r < 0)
		wok__buffer_free(&out);
	else
		*ret_value = out.data;
	return r;
}
