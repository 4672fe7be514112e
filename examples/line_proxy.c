/* SPDX-License-Identifier: MIT */
/* line_proxy: stands between a client and a server, and shows each line that passes. Shows two
 * tasks that share a connection, and how the end of one direction is passed on while the other goes
 * on. Try:      tcp_echo 127.0.0.1:7000   and   line_proxy 127.0.0.1:7002 127.0.0.1 7000 then   nc
 * 127.0.0.1 7002   */
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

struct upstream {
	const char *host;
	uint16_t port;
};

struct direction {
	const char *arrow;
	wok_stream *from, *to;
};

static int pass_lines(void *arg)
{
	const struct direction *direction = arg;
	wok_view line;
	int r;

	/* The line end is passed on as it came: read_until() leaves it where it is. */
	while ((r = wok_stream_read_until(direction->from, "\n", 1, 0, &line)) > 0) {
		printf("%s %.*s", direction->arrow, (int) line.size, line.data);
		fflush(stdout);
		WOK_TRY(wok_stream_write_all(direction->to, line.data, line.size));
	}
	if (r == WOK_EEOF) /* the last line has no end */
		r = wok_stream_write_all(direction->to, line.data, line.size);
	return r < 0 ? r : wok_stream_shutdown(direction->to);
}

static int proxy(wok_stream *client, void *arg)
{
	const struct upstream *upstream = arg;
	WOK_AUTO(wok_stream) *server = NULL;
	struct direction there = {">", client, NULL}, back = {"<", NULL, client};
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_tcp_connect(upstream->host, upstream->port, &server));
	there.to = back.from = server;
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, pass_lines, &there));
	WOK_TRY(wok_scope_spawn(scope, pass_lines, &back));
	return wok_scope_join(scope); /* an error of one ends the other */
}

int main(int argc, char **argv)
{
	struct upstream upstream = {"127.0.0.1", 7000};

	if (argc > 3) {
		upstream.host = argv[2];
		upstream.port = (uint16_t) atoi(argv[3]);
	}
	int r = wok_serve_main(argc > 1 ? argv[1] : "127.0.0.1:7002", proxy, &upstream, NULL);
	if (r < 0)
		fprintf(stderr, "line_proxy: %s\n", wok_errmsg(r));
	return r < 0;
}
