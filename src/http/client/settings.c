/* SPDX-License-Identifier: MIT */
/* What a session is told, as copies with the defaults filled in. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/session.h"

enum { RETRY_CREDIT_FIRST = 1000, LIMIT_DEFAULT = 100, MAX_BODY_DEFAULT = 64 << 20 };
#define KEEP_ALIVE_DEFAULT (15 * WOK_SECOND)
#define TIMEOUT_DEFAULT (5 * WOK_MINUTE)
#define CONNECT_TIMEOUT_DEFAULT (30 * WOK_SECOND)
#define TLS_TIMEOUT_DEFAULT (30 * WOK_SECOND)

/* Memory that goes with the session; NULL without it. */
static void *keep(wok_http_session *session, const void *data, size_t size)
{
	if (wok__grow((void **) &session->kept, &session->kept_capacity, session->n_kept + 1,
		      sizeof(void *)) < 0)
		return NULL;
	void *copy = wok_alloc(size);
	if (!copy)
		return NULL;
	memcpy(copy, data, size);
	return session->kept[session->n_kept++] = copy;
}

static int keep_text(wok_http_session *session, const char **text)
{
	if (*text)
		*text = keep(session, *text, strlen(*text) + 1);
	return *text ? 0 : -ENOMEM;
}

static int keep_optional(wok_http_session *session, const char **text)
{
	return *text ? keep_text(session, text) : 0;
}

/* A list with a NULL behind its last text. */
static int keep_list(wok_http_session *session, const char *const **list)
{
	size_t n = 0;

	if (!*list)
		return 0;
	while ((*list)[n])
		n++;
	const char **copy = keep(session, *list, (n + 1) * sizeof(char *));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		WOK_TRY(keep_text(session, &copy[i]));
	*list = copy;
	return 0;
}

/* Whether a header can be sent at all: 0, or -EINVAL with a message. */
static int check_header(const wok_http_header *header)
{
	struct wok__buffer trial = {0};

	if (wok__is_framing_header(header->name))
		return wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set", header->name);
	wok__buffer_field(&trial, header->name, header->value ? header->value : "");
	int r = trial.error;
	wok__buffer_free(&trial);
	return r;
}

static int keep_headers(wok_http_session *session)
{
	wok_http_session_options *options = &session->options;

	if (options->n_headers == 0)
		return 0;
	wok_http_header *copies =
		keep(session, options->headers, options->n_headers * sizeof(wok_http_header));
	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_headers; i++) {
		WOK_TRY(check_header(&copies[i]));
		WOK_TRY(keep_text(session, &copies[i].name));
		WOK_TRY(keep_optional(session, &copies[i].value));
	}
	options->headers = copies;
	return 0;
}

static int keep_resolve(wok_http_session *session)
{
	wok_http_session_options *options = &session->options;

	if (options->n_resolve == 0)
		return 0;
	wok_http_resolve *copies =
		keep(session, options->resolve, options->n_resolve * sizeof(wok_http_resolve));
	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_resolve; i++) {
		WOK_TRY(keep_text(session, &copies[i].origin));
		WOK_TRY(keep_text(session, &copies[i].address));
	}
	options->resolve = copies;
	return 0;
}

static int keep_connect(wok_http_session *session)
{
	const wok_connect_options *given = session->options.connect;

	if (!given)
		return 0;
	session->connect = *given;
	if (given->local) {
		session->local = *given->local;
		session->connect.local = &session->local;
	}
	session->options.connect = &session->connect;
	return keep_optional(session, &session->connect.interface);
}

static void set_times(wok_http_session_options *options)
{
	options->keep_alive = wok__time_or(options->keep_alive, KEEP_ALIVE_DEFAULT);
	options->max_age = wok__time_or(options->max_age, WOK_FOREVER);
	options->timeout = wok__time_or(options->timeout, TIMEOUT_DEFAULT);
	options->queue_timeout = wok__time_or(options->queue_timeout, WOK_FOREVER);
	options->connect_timeout = wok__time_or(options->connect_timeout, CONNECT_TIMEOUT_DEFAULT);
	options->tls_timeout = wok__time_or(options->tls_timeout, TLS_TIMEOUT_DEFAULT);
	options->write_timeout = wok__time_or(options->write_timeout, WOK_FOREVER);
	options->wait_timeout = wok__time_or(options->wait_timeout, WOK_FOREVER);
	options->read_timeout = wok__time_or(options->read_timeout, WOK_FOREVER);
}

static void set_limits(wok_http_session *session)
{
	wok_http_session_options *options = &session->options;

	session->limits = wok__h1_default_limits;
	wok__set_head_limits(&session->limits, options->max_line, options->max_head,
			     options->max_headers);
	if (options->limit == 0)
		options->limit = LIMIT_DEFAULT;
	if (options->limit_per_host == 0)
		options->limit_per_host = WOK_UNLIMITED;
	if (options->max_requests == 0)
		options->max_requests = UINT64_MAX;
	if (options->max_body == 0)
		options->max_body = MAX_BODY_DEFAULT;
}

/* Streams that are the caller's own go through no proxy of the environment's. */
static int open_proxies(wok_http_session *session)
{
	const wok_http_session_options *options = &session->options;
	bool own_ways = options->no_environment || options->app || options->connect_fn;
	const char *proxy = !options->proxy && own_ways ? "" : options->proxy;

	return wok__proxies_open(&session->proxies, proxy, options->no_proxy);
}

static int keep_retry(wok_http_session *session)
{
	wok_http_session_options *options = &session->options;
	size_t n = 1;

	session->retry_credit = RETRY_CREDIT_FIRST;
	if (options->n_middlewares > 0) {
		options->middlewares =
			keep(session, options->middlewares,
			     options->n_middlewares * sizeof(wok_http_client_middleware));
		if (!options->middlewares)
			return -ENOMEM;
	}
	if (!options->retry)
		return 0;
	session->retry = *options->retry;
	options->retry = &session->retry;
	if (!session->retry.statuses)
		return 0;
	while (session->retry.statuses[n - 1] != 0)
		n++;
	session->retry.statuses = keep(session, session->retry.statuses, n * sizeof(int));
	return session->retry.statuses ? 0 : -ENOMEM;
}

int wok__session_settle(wok_http_session *session, const wok_http_session_options *options)
{
	session->options = *options;
	set_times(&session->options);
	set_limits(session);
	WOK_TRY(keep_headers(session));
	WOK_TRY(keep_resolve(session));
	WOK_TRY(keep_connect(session));
	WOK_TRY(open_proxies(session));
	WOK_TRY(keep_retry(session));
	WOK_TRY(keep_list(session, &session->options.pins));
	WOK_TRY(keep_list(session, &session->options.sensitive_headers));
	WOK_TRY(keep_optional(session, &session->options.base_url));
	WOK_TRY(keep_optional(session, &session->options.user));
	WOK_TRY(keep_optional(session, &session->options.password));
	return keep_optional(session, &session->options.unix_path);
}

void wok__session_unsettle(wok_http_session *session)
{
	wok__proxies_close(&session->proxies);
	for (size_t i = 0; i < session->n_kept; i++)
		wok_free(session->kept[i]);
	wok_free(session->kept);
}
