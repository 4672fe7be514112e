/* SPDX-License-Identifier: MIT */
/* Signs of life: pings, latency, peers that are gone. */
#include "ws/check.h"

/* The payload of the last ping, sent back. */
static void answer_ping(struct peer *peer)
{
	const struct wok__ws_decoder *decoder = &peer->heard.decoder;

	ASSERT_EQ(decoder->control_opcode, WOK__WS_PING);
	peer_send_frame(peer, FIN | 10, decoder->control, decoder->control_size);
}

/* How many pings have come so far. */
static int count_pings(struct peer *peer)
{
	const char *at, *text;
	int n = 0;

	(void) peer_listen(peer);
	text = peer->heard.text;
	for (size_t i = 0; text && i + 5 <= peer->heard.size; i++) {
		at = text + i;
		n += memcmp(at, "ping\"", 5) == 0;
	}
	return n;
}

static void dead_peer(bool is_client)
{
	struct peer peer = {.is_client = is_client, .options = {.heartbeat = 20 * WOK_SECOND}};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	wok_test_advance(19 * WOK_SECOND);
	ASSERT_EQ(count_pings(&peer), 0);
	wok_test_advance(1500 * WOK_MS);
	ASSERT_EQ(count_pings(&peer), 1);
	wok_test_advance(9 * WOK_SECOND);
	ASSERT_EQ(receiver.result, 99);
	wok_test_advance(600 * WOK_MS); /* 30.1 s: one and a half intervals */
	ASSERT_EQ(receiver.result, -ETIMEDOUT);
	wok_ws_message unused;
	ASSERT_ERR(wok_ws_receive(peer.ws, &unused), -ETIMEDOUT);
	ASSERT_STR(wok_errmsg(-ETIMEDOUT), "the peer gives no sign of life");
	(void) peer_listen(&peer);
	ASSERT(peer.hung_up);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_receiver_learns_of_a_dead_peer_in_one_and_a_half_intervals, "http-67")
{
	BOTH_ROLES(dead_peer);
}

TEST_TASK(pongs_keep_a_connection_alive_and_measure_its_latency, "http-67")
{
	struct peer peer = {.options = {.heartbeat = 20 * WOK_SECOND}};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	ASSERT_EQ(wok_ws_latency(peer.ws), -1);
	for (int i = 1; i <= 10; i++) {
		wok_test_advance(20 * WOK_SECOND);
		ASSERT_EQ(count_pings(&peer), i);
		wok_test_advance(70 * WOK_MS);
		answer_ping(&peer);
		test_settle();
		ASSERT(wok_ws_latency(peer.ws) >= 70 * WOK_MS);
		ASSERT(wok_ws_latency(peer.ws) < 71 * WOK_MS);
	}
	ASSERT_EQ(receiver.result, 99);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(messages_are_signs_of_life_and_save_pings, "http-67")
{
	struct peer peer = {.options = {.heartbeat = 20 * WOK_SECOND}};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	for (int i = 0; i < 20; i++) {
		wok_test_advance(15 * WOK_SECOND);
		peer_send(&peer, i % 2 ? FIN | 1u : FIN | 10u, "x");
	}
	ASSERT_EQ(count_pings(&peer), 0);
	ASSERT(!wok_task_done(receiver.task));
	/* A part of a frame is one, too: a large one takes its time. */
	struct bytes bytes = {0};
	add_text(&bytes, true, FIN | 1, "slow");
	for (size_t i = 0; i < bytes.size; i++) {
		wok_test_advance(15 * WOK_SECOND);
		peer_send_bytes(&peer, bytes.data + i, 1);
	}
	ASSERT_EQ(count_pings(&peer), 0);
	bytes_free(&bytes);
	test_settle();
	ASSERT_EQ(receiver.messages, 11);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_dead_peer_is_found_though_nobody_receives, "http-67")
{
	struct peer peer = {0};

	peer_open(&peer);
	wok_test_advance(31 * WOK_SECOND);
	ASSERT_EQ(count_pings(&peer), 1);
	wok_test_advance(15 * WOK_SECOND);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	wok_ws_message unused;
	ASSERT_ERR(wok_ws_receive(peer.ws, &unused), -ETIMEDOUT);
	peer_free(&peer);
}

TEST_TASK(a_peer_whose_messages_nobody_takes_is_not_called_dead)
{
	struct peer peer = {.options = {.read_ahead = 100}, .capacity = 200};
	char payload[150] = {0};

	peer_open(&peer);
	peer_send_frame(&peer, FIN | 2, payload, sizeof(payload));
	peer_send_frame(&peer, FIN | 2, payload, sizeof(payload));
	wok_test_advance(5 * WOK_MINUTE);
	ASSERT_OK(wok_ws_send_text(peer.ws, "still here"));
	wok_ws_message message;
	ASSERT_EQ(wok_ws_receive(peer.ws, &message), 1);
	ASSERT_EQ(wok_ws_receive(peer.ws, &message), 1);
	peer_free(&peer);
}

TEST_TASK(without_a_heartbeat_nobody_is_asked)
{
	struct peer peer = {.options = {.heartbeat = WOK_FOREVER}};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	wok_test_advance(60 * WOK_MINUTE);
	ASSERT_EQ(count_pings(&peer), 0);
	ASSERT_EQ(receiver.result, 99);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_ping_of_the_application_measures_latency)
{
	struct peer peer = {.is_client = true};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	ASSERT_OK(wok_ws_ping(peer.ws, "abc", 3));
	ASSERT_STR(peer_listen(&peer), "ping\"abc\"");
	wok_test_advance(30 * WOK_MS);
	peer_send(&peer, FIN | 10, "abd"); /* another's */
	test_settle();
	ASSERT_EQ(wok_ws_latency(peer.ws), -1);
	peer_send(&peer, FIN | 10, "abc");
	test_settle();
	ASSERT_EQ(wok_ws_latency(peer.ws) / WOK_MS, 30);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(an_idle_connection_whose_application_receives_has_no_other_task)
{
	struct peer peer = {0};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	wok_test_advance(25 * WOK_SECOND);
	ASSERT(peer.ws->reader == NULL && peer.ws->writer == NULL);
	ASSERT(peer.ws->partial.data == NULL && peer.ws->current.data == NULL);
	ASSERT_EQ(peer.ws->attend.id, 0);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

static int send_for_minutes(void *arg)
{
	static const char data[100000];
	struct receiver *self = arg;

	return self->result = wok_ws_send_binary(self->peer->ws, data, sizeof(data));
}

static void read_slowly(bool is_client)
{
	struct peer peer = {.is_client = is_client, .capacity = 1000};
	struct receiver sender = {.peer = &peer, .result = 99}, receiver;
	char piece[1000];

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	sender.task = wok_create_task(send_for_minutes, &sender);
	for (int i = 0; i < 90; i++) {
		wok_test_advance(10 * WOK_SECOND);
		ssize_t n = wok_stream_read(peer.far, piece, sizeof(piece));
		ASSERT(n > 0);
		ASSERT(transcript_feed(&peer.heard, piece, (size_t) n));
	}
	ASSERT_EQ(sender.result, 99);
	/* Then it does not answer. */
	ASSERT_EQ(count_pings(&peer), 1);
	ASSERT_EQ(sender.result, 0);
	wok_test_advance(46 * WOK_SECOND);
	ASSERT_EQ(receiver.result, -ETIMEDOUT);
	wok_task_free(sender.task);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_peer_that_takes_long_to_read_a_message_is_not_called_dead, "http-67")
{
	BOTH_ROLES(read_slowly);
}
