/* SPDX-License-Identifier: MIT */
#ifndef WOK_CHARSET_H
#define WOK_CHARSET_H
#include <wok/base.h>
#include <wok/http_client.h>

WOK_BEGIN_DECLS

/* How bytes become text. Zero in a field means the default. */
typedef struct {
	/*
	 * Asked for bytes that have no mark of their own and no charset, or one that is not known:
	 * the name of the charset that they are in; NULL: UTF-8.
	 */
	const char *(*guess)(void *arg, const char *charset, const void *data, size_t size);
	void *arg;
	bool strict; /* what makes no sense in its charset is an error, and not U+FFFD */
} wok_charset_options;

/**
 * Make UTF-8 of bytes, by their byte order mark, else by the charset of a Content-Type, in quotes
 * or not, in upper or lower case. Known are those that the web uses: UTF-8, UTF-16, ISO 8859,
 * Windows' code pages, KOI8, and those of China, Japan and Korea.
 *
 * content_type: "text/html; charset=latin1"; NULL for none
 * options:    NULL for the defaults; borrowed for the call
 * ret_text:   the caller's, released by wok_free(); a NUL stands behind it
 * ret_size:   bytes, without that NUL; may be NULL
 * Returns:    0; -EILSEQ with options->strict; -ENOTSUP if the C library lacks the charset; -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_charset_to_utf8(const char *content_type, const void *data, size_t size,
			const wok_charset_options *options, char **ret_text, size_t *ret_size)
	WOK_MUST_CHECK;

/**
 * Wait for all of a response's body, and make UTF-8 of it.
 *
 * Returns:    as wok_http_body() and wok_charset_to_utf8()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_text(wok_http_response *response, const wok_charset_options *options, char **ret_text,
		  size_t *ret_size) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
