/* SPDX-License-Identifier: MIT */
/*
 * From a request to its handler, and what is made of the handler's result.
 *
 * The middlewares of an app stand around those of the apps within it, and the innermost of all
 * calls the handler; a request that has none (404, 405, OPTIONS) is answered in its place.
 */
#include <wok/error.h>

#include "http/server/connection.h"
#include "loop/report.h"
#include "task/park.h"

enum { STATUS_TIMEOUT = 408, ALLOWED_MAX = 512 };

/* --- the handler's result --------------------------------------------------------------------- */

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
	return wok__reply_error(request, body_failed ? status_of(result) : 500, result);
}

/* Whether a handler's error is that of its client. (It may have other connections that break.) */
static bool is_clients_doing(const wok_http_request *request, int code)
{
	bool unsent = request->reply == WOK__REPLY_BROKEN &&
		      (code == -EPIPE || code == -ECONNRESET || code == -ETIMEDOUT);

	return unsent || (request->body_error < 0 && code == request->body_error);
}

/* --- the way to the handler ------------------------------------------------------------------- */

static int reply_allowed(wok_http_request *request, int status)
{
	char allowed[ALLOWED_MAX];

	wok__app_allowed(request->server->app, request->host, request->path, allowed,
			 sizeof(allowed));
	WOK_TRY(wok_http_reply_header(request, "Allow", allowed));
	if (status == 405)
		return wok__reply_error(request, status, 0);
	return wok_http_reply(request, &(wok_http_reply_options){.status = status});
}

/* Behind all middlewares. */
static int call_handler(wok_http_request *request)
{
	const struct wok__match *match = &request->match;

	if (match->route)
		return match->route->handler(request, match->route->arg);
	if (match->status != 405)
		return wok__reply_error(request, match->status, 0);
	return reply_allowed(request, request->method_id == WOK__H1_OPTIONS ? 204 : 405);
}

/* Of the apps around the innermost one, that which is right within another. */
static wok_http_app *next_app(const wok_http_request *request, const wok_http_app *outer)
{
	wok_http_app *app = request->match.app;

	while (app && app->parent != outer)
		app = app->parent;
	return app;
}

int wok_http_next(wok_http_request *request)
{
	wok_http_app *app = request->stage_app;
	size_t at = request->stage;
	int r;

	while (app && request->stage >= app->n_middlewares) {
		app = app == request->match.app ? NULL : next_app(request, app);
		request->stage_app = app;
		request->stage = 0;
	}
	if (app) {
		const struct wok__middleware *middleware = &app->middlewares[request->stage++];
		r = middleware->fn(request, middleware->arg);
	} else {
		r = call_handler(request);
	}
	/* Who called may do so once more. */
	request->stage_app = app;
	request->stage = at;
	return r;
}

static int answer(wok_http_request *request)
{
	request->stage_app = request->server->app;
	request->stage = 0;
	int r = wok_http_next(request);
	if (r == -ECANCELED && wok__is_canceled())
		return r;
	if (r < 0 && !is_clients_doing(request, r))
		wok__report(r, NULL, NULL, "the handler of %s %s failed: %s", request->method,
			    request->path, wok_errmsg(r));
	return complete_reply(request, r);
}

int wok__request_run(wok_http_request *request)
{
	int status = 0;

	if (request->method_id == WOK__H1_CONNECT || request->method_id == WOK__H1_TRACE)
		status = 501;
	else if (request->expect_unknown)
		status = 417;
	if (status > 0) {
		request->close = true;
		return wok__reply_error(request, status, 0);
	}
	if (request->is_asterisk)
		return wok_http_reply(request, &(wok_http_reply_options){.status = 200});
	WOK_TRY(wok__app_find(request->server->app, request->method, request->host, request->path,
			      &request->match));
	return answer(request);
}
