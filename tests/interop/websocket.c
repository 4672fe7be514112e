/* SPDX-License-Identifier: MIT */
/*
 * wok's WebSocket for tests/interop: an echo server, or a client of one.
 *
 *	interop-websocket serve [deflate]	says its port, until SIGINT
 *	interop-websocket talk URL [deflate]	sends messages of all kinds and wants them back
 *	interop-websocket echo URL SECONDS	messages of 64 bytes, one after the other: how many
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>
#include <wok/wok.h>

static wok_ws_options options = {.max_message = 32 << 20};

static int echo(wok_http_request *request, void *unused)
{
	WOK_AUTO(wok_ws) *ws = NULL;
	wok_ws_message message;
	int r;

	(void) unused;
	WOK_TRY(wok_ws_accept(request, &options, &ws));
	while ((r = wok_ws_receive(ws, &message)) > 0)
		WOK_TRY(wok_ws_send(ws, message.type, message.data, message.size));
	return r;
}

static int serve(void *unused)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_listener) *listener = NULL;

	(void) unused;
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/", echo, NULL));
	WOK_TRY(wok_listen("127.0.0.1:0", NULL, &listener));
	printf("127.0.0.1:%u\n", wok_listener_port(listener));
	fflush(stdout);
	return wok_http_serve_on(app, listener, NULL);
}

static int expect_back(wok_ws *ws, wok_ws_type type, const char *data, size_t size)
{
	wok_ws_message message;
	int r = wok_ws_receive(ws, &message);

	if (r == 0)
		return wok_fail(-EPROTO, "closed with %d instead of %zu bytes",
				wok_ws_close_code(ws), size);
	if (r < 0)
		return r;
	if (message.type != type || message.size != size || memcmp(message.data, data, size) != 0)
		return wok_fail(-EPROTO, "%zu bytes came back as %zu others", size, message.size);
	return 0;
}

static char *make_text(size_t size)
{
	char *text = malloc(size + 1);

	for (size_t i = 0; text && i < size; i++)
		text[i] = (char) ('a' + i * i % 23);
	return text;
}

static int send_all(wok_ws *ws, const char *text)
{
	static const size_t sizes[] = {0, 1, 125, 126, 127, 1000, 65535, 65536, 1000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		WOK_TRY(wok_ws_send(ws, WOK_WS_TEXT, text, sizes[i]));
		WOK_TRY(expect_back(ws, WOK_WS_TEXT, text, sizes[i]));
		WOK_TRY(wok_ws_send_binary(ws, text, sizes[i]));
		WOK_TRY(expect_back(ws, WOK_WS_BINARY, text, sizes[i]));
	}
	WOK_TRY(wok_ws_send_fragment(ws, WOK_WS_TEXT, "gr\xc3", 3, false));
	WOK_TRY(wok_ws_ping(ws, "between", 7));
	WOK_TRY(wok_ws_send_fragment(ws, WOK_WS_TEXT, "", 0, false));
	WOK_TRY(wok_ws_send_fragment(ws, WOK_WS_TEXT, "\xbc\xc3\x9f", 3, true));
	WOK_TRY(expect_back(ws, WOK_WS_TEXT, "gr\xc3\xbc\xc3\x9f", 6));
	return wok_ws_latency(ws) >= 0 ? 0 : wok_fail(-EPROTO, "the ping was not answered");
}

static int talk(void *url)
{
	WOK_AUTO(wok_ws) *ws = NULL;

	WOK_TRY(wok_ws_connect(NULL, url, &options, &ws));
	char *text = make_text(1000000);
	int r = text ? send_all(ws, text) : -ENOMEM;
	free(text);
	if (r == 0)
		r = wok_ws_close(ws, 4001, "done");
	if (r < 0)
		return r;
	printf("closed with %d, extensions \"%s\"\n", wok_ws_close_code(ws), wok_ws_extensions(ws));
	return wok_ws_close_code(ws) == 4001 ? 0 : -EPROTO;
}

static int count_echoes(void *arg)
{
	char *const *words = arg;
	wok_time end = wok_now() + atol(words[1]) * WOK_SECOND, start = wok_now();
	WOK_AUTO(wok_ws) *ws = NULL;
	char text[65];
	long n = 0;

	memset(text, 'x', 64);
	text[64] = '\0';
	WOK_TRY(wok_ws_connect(NULL, words[0], &options, &ws));
	for (; wok_now() < end; n++) {
		WOK_TRY(wok_ws_send_text(ws, text));
		WOK_TRY(expect_back(ws, WOK_WS_TEXT, text, 64));
	}
	printf("%.0f a second\n", (double) n * WOK_SECOND / (double) (wok_now() - start));
	return wok_ws_close(ws, 1000, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int r = -EINVAL;

	options.deflate.enable = argc > 2 && strcmp(argv[argc - 1], "deflate") == 0;
	if (strcmp(what, "serve") == 0)
		r = wok_run(serve, NULL);
	else if (strcmp(what, "talk") == 0 && argc > 2)
		r = wok_run(talk, argv[2]);
	else if (strcmp(what, "echo") == 0 && argc > 3)
		r = wok_run(count_echoes, argv + 2);
	if (r == -EINTR)
		r = 0;
	if (r < 0)
		fprintf(stderr, "interop-websocket: %s\n", wok_errmsg(r));
	return r < 0;
}
