/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_DATE_H
#define WOK_HTTP_DATE_H
/* Dates as HTTP writes them (RFC 9110, 5.6.7), in seconds since 1970. Pure, whatever the locale. */
#include <stdbool.h>
#include <stdint.h>

enum { WOK__HTTP_DATE_SIZE = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL; the nearest one for what has no such text. */
void wok__http_date_print(int64_t seconds, char text[WOK__HTTP_DATE_SIZE]);

/* One of the three forms that HTTP has had; false for all else. */
bool wok__http_date_parse(const char *text, int64_t *ret_seconds);
#endif
