/* SPDX-License-Identifier: MIT */
/*
 * Trying again: see wok/http_retry.h.
 *
 * The session keeps a credit: each request adds the budget's part of a retry to it, each retry
 * takes one. So when a server fails for everybody, the load grows by a fifth, not threefold.
 */
#include <string.h>
#include <time.h>
#include <wok/memory.h>

#include "base/time.h"
#include "http/client/call.h"
#include "http/date.h"

enum { TRIES_DEFAULT = 3, BUDGET_DEFAULT = 20, RETRY = 100, CREDIT_MAX = 1000 };
#define PAUSE_DEFAULT (200 * WOK_MS)
#define MAX_PAUSE_DEFAULT (20 * WOK_SECOND)
#define MAX_RETRY_AFTER_DEFAULT WOK_MINUTE

bool wok__call_is_idempotent(const struct wok_http_call *call)
{
	return wok__call_is(call, "GET") || wok__call_is(call, "HEAD") ||
	       wok__call_is(call, "PUT") || wok__call_is(call, "DELETE") ||
	       wok__call_is(call, "OPTIONS") || wok__call_is(call, "TRACE");
}

static bool is_passing_status(const wok_http_retry_options *retry, int status)
{
	static const int usual[] = {429, 500, 502, 503, 504, 0};

	for (const int *at = retry->statuses ? retry->statuses : usual; *at; at++)
		if (*at == status)
			return true;
	return false;
}

static bool is_passing_error(int code)
{
	return wok__is_disconnect(code) || code == -ETIMEDOUT || code == -ECONNREFUSED ||
	       code == -EHOSTUNREACH || code == -ENETUNREACH || code == WOK_ENAME;
}

static bool is_worth_it(const struct wok_http_call *call, const wok_http_retry_options *retry,
			int result)
{
	if (call->tries >= (retry->tries ? retry->tries : TRIES_DEFAULT) ||
	    call->session->retry_credit < RETRY)
		return false;
	if (!retry->any_method && !wok__call_is_idempotent(call))
		return false;
	if (result < 0)
		return !retry->no_errors && !call->body.failed && is_passing_error(result);
	return is_passing_status(retry, call->response->status);
}

/* "120", or a date; below zero if there is none. */
static wok_time retry_after(const struct wok_http_call *call)
{
	const char *text = call->response && call->response->status
				   ? wok__head_value(&call->response->head, "Retry-After")
				   : NULL;
	int64_t seconds;

	if (!text || !wok__retry_after_parse(text, strlen(text), (int64_t) time(NULL), &seconds))
		return -1;
	return seconds * WOK_SECOND;
}

/*
 * SplitMix64 (Steele, Lea, Flood 2014), stirred by the clock: two processes that were told to wait
 * at once draw different numbers, already the first time.
 */
static uint64_t draw(wok_http_session *session)
{
	uint64_t z = session->random += (uint64_t) wok_now() + UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* At most the whole of a span, at least its half: so that not all come back at once. */
static wok_time vary(wok_http_session *session, wok_time span)
{
	return span / 2 + (wok_time) (draw(session) % (uint64_t) (span / 2 + 1));
}

/* The pause after so many tries, if the server has not asked for another one. */
static wok_time usual_pause(wok_http_session *session, const wok_http_retry_options *retry,
			    unsigned tries)
{
	wok_time max = wok__time_or(retry->max_pause, MAX_PAUSE_DEFAULT);
	wok_time pause = wok__time_or(retry->pause, PAUSE_DEFAULT);

	for (unsigned i = 1; i < tries && pause < max; i++)
		pause = wok__time_add(pause, pause);
	return vary(session, wok__time_min(pause, max));
}

wok_time wok__retry_pause(wok_http_session *session, const wok_http_retry_options *retry,
			  unsigned tries, int code)
{
	if (!retry || retry->no_errors || !is_passing_error(code) ||
	    tries >= (retry->tries ? retry->tries : TRIES_DEFAULT) || session->retry_credit < RETRY)
		return -1;
	session->retry_credit -= RETRY;
	return usual_pause(session, retry, tries);
}

/* The pause before the next try; below zero for none, and no try. */
static wok_time pause_of(const struct wok_http_call *call, const wok_http_retry_options *retry)
{
	wok_time asked = retry_after(call);

	if (asked >= 0)
		return asked <= wok__time_or(retry->max_retry_after, MAX_RETRY_AFTER_DEFAULT)
			       ? asked
			       : -1;
	return usual_pause(call->session, retry, call->tries);
}

/* Begin anew: what redirects have changed is as it was asked. */
static int begin(struct wok_http_call *call)
{
	if (call->tries++ == 0)
		return wok__source_open(&call->body, call->options);
	wok_free(WOK_TAKE(call->own_url));
	wok__hops_free(WOK_TAKE(call->hops));
	call->method = call->asked_method;
	call->url = call->asked_url;
	call->no_body = call->foreign = call->no_expect = false;
	call->answers = call->timings.redirects = 0;
	call->timings.limit = 0;
	WOK_TRY(wok__source_open(&call->body, call->options));
	if (!wok__source_rewind(&call->body))
		return wok_fail(-ESPIPE, "%s %.300s: the request's body cannot be sent again",
				call->method, call->response ? call->response->url.text : "");
	return 0;
}

static bool can_send_again(const struct wok_http_call *call)
{
	return !call->options->body_read || call->options->body_rewind;
}

int wok__call_tries(struct wok_http_call *call)
{
	const wok_http_retry_options *retry =
		call->options->retry ? call->options->retry : call->session->options.retry;
	unsigned *credit = &call->session->retry_credit;

	if (retry)
		*credit += retry->budget ? retry->budget : BUDGET_DEFAULT;
	*credit = *credit < CREDIT_MAX ? *credit : CREDIT_MAX;
	for (;;) {
		WOK_TRY(begin(call));
		wok_http_response_free(WOK_TAKE(call->response));
		int r = wok__call_hops(call);
		if (!retry || !can_send_again(call) || !is_worth_it(call, retry, r))
			return r;
		wok_time pause = pause_of(call, retry);
		if (pause < 0 || wok__time_add(wok_now(), pause) >= call->deadline)
			return r;
		*credit -= RETRY;
		call->timings.retries++;
		wok__call_tell(call, (wok_http_event){.kind = WOK_HTTP_EVENT_RETRY,
						      .error = r < 0 ? r : 0,
						      .status = call->response && r == 0
									? call->response->status
									: 0,
						      .pause = pause});
		wok__call_phase(call, WOK_HTTP_PHASE_RETRY);
		if (call->response) /* others may need its connection meanwhile */
			wok__response_finish(call->response);
		WOK_TRY(wok_sleep(pause));
	}
}
