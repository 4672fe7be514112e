/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_COOKIE_H
#define WOK_HTTP_CLIENT_COOKIE_H
/*
 * Cookies: RFC 6265bis. A domain is found by hash and has few cookies, so that a request asks for
 * the host and each of the names above it; all cookies hang in one list, the one used last in
 * front.
 */
#include <wok/cookie.h>

#include "base/list.h"
#include "http/buffer.h"
#include "http/url.h"

/* What a Set-Cookie says; the parts point into it. */
struct wok__set_cookie {
	struct wok__h1_span name, value, path;
	struct wok__h1_span domain; /* without a leading dot; empty: only for the host */
	int64_t expires;            /* INT64_MAX: with the session; INT64_MIN: at once */
	wok_same_site same_site;
	bool secure, http_only, has_path;
};

/* False if the whole is to be ignored. now: seconds since 1970, for Max-Age. */
bool wok__set_cookie_parse(const char *text, size_t size, int64_t now,
			   struct wok__set_cookie *ret_cookie);

/* The cookies of one domain; it goes with its last one. */
struct wok__cookie_domain {
	struct wok__cookie_domain *next; /* in its bucket */
	struct wok__list cookies;        /* the one used last in front */
	size_t n_cookies;
	uint32_t hash;
	uint32_t size;
	char name[];
};

struct wok__cookie {
	struct wok__node in_jar;
	struct wok__node in_domain;
	struct wok__cookie_domain *domain;
	uint64_t number; /* in the order in which they were made */
	int64_t expires; /* seconds since 1970; INT64_MAX: with the session */
	uint32_t hash;   /* of the name */
	uint32_t name_size, value_size, path_size;
	wok_same_site same_site;
	bool subdomains, secure, http_only;
	char text[]; /* name, value and path, each with a NUL */
};

struct wok_cookie_jar {
	struct wok__cookie_domain **buckets;
	size_t n_buckets, n_domains, n_cookies;
	struct wok__list all;
	uint64_t next_number;
	int64_t swept; /* when all that had expired was removed */
	wok_cookie_jar_options limits;
};

/* What is put into a jar, whoever it is from. */
struct wok__new_cookie {
	struct wok__h1_span name, value, domain, path;
	int64_t expires;
	wok_same_site same_site;
	bool subdomains, secure, http_only;
	bool weak; /* came over http: it must not hide a cookie that is secure */
};

/*
 * The same with a parsed URL and a clock of the caller's, in seconds since 1970. wok__cookies_put()
 * adds "Cookie: a=b; c=d" with its line end, or nothing.
 */
int wok__cookies_store(wok_cookie_jar *jar, const struct wok__url *url, const char *set_cookie,
		       int64_t now);
int wok__cookies_add(wok_cookie_jar *jar, const struct wok__new_cookie *cookie, int64_t now);
int wok__cookies_value(wok_cookie_jar *jar, const struct wok__url *url, int64_t now,
		       struct wok__buffer *out);
int wok__cookies_put(wok_cookie_jar *jar, const struct wok__url *url, int64_t now,
		     struct wok__buffer *out);

/* The jar as a file of the Netscape format, and such a file into the jar. */
int wok__cookies_write(const wok_cookie_jar *jar, int64_t now, struct wok__buffer *out);
int wok__cookies_read(wok_cookie_jar *jar, const char *text, size_t size, int64_t now);

/* Seconds since 1970. */
int64_t wok__wall_clock(void);

/* Of the jar itself, for the rules. */
struct wok__cookie_domain *wok__cookie_domain_find(const wok_cookie_jar *jar, const char *name,
						   size_t size);
void wok__cookie_used(wok_cookie_jar *jar, struct wok__cookie *cookie);
void wok__cookie_describe(const struct wok__cookie *cookie, wok_cookie *ret_cookie);

/* Whether the bytes of a cookie can be sent at all. */
bool wok__cookie_valid(const struct wok__new_cookie *cookie);

enum { WOK__COOKIE_DOMAIN_MAX = 255 };

/* A domain in lower case and ASCII; false if it can be no host's. */
bool wok__cookie_canonical(struct wok__h1_span domain, char ret_text[WOK__COOKIE_DOMAIN_MAX + 1]);

/* Whether a host is a domain, or below it: RFC 6265 section 5.1.3. An address is only itself. */
bool wok__domain_match(struct wok__h1_span host, struct wok__h1_span domain);

/* Whether anybody can register names below a domain: "com", "co.uk". */
bool wok__is_public_suffix(const char *domain);

/* RFC 6265 section 5.1.4 */
bool wok__cookie_path_match(const char *path, size_t size, const char *of_cookie,
			    size_t of_cookie_size);
#endif
