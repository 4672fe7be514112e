/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_REQUEST_H
#define WOK_HTTP_REQUEST_H
#include <wok/address.h>
#include <wok/base.h>
#include <wok/http_app.h>
#include <wok/stream.h>

WOK_BEGIN_DECLS

/* What a handler can ask of its request. */

/**
 * The method of a request.
 *
 * Returns:    as it was sent; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_method(const wok_http_request *request);

/**
 * The path of a request, as it was sent, percent signs included.
 *
 * Returns:    begins with "/" (or is "*" for OPTIONS); lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_path(const wok_http_request *request);

/**
 * A parameter of the route's path, or of the prefix of an app around it.
 *
 * Returns:    its value, its percent-encoding undone (but in a {name*} for "%2F" and "%25", which
 *             would not be told from what separates); lives as long as the request; NULL if the
 *             path has no such parameter
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_param(const wok_http_request *request, const char *name);

/**
 * The path of the route that answers a request, as it was given: "/users/{id}". Metrics are named
 * after it, since it does not vary with what clients send.
 *
 * Returns:    lives as long as the app; NULL if no route does
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_route(const wok_http_request *request);

/**
 * What stands in the place of a route's {name*} or star, as it was sent.
 *
 * Returns:    "" for a route without one; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_rest(const wok_http_request *request);

/**
 * The query of a request, without its "?", as it was sent.
 *
 * Returns:    "" if there is none; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_query(const wok_http_request *request);

/**
 * The host that a request is for, with a port if one was sent.
 *
 * Returns:    "" if an HTTP/1.0 request sent none; lives as long as the request
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_host(const wok_http_request *request);

/**
 * The first header of a name.
 *
 * name:       upper or lower case
 * Returns:    its value, which lives as long as the request; NULL if there is none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_header(const wok_http_request *request, const char *name);

/**
 * The headers of a request in the order in which they came, repeated ones included.
 *
 * index:      0 and up
 * ret_header: borrowed, lives as long as the request
 * Returns:    true; false past the end
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_http_request_header_at(const wok_http_request *request, size_t index,
				wok_http_header *ret_header);

/**
 * Wait for more of the request's body and take at most size bytes of it. The first call answers
 * "Expect: 100-continue".
 *
 * Returns:    how many; 0 at its end; WOK_EEOF if the client left; WOK_ELIMIT if the body is larger
 *             than max_body (an error that the handler returns then gives 413); WOK_EPEER if it
 *             breaks the protocol (400); -ETIMEDOUT if the client stalls (408); -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_http_request_read(wok_http_request *request, void *data, size_t size) WOK_MUST_CHECK;

/**
 * Wait for all of the request's body.
 *
 * ret_body:   lives as long as the request; a NUL stands behind its last byte
 * Returns:    0; as wok_http_request_read(); -ENOMEM
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_http_request_body(wok_http_request *request, wok_view *ret_body) WOK_MUST_CHECK;

/**
 * A parameter of the query: what stands behind "name=", with its encoding undone, a plus sign being
 * a space.
 *
 * index:      which one of that name, from 0 on
 * ret_value:  from wok_alloc(); "" for a name without "="
 * Returns:    0; -ENOENT if there is none; -EINVAL if it is not properly encoded, or has a NUL;
 *             -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_request_query_value(const wok_http_request *request, const char *name, size_t index,
				 char **ret_value) WOK_MUST_CHECK;

/**
 * The protocol that a request came by.
 *
 * Returns:    "HTTP/1.0", "HTTP/1.1", "HTTP/2"
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_version(const wok_http_request *request);

/**
 * The connection's stream, to ask it what it is: wok_tls_version(), wok_tls_peer_certificate() ...
 *
 * Returns:    lives as long as the request; not to be read or written
 * Checkpoint: never
 * Threads:    the loop's
 */
const wok_stream *wok_http_request_stream(const wok_http_request *request);

/**
 * The address at the other end of the connection, or what the PROXY protocol says of it.
 *
 * Returns:    0; -ENOTSOCK if the stream has no socket
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_request_peer(const wok_http_request *request, wok_address *ret_address) WOK_MUST_CHECK;

/* Who asks, and for what, when proxies are believed: see wok_http_serve_options.trusted. */
typedef struct {
	wok_address address; /* all zero if nobody knows; without a port if it was forwarded */
	bool secure;         /* the client's own connection is one of TLS */
	const char *host;    /* what it asked for; lives as long as the request */
} wok_http_client;

/**
 * The client, behind proxies that are trusted: the last address in X-Forwarded-For that is none of
 * theirs, all lines of it taken as one. X-Forwarded-Proto and X-Forwarded-Host count alike. With
 * wok_http_serve_options.forwarded these are read from Forwarded (RFC 7239), and from nowhere else.
 * Of peers that are not trusted such headers mean nothing. ::ffff:1.2.3.4 is 1.2.3.4.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_http_request_client(wok_http_request *request, wok_http_client *ret_client);

/**
 * A cookie that came with the request.
 *
 * ret_value:  as it was sent, without quotes around it; from wok_alloc()
 * Returns:    0; -ENOENT if there is none of that name: the first one counts; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_request_cookie(const wok_http_request *request, const char *name, char **ret_value)
	WOK_MUST_CHECK;

/**
 * A cookie that wok_http_reply_cookie() has signed.
 *
 * keys:       n_keys of them, if the key changes now and then: any may fit
 * ret_value:  what was signed; from wok_alloc()
 * Returns:    0; -ENOENT; -EBADMSG if the signature is not ours, or is another cookie's;
 *             -ENOTSUP in a build without OpenSSL; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_request_signed_cookie(const wok_http_request *request, const char *name,
				   const wok_view *keys, size_t n_keys, char **ret_value)
	WOK_MUST_CHECK;

/**
 * The trailer fields of a chunked body, when all of it has been read. Those that must not come so
 * late (lengths, credentials, cookies ...) have been left out.
 *
 * name:       upper or lower case
 * Returns:    its value, which lives as long as the request; NULL if there is none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_http_request_trailer(const wok_http_request *request, const char *name);

/* The key of a value that belongs to a request. Make it static; its address is the key. */
typedef struct {
	wok_free_fn *free; /* releases a value when the request ends; NULL: it is borrowed */
} wok_http_key;

/**
 * Give a request a value, for handlers further in: who is logged in, a transaction ...
 *
 * value:      handed over if the key has a free function, unless the call fails; that of before is
 *             released
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_http_request_set(wok_http_request *request, const wok_http_key *key, void *value)
	WOK_MUST_CHECK;

/**
 * A request's value.
 *
 * Returns:    the value; NULL if it has none
 * Checkpoint: never
 * Threads:    the loop's
 */
void *wok_http_request_get(const wok_http_request *request, const wok_http_key *key);

WOK_END_DECLS
#endif
