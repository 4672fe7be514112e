/* SPDX-License-Identifier: MIT */
#ifndef TESTS_H2_ASKED_H
#define TESTS_H2_ASKED_H
/* A session whose connections are streams in memory, at the other end of which an app is served. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/http.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "http/server/connection.h"

enum { SERVERS_MAX = 8 };

struct asked;

/* One connection's other end. */
struct end {
	struct asked *asked;
	wok_stream *stream;
	struct wok__http_server *server;
	wok_task *task;
};

struct asked {
	wok_http_app *app;
	wok_http_serve_options served;
	wok_http_session_options options;
	wok_http_session *session;
	struct end servers[SERVERS_MAX];
	int connects;
	bool silent; /* connections lead nowhere */
	int now, most;
};

static inline int serve_end(void *arg)
{
	struct end *end = arg;
	struct wok__http_server server;

	WOK_TRY(wok__http_server_open(&server, end->asked->app, &end->asked->served));
	end->server = &server;
	int r = wok__serve_client(&server, end->stream);
	end->server = NULL;
	wok__http_server_close(&server);
	(void) wok_stream_close(end->stream);
	return r;
}

static inline int connect_asked(void *arg, const char *host, uint16_t port, wok_stream **ret_stream)
{
	struct asked *asked = arg;
	struct end *end = &asked->servers[asked->connects];
	wok_stream *near;

	(void) host;
	(void) port;
	ASSERT(asked->connects < SERVERS_MAX);
	WOK_TRY(wok_sleep(WOK_MS)); /* CONNECT_TIME */
	WOK_TRY(wok_stream_pair(0, &near, &end->stream));
	asked->connects++;
	end->asked = asked;
	if (!asked->silent)
		end->task = wok_create_task(serve_end, end);
	*ret_stream = near;
	return 0;
}

static inline void asked_route(struct asked *asked, const char *method, const char *path,
			       wok_http_handler_fn *handler)
{
	if (!asked->app)
		ASSERT_OK(wok_http_app_new(&asked->app));
	ASSERT_OK(wok_http_route(asked->app, method, path, handler, asked));
}

static inline void asked_open(struct asked *asked)
{
	asked->served.http2.prior_knowledge = true;
	asked->options.http2.prior_knowledge = true;
	asked->options.connect_fn = connect_asked;
	asked->options.connect_arg = asked;
	ASSERT_OK(wok_http_session_new(&asked->options, &asked->session));
}

static inline void asked_close(struct asked *asked)
{
	wok_http_session_free(asked->session);
	for (int i = 0; i < asked->connects; i++) {
		if (asked->servers[i].task)
			ASSERT_OK(wok_await(asked->servers[i].task));
		wok_task_free(asked->servers[i].task);
		wok_stream_free(asked->servers[i].stream);
	}
	wok_http_app_free(asked->app);
}

static inline int tell_version(wok_http_request *request, void *arg)
{
	char text[200];

	(void) arg;
	snprintf(text, sizeof(text), "%s for %s", wok_http_request_path(request),
		 wok_http_request_host(request));
	return wok_http_reply_text(request, 200, text);
}

static inline int read_then_echo(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	return wok_http_reply(request,
			      &(wok_http_reply_options){.body = body.data, .body_size = body.size});
}

static inline int break_off(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, &(wok_http_reply_options){.body_size = 5}));
	return wok_http_reply_write(request, "half", 4);
}
#endif
