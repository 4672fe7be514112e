/* SPDX-License-Identifier: MIT */
#ifndef TESTS_H2_SERVED_H
#define TESTS_H2_SERVED_H
/* An app that is served at one end of a stream in memory, and a client of HTTP/2 at the other. */
#include <stdio.h>
#include <wok/http.h>

#include "h2/ends.h"

struct served {
	wok_http_app *app;
	wok_http_serve_options options;
	wok_stream_pair_options line;
	wok_stream *server, *raw;
	wok_task *serving;
	struct client client;
	int calls, result;
};

static inline int serve_it(void *arg)
{
	struct served *served = arg;
	int r = wok_http_serve_stream(served->app, served->server, &served->options);

	(void) wok_stream_close(served->server);
	return r;
}

static inline void served_route(struct served *served, const char *method, const char *path,
				wok_http_handler_fn *handler)
{
	if (!served->app)
		ASSERT_OK(wok_http_app_new(&served->app));
	ASSERT_OK(wok_http_route(served->app, method, path, handler, served));
}

static inline void served_open_raw(struct served *served)
{
	if (!served->app)
		ASSERT_OK(wok_http_app_new(&served->app));
	served->options.http2.prior_knowledge = true;
	ASSERT_OK(wok_stream_pair_with(&served->line, &served->raw, &served->server));
	served->serving = wok_create_task(serve_it, served);
}

static inline void served_open(struct served *served)
{
	served_open_raw(served);
	ASSERT_OK(client_open(&served->client, WOK_TAKE(served->raw), NULL));
}

static inline void served_end(struct served *served, int expected)
{
	int r = wok_await(served->serving);

	if (r != expected)
		FAIL("the connection ended with %s: %s", wok_errname(r),
		     wok_task_errmsg(served->serving));
	wok_task_free(served->serving);
	wok_stream_free(served->server);
	wok_http_app_free(served->app);
}

static inline void served_close(struct served *served)
{
	wok__h2_drain(served->client.h2);
	ASSERT_OK(client_close(&served->client));
	served_end(served, 0);
}

static inline void served_close_raw(struct served *served, int expected)
{
	wok_stream_free(served->raw);
	served_end(served, expected);
}
#endif
