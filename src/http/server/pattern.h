/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_PATTERN_H
#define WOK_HTTP_SERVER_PATTERN_H
/*
 * Small regular expressions, for one part of a path. Matching looks at each byte once, whatever
 * expression and text are: there is no backtracking, and nothing is allocated.
 *
 * Literal bytes, . [a-z] [^a-z] \d \w \s and \ before any other sign; ( ) |; * + ? {m} {m,} {m,n}.
 * The whole text has to match. 128 places of an expression can stand for a byte, copies of what is
 * repeated included.
 */
#include <stdbool.h>
#include <stddef.h>

struct wok__pattern;

/* 0; -EINVAL with a message; -ENOMEM. */
int wok__pattern_compile(const char *text, size_t size, struct wok__pattern **ret_pattern);
bool wok__pattern_matches(const struct wok__pattern *pattern, const char *data, size_t size);
#endif
