/* SPDX-License-Identifier: MIT */
/*
 * From a request to the answer that the caller sees: see http/client/call.h. A redirect is followed
 * here.
 *
 * What was said in confidence stays with the origin that the caller has named. Once a redirect has
 * led elsewhere it is not said any more, not even when the next one leads back: who sent it there
 * chose what it asks for.
 */
#include <stdlib.h>
#include <wok/memory.h>

#include "base/frame.h"
#include "base/memory.h"
#include "http/client/credentials.h"

enum {
	MAX_DEFAULT = 10,
	SPARE_MAX = 4096,
	MOVED = 301,
	FOUND = 302,
	SEE_OTHER = 303,
	KEEP = 307,
	KEEP_FOR_EVER = 308,
	EXPECTATION_FAILED = 417,
};

void wok__hops_free(struct wok__hop *hops)
{
	while (hops) {
		struct wok__hop *hop = hops;
		hops = hop->before;
		wok__url_free(&hop->url);
		wok_free(hop);
	}
}

static int check_scheme(const struct wok_http_call *call, const struct wok__url *url)
{
	if ((url->scheme == WOK__WS || url->scheme == WOK__WSS) && !call->upgrade)
		return wok_fail(-EPROTONOSUPPORT, "%.300s: the scheme must be http or https",
				url->text);
	return 0;
}

/* Most heads fit the memory of the one before. */
static void keep_spare(wok_http_session *session, struct wok__buffer *head)
{
	if (session->spare.data || head->capacity > SPARE_MAX)
		wok__buffer_free(head);
	else
		session->spare = *head;
}

/* One exchange, whose response is the call's, also if it has no head in the end. */
static int exchange_once(struct wok_http_call *call)
{
	struct wok__exchange exchange = {.call = call, .session = call->session};

	WOK_TRY(wok__url_parse(call->url, &exchange.url));
	int r = check_scheme(call, &exchange.url);
	if (r == 0)
		call->response = wok__response_new(call, &exchange.url);
	if (!call->response) {
		wok__url_free(&exchange.url);
		return r < 0 ? r : -ENOMEM;
	}
	exchange.response = call->response;
	exchange.head = call->session->spare;
	call->session->spare = (struct wok__buffer){0};
	wok__exchange_choose_route(&exchange);
	r = wok__exchange_put_head(&exchange);
	if (r == 0)
		r = wok__exchange_run(&exchange);
	keep_spare(call->session, &exchange.head);
	return r;
}

/* Where a response leads; NULL if it is to be taken as it is. */
static const char *redirect_of(const struct wok_http_call *call)
{
	int status = call->response->status;
	const char *location;

	if (call->options->no_redirects || call->session->options.no_redirects ||
	    (status != MOVED && status != FOUND && status != SEE_OTHER && status != KEEP &&
	     status != KEEP_FOR_EVER))
		return NULL;
	location = wok__head_value(&call->response->head, "Location");
	return location && *location ? location : NULL;
}

static unsigned redirects_allowed(const struct wok_http_call *call)
{
	unsigned own = call->options->max_redirects;
	unsigned session = call->session->options.max_redirects;

	return own ? own : session ? session : MAX_DEFAULT;
}

/* The method and the body of the next request. */
static int change_method(struct wok_http_call *call, int status)
{
	bool see_other = status == SEE_OTHER && !wok__call_is(call, "HEAD");
	bool was_post = (status == MOVED || status == FOUND) && wok__call_is(call, "POST");

	if (see_other || was_post) {
		call->method = "GET";
		call->no_body = true;
		wok__source_drop(&call->body);
		return 0;
	}
	if (!wok__source_rewind(&call->body))
		return wok_fail(-ESPIPE,
				"%s %.300s: the server redirects (%d), but the request's body "
				"cannot be sent again",
				call->method, call->response->url.text, status);
	return 0;
}

/* Whether the next URL may be asked, and what for. */
static int check_target(struct wok_http_call *call, const char *target)
{
	const struct wok__url *from = &call->response->url;
	struct wok__url to = {0};
	int r = wok__url_parse(target, &to);

	if (r == 0)
		r = check_scheme(call, &to);
	if (r < 0) {
		wok__url_free(&to);
		return wok_fail(r, "%s %.300s redirects to where nobody can go: %s", call->method,
				from->text, wok_errmsg(r));
	}
	if (from->secure && !to.secure && call->session->options.no_downgrade)
		r = wok_fail(-EPROTONOSUPPORT, "%.300s redirects to %.300s, which is not secure",
			     from->text, to.text);
	else if (!wok__url_same_origin(from, &to))
		call->foreign = true;
	wok__url_free(&to);
	return r;
}

/* Note where we were, and go. The response's connection goes back, if little is left to read. */
static int go_on(struct wok_http_call *call, char *target)
{
	struct wok__hop *hop = wok__alloc_zeroed(sizeof(*hop));

	if (!hop)
		return -ENOMEM;
	hop->before = call->hops;
	hop->status = call->response->status;
	hop->url = call->response->url;
	call->response->url = (struct wok__url){0};
	call->hops = hop;
	wok_http_response_free(WOK_TAKE(call->response));
	wok_free(call->own_url);
	call->url = call->own_url = target;
	call->timings.redirects++;
	return 0;
}

static WOK__OUT_OF_LINE int follow(struct wok_http_call *call, const char *location)
{
	int status = call->response->status;
	char *target = NULL;

	if (call->timings.redirects >= redirects_allowed(call))
		return wok_fail(WOK_ELIMIT, "%s %.300s: more than %u redirects", call->method,
				call->response->url.text, redirects_allowed(call));
	WOK_TRY(wok__url_redirect(call->url, location, &target));
	int r = check_target(call, target);
	if (r == 0)
		r = change_method(call, status);
	if (r == 0) {
		wok__call_tell(call,
			       (wok_http_event){.kind = WOK_HTTP_EVENT_REDIRECT, .status = status});
		r = go_on(call, target);
	}
	if (r < 0)
		wok_free(target);
	return r;
}

/* The server does not know what "Expect" is, and has not read the body: ask without it. */
static bool is_unexpected(struct wok_http_call *call)
{
	if (call->response->status != EXPECTATION_FAILED || !wok__call_expects(call) ||
	    !wok__source_rewind(&call->body))
		return false;
	call->no_expect = true;
	return true;
}

/* Another exchange that the response asks for: 1, or 0 if it is the last; an error. */
static int next(struct wok_http_call *call)
{
	int again = is_unexpected(call) ? 1 : wok__credentials_challenged(call);
	if (again != 0) {
		if (again > 0)
			wok_http_response_free(WOK_TAKE(call->response));
		return again;
	}
	const char *location = redirect_of(call);
	if (!location)
		return 0;
	int r = follow(call, location);
	return r < 0 ? r : 1;
}

int wok__call_hops(struct wok_http_call *call)
{
	int r;

	WOK_TRY(wok__credentials_prepare(call->session));
	do {
		WOK_TRY(exchange_once(call));
		WOK_TRY(wok__cookies_keep(call->response));
		r = next(call);
	} while (r > 0);
	if (r < 0)
		return r;
	call->response->hops = WOK_TAKE(call->hops);
	return wok__response_decode(call);
}
