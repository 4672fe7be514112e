/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_SESSION_H
#define WOK_HTTP_CLIENT_SESSION_H
#include <wok/http_client.h>
#include <wok/scope.h>
#include <wok/stream.h>

#include "http/buffer.h"
#include "http/client/auth.h"
#include "http/client/lookup.h"
#include "http/client/pool.h"
#include "http/client/proxy.h"
#include "http/coding/decoder.h"
#include "http/message.h"
#include "http/url.h"
#include "loop/loop.h"

struct wok_http_session {
	unsigned holders; /* its owner, and each response */
	struct wok__pool pool;
	struct wok__h1_limits limits;
	/* With the defaults filled in; its texts and arrays are copies, which the kept ones are. */
	wok_http_session_options options;
	void **kept;
	size_t n_kept, kept_capacity;
	wok_connect_options connect;
	wok_address local;
	struct wok__lookups lookups;
	wok_http_retry_options retry;
	unsigned retry_credit; /* hundredths of a retry */
	uint64_t random;
	struct wok__proxies proxies;
	wok_cookie_jar *jar; /* its own, once a server has set a cookie */
	struct wok__known_digest *digests;
	struct wok__netrc netrc;
	bool netrc_loaded;
	wok_tls_context *tls;          /* NULL until the first https */
	wok_scope *app_scope;          /* connections of options.app */
	struct wok__buffer defaults;   /* the fields of a request for which nobody has set any */
	struct wok__buffer spare;      /* memory for a request's head */
	struct wok__h1_field *scratch; /* where heads are parsed; never across a wait */
	struct wok__ending ending;     /* of the loop's default session */
};

/* Redirects that were followed, newest first; the URL's block is its own. */
struct wok__hop {
	struct wok__hop *before;
	int status;
	struct wok__url url;
};

struct wok_http_response {
	wok_http_session *session;
	struct wok__connection *connection; /* NULL when the body has been read */
	struct wok__head head;
	struct wok__incoming incoming; /* of HTTP/1.1 */
	void *stream;                  /* of another wire: what it has for this response */
	int status;
	int failed;    /* how reading the body ended, if not well: later reads say it again */
	bool ended;    /* the body is complete */
	bool reusable; /* the connection, after the body */
	bool tunnel;   /* what follows the head is another protocol's */
	uint64_t content_length; /* 0 if it is not known */
	wok_time deadline;
	wok_time read_timeout;
	wok_http_timings timings;
	struct wok__decoder *decoder; /* NULL: the body is read as it comes */
	struct wok__buffer line;      /* read ahead by wok_http_next_line() */
	size_t line_at;               /* where the unread part of that begins */
	struct wok__gathered body;    /* of wok_http_body() */
	struct wok__url url;
	struct wok__hop *hops;
	char method[];
};

wok_http_session *wok__session_hold(wok_http_session *session);
void wok__session_let_go(wok_http_session *session);

/* The session of the loop, for calls without one; -ENOMEM, or -EINVAL where there is no loop. */
int wok__session_default(wok_http_session **ret_session);

/* Copy what a session is told (settings.c): 0; -ENOMEM, -EINVAL. */
int wok__session_settle(wok_http_session *session, const wok_http_session_options *options);
void wok__session_unsettle(wok_http_session *session);

/* Write session->defaults (head.c): 0; -ENOMEM. */
int wok__session_put_defaults(wok_http_session *session);

void wok__hops_free(struct wok__hop *hops);

/* After the body's end: give the connection back, or close it. */
void wok__response_finish(wok_http_response *response);
#endif
