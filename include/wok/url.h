/* SPDX-License-Identifier: MIT */
#ifndef WOK_URL_H
#define WOK_URL_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Texts for URLs. wok sends a URL byte by byte as it is given; what must be escaped in it is
 * escaped here, once, where its parts are put together.
 */

/* A name of a query and its value; NULL: only the name. Borrowed texts. */
typedef struct {
	const char *name;
	const char *value;
} wok_url_param;

/**
 * Add parameters to a URL: behind the query that it has, before its fragment. They are escaped, a
 * space as "%20"; the rest of the URL stays as it is.
 *
 * ret_url:    the caller's, released by wok_free()
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_url_with_query(const char *url, const wok_url_param *params, size_t n_params,
		       char **ret_url) WOK_MUST_CHECK;

/**
 * Escape all bytes as "%XX" but letters, digits, "-", ".", "_" and "~".
 *
 * also:       bytes that stay as they are, too: "/" for a path; may be NULL
 * ret_text:   the caller's, released by wok_free()
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_url_quote(const char *text, const char *also, char **ret_text) WOK_MUST_CHECK;

/**
 * Decode each "%XX". A plus sign stays one.
 *
 * ret_data:   the caller's, released by wok_free(); a NUL stands behind it
 * ret_size:   its size without that NUL; may be NULL, and then no byte may be decoded to a NUL
 * Returns:    0; -EINVAL if two hexadecimal digits do not follow a percent sign; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_url_unquote(const char *text, char **ret_data, size_t *ret_size) WOK_MUST_CHECK;

/**
 * Where a reference leads that stands in a document: RFC 3986 section 5.2.
 *
 * base:       the document's URL, with a scheme
 * reference:  "http://...", "//host/path", "/path", "path", "../path", "?query", "#fragment" or ""
 * ret_url:    the caller's, released by wok_free()
 * Returns:    0; -EINVAL for a base without a scheme, or for control characters; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_url_join(const char *base, const char *reference, char **ret_url) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
