/* SPDX-License-Identifier: MIT */
/* Several requests on one connection: their order, and what of one is left before the next. */
#include <wok/event.h>
#include <wok/memory.h>

#include "http/server_check.h"

enum { MANY = 1000 };

TEST_TASK(a_thousand_pipelined_requests_are_answered_in_their_order, "http-36")
{
	struct peer peer = {0};
	size_t size = 0;
	char *text = malloc((size_t) MANY * 64);

	ASSERT(text);
	for (int i = 0; i < MANY; i++)
		size += (size_t) sprintf(text + size, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
	peer_route(&peer, "GET", "/*", echo_path);
	peer_open_sized(&peer, 1 << 20);
	peer_send_bytes(&peer, text, size);
	peer_listen(&peer);
	for (int i = 0; i < MANY; i++) {
		char path[16];
		snprintf(path, sizeof(path), "/%d", i);
		expect_answer(&peer.in, 200, path);
	}
	expect_no_more(&peer.in);
	peer_end(&peer);
	free(text);
}

static int write_for_ever(void *arg)
{
	struct peer *peer = arg;
	int r;

	while ((r = wok_stream_write_all(peer->client, BYTES(REQUEST_GET("/x")))) == 0)
		;
	return r;
}

/* The bytes that wok allocates, to see what a client can make a server keep. */
static size_t allocated, most_allocated;

static void *counting_realloc(void *pointer, size_t size, void *arg)
{
	size_t *block = pointer ? (size_t *) pointer - 2 : NULL;

	(void) arg;
	if (block)
		allocated -= block[0];
	if (size == 0) {
		free(block);
		return NULL;
	}
	block = realloc(block, size + 2 * sizeof(size_t));
	ASSERT(block);
	block[0] = size;
	allocated += size;
	if (allocated > most_allocated)
		most_allocated = allocated;
	return block + 2;
}

static int flood(void *unused)
{
	/* what may be buffered is a head and a little more */
	struct peer peer = {.options = {.max_head = 4096}};

	(void) unused;
	peer_route(&peer, "GET", "/x", say_hello);
	peer_open_sized(&peer, 4096);
	WOK_AUTO(wok_task) *writer = wok_create_task(write_for_ever, &peer);
	test_settle();
	size_t before = allocated;
	most_allocated = allocated;
	ASSERT(!wok_task_done(writer)); /* nobody reads the answers, so it has to wait */
	ASSERT(peer.calls < 4096 / 28 * 4);
	for (int i = 0; i < 200; i++) {
		char buf[1000];
		ASSERT_OK(wok_stream_read(peer.client, buf, sizeof(buf)));
		test_settle();
	}
	ASSERT(peer.calls > 500);
	/* replies are gathered, but no more than some 16 KiB of them */
	if (most_allocated > before + 8192 + 32768)
		FAIL("the server has come to keep %zu bytes more", most_allocated - before);
	wok_task_free(WOK_TAKE(writer));
	peer_end(&peer);
	return 0;
}

/*
 * What pipelines without reading is made to wait: neither memory nor calls go with what it sends.
 */
TEST(a_client_that_pipelines_without_reading_is_made_to_wait, "http-36")
{
	const wok_allocator counting = {counting_realloc, NULL};

	ASSERT_OK(wok_set_allocator(&counting));
	ASSERT_OK(wok_test_run(flood, NULL, NULL));
}

static int wait_first(wok_http_request *request, void *arg)
{
	WOK_TRY(wok_event_wait(arg));
	return wok_http_reply_text(request, 200, "slow");
}

TEST_TASK(a_fast_request_behind_a_slow_one_waits_for_it, "http-37")
{
	wok_event event = WOK_EVENT_INIT;
	struct peer peer = {0};

	peer_route(&peer, "GET", "/fast", say_hello);
	ASSERT_OK(wok_http_route(peer.app, "GET", "/slow", wait_first, &event));
	peer_open(&peer);
	peer_send(&peer, REQUEST_GET("/slow") REQUEST_GET("/fast"));
	peer_listen(&peer);
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 0);
	wok_event_set(&event);
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "slow");
	expect_answer(&peer.in, 200, "hello");
	peer_end(&peer);
}

TEST_TASK(requests_that_come_byte_by_byte_are_the_same_requests)
{
	static const char text[] = REQUEST_POST(
		"/1", "5") "hello"
			   "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n" REQUEST_GET("/3");
	struct peer peer = {0};

	peer_route(&peer, "*", "/*", echo_body);
	peer_open(&peer);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		peer_send_bytes(&peer, text + i, 1);
		test_settle();
	}
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hello");
	expect_answer(&peer.in, 200, "abc");
	expect_answer(&peer.in, 200, "");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

TEST_TASK(a_small_body_that_nobody_read_is_not_taken_for_a_request)
{
	struct peer peer = {0};

	peer_route(&peer, "*", "/*", say_hello);
	peer_open(&peer);
	peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n1c\r\n" REQUEST_GET(
				 "/x") "\r\n0\r\n\r\n" REQUEST_GET("/"));
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hello");
	expect_answer(&peer.in, 200, "hello");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

TEST_TASK(http_1_0_gets_no_chunks_and_closes_unless_it_asked_to_stay, "http-41")
{
	static const struct {
		const char *request;
		bool stays;
	} rows[] = {
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
		{"GET / HTTP/1.0\r\nConnection: close\r\n\r\n", false},
	};

	for (size_t i = 0; i < 3; i++) {
		struct peer peer = {0};
		struct answer answer;
		peer_route(&peer, "GET", "/", say_hello);
		peer_open(&peer);
		peer_send(&peer, rows[i].request);
		ASSERT_EQ(peer_is_open(&peer), true); /* until the client has closed, too */
		ASSERT(next_answer(&peer.in, 0, &answer));
		ASSERT_STR(answer.body, "hello");
		ASSERT_STR(answer_header(&answer, "Connection"),
			   rows[i].stays ? "keep-alive" : "close");
		if (rows[i].stays) {
			peer_send(&peer, "GET / HTTP/1.0\r\n\r\n");
			peer_listen(&peer);
			expect_answer(&peer.in, 200, "hello");
		}
		peer_expect_end(&peer, WOK_SECOND);
		expect_no_more(&peer.in);
		peer_end(&peer);
	}
}

static int stream_two(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "one ", 4));
	return wok_http_reply_write(request, "two", 3);
}

TEST_TASK(a_streamed_reply_to_http_1_0_ends_with_its_connection, "http-41")
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/", stream_two);
	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_STR(answer_header(&answer, "Transfer-Encoding"), NULL);
	ASSERT_STR(answer_header(&answer, "Connection"), "close");
	ASSERT_STR(answer.body, "one two");
	peer_close(&peer, 0);

	/* and it is never told to continue */
	peer_open(&peer);
	peer_send(&peer, "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	peer_listen(&peer);
	expect_no_more(&peer.in);
	peer_send(&peer, "hi");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 200, "hi");
	peer_end(&peer);
}
