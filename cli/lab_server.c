/* SPDX-License-Identifier: MIT */
/*
 * `wok lab-server [ADDRESS]`: the server that the lab fetches from, on wok's HTTP server. It
 * answers as httpbin does. The lab starts it with --for-lab: then it tells its port on CHILD_FD,
 * and ends when the other end of that is closed, so that it never outlives the lab.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <wok/http_server.h>
#include <wok/wok.h>

#include "child.h"
#include "command.h"
#include "httpbin.h"
#include "listening.h"
#include "text.h"

/* httpbin's limits. */
enum { MAX_DELAY = 10, MAX_BYTES = 100 * 1024 };

struct server {
	const char *address;
	bool for_lab;
	int listened; /* negative: that was impossible, and why */
};

static const char help[] =
	"usage: wok lab-server [ADDRESS]\n"
	"\n"
	"Serve what `wok lab` fetches, on ADDRESS (127.0.0.1:0; port 0 takes any free one),\n"
	"until Ctrl-C. The answers are those of httpbin:\n"
	"\n"
	"  GET  /get           the request, as JSON\n"
	"  POST /post          the same, with what the body is: data, form, json\n"
	"  GET  /delay/S       the same after S seconds (0 to 10, as 0.25)\n"
	"  GET  /bytes/N       N random bytes (at most 102400)\n";

/* --- routes ------------------------------------------------------------------------------- */

static int reply_json(wok_http_request *request, enum httpbin_members members, const wok_view *body)
{
	char *text;

	/* The library does not tell a client's address; the lab's clients are on this machine. */
	WOK_TRY(httpbin_describe(request, members, body, "127.0.0.1", &text));
	int r = wok_http_reply(request, &(wok_http_reply_options){
						.content_type = "application/json",
						.body = text,
						.body_size = strlen(text),
					});
	free(text);
	return r;
}

static int get(wok_http_request *request, void *unused)
{
	(void) unused;
	return reply_json(request, HTTPBIN_GET, NULL);
}

static int post(wok_http_request *request, void *unused)
{
	wok_view body;

	(void) unused;
	WOK_TRY(wok_http_request_body(request, &body));
	return reply_json(request, HTTPBIN_POST, &body);
}

static int delay(wok_http_request *request, void *unused)
{
	wok_time arrived = wok_now();
	double seconds;

	(void) unused;
	if (text_to_delay(wok_http_request_rest(request), 0, 1e9, &seconds) < 0)
		return wok_http_reply_text(request, 400, "the delay is not a number of seconds\n");
	if (seconds > MAX_DELAY)
		seconds = MAX_DELAY;
	/* From the arrival on, so that what the server does besides waiting does not add up. */
	WOK_TRY(wok_sleep_until(arrived + (wok_time) (seconds * (double) WOK_SECOND)));
	return reply_json(request, HTTPBIN_DELAY, NULL);
}

static void fill_random(char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = getrandom(data, size, 0);
		if (n < 0)
			continue; /* only a signal can do that, after the first 256 bytes */
		data += n;
		size -= (size_t) n;
	}
}

static int bytes(wok_http_request *request, void *unused)
{
	size_t size;

	(void) unused;
	if (text_to_count(wok_http_request_rest(request), 0, SIZE_MAX, &size) < 0)
		return wok_http_reply_text(request, 404, "that is not a number of bytes\n");
	if (size > MAX_BYTES)
		size = MAX_BYTES;
	char *data = malloc(size + 1);
	if (!data)
		return -ENOMEM;
	fill_random(data, size);
	int r = wok_http_reply(request, &(wok_http_reply_options){
						.content_type = "application/octet-stream",
						.body = data,
						.body_size = size,
					});
	free(data);
	return r;
}

static int make_app(wok_http_app **ret_app)
{
	WOK_AUTO(wok_http_app) *app = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/get", get, NULL));
	WOK_TRY(wok_http_route(app, "POST", "/post", post, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/delay/*", delay, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/bytes/*", bytes, NULL));
	*ret_app = WOK_TAKE(app);
	return 0;
}

/* --- the server's life -------------------------------------------------------------------- */

/* Say where the server is: to the lab, which parses it, or to a person. */
static int announce(const struct server *server, const wok_listener *listener)
{
	unsigned port = wok_listener_port(listener);

	if (server->for_lab)
		return dprintf(CHILD_FD, "%u\n", port) < 0 ? -errno : 0;
	if (port == 0)
		printf("wok lab-server: listening on %s\n", server->address);
	else
		printf("wok lab-server: listening on port %u (%s)\n", port, server->address);
	return fflush(stdout) == 0 ? 0 : -errno;
}

/* Nothing is ever sent on CHILD_FD: it becomes readable when the lab closes it, or dies. */
static int end_with_lab(void *arg)
{
	wok_scope *scope = arg;

	WOK_TRY(wok_fd_wait(CHILD_FD, WOK_READABLE));
	wok_scope_cancel(scope, "the lab is over");
	return 0;
}

static int serve(void *arg)
{
	struct server *server = arg;
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_http_serve_options options = {.server_name = "wok-lab"};

	WOK_TRY(make_app(&app));
	server->listened = wok_listen(server->address, NULL, &listener);
	WOK_TRY(server->listened);
	WOK_TRY(wok_scope_new(&scope));
	if (server->for_lab) {
		options.drain = WOK_MS; /* who would read the answers? */
		WOK_TRY(wok_scope_spawn(scope, end_with_lab, scope));
	}
	WOK_TRY(announce(server, listener));
	int r = wok_http_serve_on(app, listener, &options);
	if (r < 0 && r != -ECANCELED)
		return r;
	return wok_scope_join(scope);
}

static int parse(int argc, char **argv, struct server *server)
{
	static const struct option names[] = {
		{"for-lab", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*server = (struct server){.address = "127.0.0.1:0"};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", names, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? -EINVAL : 1;
		if (option == 'l' && child_has_fd()) {
			server->for_lab = true;
			continue;
		}
		fprintf(stderr, "wok lab-server: there is no option \"%s\"\n%s", argv[optind - 1],
			help);
		return -EINVAL;
	}
	if (optind + 1 < argc) {
		fprintf(stderr, "wok lab-server: one address, not %d\n", argc - optind);
		return -EINVAL;
	}
	if (optind < argc)
		server->address = argv[optind];
	return 0;
}

int lab_server_main(int argc, char **argv)
{
	struct server server;

	int r = parse(argc, argv, &server);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	if (server.for_lab)
		child_die_with_parent();
	/* A connection each; how many will come is not known here. */
	child_allow_descriptors(UINT64_MAX, 0);
	r = wok_run(serve, &server);
	if (r < 0 && r != -EINTR)
		return listening_explain(
			&(struct listening){"wok lab-server", "", server.address, server.listened},
			r);
	return EXIT_SUCCESS;
}
