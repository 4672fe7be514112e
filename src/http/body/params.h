/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_BODY_PARAMS_H
#define WOK_HTTP_BODY_PARAMS_H
/* Parameters of a field's value: text/html; charset="utf-8" (RFC 9110, 5.6.6). */
#include "http/h1.h"

struct wok__param {
	struct wok__h1_span name;
	struct wok__h1_span value; /* without its quotes, but as it stands in them */
	bool quoted;
};

/* Where the parameters begin: behind the first part. */
const char *wok__params_begin(const char *value);

/* The next one: 1; 0 at the end; -EINVAL for what is none. */
int wok__params_next(const char **at, struct wok__param *ret_param);

/*
 * A parameter by name, in any case: 1, with a copy that is to be freed, escapes undone; 0 if it is
 * not there; -EINVAL if there are two, or if any is malformed; -ENOMEM.
 */
int wok__params_find(const char *value, const char *name, char **ret_text);
#endif
