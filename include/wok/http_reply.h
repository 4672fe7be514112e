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

WOK_END_DECLS
#endif
