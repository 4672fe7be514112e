/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_REPLY_H
#define WOK_HTTP_REPLY_H
#include <wok/base.h>
#include <wok/http_app.h>

WOK_BEGIN_DECLS

/* What a handler can reply. */

/**
 * Reply with a text of "text/plain; charset=utf-8".
 *
 * status:     200 to 599, but none that has no body
 * text:        borrowed for the call
 * Returns:    as wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_text(wok_http_request *request, int status, const char *text) WOK_MUST_CHECK;

/* A reply whose body is there. Zero in a field means the default. */
typedef struct {
	int status;               /* 200 to 599; 200 */
	const char *content_type; /* none if there is no body, else "application/octet-stream" */
	const wok_http_header *headers; /* besides those that wok sets */
	size_t n_headers;
	const void *body; /* borrowed for the call; sent with a Content-Length */
	size_t body_size;
} wok_http_reply_options;

/**
 * Add a field to the reply that will be sent, whoever sends it: for middlewares, and for what holds
 * of any reply, one of an error included.
 *
 * name, value: copied
 * Returns:    0; -EINVAL if it cannot be sent, or is wok's to set; -EALREADY after a reply has
 *             begun; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_reply_header(wok_http_request *request, const char *name, const char *value)
	WOK_MUST_CHECK;

/**
 * Reply. Head and body go out together.
 *
 * Returns:    0; -EINVAL for a status or header that cannot be sent; -EALREADY after a reply has
 *             begun; -EPIPE, -ECONNRESET ... if the client left; -ETIMEDOUT if it does not read;
 *             -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply(wok_http_request *request, const wok_http_reply_options *options) WOK_MUST_CHECK;

/**
 * Begin a reply whose body comes in pieces, chunked (to an HTTP/1.0 client: until the connection
 * closes). wok_http_reply_write() sends them; it ends when the handler returns 0. If the handler
 * returns an error, the connection breaks off, so that the client does not take the part for the
 * whole.
 *
 * options:    the body of it must be NULL. With a body_size, that is said as Content-Length, and
 *             the pieces must be so much in all: with less, the reply breaks off
 * Returns:    as wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_begin(wok_http_request *request, const wok_http_reply_options *options)
	WOK_MUST_CHECK;

/**
 * Send a piece of a reply that was begun. The bytes belong to the caller again when it returns.
 *
 * Returns:    0; -EINVAL if no reply was begun, or for more than the size that was said; as
 *             wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_write(wok_http_request *request, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Add a trailer field to a reply that was begun without a size: it is sent behind the body, unless
 * the client speaks HTTP/1.0.
 *
 * name, value: copied
 * Returns:    0; -EINVAL if it cannot be sent, or not so late, or no such reply was begun; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_reply_trailer(wok_http_request *request, const char *name, const char *value)
	WOK_MUST_CHECK;

/**
 * Send an interim reply, which says something before the reply proper: 103 with Link headers, so
 * that a browser can fetch what it will need. HTTP/1.0 knows none: nothing is sent then.
 *
 * status:     102 to 199
 * Returns:    0; -EINVAL; -EALREADY after a reply has begun; as wok_http_reply()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_interim(wok_http_request *request, int status, const wok_http_header *headers,
			   size_t n_headers) WOK_MUST_CHECK;

/* How SameSite is said of a cookie. */
typedef enum {
	WOK_HTTP_SAME_SITE_LAX, /* the default */
	WOK_HTTP_SAME_SITE_STRICT,
	WOK_HTTP_SAME_SITE_NONE, /* needs secure */
	WOK_HTTP_SAME_SITE_UNSAID,
} wok_http_same_site;

/* A cookie to be set. Zero in a field means the default. */
typedef struct {
	const char *name;
	const char *value;  /* without white space, quotes, commas, semicolons, backslashes */
	const char *path;   /* "/" */
	const char *domain; /* this host only */
	wok_time max_age;   /* in whole seconds; until the browser ends */
	bool remove; /* have the browser forget it: name, path and domain as when it was set */
	bool script; /* scripts may read it: not HttpOnly */
	bool secure; /* over TLS only */
	wok_http_same_site same_site;
	wok_view key; /* sign it, so that the client cannot change it; 16 bytes at least; no */
} wok_http_set_cookie;

/**
 * Set a cookie with whatever the reply will be.
 *
 * cookie:     borrowed for the call
 * Returns:    0; -EINVAL for what cannot be in a cookie; -EALREADY after a reply has begun;
 *             -ENOTSUP for a key in a build without OpenSSL; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_reply_cookie(wok_http_request *request, const wok_http_set_cookie *cookie)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif
