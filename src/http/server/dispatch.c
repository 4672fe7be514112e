/* SPDX-License-Identifier: MIT */
/* From a request to its handler, and what is made of the handler's result. */
#include <wok/error.h>

#include "http/server/connection.h"
#include "loop/report.h"
#include "task/park.h"

enum { STATUS_TIMEOUT = 408 };

/* The status for an error of reading a body. */
static int status_of(int code)
{
	return code == WOK_ELIMIT                      ? 413
	       : code == WOK_EPEER || code == WOK_EEOF ? 400
	       : code == -ETIMEDOUT                    ? STATUS_TIMEOUT
						       : 500;
}

/* A streamed reply breaks off: a part must not look like the whole. */
static void break_off(wok_http_request *request)
{
	request->reply = WOK__REPLY_BROKEN;
	request->wire->abort(request);
}

/* The handler has returned: make a reply of what it left undone. */
static int complete_reply(wok_http_request *request, int result)
{
	if (request->reply == WOK__REPLY_BEGUN) {
		if (result >= 0)
			return wok__reply_end(request);
		break_off(request);
	}
	if (request->reply != WOK__REPLY_NONE)
		return 0;
	if (result >= 0)
		return wok_http_reply(request, &(wok_http_reply_options){.status = 204});
	bool body_failed = request->body_error < 0 && result == request->body_error;
	return wok__reply_error(request, body_failed ? status_of(result) : 500, NULL);
}

/* Whether a handler's error is that of its client. (It may have other connections that break.) */
static bool is_clients_doing(const wok_http_request *request, int code)
{
	bool unsent = request->reply == WOK__REPLY_BROKEN &&
		      (code == -EPIPE || code == -ECONNRESET || code == -ETIMEDOUT);

	return unsent || (request->body_error < 0 && code == request->body_error);
}

static int run_handler(wok_http_request *request, const struct wok__route *route)
{
	int r = route->handler(request, route->arg);

	if (r == -ECANCELED && wok__is_canceled())
		return r;
	if (r < 0 && !is_clients_doing(request, r))
		wok__report(r, NULL, NULL, "the handler of %s %s failed: %s", request->method,
			    request->path, wok_errmsg(r));
	return complete_reply(request, r);
}

int wok__request_run(wok_http_request *request)
{
	const struct wok__route *route;
	char allowed[256];
	int status = 0;

	if (request->method_id == WOK__H1_CONNECT || request->method_id == WOK__H1_TRACE)
		status = 501;
	else if (request->expect_unknown)
		status = 417;
	if (status > 0) {
		request->close = true;
		return wok__reply_error(request, status, NULL);
	}
	if (request->is_asterisk)
		return wok_http_reply(request, &(wok_http_reply_options){.status = 200});
	route = wok__app_find(request->server->app, request->method, request->path, &status);
	if (!route) {
		wok__app_allowed(request->server->app, request->path, allowed, sizeof(allowed));
		return wok__reply_error(request, status, status == 405 ? allowed : NULL);
	}
	if (route->prefix)
		request->rest = request->path + route->path_size;
	return run_handler(request, route);
}
