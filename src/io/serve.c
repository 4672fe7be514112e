/* SPDX-License-Identifier: MIT */
/*
 * Serving: see wok_serve().
 *
 * The connections' tasks are children of a background scope, not of the caller's: when the caller
 * is cancelled they may go on for the time that draining has. The scope's shield holds a cancel of
 * the run off for as long.
 */
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/net.h>
#include <wok/scope.h>
#include <wok/semaphore.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "loop/report.h"
#include "task/park.h"

struct server {
	wok_listener *listener;
	wok_serve_fn *handler;
	void *arg;
	bool limited;
	wok_semaphore places; /* for connections, if limited */
	wok_scope *connections;
};

struct connection {
	struct server *server;
	wok_stream *stream;
};

static bool is_peers_doing(int code)
{
	return code == -EPIPE || code == -ECONNRESET || code == -ECONNABORTED ||
	       code == -ETIMEDOUT || code == WOK_EEOF || code == WOK_EPEER;
}

static int serve_connection(void *arg)
{
	struct connection *connection = arg;
	struct server *server = connection->server;
	struct wok_task *task = wok__current();

	int r = server->handler(connection->stream, server->arg);
	if (r < 0 && !is_peers_doing(r) && !(r == -ECANCELED && wok__is_canceled()))
		wok__report(r, task->name, task->site, "a connection's handler failed: %s",
			    wok_errmsg(r));
	wok_stream_free(connection->stream);
	wok_free(connection);
	if (server->limited)
		wok_semaphore_release(&server->places);
	return 0;
}

static int start_connection(struct server *server, wok_stream *stream)
{
	struct connection *connection = wok_alloc(sizeof(*connection));
	if (!connection)
		return -ENOMEM;
	*connection = (struct connection){server, stream};
	int r = wok_scope_spawn(server->connections, serve_connection, connection);
	if (r < 0)
		wok_free(connection);
	return r;
}

/* Accept until that fails: by a cancel, or because the listener was closed. */
static int accept_loop(struct server *server)
{
	for (;;) {
		wok_stream *stream = NULL;
		if (server->limited)
			WOK_TRY(wok_semaphore_acquire(&server->places));
		int r = wok_accept(server->listener, &stream);
		if (r == 0)
			r = start_connection(server, stream);
		if (r == 0)
			continue;
		wok_stream_free(stream);
		if (server->limited)
			wok_semaphore_release(&server->places);
		if (!stream)
			return r;
		wok__report(r, NULL, NULL, "a connection was dropped: %s", wok_strerror(r));
	}
}

static void finish(struct server *server, const wok_serve_options *options)
{
	(void) wok_listener_close(server->listener);
	if (options->on_stop)
		options->on_stop(server->arg);
	if (options->drain > 0) {
		WOK_SHIELD (options->drain) {
			WOK_IGNORE(wok_scope_join(server->connections));
		}
	} else {
		/*
		 * Cancelled, this cancels them; if only the listener was closed, they may finish.
		 */
		WOK_IGNORE(wok_scope_join(server->connections));
	}
	wok_scope_free(server->connections); /* cancels and joins what is left */
}

int wok_serve_on(wok_listener *listener, wok_serve_fn *handler, void *arg,
		 const wok_serve_options *options)
{
	const wok_serve_options defaults = {0};
	struct server server = {.listener = listener, .handler = handler, .arg = arg};

	options = options ? options : &defaults;
	server.limited = options->max_connections > 0 && options->max_connections != WOK_UNLIMITED;
	server.places = (wok_semaphore) WOK_SEMAPHORE_INIT(options->max_connections);
	WOK_TRY(wok_scope_new_with(&(wok_scope_options){.background = true,
							.keep_going = true,
							.shield = options->drain},
				   &server.connections));
	int r = accept_loop(&server);
	finish(&server, options);
	return r;
}

int wok_serve(const char *address, wok_serve_fn *handler, void *arg,
	      const wok_serve_options *options)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	WOK_TRY(wok_listen(address, options ? &options->listen : NULL, &listener));
	return wok_serve_on(listener, handler, arg, options);
}

struct serve_main {
	const char *address;
	wok_serve_fn *handler;
	void *arg;
	const wok_serve_options *options;
};

static int serve_main(void *arg)
{
	struct serve_main *args = arg;

	return wok_serve(args->address, args->handler, args->arg, args->options);
}

int wok_serve_main(const char *address, wok_serve_fn *handler, void *arg,
		   const wok_serve_options *options)
{
	struct serve_main args = {address, handler, arg, options};
	int r = wok_run(serve_main, &args);

	return r == -EINTR ? 0 : r;
}
