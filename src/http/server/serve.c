/* SPDX-License-Identifier: MIT */
/* Serving an app, from the server's beginning to its end: see wok_http_serve(). */
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/scope.h>

#include "base/memory.h"
#include "http/server/access_log.h"
#include "http/server/connection.h"
#include "http/server/networks.h"

enum { MAX_BODY_DEFAULT = 1 << 20, MIN_BODY_RATE_DEFAULT = 240 };

#define CLEANUP_TIME (5 * WOK_SECOND)

static void set_options(struct wok__http_server *server, const wok_http_serve_options *given)
{
	wok_http_serve_options options = given ? *given : (wok_http_serve_options){0};

	options.header_timeout = wok__time_or(options.header_timeout, 30 * WOK_SECOND);
	options.body_timeout = wok__time_or(options.body_timeout, 30 * WOK_SECOND);
	options.write_timeout = wok__time_or(options.write_timeout, 30 * WOK_SECOND);
	options.keep_alive = wok__time_or(options.keep_alive, 75 * WOK_SECOND);
	options.handshake_timeout = wok__time_or(options.handshake_timeout, 10 * WOK_SECOND);
	options.min_body_rate =
		options.min_body_rate ? options.min_body_rate : MIN_BODY_RATE_DEFAULT;
	options.drain = options.no_drain ? 0 : wok__time_or(options.drain, 5 * WOK_SECOND);
	if (options.no_keep_alive)
		options.max_requests = 1;
	server->options = options;
	wok__set_head_limits(&server->limits, options.max_line, options.max_head,
			     options.max_headers);
	server->limits.body = options.max_body ? options.max_body : MAX_BODY_DEFAULT;
}

static int open_networks(struct wok__http_server *server)
{
	const wok_http_serve_options *options = &server->options;

	if (options->n_trusted == 0)
		return 0;
	server->trusted = wok_alloc(options->n_trusted * sizeof(server->trusted[0]));
	if (!server->trusted)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_trusted; i++)
		WOK_TRY(wok__network_parse(options->trusted[i], &server->trusted[i]));
	return 0;
}

static int open_parts(struct wok__http_server *server)
{
	server->scratch = wok_alloc(server->limits.fields * sizeof(struct wok__h1_field));
	if (!server->scratch)
		return -ENOMEM;
	WOK_TRY(open_networks(server));
	WOK_TRY(wok__server_ips_open(server));
	WOK_TRY(wok__server_tls_open(server));
	if (server->options.access_log)
		return wok__access_log_open(server->options.access_log, &server->log);
	return 0;
}

int wok__http_server_open(struct wok__http_server *server, wok_http_app *app,
			  const wok_http_serve_options *options)
{
	*server = (struct wok__http_server){.app = app, .limits = wok__h1_default_limits};
	set_options(server, options);
	wok__list_init(&server->on_stop);
	int r = open_parts(server);
	if (r < 0)
		wok__http_server_close(server);
	return r;
}

void wok__http_server_close(struct wok__http_server *server)
{
	wok__access_log_close(server->log);
	wok__server_tls_close(server);
	wok_free(server->trusted);
	wok_free(server->by_ip);
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
	int r = wok__serve_client(&server, stream);
	wok__http_server_close(&server);
	return r;
}

static int serve_client(wok_stream *client, void *arg)
{
	return wok__serve_client(arg, client);
}

/*
 * Nothing more is accepted: idle connections go at once, busy ones after their reply. The hooks of
 * the app may wait, for as long as requests may go on.
 */
static void stop(void *arg)
{
	struct wok__http_server *server = arg;

	if (server->draining)
		return;
	wok__http_server_stop(server);
	if (server->options.drain > 0) {
		WOK_SHIELD (server->options.drain) {
			wok__app_shutdown(server->app);
		}
	} else {
		wok__app_shutdown(server->app);
	}
}

/* One listener of a server. */
struct listening {
	struct wok__http_server *server;
	wok_listener *listener;
};

static int serve_listener(void *arg)
{
	struct listening *listening = arg;
	struct wok__http_server *server = listening->server;

	return wok_serve_on(listening->listener, serve_client, server,
			    &(wok_serve_options){
				    .max_connections = server->options.max_connections,
				    .drain = server->options.drain,
				    .on_stop = stop,
			    });
}

/* A task for each but the first. */
static int serve_listeners(struct wok__http_server *server, wok_listener *const *listeners,
			   size_t n)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	struct listening *listening = wok_alloc(n * sizeof(*listening));
	int r = listening ? wok_scope_new(&scope) : -ENOMEM;

	for (size_t i = 0; i < n && r >= 0; i++) {
		listening[i] = (struct listening){server, listeners[i]};
		r = wok_scope_spawn(scope, serve_listener, &listening[i]);
	}
	if (r >= 0)
		r = wok_scope_join(scope);
	wok_scope_free(WOK_TAKE(scope));
	wok_free(listening);
	return r;
}

int wok_http_serve_all(wok_http_app *app, wok_listener *const *listeners, size_t n,
		       const wok_http_serve_options *options)
{
	struct wok__http_server server;
	size_t started = 0;

	if (n == 0)
		return wok_fail(-EINVAL, "wok_http_serve_all: no listener");
	WOK_TRY(wok__http_server_open(&server, app, options));
	int r = wok__app_startup(app, &started);
	if (r >= 0 && n == 1)
		r = serve_listener(&(struct listening){&server, listeners[0]});
	else if (r >= 0)
		r = serve_listeners(&server, listeners, n);
	for (size_t i = 0; i < n; i++)
		(void) wok_listener_close(listeners[i]);
	WOK_SHIELD (CLEANUP_TIME) {
		wok__app_cleanup(app, started);
	}
	wok__http_server_close(&server);
	return r;
}

int wok_http_serve_on(wok_http_app *app, wok_listener *listener,
		      const wok_http_serve_options *options)
{
	return wok_http_serve_all(app, &listener, 1, options);
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

void wok_http_get_server_stats(const wok_http_request *request, wok_http_server_stats *ret_stats)
{
	*ret_stats = request->server->stats;
}
