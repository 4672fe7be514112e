/* SPDX-License-Identifier: MIT */
/* The client's side of the handshake, and both ends of wok over sockets. */
#include <wok/http_server.h>
#include <wok/websocket.h>

#include "harness/needs.h"
#include "harness/reports.h"
#include "http/client_check.h"
#include "http/websocket/handshake.h"
#include "http/websocket/ws.h"

/* --- servers that answer wrongly -------------------------------------------------------------- */

static const char *answer_lines; /* %s: the right Sec-WebSocket-Accept */

static int answer_handshake(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;
	char accept[WOK__WS_ACCEPT_SIZE + 1], text[1000];
	char buf[1000];

	if (fake_take_request(fake, stream) <= 0)
		return 0;
	const char *key = strcasestr(fake->last, "\r\nSec-WebSocket-Key: ");
	ASSERT(key != NULL);
	wok__ws_accept_of(key + 21, accept);
	snprintf(text, sizeof(text), answer_lines, accept);
	WOK_TRY(wok_stream_write_all(stream, text, strlen(text)));
	while (wok_stream_read(stream, buf, sizeof(buf)) > 0)
		;
	return 0;
}

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define LINES "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"

static int connect_to_fake(const char *lines, const wok_ws_options *options, wok_ws **ret_ws)
{
	struct fake fake = {.serve = answer_handshake};
	char url[80];

	answer_lines = lines;
	fake_open(&fake);
	snprintf(url, sizeof(url), "ws://user:secret@127.0.0.1:%u/path?query", fake.port);
	int r = wok_ws_connect(NULL, url, options, ret_ws);
	ASSERT(strncmp(fake.last, "GET /path?query HTTP/1.1\r\n", 26) == 0);
	fake_close(&fake);
	return r;
}

static int meet_bad_servers(void *unused)
{
	static const char *const chat[] = {"chat", "superchat"};
	const wok_ws_options plain = {0}, rich = {.subprotocols = chat,
						  .n_subprotocols = 2,
						  .deflate = {.enable = true}};
	static const char *const rows[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		SWITCH "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		SWITCH "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		SWITCH "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Protocol: other\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Protocol: Chat\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Extensions: foo\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Extensions: permessage-deflate; "
			     "server_max_window_bits=13\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Extensions: permessage-deflate; "
			     "server_max_window_bits=12, permessage-deflate\r\n\r\n",
		SWITCH LINES "Sec-WebSocket-Extensions: permessage-deflate; "
			     "server_max_window_bits=12; client_max_window_bits\r\n\r\n",
	};
	wok_ws *ws = NULL;

	(void) unused;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		int r = connect_to_fake(rows[i / 2], i % 2 ? &plain : &rich, &ws);
		if (r != WOK_EPEER)
			FAIL("row %zu: %s", i / 2, r < 0 ? wok_errmsg(r) : "it connects");
		if (strstr(wok_errmsg(r), "secret"))
			FAIL("row %zu tells a password: %s", i / 2, wok_errmsg(r));
	}
	ASSERT(ws == NULL);
	ASSERT_ERR(connect_to_fake(rows[1], &plain, &ws), WOK_EPEER);
	ASSERT_MESSAGE(WOK_EPEER, "404");
	return 0;
}

TEST(an_answer_that_is_not_the_one_to_the_request_fails_the_client, "http-57", "client-77")
{
	NEEDS_ZLIB();
	ASSERT_OK(run_real(meet_bad_servers, NULL));
}

static int connect_to_nothing(void *unused)
{
	static const char *const urls[] = {
		"http://localhost/", "ws:/localhost", "", "ws://", "wss//x", "ws://a b/"};
	static const wok_http_header key = {"Sec-WebSocket-Key", "x"}, split = {"X", "a\nb"};
	const wok_ws_options bad[] = {
		{.headers = &key, .n_headers = 1},
		{.headers = &split, .n_headers = 1},
	};
	wok_ws *ws = NULL;

	(void) unused;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		ASSERT_ERR(wok_ws_connect(NULL, urls[i], NULL, &ws), -EINVAL);
	for (size_t i = 0; i < 2; i++)
		ASSERT_ERR(wok_ws_connect(NULL, "ws://127.0.0.1:1/", &bad[i], &ws), -EINVAL);
	ASSERT_ERR(wok_ws_connect(NULL, "ws://127.0.0.1:1/", NULL, &ws), -ECONNREFUSED);
	return 0;
}

TEST(a_url_or_a_header_that_makes_no_sense_is_refused, "http-26")
{
	ASSERT_OK(run_real(connect_to_nothing, NULL));
}

static int wait_for_silence(void *unused)
{
	struct fake fake = {.response = NULL};
	wok_ws *ws = NULL;
	char url[80];

	(void) unused;
	fake_open(&fake);
	snprintf(url, sizeof(url), "ws://127.0.0.1:%u/", fake.port);
	ASSERT_ERR(wok_ws_connect(NULL, url, &(wok_ws_options){.open_timeout = 20 * WOK_MS}, &ws),
		   -ETIMEDOUT);
	fake_close(&fake);
	return 0;
}

TEST(a_server_that_does_not_answer_the_handshake_is_given_up)
{
	ASSERT_OK(run_real(wait_for_silence, NULL));
}

/* --- both ends of wok ------------------------------------------------------------------------- */

struct site {
	wok_http_app *app;
	wok_listener *listener;
	wok_task *serving;
	char url[64];
	wok_ws_options options;
	int connections, result;
	int close_code;
	char origin[64];
};

static int echo(wok_http_request *request, void *arg)
{
	struct site *site = arg;
	WOK_AUTO(wok_ws) *ws = NULL;
	wok_ws_message message;
	int r;

	WOK_TRY(wok_ws_accept(request, &site->options, &ws));
	site->connections++;
	while ((r = wok_ws_receive(ws, &message)) > 0)
		WOK_TRY(wok_ws_send(ws, message.type, message.data, message.size));
	site->close_code = wok_ws_close_code(ws);
	return site->result = r;
}

static int redirect(wok_http_request *request, void *arg)
{
	const wok_http_header location = {"Location", "/echo"};

	(void) arg;
	return wok_http_reply(
		request,
		&(wok_http_reply_options){.status = 302, .headers = &location, .n_headers = 1});
}

static int serve(void *arg)
{
	struct site *site = arg;

	return wok_http_serve_on(site->app, site->listener, NULL);
}

static void site_open(struct site *site)
{
	ASSERT_OK(wok_http_app_new(&site->app));
	ASSERT_OK(wok_http_route(site->app, "GET", "/echo", echo, site));
	ASSERT_OK(wok_http_route(site->app, "GET", "/moved", redirect, site));
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &site->listener));
	snprintf(site->url, sizeof(site->url), "ws://127.0.0.1:%u/echo",
		 wok_listener_port(site->listener));
	site->serving = wok_create_task(serve, site);
}

static void site_close(struct site *site)
{
	wok_task_free(site->serving);
	wok_listener_free(site->listener);
	wok_http_app_free(site->app);
}

static void expect_echo(wok_ws *ws, wok_ws_type type, const char *data, size_t size)
{
	wok_ws_message message;

	ASSERT_OK(wok_ws_send(ws, type, data, size));
	ASSERT_EQ(wok_ws_receive(ws, &message), 1);
	ASSERT_EQ(message.type, type);
	ASSERT_EQ(message.size, size);
	ASSERT_MEM(message.data, data, size);
}

static void talk(struct site *site, const wok_ws_options *options)
{
	static const size_t sizes[] = {0, 1, 125, 126, 127, 1000, 65535, 65536, 300000};
	wok_ws *ws = NULL;
	char *data = malloc(300000);

	ASSERT(data != NULL);
	for (size_t i = 0; i < 300000; i++)
		data[i] = (char) ('a' + i * i % 23);
	ASSERT_OK(wok_ws_connect(NULL, site->url, options, &ws));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		expect_echo(ws, WOK_WS_TEXT, data, sizes[i]);
		expect_echo(ws, WOK_WS_BINARY, data, sizes[i]);
	}
	ASSERT_OK(wok_ws_close(ws, 4000, "done"));
	ASSERT_EQ(wok_ws_close_code(ws), 4000);
	wok_ws_free(ws);
	free(data);
}

static int talk_over_sockets(void *unused)
{
	struct site site = {0};

	(void) unused;
	site_open(&site);
	talk(&site, NULL);
	WAIT_UNTIL(site.close_code == 4000);
	ASSERT_EQ(site.result, 0);
	site.options.deflate.enable = true;
	talk(&site, &(wok_ws_options){.deflate = {.enable = true}});
	talk(&site, &(wok_ws_options){.deflate = {.enable = true,
						  .no_context_takeover = true,
						  .peer_no_context_takeover = true}});
	site_close(&site);
	return 0;
}

TEST(both_ends_talk_over_sockets, "server-13", "client-77")
{
	NEEDS_ZLIB();
	ASSERT_OK(run_real(talk_over_sockets, NULL));
}

static int follow(void *unused)
{
	struct site site = {0};
	wok_ws *ws = NULL;

	(void) unused;
	site_open(&site);
	memcpy(strrchr(site.url, '/'), "/moved", 7);
	ASSERT_OK(wok_ws_connect(NULL, site.url, NULL, &ws));
	expect_echo(ws, WOK_WS_TEXT, "x", 1);
	wok_ws_free(ws);
	site_close(&site);
	return 0;
}

TEST(redirects_are_followed_in_the_handshake, "client-77")
{
	ASSERT_OK(run_real(follow, NULL));
}

static int end_server(void *arg)
{
	const struct test_reports *reports = arg;
	struct site site = {0};
	wok_ws *ws = NULL;
	wok_ws_message message;

	site_open(&site);
	ASSERT_OK(wok_ws_connect(NULL, site.url, NULL, &ws));
	expect_echo(ws, WOK_WS_TEXT, "x", 1);
	wok_time start = wok_now();
	wok_cancel(site.serving);
	ASSERT_EQ(wok_ws_receive(ws, &message), 0);
	ASSERT_EQ(wok_ws_close_code(ws), 1001);
	ASSERT_ERR(wok_await(site.serving), WOK_ETASKCANCELED);
	ASSERT(wok_now() - start < 4 * WOK_SECOND); /* nothing waited for the drain to end */
	ASSERT_EQ(site.result, 0);
	ASSERT_EQ(site.close_code, 1001);
	ASSERT_EQ(reports->n, 0);
	wok_ws_free(ws);
	site_close(&site);
	return 0;
}

TEST(a_server_that_ends_tells_its_clients_so, "http-51", "server-13")
{
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(run_real(end_server, &reports));
}

static int vanish(void *arg)
{
	const struct test_reports *reports = arg;
	struct site site = {0};
	wok_ws *ws = NULL;

	site_open(&site);
	ASSERT_OK(wok_ws_connect(NULL, site.url, NULL, &ws));
	expect_echo(ws, WOK_WS_TEXT, "x", 1);
	/* Cut off, without a Close. */
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	WOK_TIMEOUT (&timeout, 0) {
		WOK_IGNORE(wok_ws_close(ws, 1000, NULL));
	}
	wok__ws_fail(ws, -ECONNABORTED, "for this test");
	WAIT_UNTIL(site.result != 0);
	ASSERT(site.result == WOK_EEOF || site.result == -ECONNRESET);
	ASSERT_EQ(site.close_code, 1006);
	ASSERT_OK(wok_sleep(5 * WOK_MS));
	ASSERT_EQ(reports->n, 0);
	wok_ws_free(ws);
	site_close(&site);
	return 0;
}

TEST(a_client_that_vanishes_is_no_failure_of_the_handler)
{
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(run_real(vanish, &reports));
}
