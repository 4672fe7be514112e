/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_H
#define WOK_HTTP_CLIENT_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/* A name and a value of a head: for requests, and for replies of a server. Borrowed texts. */
typedef struct {
	const char *name;
	const char *value;
} wok_http_header;

/*
 * A pool of connections that are kept alive, and what all requests share. Make one for a program,
 * or for a purpose, not one for each request.
 */
typedef struct wok_http_session wok_http_session;

/* How to set up a session. Zero in a field means the default. */
typedef struct {
	size_t limit; /* connections in all; 100; more requests queue, first in first out */
	size_t limit_per_host;    /* connections to one host and port; no limit but the above */
	wok_time keep_alive;      /* how long an idle connection is kept; 15 s. What the server
				     says of itself, less a second, counts if it is shorter */
	wok_time max_age;         /* after which a connection serves no more; no limit */
	uint64_t max_requests;    /* that a connection serves; no limit */
	wok_time timeout;         /* for a request as a whole, its body included; 5 min */
	wok_time connect_timeout; /* for the look-up and the connection; 30 s */
	wok_time read_timeout;    /* between two arrivals of bytes; none */
	const wok_http_header *headers; /* sent with each request, copied */
	size_t n_headers;
	size_t max_line;    /* bytes of a line of the response's head; 8190 */
	size_t max_head;    /* bytes of the whole head; 64 KiB */
	size_t max_headers; /* fields in it; 128 */
	size_t max_body;    /* bytes that wok_http_body() gathers; 64 MiB */
	bool no_retry;      /* do not send an idempotent request again that met a connection
			       which the server had just closed */
} wok_http_session_options;

/**
 * Make a session.
 *
 * options:    NULL for the defaults; copied
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop, or for a header that cannot be sent
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_session_new(const wok_http_session_options *options, wok_http_session **ret_session)
	WOK_MUST_CHECK;

/**
 * Close a session: idle connections are closed at once, those of responses when these are freed. A
 * request that waits in it fails with -ESHUTDOWN.
 *
 * session:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_http_session_free(wok_http_session *session);
WOK_DEFINE_AUTO(wok_http_session)

/* What a session's pool does now, and has done. */
typedef struct {
	size_t open; /* connections, in use and idle */
	size_t idle;
	size_t waiting;   /* requests that queue for a connection */
	uint64_t created; /* connections made since the session began */
	uint64_t reused;  /* requests that went over one that was there */
} wok_http_stats;

/**
 * Describe a session's pool.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_http_session_stats(const wok_http_session *session, wok_http_stats *ret_stats);

/* What is special about one request. Zero in a field means the session's value. */
typedef struct {
	wok_time timeout; /* for the request as a whole, its body included */
	wok_time connect_timeout;
	wok_time read_timeout;
	const wok_http_header *headers; /* besides the session's; the same name replaces one */
	size_t n_headers;
	const void *body; /* sent with a Content-Length */
	size_t body_size;
	/* Instead of body: called for its next bytes until it returns 0, or an error, which the
	 * request then returns. It may wait. Sent chunked; such a request is never repeated. */
	ssize_t (*body_read)(void *arg, void *data, size_t size);
	void *body_arg;
	const char *content_type; /* of the body; "application/octet-stream" */
} wok_http_options;

/* A response: its head is there, its body may still be arriving. It holds its session. */
typedef struct wok_http_response wok_http_response;

/**
 * Send a GET and wait for the head of the response.
 *
 * session:    NULL: one that the loop makes on first use, with the defaults, and closes at its end
 * url:        "http://host[:port][/path][?query]"; sent as it is, byte by byte
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0, whatever the status is; WOK_ENAME, -ECONNREFUSED ...; WOK_EPEER for a response
 *             that breaks the protocol, WOK_ELIMIT for one that is too large, WOK_EEOF for one that
 *             ends half-way; -ETIMEDOUT, the message naming the phase; -EINVAL for a URL or header
 *             that makes no sense; -EPROTONOSUPPORT for a scheme other than http; -ECANCELED
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_get(wok_http_session *session, const char *url, const wok_http_options *options,
		 wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * Send a POST with the body of the options, and wait for the head of the response.
 *
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_post(wok_http_session *session, const char *url, const wok_http_options *options,
		  wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * Send a request of any method but CONNECT, and wait for the head of the response.
 *
 * method:     "GET", "PUT" ...: a token, sent as it is
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_fetch(wok_http_session *session, const char *method, const char *url,
		   const wok_http_options *options, wok_http_response **ret_response)
	WOK_MUST_CHECK;

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

WOK_END_DECLS
#endif
