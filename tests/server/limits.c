/* SPDX-License-Identifier: MIT */
/* Time limits of handlers, clients that go, the last request of a connection, Expect, 1xx. */
#include <wok/event.h>

#include "harness/reports.h"
#include "server/exchange.h"

struct waiting {
	wok_event event;
	int result;
};

static int wait_for_ever(wok_http_request *request, void *arg)
{
	struct waiting *waiting = arg;

	waiting->result = wok_event_wait(&waiting->event);
	return waiting->result < 0 ? waiting->result : wok_http_reply_text(request, 200, "waited");
}

TEST_TASK(a_handler_that_takes_too_long_is_ended_with_503, "server-17")
{
	struct peer peer = {.options = {.request_timeout = 10 * WOK_SECOND}};
	struct waiting waiting = {0};

	peer_route(&peer, "GET", "/", say_hello);
	ASSERT_OK(wok_http_route(peer.app, "GET", "/wait", wait_for_ever, &waiting));
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, "hello");
	peer_send(&peer, REQUEST_GET("/wait"));
	peer_expect_end(&peer, 11 * WOK_SECOND);
	expect_answer(&peer.in, 503, "Service Unavailable");
	ASSERT_EQ(waiting.result, -ECANCELED);
	peer_end(&peer);
}

TEST_TASK(a_handler_whose_client_has_gone_is_cancelled_if_that_is_wished, "server-5", "http-40")
{
	for (int wished = 0; wished < 2; wished++) {
		struct peer peer = {.options = {.cancel_on_disconnect = wished}};
		struct waiting waiting = {.result = 1};
		peer_route(&peer, "GET", "/", say_hello);
		ASSERT_OK(wok_http_route(peer.app, "GET", "/wait", wait_for_ever, &waiting));
		peer_open(&peer);
		expect_reply(&peer, "GET", "/", 200, "hello");
		/* a request behind it is no sign that the client has gone, and is not lost */
		peer_send(&peer, REQUEST_GET("/wait") REQUEST_GET("/"));
		test_settle();
		ASSERT_EQ(waiting.result, 1);
		wok_event_set(&waiting.event);
		peer_listen(&peer);
		expect_answer(&peer.in, 200, "waited");
		expect_answer(&peer.in, 200, "hello");
		wok_event_clear(&waiting.event);
		waiting.result = 1;
		peer_send(&peer, REQUEST_GET("/wait"));
		test_settle();
		ASSERT_OK(wok_stream_close(peer.client));
		test_settle();
		ASSERT_EQ(waiting.result, wished ? -ECANCELED : 1);
		wok_event_set(&waiting.event);
		peer_close(&peer, 0);
		wok_http_app_free(peer.app);
	}
}

TEST_TASK(the_last_request_of_a_connection_says_so, "server-16")
{
	for (int i = 0; i < 2; i++) {
		struct peer peer = {0};
		struct answer answer;
		if (i == 0)
			peer.options.max_requests = 2;
		else
			peer.options.no_keep_alive = true;
		peer_route(&peer, "GET", "/", say_hello);
		peer_open(&peer);
		if (i == 0)
			expect_reply(&peer, "GET", "/", 200, "hello");
		peer_send(&peer, REQUEST_GET("/") REQUEST_GET("/"));
		peer_expect_end(&peer, WOK_SECOND);
		ASSERT(next_answer(&peer.in, 0, &answer));
		ASSERT_STR(answer_header(&answer, "Connection"), "close");
		expect_no_more(&peer.in);
		peer_end(&peer);
	}
}

static int hint_early(wok_http_request *request, void *arg)
{
	const wok_http_header link = {"Link", "</style.css>; rel=preload"};
	const wok_http_header bad = {"Content-Length", "1"};

	(void) arg;
	ASSERT_ERR(wok_http_reply_interim(request, 101, NULL, 0), -EINVAL);
	ASSERT_ERR(wok_http_reply_interim(request, 200, NULL, 0), -EINVAL);
	ASSERT_ERR(wok_http_reply_interim(request, 103, &bad, 1), -EINVAL);
	WOK_TRY(wok_http_reply_interim(request, 103, &link, 1));
	WOK_TRY(wok_http_reply_text(request, 200, "page"));
	ASSERT_ERR(wok_http_reply_interim(request, 103, &link, 1), -EALREADY);
	return 0;
}

TEST_TASK(hints_go_out_before_the_reply_but_not_to_http_1_0, "server-10", "http-41")
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/", hint_early);
	peer_open(&peer);
	exchange(&peer, &answer, REQUEST_GET("%s"), "/");
	ASSERT_EQ(answer.status, 103);
	ASSERT_STR(answer_header(&answer, "Link"), "</style.css>; rel=preload");
	expect_answer(&peer.in, 200, "page");
	exchange(&peer, &answer, "GET / HTTP/1.0\r\n\r\n");
	ASSERT_EQ(answer.status, 200);
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int trail_behind(wok_http_request *request, void *arg)
{
	(void) arg;
	ASSERT_ERR(wok_http_reply_trailer(request, "X-Sum", "1"), -EINVAL);
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "body", 4));
	ASSERT_ERR(wok_http_reply_trailer(request, "Content-Length", "1"), -EINVAL);
	ASSERT_ERR(wok_http_reply_trailer(request, "Set-Cookie", "a=b"), -EINVAL);
	ASSERT_ERR(wok_http_reply_trailer(request, "X", "a\r\nb"), -EINVAL);
	WOK_TRY(wok_http_reply_trailer(request, "X-Sum", "1"));
	return wok_http_reply_trailer(request, "X-More", "2");
}

TEST_TASK(trailers_stand_behind_a_chunked_reply, "server-10")
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/", trail_behind);
	peer_open(&peer);
	exchange(&peer, &answer, REQUEST_GET("%s"), "/");
	ASSERT_STR(answer.body, "body");
	ASSERT(answer.whole);
	ASSERT(strstr(answer.head, "4\r\nbody\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"));
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int judge(wok_http_request *request, void *arg)
{
	(void) arg;
	const char *length = wok_http_request_header(request, "Content-Length");
	return strcmp(length, "3") == 0 ? 0 : wok_http_reply_text(request, 413, "too much for me");
}

TEST_TASK(a_body_may_be_refused_before_it_is_sent, "http-49", "server-10")
{
	struct peer peer = {.options = {.on_expect = judge}};

	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
			 "Expect: 100-continue\r\n\r\n");
	peer_listen(&peer);
	expect_answer(&peer.in, 100, NULL);
	peer_send(&peer, "abc");
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "abc");
	peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
			 "Expect: 100-continue\r\n\r\n");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 413, "too much for me");
	expect_no_more(&peer.in);
	peer_end(&peer);
	ASSERT_EQ(peer.calls, 1);
}

static int say_size(wok_http_request *request, void *arg)
{
	const wok_http_reply_options options = {.body_size = 8};

	WOK_TRY(wok_http_reply_begin(request, &options));
	WOK_TRY(wok_http_reply_write(request, "four", 4));
	ASSERT_ERR(wok_http_reply_write(request, "fiver", 5), -EINVAL);
	return arg ? wok_http_reply_write(request, "more", 4) : 0;
}

TEST_TASK(a_body_in_pieces_may_say_its_size_and_has_to_keep_it, "server-9")
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/whole", say_size);
	ASSERT_OK(wok_http_route(peer.app, "GET", "/half", say_size, NULL));
	peer_open(&peer);
	exchange(&peer, &answer, REQUEST_GET("%s"), "/whole");
	ASSERT_STR(answer_header(&answer, "Content-Length"), "8");
	ASSERT_STR(answer.body, "fourmore");
	exchange(&peer, &answer, "HEAD /whole HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_STR(answer_header(&answer, "Content-Length"), "8");
	peer_send(&peer, REQUEST_GET("/half"));
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT(!answer.whole);
	peer_end(&peer);
}
