/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_H
#define WOK_HTTP_CLIENT_H
#include <wok/base.h>
#include <wok/http_response.h>
#include <wok/net.h>
#include <wok/tls.h>

WOK_BEGIN_DECLS

/*
 * A pool of connections that are kept alive, and what all requests share. Make one for a program,
 * or for a purpose, not one for each request.
 */
typedef struct wok_http_session wok_http_session;

/* Where an origin is to be found, in place of what its name says. */
typedef struct {
	const char *origin;  /* "example.com:443" */
	const char *address; /* as wok_connect(): "127.0.0.1:8443", "[::1]:443", "unix:/path" */
} wok_http_resolve;

/*
 * How to set up a session. Zero in a field means the default. All of it is copied, but for what the
 * arg and app fields point to.
 */
typedef struct {
	/* Connections: how many, and for how long. */
	size_t limit; /* connections in all; 100; more requests queue, first in first out */
	size_t limit_per_host; /* connections to one host and port; no limit but the above */
	wok_time keep_alive;   /* how long an idle connection is kept; 15 s. What the server
				  says of itself, less a second, counts if it is shorter */
	wok_time max_age;      /* after which a connection serves no more; no limit */
	uint64_t max_requests; /* that a connection serves; no limit */
	/* Time; a request may have its own. */
	wok_time timeout;         /* for a request as a whole, its body included; 5 min */
	wok_time queue_timeout;   /* for a connection of the session to become free; none */
	wok_time connect_timeout; /* for the look-up, the connection, and a proxy's; 30 s */
	wok_time tls_timeout;     /* for the TLS handshake; 30 s */
	wok_time write_timeout;   /* while nothing of the request is taken; none */
	wok_time wait_timeout;    /* from the sent request to the response's head; none */
	wok_time read_timeout;    /* between two arrivals of bytes; none */
	/* How to connect. */
	const wok_tls_options *tls; /* for https; alpn is left to wok */
	/*
	 * SHA-256, in hex, of certificates or public keys, a NULL behind the last: the server must
	 * have one of these, besides being trusted.
	 */
	const char *const *pins;
	const wok_connect_options *connect; /* local address, interface, TCP's options */
	const wok_http_resolve *resolve;    /* overrides of names */
	size_t n_resolve;
	const char *unix_path; /* of a socket that all connections go to */
	bool no_lookup_cache;  /* names are looked up each time, and not once in 10 s */
	/* In place of sockets: gives a stream to a host. TLS goes over it, for https. */
	int (*connect_fn)(void *arg, const char *host, uint16_t port, wok_stream **ret_stream);
	void *connect_arg;
	/*
	 * For tests: the server, in this process, of all hosts. No socket is opened. It must live
	 * until the session is freed, which ends what it still does.
	 */
	struct wok_http_app *app;
	/* What is sent with each request. */
	const wok_http_header *headers;
	size_t n_headers;
	/* What may come. */
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
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop, or for a header that cannot be sent; with
 *             options->tls as wok_tls_client_new(); -EPROTONOSUPPORT in a build without TLS
 * Checkpoint: never; it may read files of certificates
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
 * Checkpoint: never; shielded if options.app was set
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
	wok_time queue_timeout;
	wok_time connect_timeout;
	wok_time tls_timeout;
	wok_time write_timeout;
	wok_time wait_timeout;
	wok_time read_timeout;
	const char *unix_path;
	const char *server_name;   /* whom TLS asks for and trusts, in place of the URL's host */
	wok_http_timings *timings; /* where to write them, also when the request fails */
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

/**
 * Send a GET and wait for the head of the response.
 *
 * session:    NULL: one that the loop makes on first use, with the defaults, and closes at its end
 * url:        "http[s]://host[:port][/path][?query]"; sent as it is, byte by byte
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0, whatever the status is; WOK_ENAME, -ECONNREFUSED ...; WOK_EPEER for a response
 *             that breaks the protocol, WOK_ELIMIT for one that is too large, WOK_EEOF for one that
 *             ends half-way; WOK_ECERTIFICATE if the server is not who it should be; -ETIMEDOUT,
 *             the message and timings naming the phase; -EINVAL for a URL or header that makes no
 *             sense; -EPROTONOSUPPORT for a scheme other than http and https, and for https in a
 *             build without TLS; -ECANCELED
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

WOK_END_DECLS
#endif
