/* SPDX-License-Identifier: MIT */
/* A request as a whole: see wok_http_fetch(). */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/client/call.h"

static const char *phase_text(enum wok__phase phase)
{
	switch (phase) {
	case WOK__PHASE_QUEUE:
		return "waiting for a connection of the session";
	case WOK__PHASE_CONNECT:
		return "connecting";
	case WOK__PHASE_SEND:
		return "sending the request";
	case WOK__PHASE_HEAD:
		break;
	}
	return "waiting for the response";
}

/* An error's message names the request; one about what the caller gave is left as it is. */
static int explain(const struct wok_http_call *call, int code)
{
	if (code == -ETIMEDOUT && call->limit > 0)
		return wok_fail(code, "%s %.300s: timed out while %s, after %.3g s", call->method,
				call->url, phase_text(call->phase),
				(double) call->limit / (double) WOK_SECOND);
	return code;
}

static int check(const struct wok_http_call *call)
{
	const wok_http_options *options = call->options;

	if (!wok__h1_valid_token(call->method, strlen(call->method)))
		return wok_fail(-EINVAL, "\"%.40s\" is no HTTP method", call->method);
	if (wok__call_is(call, "CONNECT"))
		return wok_fail(-EINVAL, "CONNECT is not for wok_http_fetch()");
	if (options->body_size > 0 && (!options->body || options->body_read))
		return wok_fail(-EINVAL, "a request's body comes from body or from body_read");
	return 0;
}

int wok__call_run(struct wok_http_call *call)
{
	const wok_http_session *session = call->session;
	const wok_http_options *options = call->options;
	wok_time limit = wok__time_or(options->timeout, session->timeout);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TRY(check(call));
	wok__source_open(&call->body, options);
	call->connect_timeout = wok__time_or(options->connect_timeout, session->connect_timeout);
	call->read_timeout = wok__time_or(options->read_timeout, session->read_timeout);
	call->deadline = wok__time_add(wok_now(), limit);
	WOK_TIMEOUT (&timeout, limit) {
		r = wok__call_hops(call);
	}
	r = wok_timeout_result(&timeout, r);
	if (wok_timeout_expired(&timeout))
		call->limit = limit;
	if (r < 0) {
		wok_http_response_free(WOK_TAKE(call->response));
		return explain(call, r);
	}
	return 0;
}

int wok_http_fetch(wok_http_session *session, const char *method, const char *url,
		   const wok_http_options *options, wok_http_response **ret_response)
{
	const wok_http_options defaults = {0};

	if (!session)
		WOK_TRY(wok__session_default(&session));
	struct wok_http_call call = {
		.session = session,
		.method = method,
		.url = url,
		.options = options ? options : &defaults,
	};
	WOK_TRY(wok__call_run(&call));
	*ret_response = call.response;
	return 0;
}

int wok_http_get(wok_http_session *session, const char *url, const wok_http_options *options,
		 wok_http_response **ret_response)
{
	return wok_http_fetch(session, "GET", url, options, ret_response);
}

int wok_http_post(wok_http_session *session, const char *url, const wok_http_options *options,
		  wok_http_response **ret_response)
{
	return wok_http_fetch(session, "POST", url, options, ret_response);
}
