/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_H
#define WOK_HTTP_CLIENT_H
#include <wok/base.h>
#include <wok/cookie.h>
#include <wok/file.h>
#include <wok/http2.h>
#include <wok/http_response.h>
#include <wok/http_retry.h>
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

/* How to say who asks, where the server wants a name and a password. */
typedef enum {
	WOK_HTTP_AUTH_BASIC = 0, /* with the first request; whoever can read it has the password */
	WOK_HTTP_AUTH_DIGEST,    /* when the server asks: it never learns the password */
} wok_http_auth;

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
	/*
	 * "http://user:password@host:port"; https, socks5, socks5h and socks4a are other kinds. By
	 * default the environment says which and for whom (http_proxy, https_proxy, all_proxy,
	 * no_proxy); "" is none.
	 */
	const char *proxy;
	const char *no_proxy; /* "localhost,.example.com,10.0.0.0/8": hosts that need none */
	bool no_environment;  /* has no say */
	bool proxy_tunnel;    /* an HTTP proxy is asked for a tunnel for http:// as well */
	bool no_lookup_cache; /* names are looked up each time, and not once in 10 s */
	/* In place of sockets: gives a stream to a host. TLS goes over it, for https. */
	int (*connect_fn)(void *arg, const char *host, uint16_t port, wok_stream **ret_stream);
	void *connect_arg;
	/*
	 * For tests: the server, in this process, of all hosts. No socket is opened. It must live
	 * until the session is freed, which ends what it still does.
	 */
	struct wok_http_app *app;
	/* What is sent with each request. */
	const char *base_url; /* what URLs of requests are relative to */
	/* A value of NULL: a header that wok sends by itself, as User-Agent, is left out. */
	const wok_http_header *headers;
	size_t n_headers;
	/* Who asks: only of the origin that the request names; a URL may have its own. */
	const char *user;
	const char *password;
	wok_http_auth auth;
	bool netrc; /* look for others in the file that NETRC names, or ~/.netrc */
	/* Cookies: those of a jar of yours, which is borrowed; else the session has one. */
	wok_cookie_jar *cookies;
	bool no_cookies;
	/* Content codings: bodies are asked for in those that wok knows, and decoded. */
	bool no_decode;
	uint64_t max_expansion; /* bytes for each coded one, beyond the first MiB; 200 */
	/* Redirects. */
	bool no_redirects;      /* they are responses like others */
	unsigned max_redirects; /* that are followed; 10 */
	bool no_downgrade;      /* never from https to http */
	/*
	 * Besides Authorization, Cookie and Proxy-Authorization: headers that a redirect to another
	 * origin (scheme, host, port) takes away; a NULL behind the last.
	 */
	const char *const *sensitive_headers;
	bool raise_for_status; /* a status of 400 and above is an error, WOK_ESTATUS */
	const wok_http_retry_options *retry; /* when to try again; not */
	const wok_http_client_middleware
		*middlewares; /* around each request, the first outermost */
	size_t n_middlewares;
	/* Told what happens to requests; it never waits. */
	void (*trace)(void *arg, const wok_http_event *event);
	void *trace_arg;
	/* What may come. */
	size_t max_line;         /* bytes of a line of the response's head; 8190 */
	size_t max_head;         /* bytes of the whole head; 64 KiB */
	size_t max_headers;      /* fields in it; 128 */
	size_t max_body;         /* bytes that wok_http_body() gathers; 64 MiB */
	wok_http2_options http2; /* offered to https hosts unless it is disabled there */
	bool no_retry;           /* send nothing again: an idempotent request that met a connection
				    which the server had just closed, one of HTTP/2 that the server
				    refused unseen */
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

/* What a session has of one scheme, host and port. */
typedef struct {
	const char *host; /* borrowed, until the session's next request */
	uint16_t port;
	bool secure;
	size_t open, idle;
	size_t waiting;
} wok_http_origin;

/**
 * Describe what a session has of each origin, one after the other, in no order:
 *     while (wok_http_session_next_origin(session, &position, &origin))
 *
 * position:   0 at first
 * Returns:    true; false behind the last
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_http_session_next_origin(const wok_http_session *session, size_t *position,
				  wok_http_origin *ret_origin);

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
	/* Besides the session's; the same name replaces one, a value of NULL takes it away. */
	const wok_http_header *headers;
	size_t n_headers;
	const char *user; /* with a password: who asks, in place of the session's */
	const char *password;
	wok_http_auth auth;
	const wok_http_retry_options *retry;
	bool no_decode;
	bool no_redirects;
	unsigned max_redirects;
	bool raise_for_status;
	/*
	 * The body: bytes in memory; or a file from an offset to its end, sent without copying
	 * where that is possible; or a function that is called for the next bytes until it gives 0,
	 * or an error, which the request then returns. It may wait. Such a body is sent in chunks,
	 * unless its length is given, which then must be true; only with body_rewind, which makes
	 * it begin anew, can it be sent twice. A server that refuses it half-way gets no more of
	 * it; nor does one that has begun to answer and then takes nothing for 5 s.
	 */
	const void *body;
	size_t body_size;
	wok_file *body_file; /* borrowed, like all of these, for the call */
	off_t body_offset;
	ssize_t (*body_read)(void *arg, void *data, size_t size);
	int (*body_rewind)(void *arg);
	void *body_arg;
	uint64_t body_length; /* of what body_read gives; 0: not known */
	/*
	 * Sent behind a body in chunks. The names count before it, the values are read after it.
	 * HTTP/1.0 servers and many others ignore them.
	 */
	const wok_http_header *trailers;
	size_t n_trailers;
	/* Ask before the body is sent, and wait up to a second for an answer. */
	bool expect_continue;
	const char *content_type; /* of the body; "application/octet-stream" */
	/*
	 * Pack the body on its way: "gzip", "zstd", "br". It is sent in chunks then, and only a
	 * server that is known to unpack it will understand it; others say 415.
	 */
	const char *compress;
} wok_http_options;

/**
 * Send a GET and wait for the head of the response.
 *
 * session:    NULL: one that the loop makes on first use, with the defaults, and closes at its end
 * url:        "http[s]://host[:port][/path][?query]"; sent as it is, byte by byte
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0, whatever the status is; WOK_ENAME, -ECONNREFUSED ...; WOK_EPEER for a response
 *             that breaks the protocol, WOK_ELIMIT for one that is too large, WOK_EEOF for one that
 *             ends half-way; WOK_ECERTIFICATE if the server is not who it should be; WOK_EPROXY
 *             if the proxy does not connect to it; -ETIMEDOUT, the message and timings naming the
 *             phase; -EINVAL for a URL or header that makes no
 *             sense; -EPROTONOSUPPORT for a scheme other than http and https, and for https in a
 *             build without TLS; WOK_ELIMIT for too many redirects; -ESPIPE if one asks for a body
 *             that cannot be sent twice; -ENOTSUP to compress by a coding that is not built in;
 *             WOK_ESTATUS with raise_for_status, the message beginning with what the server said;
 *             -ECANCELED
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_get(wok_http_session *session, const char *url, const wok_http_options *options,
		 wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * Send a HEAD and wait for the head of the response.
 *
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_head(wok_http_session *session, const char *url, const wok_http_options *options,
		  wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * Send an OPTIONS and wait for the head of the response.
 *
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_ask_options(wok_http_session *session, const char *url,
			 const wok_http_options *options, wok_http_response **ret_response)
	WOK_MUST_CHECK;

/**
 * Send a DELETE and wait for the head of the response.
 *
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_delete(wok_http_session *session, const char *url, const wok_http_options *options,
		    wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * Send a PUT with the body of the options, and wait for the head of the response.
 *
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_put(wok_http_session *session, const char *url, const wok_http_options *options,
		 wok_http_response **ret_response) WOK_MUST_CHECK;

/**
 * Send a PATCH with the body of the options, and wait for the head of the response.
 *
 * Returns:    as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_http_patch(wok_http_session *session, const char *url, const wok_http_options *options,
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
