/* SPDX-License-Identifier: MIT */
/*
 * From a request to its handler, and what is made of the handler's result.
 *
 * The middlewares of an app stand around those of the apps within it, and the innermost of all
 * calls the handler; a request that has none (404, 405, OPTIONS) is answered in its place.
 */
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/task.h>

#include "http/server/access_log.h"
#include "http/server/connection.h"
#include "loop/report.h"
#include "task/park.h"

enum { STATUS_TIMEOUT = 408, STATUS_UNAVAILABLE = 503, ALLOWED_MAX = 512 };

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

/* --- a handler whose client goes, or whose time is over --------------------------------------- */

/* Watches a connection of which nothing more is to be read for now. */
struct watch {
	wok_http_request *request;
	wok_task *task;
};

static int watch_client(void *arg)
{
	wok_http_request *request = arg;
	wok_view unused;
	int r;

	/* What a client sends meanwhile is its next request, of which some may be kept. */
	while ((r = wok_stream_fill(request->connection->stream, 0, &unused)) > 0)
		;
	if (r == 0 || (r < 0 && r != -ECANCELED && r != WOK_ELIMIT && r != -EBUSY))
		wok__request_gone(request);
	return 0;
}

void wok__request_gone(wok_http_request *request)
{
	if (!request->server->options.cancel_on_disconnect || !request->patience)
		return;
	request->abandoned = true;
	(void) wok_timeout_set_deadline(request->patience, wok_now());
}

/* Within the time that the handler has. */
static int run_patiently(wok_http_request *request)
{
	const wok_http_serve_options *options = &request->server->options;

	if (options->cancel_on_disconnect && request->major == 1 && wok__h1_body_ended(request))
		request->watcher = wok_create_task(watch_client, request);
	int r = wok_http_next(request);
	wok_task_free(WOK_TAKE(request->watcher)); /* cancels it, and waits for its end */
	return r;
}

static int run_in_time(wok_http_request *request)
{
	const wok_http_serve_options *options = &request->server->options;
	wok_timeout patience = WOK_TIMEOUT_INIT;
	int r = 0;

	if (options->request_timeout <= 0 && !options->cancel_on_disconnect)
		return wok_http_next(request);
	request->patience = &patience;
	WOK_TIMEOUT (&patience,
		     options->request_timeout > 0 ? options->request_timeout : WOK_FOREVER) {
		r = run_patiently(request);
	}
	request->patience = NULL;
	request->timed_out = wok_timeout_expired(&patience);
	return wok_timeout_result(&patience, r);
}

/* The handler was ended from outside: nobody waits for its reply, or somebody does for too long. */
static int reply_late(wok_http_request *request)
{
	request->close = true;
	if (request->reply == WOK__REPLY_BEGUN || request->abandoned)
		break_off(request);
	if (request->reply != WOK__REPLY_NONE)
		return 0;
	wok__report(-ETIMEDOUT, NULL, NULL, "the handler of %s %s took too long", request->method,
		    request->path);
	return wok__reply_error(request, STATUS_UNAVAILABLE, -ETIMEDOUT);
}

static int answer(wok_http_request *request)
{
	request->stage_app = request->server->app;
	request->stage = 0;
	int r = run_in_time(request);
	if (r == -ECANCELED && wok__is_canceled())
		return r;
	if (r == -ECANCELED && request->over)
		r = 0;
	if (r == -ETIMEDOUT && (request->abandoned || request->timed_out))
		return reply_late(request);
	if (r < 0 && !is_clients_doing(request, r))
		wok__report(r, NULL, NULL, "the handler of %s %s failed: %s", request->method,
			    request->path, wok_errmsg(r));
	return complete_reply(request, r);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Refuse what no handler is asked about: the status, or 0. */
static int refusal(const wok_http_request *request)
{
	if (request->method_id == WOK__H1_CONNECT || request->method_id == WOK__H1_TRACE)
		return 501;
	return request->expect_unknown ? 417 : 0;
}

static int run(wok_http_request *request)
{
	const wok_http_serve_options *options = &request->server->options;
	int status = refusal(request);

	if (status > 0) {
		request->close = true;
		return wok__reply_error(request, status, 0);
	}
	if (request->is_asterisk)
		return wok_http_reply(request, &(wok_http_reply_options){.status = 200});
	WOK_TRY(wok__app_find(request->server->app, request->method, request->host, request->path,
			      &request->match));
	if (request->expects && options->on_expect) {
		int r = options->on_expect(request, options->on_expect_arg);
		if (r < 0 || request->reply != WOK__REPLY_NONE)
			return r == -ECANCELED ? r : complete_reply(request, r);
	}
	return answer(request);
}

/* Count a request that has been answered, and tell the log. */
static void done(wok_http_request *request)
{
	struct wok__http_server *server = request->server;

	server->stats.total_requests++;
	if (request->status > 0)
		server->stats.replies[request->status / 100]++;
	server->stats.broken += request->reply == WOK__REPLY_BROKEN;
	if (server->log)
		wok__access_log_add(server->log, request);
}

int wok__request_run(wok_http_request *request)
{
	request->server->stats.requests++;
	int r = run(request);
	request->server->stats.requests--;
	/* However it came to be cut off: it does not look like the whole. */
	if (request->reply == WOK__REPLY_BEGUN || request->reply == WOK__REPLY_BROKEN)
		break_off(request);
	done(request);
	return r;
}

int wok__request_refuse(wok_http_request *request, int status)
{
	request->close = true;
	request->server->stats.bad_heads++;
	int r = wok__reply_error(request, status, 0);
	done(request);
	return r;
}
