/* SPDX-License-Identifier: MIT */
#ifndef WOK_UTF8_H
#define WOK_UTF8_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/* What is asked of bytes that are to be text. */
typedef enum {
	WOK_TEXT_ANY,     /* nothing: bytes are handed out as they are */
	WOK_TEXT_STRICT,  /* UTF-8, or it is an error: -EILSEQ */
	WOK_TEXT_REPLACE, /* what is not UTF-8 becomes U+FFFD */
} wok_text;

/**
 * Look how much of some bytes is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. A
 * zero byte is a character like any other.
 *
 * ret_valid:  always written: so many bytes from the start are whole characters
 * Returns:    0 if all are; -EAGAIN if they end within a character, which more bytes might finish;
 *             -EILSEQ if what stands at *ret_valid begins no character
 * Checkpoint: never
 * Threads:    any
 */
int wok_utf8_check(const void *data, size_t size, size_t *ret_valid) WOK_MUST_CHECK;

/**
 * How many characters some bytes are, each byte that belongs to none counting as one.
 *
 * Returns:    their number
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_utf8_length(const void *data, size_t size);

/**
 * How many bytes the first n characters take: for cutting a text without cutting a character.
 *
 * Returns:    bytes, at most size
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_utf8_prefix(const void *data, size_t size, size_t n);

/**
 * Copy bytes, and write U+FFFD for each longest piece that is not UTF-8 (as the Unicode standard
 * recommends, and browsers do).
 *
 * to:         room for 3 * size bytes; must not overlap with data. NULL only counts
 * Returns:    how many bytes that makes
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_utf8_replace(const void *data, size_t size, char *to);

WOK_END_DECLS
#endif
