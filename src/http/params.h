/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_PARAMS_H
#define WOK_HTTP_PARAMS_H
/*
 * Values of heads that have parameters: "text/html; charset=utf-8", or "realm=\"x\", nonce=\"y\"".
 * Nothing is copied; a quoted value keeps its backslashes until it is taken out.
 */
#include <sys/types.h>

#include "http/h1.h"

struct wok__param {
	struct wok__h1_span name;
	struct wok__h1_span value; /* between the quotes; data is NULL where there is no "=" */
	bool quoted;
};

/* Where in a text the next parameter begins. */
struct wok__params {
	const char *at, *end;
	char separator; /* ';' or ',' */
};

/* 1 with the next parameter; 0 at the end; -EINVAL where the text makes no sense. */
int wok__params_next(struct wok__params *params, struct wok__param *ret_param);

/* What stands before the first ';', without white space around; the rest is for the parameters. */
struct wok__h1_span wok__params_begin(struct wok__params *params, const char *text, size_t size);

/*
 * The value as a C string of size bytes at most, its NUL included, without backslashes: its length,
 * -ENOSPC if it is longer, -EINVAL if it has a NUL.
 */
ssize_t wok__param_text(const struct wok__param *param, char *ret_text, size_t size);

/*
 * Find a parameter of a value such as "text/html; charset=utf-8" by its name in lower case; the
 * first one counts. Its length as above; -ENOENT if there is none, or if what is before it makes no
 * sense.
 */
ssize_t wok__param_find(const char *text, const char *name, char *ret_text, size_t size);

/* RFC 4648 section 4, with padding; room for 4 * ((size + 2) / 3) bytes. No NUL behind it. */
size_t wok__base64_put(char *out, const void *data, size_t size);
#endif
