/* SPDX-License-Identifier: MIT */
/* How many writes replies take, who waits for whom among them, what an idle connection keeps. */
#include <wok/event.h>
#include <wok/memory.h>

#include "server/exchange.h"

/* A stream that counts writes to another. */
struct counting {
	wok_stream *inner;
	int writes;
};

static ssize_t counting_read(void *self, void *data, size_t size)
{
	return wok_stream_read(((struct counting *) self)->inner, data, size);
}

static ssize_t counting_write(void *self, const struct iovec *parts, int n_parts)
{
	struct counting *counting = self;
	struct iovec copy[8];
	size_t done;

	ASSERT(n_parts <= 8);
	memcpy(copy, parts, sizeof(copy[0]) * (size_t) n_parts);
	counting->writes++;
	int r = wok_stream_write_parts(counting->inner, copy, n_parts, &done);
	return r < 0 ? r : (ssize_t) done;
}

static int counting_shutdown(void *self)
{
	return wok_stream_shutdown(((struct counting *) self)->inner);
}

static int counting_close(void *self)
{
	wok_stream_free(((struct counting *) self)->inner);
	return 0;
}

static const wok_stream_ops counting_ops = {
	.name = "counting",
	.read = counting_read,
	.write = counting_write,
	.shutdown = counting_shutdown,
	.close = counting_close,
};

static void open_counting(struct peer *peer, struct counting *counting)
{
	ASSERT_OK(wok_stream_pair(1 << 20, &peer->client, &counting->inner));
	ASSERT_OK(wok_stream_new(&counting_ops, counting, &peer->server));
	peer->serving = wok_create_task(serve_peer, peer);
}

static int say_much(wok_http_request *request, void *arg)
{
	static char body[100000];

	(void) arg;
	memset(body, 'x', sizeof(body));
	return wok_http_reply(request,
			      &(wok_http_reply_options){.body = body, .body_size = sizeof(body)});
}

TEST_TASK(head_and_body_are_one_write_and_so_are_pipelined_replies, "http-36")
{
	struct peer peer = {0};
	struct counting counting = {0};
	char text[16 * 64] = "";

	peer_route(&peer, "GET", "/", say_hello);
	peer_route(&peer, "GET", "/much", say_much);
	open_counting(&peer, &counting);
	expect_reply(&peer, "GET", "/", 200, "hello");
	ASSERT_EQ(counting.writes, 1);
	expect_reply(&peer, "GET", "/much", 200, NULL);
	ASSERT_EQ(counting.writes, 2);
	for (int i = 0; i < 16; i++)
		strcat(text, REQUEST_GET("/"));
	peer_send(&peer, text);
	peer_listen(&peer);
	for (int i = 0; i < 16; i++)
		expect_answer(&peer.in, 200, "hello");
	ASSERT_EQ(counting.writes, 3);
	/* a large one takes those before it along */
	peer_send(&peer, REQUEST_GET("/") REQUEST_GET("/much"));
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hello");
	expect_answer(&peer.in, 200, NULL);
	ASSERT_EQ(counting.writes, 4);
	peer_end(&peer);
}

static int wait_for(wok_http_request *request, void *arg)
{
	WOK_TRY(wok_event_wait(arg));
	return wok_http_reply_text(request, 200, "waited");
}

static int hint(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_interim(request, 103, NULL, 0));
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "a", 1));
	return wok_http_reply_write(request, "b", 1);
}

TEST_TASK(a_reply_does_not_wait_for_the_handler_of_the_next_request, "http-37")
{
	struct peer peer = {0};
	wok_event event = WOK_EVENT_INIT;
	struct answer answer;

	peer_route(&peer, "GET", "/", say_hello);
	peer_route(&peer, "GET", "/hint", hint);
	ASSERT_OK(wok_http_route(peer.app, "GET", "/wait", wait_for, &event));
	peer_open(&peer);
	peer_send(&peer, REQUEST_GET("/") REQUEST_GET("/") REQUEST_GET("/wait") REQUEST_GET("/")
				 REQUEST_GET("/hint") REQUEST_GET("/"));
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hello");
	expect_answer(&peer.in, 200, "hello");
	expect_no_more(&peer.in);
	wok_event_set(&event);
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "waited");
	expect_answer(&peer.in, 200, "hello");
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_EQ(answer.status, 103);
	expect_answer(&peer.in, 200, "ab");
	expect_answer(&peer.in, 200, "hello");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

TEST_TASK(a_client_that_goes_while_replies_are_gathered_leaves_nothing_behind)
{
	for (int i = 0; i < 3; i++) {
		struct peer peer = {0};
		wok_event event = WOK_EVENT_INIT;
		peer_route(&peer, "GET", "/", say_hello);
		ASSERT_OK(wok_http_route(peer.app, "GET", "/wait", wait_for, &event));
		peer_open_sized(&peer, i == 1 ? 64 : 4096); /* the flusher has to wait, too */
		peer_send(&peer, REQUEST_GET("/"));
		peer_send(&peer, REQUEST_GET("/wait"));
		test_settle();
		if (i == 2) {
			wok_cancel(peer.serving);
			ASSERT_ERR(wok_await(peer.serving), WOK_ETASKCANCELED);
			wok_task_free(WOK_TAKE(peer.serving));
			wok_stream_free(peer.client);
			wok_stream_free(peer.server);
		} else {
			wok_stream_free(WOK_TAKE(peer.client));
			wok_event_set(&event);
			WOK_IGNORE(wok_await(peer.serving));
			wok_task_free(WOK_TAKE(peer.serving));
			wok_stream_free(peer.server);
		}
		wok_http_app_free(peer.app);
	}
}

/* The bytes that wok has allocated. */
static size_t allocated;

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
	return block + 2;
}

static int idle(void *unused)
{
	struct peer peer = {0};

	(void) unused;
	peer_route(&peer, "GET", "/{a}", say_hello);
	peer_open(&peer);
	size_t before = allocated;
	expect_reply(&peer, "GET", "/with%20a%20parameter", 200, "hello");
	size_t busy = allocated;
	ASSERT_OK(wok_sleep(WOK_SECOND));
	test_settle();
	if (allocated > before + 4608)
		FAIL("an idle connection keeps %zu bytes, a busy one %zu", allocated - before,
		     busy - before);
	/* and it goes on as before */
	for (int i = 0; i < 2; i++)
		expect_reply(&peer, "GET", "/with%20a%20parameter", 200, "hello");
	ASSERT_OK(wok_sleep(70 * WOK_SECOND));
	expect_reply(&peer, "GET", "/again", 200, "hello");
	peer_expect_end(&peer, 76 * WOK_SECOND);
	peer_end(&peer);
	return 0;
}

TEST(an_idle_connection_gives_its_memory_back, "server-16")
{
	const wok_allocator counting = {counting_realloc, NULL};

	ASSERT_OK(wok_set_allocator(&counting));
	ASSERT_OK(wok_test_run(idle, NULL, NULL));
}

TEST_TASK(nothing_is_sent_behind_half_of_a_reply)
{
	struct peer peer = {.options = {.write_timeout = 10 * WOK_SECOND}};

	peer_route(&peer, "GET", "/", say_hello);
	peer_route(&peer, "POST", "/", echo_body);
	peer_open_sized(&peer, 64);
	static const char asked[] = REQUEST_GET("/") "POST / HTTP/1.1\r\nHost: a\r\n"
						     "Expect: 100-continue\r\n"
						     "Content-Length: 5\r\n\r\n";
	ASSERT_OK(wok_stream_write_all(peer.client, asked, strlen(asked)));
	/* the reply to the first does not get out whole, while the second waits for its body */
	ASSERT_OK(wok_sleep(25 * WOK_SECOND));
	peer_expect_end(&peer, 60 * WOK_SECOND);
	ASSERT(strstr(peer.in.data, "HTTP/1.1 200"));
	ASSERT_EQ(peer.in.size, 64);
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}
