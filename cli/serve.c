/* SPDX-License-Identifier: MIT */
/*
 * `wok serve [FOLDER]`: a folder on a port, until Ctrl-C. What it serves is wok_http_static(); this
 * is the program around it.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/wok.h>

#include "child.h"
#include "command.h"
#include "listening.h"
#include "serve.h"

struct server {
	struct serve_options options;
	wok_http_app *app;
	struct serve_tls *tls; /* NULL: none */
	wok_scope *scope;
	int listened;  /* negative: that was impossible, and why */
	size_t unsaid; /* lines of the log that stderr did not take */
};

/* What a person can click at: an address of all of the machine is written as this machine's. */
static void print_url(const struct server *server, const wok_listener *listener)
{
	const char *scheme = server->options.certificate ? "https" : "http";
	const char *address = server->options.address;
	const char *colon = strrchr(address, ':');
	unsigned port = wok_listener_port(listener);

	if (port == 0 || !colon) {
		printf("at %s", address);
		return;
	}
	int size = (int) (colon - address);
	bool all = size == 0 || strncmp(address, "0.0.0.0", 7) == 0 ||
		   strncmp(address, "[::]", 4) == 0 || address[0] == '*';
	printf("at %s://%.*s:%u/", scheme, all ? 9 : size, all ? "localhost" : address, port);
}

static int announce(const struct server *server, const wok_listener *listener)
{
	char path[PATH_MAX];

	if (!realpath(server->options.folder, path))
		return -errno;
	printf("wok serve: %s ", path);
	print_url(server, listener);
	printf("\n");
	return fflush(stdout) == 0 ? 0 : -errno;
}

/* --- what stderr says of each request --------------------------------------------------------- */

/*
 * Who reads stderr may be slow, or have stopped: the server must not wait for that. A pipe that can
 * be written takes PIPE_BUF bytes at once.
 */
static bool can_say(int milliseconds)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&ready, 1, milliseconds) == 1;
}

static void print_line(const char *line, size_t size, void *arg)
{
	struct server *server = arg;

	size = size < PIPE_BUF ? size : PIPE_BUF;
	if (!can_say(0) || write(STDERR_FILENO, line, size) < 0)
		server->unsaid++;
}

/* What a log of this kind is; false for none. */
static bool fill_log(struct server *server, wok_http_access_log *log)
{
	enum serve_log kind = server->options.log;

	log->write = print_line;
	log->arg = server;
	log->json = kind == SERVE_LOG_JSON;
	if (kind == SERVE_LOG_SHORT)
		log->format = "%{iso}t %h \"%m %U%q\" %s %B %T";
	return kind != SERVE_LOG_NONE;
}

/* --- the server's life ------------------------------------------------------------------------ */

/* SIGTERM ends the server as Ctrl-C does; SIGHUP reads the certificate again. */
static int heed_signals(void *arg)
{
	static const int numbers[] = {SIGTERM, SIGHUP};
	struct server *server = arg;
	WOK_AUTO(wok_signals) *signals = NULL;
	int number, r;

	WOK_TRY(wok_signals_new(numbers, server->tls ? 2 : 1, &signals));
	while ((r = wok_signals_next(signals, &number)) > 0) {
		if (number == SIGTERM) {
			wok_scope_cancel(server->scope, "SIGTERM");
			return 0;
		}
		r = serve_tls_reload(server->tls);
		fprintf(stderr, "wok serve: %s\n",
			r < 0 ? wok_errmsg(r) : "read the certificate again");
	}
	return r;
}

static int serve(void *arg)
{
	struct server *server = arg;
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_http_access_log log = {0};
	wok_http_serve_options options = {.server_name = "wok"};

	if (fill_log(server, &log))
		options.access_log = &log;
	options.tls_context = server->tls ? serve_tls_context(server->tls) : NULL;

	server->listened = wok_listen(server->options.address, NULL, &listener);
	WOK_TRY(server->listened);
	WOK_TRY(wok_scope_new(&scope));
	server->scope = scope;
	WOK_TRY(wok_scope_spawn(scope, heed_signals, server));
	WOK_TRY(announce(server, listener));
	int r = wok_http_serve_on(server->app, listener, &options);
	if (r < 0 && r != -ECANCELED)
		return r;
	return wok_scope_join(scope);
}

static int make_app(struct server *server)
{
	struct serve_options *options = &server->options;

	if (options->cache_control[0])
		options->files.file.cache_control = options->cache_control;
	WOK_TRY(wok_http_app_new(&server->app));
	return wok_http_static(server->app, "/", options->folder, &options->files);
}

int serve_main(int argc, char **argv)
{
	struct server server = {0};
	int r = serve_options_parse(argc, argv, &server.options);

	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	/* A connection each, and its file; how many will come is not known here. */
	child_allow_descriptors(UINT64_MAX, 0);
	r = make_app(&server);
	if (r == 0 && server.options.certificate)
		r = serve_tls_new(&server.options, &server.tls);
	if (r == 0)
		r = wok_run(serve, &server);
	if (server.unsaid > 0 && can_say(1000))
		fprintf(stderr, "wok serve: nobody read stderr: %zu lines are missing\n",
			server.unsaid);
	wok_http_app_free(server.app);
	serve_tls_free(server.tls);
	return r < 0 && r != -EINTR
		       ? listening_explain(&(struct listening){"wok serve", "--listen ",
							       server.options.address,
							       server.listened},
					   r)
		       : EXIT_SUCCESS;
}
