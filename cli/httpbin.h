/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_HTTPBIN_H
#define WOK_CLI_HTTPBIN_H
#include <jansson.h>
#include <wok/http_server.h>

/*
 * The JSON with which httpbin describes a request to the one who sent it. Members by their name;
 * each call that makes JSON returns NULL when there is no memory.
 */
enum httpbin_members {
	HTTPBIN_GET,   /* args, headers, origin, url */
	HTTPBIN_DELAY, /* and data, files, form, which are empty */
	HTTPBIN_POST,  /* and data, files, form, json, as the body has them */
};

/**
 * Describe a request.
 *
 * body:       for HTTPBIN_POST; NULL otherwise
 * origin:     the client's address
 * ret_text:   malloc'd
 * Returns:    0; -ENOMEM
 */
int httpbin_describe(const wok_http_request *request, enum httpbin_members members,
		     const wok_view *body, const char *origin, char **ret_text);

/* "a=1&b=two+words" as an object; a name that stands there twice has a list of values. */
json_t *httpbin_form(const char *text, size_t size);

/* Any bytes as JSON's text: what is no UTF-8 becomes U+FFFD. */
json_t *httpbin_text(const char *data, size_t size);

#endif
