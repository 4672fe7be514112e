/* SPDX-License-Identifier: MIT */
/* Sessions: see wok/http_client.h. */
#include "http/client/session.h"

#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/credentials.h"
#include "http/client/secure.h"

static void release(wok_http_session *session)
{
	wok__pool_free(&session->pool);
	wok__lookups_clear(&session->lookups);
	wok__secure_close(session);
	wok__credentials_close(session);
	wok__session_unsettle(session);
	wok__buffer_free(&session->defaults);
	wok__buffer_free(&session->spare);
	wok_free(session->scratch);
	wok_free(session);
}

static void open_pool(wok_http_session *session)
{
	const wok_http_session_options *options = &session->options;
	const struct wok__pool_limits limits = {
		.connections = options->limit,
		.per_host = options->limit_per_host,
		.keep_alive = options->keep_alive,
		.max_age = options->max_age,
		.max_requests = options->max_requests,
	};

	wok__pool_open(&session->pool, &limits);
}

static int set_up(wok_http_session *session, const wok_http_session_options *options)
{
	WOK_TRY(wok__session_settle(session, options));
	WOK_TRY(wok__session_put_defaults(session));
	open_pool(session);
	session->scratch = wok_alloc(session->limits.fields * sizeof(struct wok__h1_field));
	if (!session->scratch)
		return -ENOMEM;
	if (options->tls || options->pins)
		WOK_TRY(wok__secure_open(session));
	session->options.tls = NULL; /* it is in the context now */
	return 0;
}

int wok_http_session_new(const wok_http_session_options *options, wok_http_session **ret_session)
{
	const wok_http_session_options defaults = {0};

	if (!wok_current_loop())
		return wok_fail(-EINVAL, "wok_http_session_new: this thread runs no loop");
	wok_http_session *session = wok__alloc_zeroed(sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->holders = 1;
	int r = set_up(session, options ? options : &defaults);
	if (r < 0) {
		release(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

wok_http_session *wok__session_hold(wok_http_session *session)
{
	session->holders++;
	return session;
}

void wok__session_let_go(wok_http_session *session)
{
	if (--session->holders == 0)
		release(session);
}

void wok_http_session_free(wok_http_session *session)
{
	if (!session)
		return;
	wok__pool_close(&session->pool);
	wok_scope_free(WOK_TAKE(session->app_scope));
	wok__session_let_go(session);
}

static void end_default(struct wok__ending *ending)
{
	wok_http_session_free(WOK__CONTAINER(ending, struct wok_http_session, ending));
}

int wok__session_default(wok_http_session **ret_session)
{
	wok_http_session *session = NULL;
	struct wok__ending *ending = wok_current_loop() ? wok__loop_find_ending(end_default) : NULL;

	if (ending) {
		*ret_session = WOK__CONTAINER(ending, struct wok_http_session, ending);
		return 0;
	}
	WOK_TRY(wok_http_session_new(NULL, &session));
	session->ending.end = end_default;
	wok__loop_at_end(&session->ending);
	*ret_session = session;
	return 0;
}

void wok_http_session_stats(const wok_http_session *session, wok_http_stats *ret_stats)
{
	const struct wok__pool *pool = &session->pool;

	*ret_stats = (wok_http_stats){
		.open = pool->open,
		.idle = pool->n_idle,
		.waiting = pool->n_waiting,
		.created = pool->created,
		.reused = pool->reused,
	};
}

bool wok_http_session_next_origin(const wok_http_session *session, size_t *position,
				  wok_http_origin *ret_origin)
{
	struct wok__origin_info info;

	if (!wok__pool_next_origin(&session->pool, position, &info))
		return false;
	*ret_origin = (wok_http_origin){.host = info.host,
					.port = info.port,
					.secure = info.secure,
					.open = info.open,
					.idle = info.idle,
					.waiting = info.waiting};
	return true;
}
