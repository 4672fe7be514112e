/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_CALL_H
#define WOK_HTTP_CLIENT_CALL_H
/*
 * A request on its way, from the public call down to the wire. It lies on the caller's stack.
 *
 *	wok_http_fetch()	fetch.c		checks, limits of time, messages
 *	wok__call_hops()	hops.c		one exchange after the other, as the answers ask for
 *	wok__exchange_run()	exchange.c	one request and the head of its response
 *	wire->send()		wire_*.c	bytes
 */
#include <errno.h>
#include <string.h>
#include <wok/error.h>
#include <wok/timeout.h>

#include "http/client/session.h"
#include "http/client/source.h"
#include "http/client/wire.h"
#include "http/url.h"

/* The limits of a call's parts; WOK_FOREVER for none. */
struct wok__times {
	wok_time queue, connect, tls, write, wait, read;
};

struct wok_http_call {
	wok_http_session *session;
	const char *method;
	const char *url;
	const wok_http_options *options;      /* never NULL */
	const char *asked_method, *asked_url; /* before redirects */
	unsigned tries;
	size_t next_middleware;
	wok_http_header *extra; /* headers that middlewares have set; copies */
	size_t n_extra, extra_capacity;
	char *own_url;         /* what url points to, if that is not the caller's */
	struct wok__hop *hops; /* redirects so far */
	bool no_body;          /* a redirect has made it a GET */
	bool no_expect;        /* a server knows no "Expect: 100-continue" */
	unsigned answers;      /* to challenges of the server */
	bool foreign;          /* a redirect has led to another origin: no credentials */
	struct wok__source body;
	bool any_status;     /* raise_for_status is the caller's own matter */
	const char *upgrade; /* the protocol to change to; NULL. Then only HTTP/1.1 will do */
	wok_time deadline;
	struct wok__times times;
	wok_http_timings timings;    /* phase and limit are kept true on the way */
	wok_http_response *response; /* the result */
};

/* One request and the head of its response. */
struct wok__exchange {
	struct wok_http_call *call;
	wok_http_session *session;
	struct wok__url url; /* the response's */
	struct wok__route route;
	const struct wok__proxy *proxy; /* NULL: none */
	bool absolute;                  /* the proxy is asked as if it were the server */
	/*
	 * The head as HTTP/1.1 has it, with a request line, and lines "Name: value" from fields_at
	 * up to the empty one. Another wire reads them back into pairs, and leaves out what is of
	 * HTTP/1.1 only: Host, Connection, Upgrade, Transfer-Encoding.
	 */
	struct wok__buffer head;
	size_t fields_at;
	wok_http_response *response; /* it has the connection */
	bool reused;                 /* the connection had served before */
	bool answered;               /* a byte of the response has come */
	bool unprocessed;            /* the server says that it has not acted on the request */
	int interim;                 /* the status of the last interim response */
	bool cut_short;              /* the answer came before all was sent */
};

void wok__trace_call(const struct wok_http_call *call, wok_http_event event);
void wok__trace_response(const wok_http_response *response, wok_http_event event);

/* Tell the session's trace function, if there is one; event needs no method, url and timings. */
static inline void wok__call_tell(const struct wok_http_call *call, wok_http_event event)
{
	if (call->session->options.trace)
		wok__trace_call(call, event);
}

static inline void wok__response_tell(const wok_http_response *response, wok_http_event event)
{
	if (response->session->options.trace)
		wok__trace_response(response, event);
}

static inline void wok__call_phase(struct wok_http_call *call, wok_http_phase phase)
{
	call->timings.phase = phase;
	wok__call_tell(call, (wok_http_event){.kind = WOK_HTTP_EVENT_PHASE});
}

/* The result of a part that had a limit, which a time-out then names. */
static inline int wok__call_timed(struct wok_http_call *call, const wok_timeout *timeout, int r,
				  wok_time limit)
{
	int result = wok_timeout_result(timeout, r);

	if (result == -ETIMEDOUT && wok_timeout_expired(timeout))
		call->timings.limit = limit;
	return result;
}

static inline bool wok__call_is(const struct wok_http_call *call, const char *method)
{
	return call->method[0] == method[0] && strcmp(call->method, method) == 0;
}

/* Whether the connection broke, rather than that the peer or the caller did something wrong. */
static inline bool wok__is_disconnect(int code)
{
	return code == -EPIPE || code == -ECONNRESET || code == WOK_EEOF;
}

/* Whether the body is sent only when the server has said that it wants it. */
static inline bool wok__call_expects(const struct wok_http_call *call)
{
	return call->options->expect_continue && !call->no_expect && call->body.length > 0;
}

/* Make the request, and set call->response; an error has a message that names the request. */
int wok__call_run(struct wok_http_call *call);

/* Once, or more often, as the retry options have it (retry.c). */
int wok__call_tries(struct wok_http_call *call);
/*
 * The pause before another try at what has failed so often in a row outside of a call; below zero:
 * no more tries. retry: NULL for never
 */
wok_time wok__retry_pause(wok_http_session *session, const wok_http_retry_options *retry,
			  unsigned tries, int code);
bool wok__call_is_idempotent(const struct wok_http_call *call);

/* Whether a middleware has a say about a header (middleware.c). */
bool wok__call_has_extra(const struct wok_http_call *call, const char *name);
void wok__call_free_extra(struct wok_http_call *call);

int wok__call_hops(struct wok_http_call *call);

/* Say where to, and how: before the head is written. */
void wok__exchange_choose_route(struct wok__exchange *exchange);

/* Send the request of exchange->head; on failure the response has no connection. */
int wok__exchange_run(struct wok__exchange *exchange);

/* Write the head of a request (head.c). */
int wok__exchange_put_head(struct wok__exchange *exchange);

/* Get the connection of the pool connected, and its wire chosen (connect.c). */
int wok__exchange_connect(struct wok__exchange *exchange);

/* Put a decoder over the body, if it is coded and to be decoded: 0; -ENOMEM, WOK_ELIMIT. */
int wok__response_decode(struct wok_http_call *call);

/* Make of a stream to the proxy one to the server (proxied.c); on failure it is freed, and NULL. */
int wok__exchange_proxied(struct wok__exchange *exchange, wok_stream **stream);

/* A response without a head yet, which takes the URL over; NULL without memory. */
wok_http_response *wok__response_new(const struct wok_http_call *call, const struct wok__url *url);
#endif
