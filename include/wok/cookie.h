/* SPDX-License-Identifier: MIT */
#ifndef WOK_COOKIE_H
#define WOK_COOKIE_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Cookies that servers have set, as RFC 6265bis keeps them: which of them go with which request,
 * until when, and how many there may be. A session has a jar of its own unless it is given one. Do
 * not share a jar between loops.
 */
typedef struct wok_cookie_jar wok_cookie_jar;

/* Between which sites a browser would send a cookie. Kept, not acted upon: there are no sites here.
 */
typedef enum {
	WOK_SAME_SITE_DEFAULT,
	WOK_SAME_SITE_NONE,
	WOK_SAME_SITE_LAX,
	WOK_SAME_SITE_STRICT,
} wok_same_site;

/* A cookie. */
typedef struct {
	const char *name;
	const char *value;
	const char *domain; /* the host; NULL in wok_cookie_jar_set() is an error */
	const char *path;   /* NULL in wok_cookie_jar_set(): "/" */
	int64_t expires;    /* seconds since 1970; 0: with the session */
	wok_same_site same_site;
	bool subdomains; /* also for the hosts below domain */
	bool secure;     /* only over https and wss */
	bool http_only;  /* not for scripts; kept */
} wok_cookie;

/* The limits of a jar. Zero in a field means the default. */
typedef struct {
	size_t limit;          /* cookies in all; 3000 */
	size_t limit_per_host; /* cookies of one domain; 50 */
	size_t max_size;       /* bytes of a name and value together; 4096 */
	size_t max_header;     /* bytes of cookies in one request, the longest paths first; 8190 */
} wok_cookie_jar_options;

/**
 * Make an empty jar.
 *
 * options:    NULL for the defaults; copied
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_cookie_jar_new(const wok_cookie_jar_options *options, wok_cookie_jar **ret_jar)
	WOK_MUST_CHECK;

/**
 * Release a jar with its cookies.
 *
 * jar:        NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    one at a time
 */
void wok_cookie_jar_free(wok_cookie_jar *jar);
WOK_DEFINE_AUTO(wok_cookie_jar)

/**
 * Keep what a server sent. When the jar is full, a cookie that has expired goes, else the one that
 * was not used for the longest time.
 *
 * url:        of the request
 * set_cookie: the value of one Set-Cookie header
 * Returns:    1 if the jar has changed; 0 for a cookie that this server may not set, or that makes
 *             no sense: those are ignored; -EINVAL for a bad URL; -ENOMEM
 * Checkpoint: never
 * Threads:    one at a time
 */
int wok_cookie_jar_store(wok_cookie_jar *jar, const char *url, const char *set_cookie);

/**
 * Put a cookie in by hand, in place of one of the same name, domain and path. Whether its domain is
 * a public suffix is not looked at.
 *
 * cookie:     copied; one that has expired removes that one
 * Returns:    0; -EINVAL for bytes that a cookie cannot have, or a size over the limit; -ENOMEM
 * Checkpoint: never
 * Threads:    one at a time
 */
int wok_cookie_jar_set(wok_cookie_jar *jar, const wok_cookie *cookie) WOK_MUST_CHECK;

/**
 * What a request to a URL would have in its Cookie header.
 *
 * ret_value:  "a=b; c=d", the caller's, released by wok_free(); NULL if there is no cookie for it
 * Returns:    0; -EINVAL for a bad URL; -ENOMEM
 * Checkpoint: never
 * Threads:    one at a time
 */
int wok_cookie_jar_header(wok_cookie_jar *jar, const char *url, char **ret_value) WOK_MUST_CHECK;

/**
 * The cookies of a jar, the one used last first; those that have expired are left out.
 *
 * position:   where the last call stopped: NULL at the beginning
 * ret_cookie: borrowed, until the jar is changed
 * Returns:    true; false past the end
 * Checkpoint: never
 * Threads:    one at a time
 */
bool wok_cookie_jar_next(const wok_cookie_jar *jar, const void **position, wok_cookie *ret_cookie);

/**
 * Remove cookies.
 *
 * domain:     only those of this domain and of those below it; NULL: all
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    one at a time
 */
void wok_cookie_jar_clear(wok_cookie_jar *jar, const char *domain);

/**
 * Write a jar to a file in the Netscape format, which curl and wget read, too. The file is replaced
 * as a whole, and made with permissions 0600: cookies are passwords. SameSite is not in that
 * format.
 *
 * Returns:    0; -ENOMEM; as wok_write_file_atomic()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_cookie_jar_save(const wok_cookie_jar *jar, const char *path) WOK_MUST_CHECK;

/**
 * Add the cookies of a file in the Netscape format; lines that make no sense are left out.
 *
 * Returns:    0; WOK_ELIMIT for a file of more than 16 MiB; -ENOMEM; as wok_read_file()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_cookie_jar_load(wok_cookie_jar *jar, const char *path) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
