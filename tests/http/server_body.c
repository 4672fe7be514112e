/* SPDX-License-Identifier: MIT */
/* The bodies of requests: limits, Expect, and bodies that nobody wants. */
#include <wok/loop.h>
#include <wok/task.h>

#include "http/server_check.h"

#define EXPECT(path, size)                                                                         \
	"POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " size                               \
	"\r\nExpect: 100-continue\r\n\r\n"

TEST_TASK(a_body_is_asked_for_when_the_handler_reads_it, "http-49")
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, EXPECT("/", "5"));
	peer_listen(&peer);
	ASSERT_STR(peer.in.data, "HTTP/1.1 100 Continue\r\n\r\n");
	peer.in.at = peer.in.size;
	peer_send(&peer, "he");
	peer_listen(&peer);
	expect_no_more(&peer.in); /* once is enough */
	peer_send(&peer, "llo" EXPECT("/", "2") "hi");
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hello");
	/* the second one has not waited for the word */
	expect_answer(&peer.in, 200, "hi");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int refuse(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;

	peer->calls++;
	return wok_http_reply_text(request, 403, "no");
}

TEST_TASK(an_early_refusal_asks_for_no_body_and_closes, "http-49")
{
	static const char *const requests[] = {EXPECT("/no", "5"), EXPECT("/nowhere", "5"),
					       EXPECT("/", "5000000")};
	static const int statuses[] = {403, 404, 413};

	for (size_t i = 0; i < 3; i++) {
		struct peer peer = {0};
		struct answer answer;
		peer_route(&peer, "POST", "/no", refuse);
		peer_route(&peer, "POST", "/", echo_body);
		peer_open(&peer);
		peer_send(&peer, requests[i]);
		peer_expect_end(&peer, WOK_SECOND);
		ASSERT(next_answer(&peer.in, 0, &answer));
		ASSERT_EQ(answer.status, statuses[i]);
		ASSERT_STR(answer_header(&answer, "Connection"), "close");
		expect_no_more(&peer.in);
		peer_end(&peer);
	}
}

TEST_TASK(an_unknown_expectation_is_417, "http-49")
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer,
		  "POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 2\r\n\r\nhi");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 417, NULL);
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 0);
	peer_end(&peer);
}

/* Chunks of 1000 bytes, until the server has had enough. */
static int send_chunks(void *arg)
{
	struct peer *peer = arg;
	char chunk[1007];
	int r = 0;

	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "3e8\r\n", 5);
	memcpy(chunk + 1005, "\r\n", 2);
	for (int i = 0; i < 3000 && r == 0; i++)
		r = wok_stream_write_all(peer->client, chunk, sizeof(chunk));
	return r == -EPIPE ? 0 : r;
}

/* The limit counts the bytes of the wire's body, below whatever parses them. */
TEST_TASK(a_body_over_the_limit_is_413_in_the_middle_of_the_stream, "server-7")
{
	static const char *const heads[] = {
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		/* a multipart body that is all preamble */
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
		"Content-Type: multipart/form-data; boundary=b\r\n\r\n",
	};

	for (size_t i = 0; i < 2; i++) {
		struct peer peer = {0};
		peer_route(&peer, "POST", "/", echo_body);
		peer_open(&peer);
		peer_send(&peer, heads[i]);
		WOK_AUTO(wok_task) *sender = wok_create_task(send_chunks, &peer);
		peer_expect_end(&peer, WOK_SECOND);
		expect_answer(&peer.in, 413, NULL);
		expect_no_more(&peer.in);
		ASSERT_EQ(peer.calls, 0);
		ASSERT_OK(wok_await(sender));
		peer_end(&peer);
	}
}

TEST_TASK(a_body_as_large_as_the_limit_is_fine_and_one_byte_more_is_not)
{
	struct peer peer = {.options = {.max_body = 5}};

	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "5") "hello" REQUEST_POST("/", "6") "hello!");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 200, "hello");
	expect_answer(&peer.in, 413, NULL);
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}

static int count_body(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	char piece[100];
	ssize_t n;

	while ((n = wok_http_request_read(request, piece, sizeof(piece))) > 0) {
		peer->calls += (int) n;
		WOK_TRY(wok_sleep(WOK_MS));
	}
	return n < 0 ? (int) n : wok_http_reply_text(request, 200, "read");
}

static int send_100k(void *arg)
{
	struct peer *peer = arg;
	char piece[1000];

	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 100; i++)
		WOK_TRY(wok_stream_write_all(peer->client, piece, sizeof(piece)));
	return 0;
}

TEST_TASK(a_handler_that_reads_slowly_holds_the_client_back, "server-6")
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", count_body);
	peer_open_sized(&peer, 2000);
	peer_send(&peer, REQUEST_POST("/", "100000"));
	WOK_AUTO(wok_task) *sender = wok_create_task(send_100k, &peer);
	wok_test_advance(10 * WOK_MS);
	ASSERT(peer.calls <= 1200);
	ASSERT(!wok_task_done(sender));
	ASSERT_OK(wok_await(sender));
	peer_listen(&peer);
	wok_test_advance(WOK_SECOND);
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "read");
	ASSERT_EQ(peer.calls, 100000);
	peer_end(&peer);
}

static int send_megabytes(void *arg)
{
	static char piece[1 << 16];
	struct peer *peer = arg;
	int r = 0;

	for (int i = 0; i < 160 && r == 0; i++)
		r = wok_stream_write_all(peer->client, piece, sizeof(piece));
	return r;
}

/* A client that writes all of its request before it reads must get the answer, too. */
TEST_TASK(an_unread_body_of_ten_megabytes_does_not_cost_the_client_its_answer, "http-38",
	  "server-6")
{
	struct peer peer = {.options = {.max_body = 100 << 20}};
	struct answer answer;

	peer_route(&peer, "*", "/*", refuse);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "10485760"));
	ASSERT_OK(send_megabytes(&peer));
	peer_send(&peer, REQUEST_GET("/"));
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_STR(answer.body, "no");
	ASSERT_STR(answer_header(&answer, "Connection"), "close");
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}

TEST_TASK(an_unread_body_that_is_small_is_read_away_and_the_next_request_answered, "http-38")
{
	struct peer peer = {0};

	peer_route(&peer, "*", "/*", refuse);
	peer_open(&peer);
	peer_send(&peer,
		  REQUEST_POST("/",
			       "35") "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST_GET("/"));
	peer_listen(&peer);
	expect_answer(&peer.in, 403, "no");
	expect_answer(&peer.in, 403, "no");
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 2);
	peer_end(&peer);
}

/* A client that goes on for ever, or is silent, is left alone in the end. */
TEST_TASK(lingering_ends, "server-6")
{
	struct peer peer = {0};

	peer_route(&peer, "*", "/*", refuse);
	peer_open(&peer);
	peer_send(&peer, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	wok_test_advance(3 * WOK_SECOND);
	ASSERT(wok_task_done(peer.serving));
	peer_close(&peer, 0);

	peer_open(&peer);
	peer_send(&peer, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	for (int i = 0; i < 30 && !wok_task_done(peer.serving); i++) {
		WOK_IGNORE(wok_stream_write_all(peer.client, "x", 1));
		wok_test_advance(WOK_SECOND);
	}
	ASSERT(wok_task_done(peer.serving));
	peer_end(&peer);
}

static int read_in_two_goes(wok_http_request *request, void *arg)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_view body;
	int r = 0;

	(void) arg;
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		r = wok_http_request_body(request, &body);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	WOK_TRY(wok_http_request_body(request, &body));
	return wok_http_reply_text(request, 200, body.data);
}

TEST_TASK(a_body_whose_reading_was_cancelled_is_whole_when_it_is_read_again)
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", read_in_two_goes);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "10") "hello");
	wok_test_advance(2 * WOK_SECOND);
	peer_send(&peer, "world");
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "helloworld");
	peer_end(&peer);
}

static int keep_result(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	wok_view body;

	peer->calls = wok_http_request_body(request, &body);
	return peer->calls;
}

TEST_TASK(a_client_that_leaves_in_the_middle_of_its_body_is_met_as_eof)
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", keep_result);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "10") "hello");
	test_settle();
	ASSERT_OK(wok_stream_shutdown(peer.client));
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT_EQ(peer.calls, WOK_EEOF);
	expect_answer(&peer.in, 400, NULL); /* it may still listen */
	peer_end(&peer);
}

/* Trailers are no headers, and what they claim moves nothing. */
TEST_TASK(trailers_do_not_reach_the_headers)
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer,
		  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\nhi\r\n0\r\nContent-Length: 31\r\nHost: evil\r\nX: y\r\n\r\n" REQUEST_POST(
			  "/", "2") "ho");
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hi");
	expect_answer(&peer.in, 200, "ho");
	peer_end(&peer);
}
