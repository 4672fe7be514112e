/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_JSON_H
#define WOK_HTTP_JSON_H
#include <jansson.h>
#include <wok/http_client.h>
#include <wok/http_server.h>

WOK_BEGIN_DECLS

/*
 * JSON by the library jansson, which has to be there: wok/http.h does not include this header.
 *
 * What is read must be UTF-8 (a byte order mark in front is left out), of any type at its top, and
 * without "\u0000" in a string, which a C program would take for its end. It may be nested
 * WOK_HTTP_JSON_DEPTH deep. jansson recurses: it runs on the loop's large stack, never on a task's.
 */
#define WOK_HTTP_JSON_DEPTH 512

/* The media type. */
#define WOK_HTTP_JSON "application/json"

/**
 * Wait for the body of a response, and parse it, whatever its Content-Type is.
 *
 * ret_json:   the caller's reference: json_decref()
 * Returns:    0; WOK_EPEER if it is no JSON, the message telling where; WOK_ELIMIT if it is nested
 *             too deeply; -ENOMEM; as wok_http_body(); -ENOTSUP in a build without jansson
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_json(wok_http_response *response, json_t **ret_json) WOK_MUST_CHECK;

/**
 * Wait for the body of a request, and parse it. Its Content-Type must be application/json, or end
 * in "+json": other sites' pages can have a browser send anything else in its user's name.
 *
 * ret_json:   as wok_http_json()
 * Returns:    as wok_http_json() and wok_http_request_body(). A handler that returns the error
 *             replies with 400, or 413
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_request_json(wok_http_request *request, json_t **ret_json) WOK_MUST_CHECK;

/**
 * Reply with JSON.
 *
 * status:     200 to 599, but none that has no body
 * json:       borrowed for the call
 * Returns:    as wok_http_reply(); -EINVAL for what is no JSON, is nested too deeply or contains
 *             itself; -ENOTSUP
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_reply_json(wok_http_request *request, int status, const json_t *json) WOK_MUST_CHECK;

/**
 * Write JSON as a compact text: for the body of a request, with WOK_HTTP_JSON as its content_type.
 *
 * json:       borrowed for the call
 * ret_text:   to be released by wok_free(); a NUL stands behind it
 * ret_size:   without that; may be NULL
 * Returns:    0; -EINVAL as wok_http_reply_json(); -ENOMEM; -ENOTSUP
 * Checkpoint: never
 * Threads:    any
 */
int wok_http_json_encode(const json_t *json, char **ret_text, size_t *ret_size) WOK_MUST_CHECK;

/**
 * Parse a text.
 *
 * ret_json:   as wok_http_json()
 * Returns:    0; as wok_http_json()
 * Checkpoint: never
 * Threads:    any
 */
int wok_http_json_decode(const char *text, size_t size, json_t **ret_json) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
