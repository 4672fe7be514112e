/* SPDX-License-Identifier: MIT */
/* Sessions: see wok/http_client.h. */
#include "http/client/session.h"

#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "base/time.h"

enum { LIMIT_DEFAULT = 100, MAX_BODY_DEFAULT = 64 << 20 };
#define KEEP_ALIVE_DEFAULT (15 * WOK_SECOND)
#define TIMEOUT_DEFAULT (5 * WOK_MINUTE)
#define CONNECT_TIMEOUT_DEFAULT (30 * WOK_SECOND)

static void set_limits(wok_http_session *session, const wok_http_session_options *options)
{
	session->limits = wok__h1_default_limits;
	wok__set_head_limits(&session->limits, options->max_line, options->max_head,
			     options->max_headers);
	session->max_body = options->max_body ? options->max_body : MAX_BODY_DEFAULT;
}

/* Whether a header can be sent at all: 0, or -EINVAL with a message. */
static int check_header(const wok_http_header *header)
{
	struct wok__buffer trial = {0};

	if (wok__is_framing_header(header->name))
		return wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set", header->name);
	wok__buffer_field(&trial, header->name, header->value);
	int r = trial.error;
	wok__buffer_free(&trial);
	return r;
}

static int copy_headers(wok_http_session *session, const wok_http_session_options *options)
{
	if (options->n_headers == 0)
		return 0;
	session->headers = wok__alloc_zeroed(options->n_headers * sizeof(wok_http_header));
	if (!session->headers)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_headers; i++) {
		const wok_http_header *from = &options->headers[i];
		WOK_TRY(check_header(from));
		session->headers[i].name = wok__strdup(from->name);
		session->headers[i].value = wok__strdup(from->value);
		session->n_headers++;
		if (!session->headers[i].name || !session->headers[i].value)
			return -ENOMEM;
	}
	return 0;
}

static void release(wok_http_session *session)
{
	wok__pool_free(&session->pool);
	for (size_t i = 0; i < session->n_headers; i++) {
		wok_free((char *) (uintptr_t) session->headers[i].name);
		wok_free((char *) (uintptr_t) session->headers[i].value);
	}
	wok_free(session->headers);
	wok_free(session->scratch);
	wok_free(session);
}

static int set_up(wok_http_session *session, const wok_http_session_options *options)
{
	set_limits(session, options);
	session->scratch = wok_alloc(session->limits.fields * sizeof(struct wok__h1_field));
	if (!session->scratch)
		return -ENOMEM;
	session->timeout = wok__time_or(options->timeout, TIMEOUT_DEFAULT);
	session->connect_timeout = wok__time_or(options->connect_timeout, CONNECT_TIMEOUT_DEFAULT);
	session->read_timeout = wok__time_or(options->read_timeout, WOK_FOREVER);
	session->no_retry = options->no_retry;
	return copy_headers(session, options);
}

int wok_http_session_new(const wok_http_session_options *options, wok_http_session **ret_session)
{
	const wok_http_session_options defaults = {0};

	if (!wok_current_loop())
		return wok_fail(-EINVAL, "wok_http_session_new: this thread runs no loop");
	options = options ? options : &defaults;
	wok_http_session *session = wok__alloc_zeroed(sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->holders = 1;
	const struct wok__pool_limits limits = {
		.connections = options->limit ? options->limit : LIMIT_DEFAULT,
		.per_host = options->limit_per_host ? options->limit_per_host : WOK_UNLIMITED,
		.keep_alive = wok__time_or(options->keep_alive, KEEP_ALIVE_DEFAULT),
		.max_age = wok__time_or(options->max_age, WOK_FOREVER),
		.max_requests = options->max_requests ? options->max_requests : UINT64_MAX,
	};
	wok__pool_open(&session->pool, &limits);
	int r = set_up(session, options);
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
