/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_PROXY_H
#define WOK_HTTP_CLIENT_PROXY_H
/*
 * Proxies: which one a request goes through, and how a stream to it becomes one to the server. The
 * handshakes are functions over a stream that is connected; they have no clock of their own.
 */
#include <wok/stream.h>

#include "http/buffer.h"
#include "http/message.h"
#include "http/url.h"

enum wok__proxy_kind {
	WOK__PROXY_HTTP,    /* http:// is asked for in absolute-form, others by CONNECT */
	WOK__PROXY_HTTPS,   /* the same, over TLS to the proxy */
	WOK__PROXY_SOCKS5,  /* the host is looked up here */
	WOK__PROXY_SOCKS5H, /* the proxy looks it up */
	WOK__PROXY_SOCKS4A,
};

struct wok__proxy {
	char *memory;
	const char *text;            /* "http://host:port", for messages */
	const char *key;             /* with user and password, for the pool; never in a message */
	const char *host;            /* to connect to */
	const char *user, *password; /* NULL if there are none */
	enum wok__proxy_kind kind;
	uint16_t port;
};

/* "http://user:password@host:port"; without a scheme, http. Ports by default: 80, 443, 1080.
 * 0; -ENOMEM; -EINVAL, -EPROTONOSUPPORT with a message that names it but not its password. */
int wok__proxy_parse(const char *text, struct wok__proxy *ret_proxy);
void wok__proxy_free(struct wok__proxy *proxy); /* one that is all zero, too */

/* --- which one -------------------------------------------------------------------------------- */

struct wok__proxies {
	struct wok__proxy http, https; /* memory is NULL: none */
	char *no_proxy;
};

/*
 * What a session uses.
 *
 * proxy:      for all requests; NULL: what the environment says (http_proxy, https_proxy, all_proxy
 *             in lower or upper case; HTTP_PROXY not where REQUEST_METHOD is set: there a client of
 *             a CGI program could set it by a header "Proxy"); "": none
 * no_proxy:   NULL: no_proxy or NO_PROXY of the environment, if the proxy is from there
 */
int wok__proxies_open(struct wok__proxies *proxies, const char *proxy, const char *no_proxy);
void wok__proxies_close(struct wok__proxies *proxies);

/* The proxy for a URL; NULL: none. Not over a Unix socket, which the caller knows. */
const struct wok__proxy *wok__proxies_choose(const struct wok__proxies *proxies,
					     const struct wok__url *url);

/*
 * Whether a list has a host: "*", "host" and ".host" with all below it, "1.2.3.4", "10.0.0.0/8",
 * "::1", "fd00::/8", each perhaps with ":port"; separated by commas or white space.
 */
bool wok__no_proxy_has(const char *list, const char *host, uint16_t port);

/* --- how -------------------------------------------------------------------------------------- */

/* "Proxy-Authorization: Basic ..." if the proxy's URL has a user. */
void wok__proxy_put_authorization(const struct wok__proxy *proxy, struct wok__buffer *out);

/* What the proxy has said no with. */
struct wok__refusal {
	int status;            /* 0: it did not come to that */
	struct wok__head head; /* released by wok__refusal_free() */
	char *body;            /* of it, what has come with a limit of 16 KiB; NULL: nothing */
	size_t body_size;
};

void wok__refusal_free(struct wok__refusal *refusal);

struct wok__tunnel {
	const struct wok__proxy *proxy;
	const char *host; /* a zone is not sent */
	uint16_t port;
	const wok_http_header *headers; /* more for the proxy */
	size_t n_headers;
	const struct wok__h1_limits *limits;
};

/*
 * Ask an HTTP proxy for a tunnel. What has come behind its answer stays in the stream's buffer, for
 * the tunnel. Checkpoint: always.
 *
 * ret_refusal: written when the proxy has answered, and has not agreed; all zero before
 * Returns:    0; WOK_EPROXY with the status in the message; WOK_EPEER, WOK_ELIMIT, WOK_EEOF; as
 *             wok_stream_read()
 */
int wok__proxy_connect_tunnel(wok_stream *stream, const struct wok__tunnel *tunnel,
			      struct wok__refusal *ret_refusal);

/*
 * RFC 1928 and 1929, and SOCKS4A. The host is a name for the proxy, or an address, which goes as
 * one. Checkpoint: always. 0; WOK_EPROXY with the proxy's reason; -EINVAL for a name that is too
 * long; WOK_EPEER, WOK_EEOF; as wok_stream_read().
 */
int wok__socks5_connect(wok_stream *stream, const struct wok__proxy *proxy, const char *host,
			uint16_t port);
int wok__socks4a_connect(wok_stream *stream, const struct wok__proxy *proxy, const char *host,
			 uint16_t port);
#endif
