/* SPDX-License-Identifier: MIT */
/* A request as a whole: see wok_http_fetch(). */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/timeout.h>
#include <wok/url.h>

#include "base/frame.h"
#include "base/memory.h"
#include "base/time.h"
#include "http/client/call.h"

enum { SAID_MAX = 300 };

static const char *phase_text(wok_http_phase phase)
{
	switch (phase) {
	case WOK_HTTP_PHASE_BEGIN:
	case WOK_HTTP_PHASE_END:
		break;
	case WOK_HTTP_PHASE_QUEUE:
		return "waiting for a connection of the session";
	case WOK_HTTP_PHASE_LOOKUP:
		return "looking up the host (before connecting)";
	case WOK_HTTP_PHASE_CONNECT:
		return "connecting";
	case WOK_HTTP_PHASE_PROXY:
		return "waiting for the proxy to connect";
	case WOK_HTTP_PHASE_TLS:
		return "waiting for the TLS handshake";
	case WOK_HTTP_PHASE_SEND:
		return "sending the request";
	case WOK_HTTP_PHASE_WAIT:
		return "waiting for the response";
	case WOK_HTTP_PHASE_BODY:
		return "reading the body";
	case WOK_HTTP_PHASE_RETRY:
		return "pausing before another try";
	}
	return "beginning";
}

/* A time-out's message names the request, the phase and the limit. */
static int explain(const struct wok_http_call *call, int code)
{
	wok_time limit = call->timings.limit;

	if (code != -ETIMEDOUT || limit <= 0)
		return code;
	struct wok__url own = {0};
	const char *url = call->response ? call->response->url.text : NULL;
	if (!url && wok__url_parse(call->url, &own) == 0)
		url = own.text; /* as it was given it may have a password */
	code = wok_fail(code, "%s %.300s: timed out while %s, after %.3g s", call->method,
			url ? url : "", phase_text(call->timings.phase),
			(double) limit / (double) WOK_SECOND);
	wok__url_free(&own);
	return code;
}

static int check(const struct wok_http_call *call)
{
	if (!wok__h1_valid_token(call->method, strlen(call->method)))
		return wok_fail(-EINVAL, "\"%.40s\" is no HTTP method", call->method);
	if (wok__call_is(call, "CONNECT"))
		return wok_fail(-EINVAL, "CONNECT is not for wok_http_fetch()");
	return 0;
}

static void set_times(struct wok_http_call *call)
{
	const wok_http_session_options *session = &call->session->options;
	const wok_http_options *own = call->options;

	call->times = (struct wok__times){
		.queue = wok__time_or(own->queue_timeout, session->queue_timeout),
		.connect = wok__time_or(own->connect_timeout, session->connect_timeout),
		.tls = wok__time_or(own->tls_timeout, session->tls_timeout),
		.write = wok__time_or(own->write_timeout, session->write_timeout),
		.wait = wok__time_or(own->wait_timeout, session->wait_timeout),
		.read = wok__time_or(own->read_timeout, session->read_timeout),
	};
}

/* The status as an error, with the beginning of what the server says about it. */
static WOK__OUT_OF_LINE int raise_for_status(struct wok_http_call *call)
{
	char text[SAID_MAX];
	size_t size = 0;
	ssize_t n = 1;

	if (call->response->status < 400)
		return 0;
	while (n > 0 && size < sizeof(text)) {
		n = wok_http_read(call->response, text + size, sizeof(text) - size);
		size += n > 0 ? (size_t) n : 0;
	}
	if (n == -ECANCELED)
		return (int) n;
	int r = wok_http_raise_for_status(call->response);
	return size == 0 ? r : wok_fail(r, "%s: %.*s", wok_errmsg(r), (int) size, text);
}

static int run(struct wok_http_call *call, char **ret_joined)
{
	wok_time limit = wok__time_or(call->options->timeout, call->session->options.timeout);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TRY(check(call));
	if (call->session->options.base_url) {
		WOK_TRY(wok_url_join(call->session->options.base_url, call->url, ret_joined));
		call->url = *ret_joined;
	}
	call->asked_method = call->method;
	call->asked_url = call->url;
	set_times(call);
	call->timings.begin = wok_now();
	call->deadline = wok__time_add(call->timings.begin, limit);
	WOK_TIMEOUT (&timeout, limit) {
		r = wok_http_call_next(call, &call->response);
		if (r == 0 && !call->any_status &&
		    (call->options->raise_for_status || call->session->options.raise_for_status))
			r = raise_for_status(call);
	}
	return explain(call, wok__call_timed(call, &timeout, r, limit));
}

int wok__call_run(struct wok_http_call *call)
{
	char *joined = NULL;

	/* Between two responses nothing else holds it, and its owner may free it while this waits.
	 */
	wok__session_hold(call->session);
	int r = run(call, &joined);
	if (r < 0)
		wok__call_tell(call, (wok_http_event){.kind = WOK_HTTP_EVENT_ERROR, .error = r});

	if (call->options->timings)
		*call->options->timings = call->timings;
	if (r < 0)
		wok_http_response_free(WOK_TAKE(call->response));
	wok_free(joined);
	wok_free(call->own_url);
	wok__source_drop(&call->body);
	wok__hops_free(call->hops);
	wok__call_free_extra(call);
	wok__session_let_go(call->session);
	return r;
}

int wok_http_fetch(wok_http_session *session, const char *method, const char *url,
		   const wok_http_options *options, wok_http_response **ret_response)
{
	static const wok_http_options defaults = {0};

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

int wok_http_head(wok_http_session *session, const char *url, const wok_http_options *options,
		  wok_http_response **ret_response)
{
	return wok_http_fetch(session, "HEAD", url, options, ret_response);
}

int wok_http_ask_options(wok_http_session *session, const char *url,
			 const wok_http_options *options, wok_http_response **ret_response)
{
	return wok_http_fetch(session, "OPTIONS", url, options, ret_response);
}

int wok_http_delete(wok_http_session *session, const char *url, const wok_http_options *options,
		    wok_http_response **ret_response)
{
	return wok_http_fetch(session, "DELETE", url, options, ret_response);
}

int wok_http_put(wok_http_session *session, const char *url, const wok_http_options *options,
		 wok_http_response **ret_response)
{
	return wok_http_fetch(session, "PUT", url, options, ret_response);
}

int wok_http_patch(wok_http_session *session, const char *url, const wok_http_options *options,
		   wok_http_response **ret_response)
{
	return wok_http_fetch(session, "PATCH", url, options, ret_response);
}
