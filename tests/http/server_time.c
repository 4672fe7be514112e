/* SPDX-License-Identifier: MIT */
/* The time limits of a server: slow clients, idle ones, and ones that do not read. */
#include <wok/loop.h>
#include <wok/task.h>

#include "http/server_check.h"

/* Send a text a byte a second, until the server closes. */
static void drip(struct peer *peer, const char *text)
{
	for (; *text && !wok_task_done(peer->serving); text++) {
		if (wok_stream_write_all(peer->client, text, 1) < 0)
			return;
		wok_test_advance(WOK_SECOND);
	}
}

TEST_TASK(a_head_that_drips_in_is_408_at_its_deadline, "http-48")
{
	struct peer peer = {0};
	wok_time start = wok_now();

	peer_route(&peer, "GET", "/", say_hello);
	peer_open(&peer);
	drip(&peer, "GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345678901234567890123456789");
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT(wok_now() - start < 50 * WOK_SECOND);
	expect_answer(&peer.in, 408, NULL);
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 0);
	peer_end(&peer);
}

TEST_TASK(the_deadline_of_a_head_counts_from_its_first_byte, "http-48")
{
	struct peer peer = {.options = {.header_timeout = 10 * WOK_SECOND}};

	peer_route(&peer, "GET", "/", say_hello);
	peer_open(&peer);
	wok_test_advance(70 * WOK_SECOND); /* idle is something else */
	peer_send(&peer, "GET / HTTP/1.1\r\n");
	wok_test_advance(10 * WOK_SECOND - 1);
	peer_listen(&peer);
	expect_no_more(&peer.in);
	wok_test_advance(WOK_MS);
	peer_listen(&peer);
	expect_answer(&peer.in, 408, NULL);
	peer_end(&peer);
}

TEST_TASK(a_body_that_drips_in_is_408_though_it_never_pauses, "http-48")
{
	struct peer peer = {0};
	wok_time start = wok_now();
	char body[101];

	memset(body, 'x', 100);
	body[100] = '\0';
	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "100000"));
	drip(&peer, body);
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT(wok_now() - start < 50 * WOK_SECOND);
	expect_answer(&peer.in, 408, NULL);
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 0);
	peer_end(&peer);
}

TEST_TASK(a_body_that_comes_slowly_but_fast_enough_takes_its_time)
{
	struct peer peer = {0};
	char piece[300];

	memset(piece, 'x', sizeof(piece));
	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "60000"));
	for (int i = 0; i < 200; i++) {
		wok_test_advance(WOK_SECOND);
		peer_send_bytes(&peer, piece, sizeof(piece));
	}
	peer_listen(&peer);
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}

TEST_TASK(a_body_that_stops_is_408)
{
	struct peer peer = {.options = {.body_timeout = 5 * WOK_SECOND}};

	peer_route(&peer, "POST", "/", echo_body);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "10") "hello");
	wok_test_advance(5 * WOK_SECOND - 1);
	peer_listen(&peer);
	expect_no_more(&peer.in);
	wok_test_advance(WOK_MS);
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 408, NULL);
	peer_end(&peer);
}

enum { IDLE = 10000 };

/* Memory matters here, so the streams are small. */
TEST_TASK(ten_thousand_idle_connections_survive_a_slow_one, "http-48")
{
	struct peer *peers = calloc(IDLE, sizeof(*peers)), slow = {0};
	char buf[512];

	if (TEST_FEW_STACKS)
		SKIP("ThreadSanitizer dies at its 8,129th stack");
	ASSERT(peers);
	peer_route(&slow, "GET", "/", say_hello);
	for (int i = 0; i < IDLE; i++) {
		peers[i].app = slow.app;
		peer_open_sized(&peers[i], 512);
	}
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < IDLE; i++)
			peer_send(&peers[i], REQUEST_GET("/"));
		for (int i = 0; i < IDLE; i++)
			ASSERT(wok_stream_read(peers[i].client, buf, sizeof(buf)) > 100);
		if (round > 0)
			break;
		peer_open(&slow);
		drip(&slow, "GET / HTTP/1.1\r\nHost: a\r\n");
		wok_test_advance(10 * WOK_SECOND);
		peer_expect_end(&slow, WOK_SECOND);
		expect_answer(&slow.in, 408, NULL);
		peer_close(&slow, 0);
	}
	ASSERT_EQ(slow.calls, 2 * IDLE);
	for (int i = 0; i < IDLE; i++)
		peer_close(&peers[i], 0);
	free(peers);
	wok_http_app_free(slow.app);
}

TEST_TASK(an_idle_connection_is_closed_without_a_word_when_its_time_is_over)
{
	struct peer peer = {.options = {.keep_alive = 20 * WOK_SECOND}};

	peer_route(&peer, "GET", "/", say_hello);
	peer_open(&peer);
	wok_test_advance(19 * WOK_SECOND);
	for (int i = 0; i < 3; i++) {
		peer_send(&peer, REQUEST_GET("/"));
		wok_test_advance(19 * WOK_SECOND);
		ASSERT(peer_is_open(&peer));
		expect_answer(&peer.in, 200, "hello");
	}
	wok_test_advance(2 * WOK_SECOND);
	peer_expect_end(&peer, 1);
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int take_long(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_sleep(WOK_MINUTE * 60));
	return wok_http_reply_text(request, 200, "late");
}

/* aiohttp#9138: the keep-alive timer must not run while a request is answered. */
TEST_TASK(a_handler_may_take_longer_than_any_limit_of_the_client)
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", take_long);
	peer_open(&peer);
	peer_send(&peer, REQUEST_POST("/", "2") "hi");
	wok_test_advance(2 * 60 * WOK_MINUTE);
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "late");
	peer_end(&peer);
}

static int reply_much(wok_http_request *request, void *arg)
{
	static char body[100000];
	struct peer *peer = arg;

	peer->calls = wok_http_reply(
		request, &(wok_http_reply_options){.body = body, .body_size = sizeof(body)});
	return peer->calls;
}

TEST_TASK(a_client_that_does_not_read_its_reply_is_given_up)
{
	struct peer peer = {.options = {.write_timeout = 10 * WOK_SECOND}};

	peer_route(&peer, "GET", "/", reply_much);
	peer_open_sized(&peer, 4096);
	peer_send(&peer, REQUEST_GET("/"));
	wok_test_advance(10 * WOK_SECOND - 1);
	ASSERT_EQ(peer.calls, 0);
	/* some bytes went out at the beginning of the first span, so a second one was granted */
	wok_test_advance(10 * WOK_SECOND + 2);
	ASSERT_EQ(peer.calls, -ETIMEDOUT);
	peer_end(&peer);
}

/* Slow is not stalled. */
TEST_TASK(a_client_that_reads_a_little_now_and_then_gets_all_of_its_reply)
{
	struct peer peer = {.options = {.write_timeout = 10 * WOK_SECOND}};
	size_t total = 0;
	char buf[2000];

	peer.calls = 1;
	peer_route(&peer, "GET", "/", reply_much);
	peer_open_sized(&peer, 4096);
	peer_send(&peer, REQUEST_GET("/"));
	while (peer.calls == 1) {
		wok_test_advance(9 * WOK_SECOND);
		ssize_t n = wok_stream_read(peer.client, buf, sizeof(buf));
		ASSERT(n > 0);
		total += (size_t) n;
		test_settle();
	}
	ASSERT_EQ(peer.calls, 0);
	ASSERT(total > 90000);
	peer_end(&peer);
}
