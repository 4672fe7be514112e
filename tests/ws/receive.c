/* SPDX-License-Identifier: MIT */
/* What is received: messages, what is refused, limits; both roles. */
#include <malloc.h>

#include "ws/check.h"

static void receive_messages(bool is_client)
{
	struct peer peer = {.is_client = is_client};

	peer_open(&peer);
	peer_send(&peer, FIN | 1, "Hello");
	peer_send(&peer, 2, "a");
	peer_send(&peer, 0, "b");
	peer_send(&peer, FIN, "c");
	peer_send(&peer, FIN | 1, "");
	expect_message(&peer, WOK_WS_TEXT, "Hello");
	expect_message(&peer, WOK_WS_BINARY, "abc");
	expect_message(&peer, WOK_WS_TEXT, "");
	peer_free(&peer);
}

TEST_TASK(messages_are_received_whole, "server-13", "client-77")
{
	BOTH_ROLES(receive_messages);
}

static void receive_sizes(bool is_client)
{
	static const size_t sizes[] = {0,    1,    125,   126,   127,   1000,  4095,  4096,
				       4097, 9000, 16384, 65535, 65536, 65537, 300000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct peer peer = {.is_client = is_client, .capacity = 1 << 20};
		wok_ws_message message;
		char *payload = malloc(sizes[i] + 1);
		ASSERT(payload != NULL);
		for (size_t j = 0; j < sizes[i]; j++)
			payload[j] = (char) ('a' + (i + j) % 26);
		peer_open(&peer);
		for (int n = 0; n < 3; n++)
			peer_send_frame(&peer, FIN | 1, payload, sizes[i]);
		for (int n = 0; n < 3; n++) {
			ASSERT_EQ(wok_ws_receive(peer.ws, &message), 1);
			ASSERT_EQ(message.size, sizes[i]);
			ASSERT_MEM(message.data, payload, sizes[i]);
			ASSERT_EQ(message.data[sizes[i]], '\0');
		}
		peer_free(&peer);
		free(payload);
	}
}

TEST_TASK(messages_of_all_sizes_are_received_one_behind_the_other)
{
	BOTH_ROLES(receive_sizes);
}

/* Slowly, byte by byte. */
static int drip(void *arg)
{
	struct peer *peer = arg;
	struct bytes bytes = {0};
	char payload[6000];

	memset(payload, 'x', sizeof(payload));
	add_text(&bytes, !peer->is_client, 1, "eins \xe2\x82");
	add_text(&bytes, !peer->is_client, FIN | 9, "p");
	add_text(&bytes, !peer->is_client, FIN, "\xac zwei");
	add_frame(&bytes, !peer->is_client, FIN | 2, payload, sizeof(payload));
	for (size_t i = 0; i < bytes.size; i++) {
		ASSERT_OK(wok_stream_write_all(peer->far, bytes.data + i, 1));
		ASSERT_OK(wok_yield());
	}
	bytes_free(&bytes);
	return 0;
}

static void receive_drips(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	wok_ws_message message;

	peer_open(&peer);
	WOK_AUTO(wok_task) *task = wok_create_task(drip, &peer);
	expect_message(&peer, WOK_WS_TEXT, "eins \xe2\x82\xac zwei");
	ASSERT_EQ(wok_ws_receive(peer.ws, &message), 1);
	ASSERT_EQ(message.size, 6000);
	ASSERT_STR(peer_listen(&peer), "pong\"p\"");
	ASSERT_OK(wok_await(task));
	peer_free(&peer);
}

TEST_TASK(messages_that_come_byte_by_byte_are_the_same)
{
	BOTH_ROLES(receive_drips);
}

static void receive_fragments(bool is_client)
{
	struct peer peer = {.is_client = is_client, .options = {.fragments = true}};
	wok_ws_message m;

	peer_open(&peer);
	peer_send(&peer, 1, "a");
	ASSERT_EQ(wok_ws_receive(peer.ws, &m), 1);
	ASSERT_STR(m.data, "a");
	ASSERT(m.is_partial && !m.is_continued && m.type == WOK_WS_TEXT);
	peer_send(&peer, 0, "");
	ASSERT_EQ(wok_ws_receive(peer.ws, &m), 1);
	ASSERT(m.is_partial && m.is_continued && m.size == 0 && m.type == WOK_WS_TEXT);
	peer_send(&peer, FIN, "b");
	ASSERT_EQ(wok_ws_receive(peer.ws, &m), 1);
	ASSERT_STR(m.data, "b");
	ASSERT(!m.is_partial && m.is_continued && m.type == WOK_WS_TEXT);
	peer_send(&peer, FIN | 2, "c");
	expect_message(&peer, WOK_WS_BINARY, "c");
	peer_free(&peer);
}

TEST_TASK(fragments_are_received_when_they_come_if_that_is_wanted, "server-13")
{
	BOTH_ROLES(receive_fragments);
}

/* --- what is refused -------------------------------------------------------------------------- */

/* Bytes after which wok's end closes with a code. */
static void expect_refused(struct peer *peer, const struct bytes *bytes, int result, int code)
{
	struct receiver receiver;
	char close[16];

	peer_open(peer);
	receiver_start(&receiver, peer);
	peer_send_bytes(peer, bytes->data, bytes->size);
	snprintf(close, sizeof(close), "close%d\"", code);
	const char *said = peer_listen(peer);
	if (strncmp(said, close, strlen(close)) != 0)
		FAIL("wok says %s, not %s", said, close);
	wok_stream_close(peer->far); /* the peer has understood */
	ASSERT_OK(wok_await(receiver.task));
	ASSERT_EQ(receiver.result, result);
	ASSERT_EQ(wok_ws_sent_close_code(peer->ws), code);
	ASSERT_EQ(wok_ws_close_code(peer->ws), 1006);
	wok_ws_message unused;
	ASSERT_ERR(wok_ws_receive(peer->ws, &unused), result);
	ASSERT_ERR(wok_ws_send_text(peer->ws, "x"), -EPIPE);
	wok_task_free(receiver.task);
	peer_free(peer);
}

struct row {
	unsigned bits[3];
	const char *payload[3];
	int code;
};

static void expect_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const struct row *row = &rows[i / 2];
		struct peer peer = {.is_client = i % 2};
		struct bytes bytes = {0};
		for (int j = 0; j < 3 && row->payload[j]; j++)
			add_text(&bytes, !peer.is_client, row->bits[j], row->payload[j]);
		expect_refused(&peer, &bytes, WOK_EPEER, row->code);
		bytes_free(&bytes);
	}
}

TEST_TASK(frames_that_break_the_rules_close_the_connection_with_1002, "http-58", "http-59")
{
	static const char long_ping[] =
		"0123456789012345678901234567890123456789012345678901234567"
		"89012345678901234567890123456789012345678901234567890123456"
		"789012345";
	static const struct row rows[] = {
		{{FIN}, {"x"}, 1002},
		{{1, FIN | 1}, {"a", "b"}, 1002},
		{{FIN | 3}, {""}, 1002},
		{{FIN | 11}, {""}, 1002},
		{{FIN | 15}, {""}, 1002},
		{{FIN | RSV1 | 1}, {"x"}, 1002},
		{{FIN | 0x20 | 1}, {"x"}, 1002},
		{{FIN | 0x10 | 1}, {"x"}, 1002},
		{{9}, {"ping"}, 1002},
		{{FIN | 9}, {long_ping}, 1002},
		{{FIN | 8}, {"\x03"}, 1002},
		{{FIN | 8}, {"\x03\xed"}, 1002},
	};

	ASSERT_EQ(strlen(long_ping), 126);
	expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
	for (int is_client = 0; is_client < 2; is_client++) {
		struct peer peer = {.is_client = is_client};
		struct bytes bytes = {0};
		add_text(&bytes, is_client, FIN | 1, "masked or not");
		expect_refused(&peer, &bytes, WOK_EPEER, 1002);
		bytes_free(&bytes);
	}
}

TEST_TASK(text_that_is_not_utf8_closes_the_connection_with_1007, "http-62")
{
	static const struct row rows[] = {
		{{FIN | 1}, {"\xc0\x80"}, 1007},
		{{FIN | 1}, {"ab\xed\xa0\x80"}, 1007},
		{{FIN | 1}, {"\xf4\x90\x80\x80"}, 1007},
		{{FIN | 1}, {"\xe2\x82"}, 1007},
		{{1, FIN}, {"\xe2\x82", "("}, 1007},
		{{1, 0}, {"\xf0\x9f", "\x98("}, 1007}, /* before the message has ended */
		{{FIN | 8}, {"\x03\xe8\xff"}, 1007},
	};

	expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void too_large(bool is_client)
{
	struct peer peer = {.is_client = is_client, .options = {.max_message = 10}};
	struct bytes bytes = {0};

	add_text(&bytes, !is_client, FIN | 2, "01234567890");
	bytes.size -= 11; /* what it declares is enough */
	expect_refused(&peer, &bytes, WOK_ELIMIT, 1009);
	bytes_free(&bytes);
	add_text(&bytes, !is_client, 1, "012345");
	add_text(&bytes, !is_client, FIN, "67890");
	expect_refused(&peer, &bytes, WOK_ELIMIT, 1009);
	bytes_free(&bytes);
	peer_open(&peer);
	peer_send(&peer, FIN | 1, "0123456789");
	expect_message(&peer, WOK_WS_TEXT, "0123456789");
	peer_free(&peer);
}

TEST_TASK(a_message_over_the_limit_closes_the_connection_with_1009, "http-64")
{
	BOTH_ROLES(too_large);
}

TEST_TASK(a_huge_frame_takes_memory_for_what_has_come_of_it, "http-64")
{
	struct peer peer = {.options = {.max_message = 1 << 30}};
	struct receiver receiver;
	/* A gigabyte, of which 100 bytes come. */
	const char head[] = "\x82\xff\0\0\0\0\x3f\xff\xff\xff\1\2\3\4";

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	peer_send_bytes(&peer, head, sizeof(head) - 1);
	for (int i = 0; i < 100; i++) {
		peer_send_bytes(&peer, "x", 1);
		test_settle();
	}
	ASSERT(peer.ws->partial.capacity <= 64 << 10);
	ASSERT_EQ(receiver.result, 99);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_connection_that_ends_without_a_close_is_an_error)
{
	struct peer peer = {0};
	wok_ws_message unused;

	peer_open(&peer);
	peer_send(&peer, 1, "half");
	wok_stream_close(peer.far);
	ASSERT_ERR(wok_ws_receive(peer.ws, &unused), WOK_EEOF);
	ASSERT_ERR(wok_ws_receive(peer.ws, &unused), WOK_EEOF);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 1006);
	ASSERT_EQ(wok_ws_sent_close_code(peer.ws), 0);
	ASSERT_ERR(wok_ws_close(peer.ws, 1000, NULL), WOK_EEOF);
	peer_free(&peer);
}

/* --- pings ------------------------------------------------------------------------------------ */

static void answer_pings(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	peer_send(&peer, FIN | 10, "not asked for");
	peer_send(&peer, 1, "a");
	peer_send(&peer, FIN | 9, "between fragments");
	ASSERT_STR(peer_listen(&peer), "pong\"between fragments\"");
	peer_send(&peer, FIN, "b");
	test_settle();
	ASSERT_EQ(receiver.messages, 1);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_ping_is_answered_at_once_and_a_stray_pong_is_not, "http-59")
{
	BOTH_ROLES(answer_pings);
}

TEST_TASK(a_ping_is_answered_though_nobody_receives, "server-13")
{
	struct peer peer = {0};

	peer_open(&peer);
	peer_send(&peer, FIN | 1, "first");
	peer_send(&peer, FIN | 9, "p");
	peer_send(&peer, FIN | 1, "second");
	wok_test_advance(1500 * WOK_MS);
	ASSERT_STR(peer_listen(&peer), "pong\"p\"");
	/* What was read ahead is not lost. */
	expect_message(&peer, WOK_WS_TEXT, "first");
	expect_message(&peer, WOK_WS_TEXT, "second");
	peer_send(&peer, FIN | 1, "third");
	expect_message(&peer, WOK_WS_TEXT, "third");
	peer_free(&peer);
}

TEST_TASK(reading_ahead_has_a_limit_behind_which_the_peer_waits, "http-64")
{
	struct peer peer = {.options = {.read_ahead = 1000}, .capacity = 500};
	char payload[100] = {0};
	size_t sent = 0;

	peer_open(&peer);
	wok_test_advance(1500 * WOK_MS);
	for (;; sent++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct bytes bytes = {0};
		int r = 0;
		add_frame(&bytes, true, FIN | 2, payload, sizeof(payload));
		WOK_TIMEOUT (&timeout, 10 * WOK_SECOND) {
			r = wok_stream_write_all(peer.far, bytes.data, bytes.size);
		}
		bytes_free(&bytes);
		if (r < 0)
			break;
	}
	/* 1000 bytes of messages, the stream's 500, and what its buffer held. */
	ASSERT(sent >= 10 && sent < 60);
	wok_ws_message message;
	for (size_t i = 0; i < sent; i++)
		ASSERT_EQ(wok_ws_receive(peer.ws, &message), 1);
	peer_free(&peer);
}

TEST_TASK(what_is_read_ahead_takes_little_more_memory_than_it_has_bytes, "http-64")
{
	struct peer peer = {0};
	size_t taken = 0;

	peer_open(&peer);
	wok_test_advance(1500 * WOK_MS);
	for (int i = 0; i < 5000; i++)
		peer_send(&peer, FIN | 2, "x");
	test_settle();
	ASSERT(peer.ws->ahead_size >= 64 << 10);
	for (const struct wok__ws_item *item = peer.ws->ahead; item; item = item->next)
		taken += malloc_usable_size((void *) (uintptr_t) item->message.data);
	ASSERT(taken < 64 << 10);
	peer_free(&peer);
}

TEST_TASK(a_flood_of_pings_by_a_peer_that_does_not_read_costs_one_pong)
{
	struct peer peer = {.capacity = 300, .options = {.heartbeat = WOK_FOREVER}};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	for (int i = 0; i < 500; i++)
		peer_send(&peer, FIN | 9, "0123456789");
	peer_send(&peer, FIN | 9, "the last");
	peer_send(&peer, FIN | 1, "a message");
	test_settle();
	ASSERT_EQ(receiver.messages, 1); /* reading goes on though the pongs wait */
	const char *said = peer_listen(&peer);
	ASSERT(strlen(said) < 1000);
	ASSERT(strstr(said, "pong\"the last\"") != NULL);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

static int receive_once(void *arg)
{
	wok_ws_message unused;

	return wok_ws_receive(arg, &unused);
}

TEST_TASK(a_second_receiver_is_refused)
{
	struct peer peer = {0};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	test_settle();
	ASSERT_ERR(receive_once(peer.ws), -EBUSY);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_cancelled_receive_loses_nothing)
{
	struct peer peer = {0};
	struct bytes bytes = {0};

	add_text(&bytes, true, 1, "Hel");
	add_text(&bytes, true, FIN, "lo");
	for (size_t cut = 0; cut < bytes.size; cut++) {
		peer_open(&peer);
		peer_send_bytes(&peer, bytes.data, cut);
		ASSERT_ERR(wok_wait_for(receive_once, peer.ws, WOK_MS), -ETIMEDOUT);
		peer_send_bytes(&peer, bytes.data + cut, bytes.size - cut);
		expect_message(&peer, WOK_WS_TEXT, "Hello");
		peer_free(&peer);
	}
	bytes_free(&bytes);
}
