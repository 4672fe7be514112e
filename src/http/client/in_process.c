/* SPDX-License-Identifier: MIT */
/* A server in the client's own process: see http/client/in_process.h. */
#include "http/client/in_process.h"

#include <wok/http_server.h>
#include <wok/memory.h>

#include "base/memory.h"

struct served {
	wok_http_app *app;
	wok_stream *stream;
	wok_http2_options http2;
};

/* The client's end may go at any time: that is no error of the app's. */
static int serve(void *arg)
{
	struct served served = *(struct served *) arg;
	const wok_http_serve_options options = {.http2 = served.http2};

	wok_free(arg);
	int r = wok_http_serve_stream(served.app, served.stream, &options);
	wok_stream_free(served.stream);
	return r == -ECANCELED || r == -ENOMEM ? r : 0;
}

static int spawn(wok_http_session *session, wok_stream *stream)
{
	struct served *served = wok_alloc(sizeof(*served));

	if (!served)
		return -ENOMEM;
	*served = (struct served){session->options.app, stream, session->options.http2};
	int r = wok_scope_spawn(session->app_scope, serve, served);
	if (r < 0)
		wok_free(served);
	return r;
}

int wok__in_process_connect(wok_http_session *session, wok_stream **ret_stream)
{
	const wok_scope_options options = {.background = true, .keep_going = true};
	wok_stream *near = NULL, *far = NULL;

	if (!session->app_scope)
		WOK_TRY(wok_scope_new_with(&options, &session->app_scope));
	WOK_TRY(wok_stream_pair(0, &near, &far));
	int r = spawn(session, far);
	if (r < 0) {
		wok_stream_free(near);
		wok_stream_free(far);
		return r;
	}
	*ret_stream = near;
	return 0;
}
