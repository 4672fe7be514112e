/* SPDX-License-Identifier: MIT */
/* Serving an app: see wok_http_serve(). */
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "http/server/connection.h"

enum { MAX_BODY_DEFAULT = 1 << 20, MIN_BODY_RATE_DEFAULT = 240 };

int wok__http_server_open(struct wok__http_server *server, wok_http_app *app,
			  const wok_http_serve_options *given)
{
	wok_http_serve_options options = given ? *given : (wok_http_serve_options){0};

	*server = (struct wok__http_server){.app = app, .limits = wok__h1_default_limits};
	options.header_timeout = wok__time_or(options.header_timeout, 30 * WOK_SECOND);
	options.body_timeout = wok__time_or(options.body_timeout, 30 * WOK_SECOND);
	options.write_timeout = wok__time_or(options.write_timeout, 30 * WOK_SECOND);
	options.keep_alive = wok__time_or(options.keep_alive, 75 * WOK_SECOND);
	options.min_body_rate =
		options.min_body_rate ? options.min_body_rate : MIN_BODY_RATE_DEFAULT;
	options.drain = wok__time_or(options.drain, 5 * WOK_SECOND);
	server->options = options;
	wok__set_head_limits(&server->limits, options.max_line, options.max_head,
			     options.max_headers);
	server->limits.body = options.max_body ? options.max_body : MAX_BODY_DEFAULT;
	wok__list_init(&server->on_stop);
	server->scratch = wok_alloc(server->limits.fields * sizeof(struct wok__h1_field));
	return server->scratch ? 0 : -ENOMEM;
}

void wok__http_server_close(struct wok__http_server *server)
{
	wok_free(server->scratch);
}

void wok__http_server_stop(struct wok__http_server *server)
{
	server->draining = true;
	WOK__LIST_EACH (node, &server->on_stop) {
		struct wok__stop_hook *hook = WOK__CONTAINER(node, struct wok__stop_hook, node);
		wok__list_remove(node);
		hook->call(hook);
	}
}

void wok__server_on_stop(struct wok__http_server *server, struct wok__stop_hook *hook)
{
	wok__list_init_node(&hook->node);
	if (server->draining)
		hook->call(hook);
	else
		wok__list_push_back(&server->on_stop, &hook->node);
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

static void stop(void *arg)
{
	wok__http_server_stop(arg);
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

struct serve_main {
	wok_http_app *app;
	const char *address;
	const wok_http_serve_options *options;
};

static int serve_main(void *arg)
{
	struct serve_main *args = arg;

	return wok_http_serve(args->app, args->address, args->options);
}

int wok_http_serve_main(wok_http_app *app, const char *address,
			const wok_http_serve_options *options)
{
	struct serve_main args = {app, address, options};
	int r = wok_run(serve_main, &args);

	return r == -EINTR ? 0 : r;
}
