/* SPDX-License-Identifier: MIT */
/* Serving an app: see wok_http_serve(). */
#include <wok/error.h>
#include <wok/memory.h>

#include "http/server/connection.h"

enum { MAX_BODY_DEFAULT = 1 << 20 };

static wok_time time_or(wok_time value, wok_time otherwise)
{
	return value > 0 ? value : otherwise;
}

static uint32_t limit_or(size_t value, uint32_t otherwise)
{
	return value == 0 ? otherwise : value > UINT32_MAX ? UINT32_MAX : (uint32_t) value;
}

int wok__http_server_open(struct wok__http_server *server, wok_http_app *app,
			  const wok_http_serve_options *given)
{
	wok_http_serve_options options = given ? *given : (wok_http_serve_options){0};

	*server = (struct wok__http_server){.app = app, .limits = wok__h1_default_limits};
	options.header_timeout = time_or(options.header_timeout, 30 * WOK_SECOND);
	options.body_timeout = time_or(options.body_timeout, 30 * WOK_SECOND);
	options.write_timeout = time_or(options.write_timeout, 30 * WOK_SECOND);
	options.keep_alive = time_or(options.keep_alive, 75 * WOK_SECOND);
	options.drain = time_or(options.drain, 5 * WOK_SECOND);
	server->options = options;
	server->limits.start_line = limit_or(options.max_line, server->limits.start_line);
	server->limits.field_line = limit_or(options.max_line, server->limits.field_line);
	server->limits.head = limit_or(options.max_head, server->limits.head);
	server->limits.fields = limit_or(options.max_headers, server->limits.fields);
	server->limits.body = options.max_body ? options.max_body : MAX_BODY_DEFAULT;
	wok__list_init(&server->idle);
	server->scratch = wok_alloc(server->limits.fields * sizeof(struct wok__h1_field));
	return server->scratch ? 0 : -ENOMEM;
}

void wok__http_server_close(struct wok__http_server *server)
{
	wok_free(server->scratch);
}

int wok_http_serve_stream(wok_http_app *app, wok_stream *stream,
			  const wok_http_serve_options *options)
{
	struct wok__http_server server;

	WOK_TRY(wok__http_server_open(&server, app, options));
	int r = wok__serve_connection(&server, stream);
	wok__http_server_close(&server);
	return r;
}

static int serve_client(wok_stream *client, void *arg)
{
	return wok__serve_connection(arg, client);
}

/* Nothing more is accepted: idle connections go at once, busy ones after their reply. */
static void stop(void *arg)
{
	struct wok__http_server *server = arg;

	server->draining = true;
	WOK__LIST_EACH (node, &server->idle) {
		wok_http_request *request = WOK__CONTAINER(node, wok_http_request, in_idle);
		(void) wok_stream_close(request->stream);
	}
}

int wok_http_serve_on(wok_http_app *app, wok_listener *listener,
		      const wok_http_serve_options *options)
{
	struct wok__http_server server;

	WOK_TRY(wok__http_server_open(&server, app, options));
	int r = wok_serve_on(listener, serve_client, &server,
			     &(wok_serve_options){
				     .max_connections = server.options.max_connections,
				     .drain = server.options.drain,
				     .on_stop = stop,
			     });
	wok__http_server_close(&server);
	return r;
}

int wok_http_serve(wok_http_app *app, const char *address, const wok_http_serve_options *options)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	WOK_TRY(wok_listen(address, options ? &options->listen : NULL, &listener));
	return wok_http_serve_on(app, listener, options);
}
