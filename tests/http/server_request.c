/* SPDX-License-Identifier: MIT */
/* What a handler learns of its request, and who is chosen to answer it. */
#include "http/server_check.h"

static int describe(wok_http_request *request, void *arg)
{
	char text[600];
	const char *x = wok_http_request_header(request, "X-ONE");

	(void) arg;
	snprintf(text, sizeof(text), "%s|%s|%s|%s|%s|%s", wok_http_request_method(request),
		 wok_http_request_path(request), wok_http_request_rest(request),
		 wok_http_request_query(request), wok_http_request_host(request), x ? x : "-");
	return wok_http_reply_text(request, 200, text);
}

TEST_TASK(a_handler_learns_all_of_its_request)
{
	static const struct {
		const char *request, *description;
	} rows[] = {
		{"GET /files/a/b?c=d?e HTTP/1.1\r\nHost: h:8\r\nx-one: 1\r\n\r\n",
		 "GET|/files/a/b|a/b|c=d?e|h:8|1"},
		{"PUT /exact HTTP/1.1\r\nHost: h\r\nX-One: first\r\nX-One: second\r\n\r\n",
		 "PUT|/exact|||h|first"},
		{"GET /files/%28%2F%40? HTTP/1.0\r\n\r\n", "GET|/files/%28%2F%40|%28%2F%40|||-"},
		{"\r\nGET http://h/files/?q HTTP/1.1\r\nHost: H\r\n\r\n", "GET|/files/||q|h|-"},
		{"GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n", "GET|/||q|h|-"},
		{"GET http://h HTTP/1.1\r\nHost: h\r\nX-One:\r\n\r\n", "GET|/|||h|"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {0};
		peer_route(&peer, "*", "/exact", describe);
		peer_route(&peer, "*", "/files/*", describe);
		peer_route(&peer, "GET", "/*", describe);
		peer_open(&peer);
		peer_send(&peer, rows[i].request);
		peer_listen(&peer);
		expect_answer(&peer.in, 200, rows[i].description);
		peer_end(&peer);
	}
}

static int list_headers(wok_http_request *request, void *arg)
{
	char text[300] = "";
	wok_http_header header;

	(void) arg;
	for (size_t i = 0; wok_http_request_header_at(request, i, &header); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s;", header.name,
			 header.value);
	return wok_http_reply_text(request, 200, text);
}

TEST_TASK(headers_are_listed_in_order_with_those_that_repeat)
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/", list_headers);
	peer_open(&peer);
	peer_send(&peer, "GET / HTTP/1.1\r\nhOST:a\r\nX-B: \t2 \r\nX-A:\r\nX-B: 3\r\n\r\n");
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hOST=a;X-B=2;X-A=;X-B=3;");
	peer_end(&peer);
}

static int name_1(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, "1");
}

static int name_2(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, "2");
}

static int name_3(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, "3");
}

TEST_TASK(an_exact_path_goes_before_a_prefix_and_a_longer_prefix_before_a_shorter)
{
	static const char *const rows[][2] = {
		{"/", "3"},    {"/other", "3"}, {"/a", "3"},    {"/a/", "2"},
		{"/a/c", "2"}, {"/a/b", "1"},   {"/a/b/", "2"}, {"/a/bc", "2"},
	};
	struct peer peer = {0};

	/* added in the order that is wrong */
	peer_route(&peer, "GET", "/*", name_3);
	peer_route(&peer, "GET", "/a/*", name_2);
	peer_route(&peer, "GET", "/a/b", name_1);
	peer_open(&peer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[100];
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i][0]);
		peer_send(&peer, text);
		peer_listen(&peer);
		expect_answer(&peer.in, 200, rows[i][1]);
	}
	peer_end(&peer);
}

TEST(routes_that_make_no_sense_are_refused)
{
	WOK_AUTO(wok_http_app) *app = NULL;

	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_ERR(wok_http_route(app, "GET", "path", say_hello, NULL), -EINVAL);
	ASSERT_ERR(wok_http_route(app, "GET", "", say_hello, NULL), -EINVAL);
	ASSERT_ERR(wok_http_route(app, "GET", "*", say_hello, NULL), -EINVAL);
	ASSERT_ERR(wok_http_route(app, "G T", "/", say_hello, NULL), -EINVAL);
	ASSERT_ERR(wok_http_route(app, "", "/", say_hello, NULL), -EINVAL);
	ASSERT_OK(wok_http_route(app, "GET", "/", say_hello, NULL));
	ASSERT_OK(wok_http_route(app, "POST", "/", say_hello, NULL));
	ASSERT_OK(wok_http_route(app, "GET", "/*", say_hello, NULL));
	ASSERT_ERR(wok_http_route(app, "GET", "/", say_hello, NULL), -EEXIST);
	ASSERT(strstr(wok_errmsg(-EEXIST), "GET /"));
}

TEST_TASK(head_405_options_trace_and_connect_are_answered_as_they_should_be, "http-42")
{
	struct peer peer = {0};
	struct answer get, head, answer;

	peer_route(&peer, "GET", "/", say_hello);
	peer_route(&peer, "PUT", "/", say_hello);
	peer_open(&peer);
	peer_send(&peer, REQUEST_GET("/") "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	peer_listen(&peer);
	ASSERT(next_answer(&peer.in, 0, &get));
	ASSERT(next_answer(&peer.in, WOK__H1_FOR_HEAD, &head));
	ASSERT_EQ(head.status, 200);
	ASSERT_STR(answer_header(&head, "Content-Length"), "5");
	ASSERT_STR(answer_header(&head, "Content-Type"), "text/plain; charset=utf-8");
	ASSERT_EQ(head.parsed.message.fields, get.parsed.message.fields);
	expect_no_more(&peer.in);

	peer_send(&peer, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
	peer_listen(&peer);
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_EQ(answer.status, 405);
	ASSERT_STR(answer_header(&answer, "Allow"), "GET, HEAD, PUT, OPTIONS");
	ASSERT(answer.keep_alive);
	peer_send(&peer, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST_GET("/nowhere"));
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "");
	expect_answer(&peer.in, 404, NULL);
	peer_send(&peer, "TRACE / HTTP/1.1\r\nHost: a\r\nX-Secret: 1\r\n\r\n");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 501, "Not Implemented");
	peer_close(&peer, 0);

	peer_open(&peer);
	peer_send(&peer, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 501, "Not Implemented");
	peer_end(&peer);
	ASSERT_EQ(peer.calls, 2);
}
