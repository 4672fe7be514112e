/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_DATE_H
#define WOK_HTTP_DATE_H
/* Dates of heads, as seconds since 1970; no locale and no time zone has a say in them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WOK__HTTP_DATE_SIZE = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */

/* As RFC 9110 section 5.6.7 has it. A year beyond 9999 is written as 9999, one before 0 as 0. */
void wok__http_date_put(int64_t seconds, char ret_text[WOK__HTTP_DATE_SIZE]);

/*
 * Each of the three formats of RFC 9110, and nothing else.
 *
 * now:        seconds since 1970, to tell the century of the format that has two digits for a year
 */
bool wok__http_date_parse(const char *text, size_t size, int64_t now, int64_t *ret_seconds);

/*
 * Retry-After: a date, or seconds, as a number of seconds from now; 0 for what is past. At most ten
 * years; false for what is neither.
 */
bool wok__retry_after_parse(const char *text, size_t size, int64_t now, int64_t *ret_seconds);

/* What cookies have for dates: RFC 6265 section 5.1.1, which takes nearly anything. */
bool wok__cookie_date_parse(const char *text, size_t size, int64_t *ret_seconds);
#endif
