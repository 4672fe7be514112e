/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_RESPONSE_H
#define WOK_HTTP_RESPONSE_H
/* Responses, as a client sees them: wok/http_client.h includes this. */
#include <wok/base.h>
#include <wok/http_trace.h>

WOK_BEGIN_DECLS

/* A name and a value of a head: for requests, and for replies of a server. Borrowed texts. */
typedef struct {
	const char *name;
	const char *value;
} wok_http_header;

/* A response: its head is there, its body may still be arriving. It holds its session. */
typedef struct wok_http_response wok_http_response;

/**
 * The status of a response.
 *
 * Returns:    100 to 999
 * Checkpoint: never
 * Threads:    the session's loop
 */
int wok_http_status(const wok_http_response *response);

/**
 * The first header of a name.
 *
 * name:       upper or lower case
 * Returns:    its value, which lives as long as the response; NULL if there is none
 * Checkpoint: never
 * Threads:    the session's loop
 */
const char *wok_http_header_value(const wok_http_response *response, const char *name);

/**
 * The headers of a response, in the order in which they came, repeated ones included.
 *
 * index:      0 and up
 * ret_header: borrowed, lives as long as the response
 * Returns:    true; false past the end
 * Checkpoint: never
 * Threads:    the session's loop
 */
bool wok_http_header_at(const wok_http_response *response, size_t index,
			wok_http_header *ret_header);

/**
 * Wait for more of the body and take at most size bytes of it.
 *
 * Returns:    how many; 0 at its end; WOK_EEOF if the connection ended before the body did; others
 *             as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
ssize_t wok_http_read(wok_http_response *response, void *data, size_t size) WOK_MUST_CHECK;

/**
 * Wait for a line of the body, without its "\n" or "\r\n". The last one need not have an end.
 *
 * limit:      bytes that a line may have; 0 for 64 KiB
 * ret_line:   valid until the next read; a NUL stands behind it
 * Returns:    1; 0 at the end of the body; WOK_ELIMIT, with nothing taken; as wok_http_read()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_next_line(wok_http_response *response, size_t limit, wok_view *ret_line)
	WOK_MUST_CHECK;

/**
 * Wait for all of the body.
 *
 * ret_body:   lives as long as the response; a NUL stands behind its last byte
 * Returns:    0; WOK_ELIMIT if it is larger than the session's max_body; as wok_http_read()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_body(wok_http_response *response, wok_view *ret_body) WOK_MUST_CHECK;

/**
 * Release a response. If its body has been read, the connection goes back to the pool; otherwise it
 * is closed.
 *
 * response:   NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the session's loop
 */
void wok_http_response_free(wok_http_response *response);
WOK_DEFINE_AUTO(wok_http_response)

/**
 * The URL that answered: the last one, after redirects, without user, password and fragment.
 *
 * Returns:    a text that lives as long as the response
 * Checkpoint: never
 * Threads:    the session's loop
 */
const char *wok_http_response_url(const wok_http_response *response);

/* A redirect that was followed. */
typedef struct {
	int status;
	const char *url; /* that answered so */
} wok_http_redirect;

/**
 * The redirects that led to a response, the first one first.
 *
 * index:      0 and up
 * ret_redirect: borrowed, lives as long as the response
 * Returns:    true; false past the end
 * Checkpoint: never
 * Threads:    the session's loop
 */
bool wok_http_redirect_at(const wok_http_response *response, size_t index,
			  wok_http_redirect *ret_redirect);

/**
 * Make an error of a status of 400 and above. The response stays as it is: its body can be read.
 *
 * Returns:    0; WOK_ESTATUS, with a message that names the request and the status
 * Checkpoint: never
 * Threads:    the session's loop
 */
int wok_http_raise_for_status(const wok_http_response *response) WOK_MUST_CHECK;

/**
 * What a request has gone through, and when.
 *
 * Returns:    borrowed, lives as long as the response; body_end is set when the body has been read
 * Checkpoint: never
 * Threads:    the session's loop
 */
const wok_http_timings *wok_http_response_timings(const wok_http_response *response);

WOK_END_DECLS
#endif
