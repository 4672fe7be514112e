/* SPDX-License-Identifier: MIT */
/* How connections end: closing handshakes from either side, in time or not. */
#include "ws/check.h"

struct closer {
	struct peer *peer;
	int code;
	const char *reason;
	int result;
	wok_time took;
	wok_task *task;
};

static int close_it(void *arg)
{
	struct closer *closer = arg;
	wok_time start = wok_now();

	closer->result = wok_ws_close(closer->peer->ws, closer->code, closer->reason);
	closer->took = wok_now() - start;
	return 0;
}

static void closer_start(struct closer *closer, struct peer *peer, int code, const char *reason)
{
	*closer = (struct closer){peer, code, reason, 99, -1, NULL};
	closer->task = wok_create_task(close_it, closer);
}

/* --- the peer begins -------------------------------------------------------------------------- */

static void peer_closes(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	peer_send(&peer, FIN | 8,
		  "\x03\xe9"
		  "going");
	ASSERT_STR(peer_listen(&peer), "close1001\"\"");
	/* The server hangs up first. */
	ASSERT_EQ(peer.hung_up, !is_client);
	if (is_client) {
		ASSERT_EQ(receiver.result, 99);
		wok_stream_close(peer.far);
		test_settle();
	}
	ASSERT_EQ(receiver.result, 0);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 1001);
	ASSERT_STR(wok_ws_close_reason(peer.ws), "going");
	ASSERT_EQ(wok_ws_sent_close_code(peer.ws), 1001);
	wok_ws_message unused;
	ASSERT_EQ(wok_ws_receive(peer.ws, &unused), 0);
	ASSERT_EQ(wok_ws_close(peer.ws, 1000, NULL), 0);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_close_is_answered_and_the_server_hangs_up_first, "http-63", "server-13")
{
	BOTH_ROLES(peer_closes);
}

static void peer_closes_without_code(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	struct receiver receiver;

	peer_open(&peer);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 0);
	receiver_start(&receiver, &peer);
	peer_send(&peer, FIN | 8, "");
	ASSERT_STR(peer_listen(&peer), "close1005\"\"");
	wok_stream_close(peer.far);
	test_settle();
	ASSERT_EQ(receiver.result, 0);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 1005);
	ASSERT_STR(wok_ws_close_reason(peer.ws), "");
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_close_without_a_code_is_answered_by_one_without)
{
	BOTH_ROLES(peer_closes_without_code);
}

TEST_TASK(a_client_does_not_wait_for_ever_for_the_server_to_hang_up, "http-63")
{
	struct peer peer = {.is_client = true, .options = {.close_timeout = 3 * WOK_SECOND}};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	peer_send(&peer, FIN | 8, "\x03\xe8");
	wok_test_advance(2900 * WOK_MS);
	ASSERT_EQ(receiver.result, 99);
	wok_test_advance(200 * WOK_MS);
	ASSERT_EQ(receiver.result, 0);
	(void) peer_listen(&peer);
	ASSERT(peer.hung_up);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(a_close_is_answered_though_nobody_receives, "http-63")
{
	struct peer peer = {0};

	peer_open(&peer);
	peer_send(&peer, FIN | 1, "last words");
	peer_send(&peer, FIN | 8, "\x03\xe8");
	wok_test_advance(1500 * WOK_MS);
	ASSERT_STR(peer_listen(&peer), "close1000\"\"");
	ASSERT(peer.hung_up);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	expect_message(&peer, WOK_WS_TEXT, "last words");
	wok_ws_message unused;
	ASSERT_EQ(wok_ws_receive(peer.ws, &unused), 0);
	peer_free(&peer);
}

TEST_TASK(a_close_is_answered_between_the_fragments_of_a_message)
{
	struct peer peer = {0};
	wok_ws_message unused;

	peer_open(&peer);
	ASSERT_OK(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "a", 1, false));
	peer_send(&peer, FIN | 8, "\x03\xe8");
	ASSERT_EQ(wok_ws_receive(peer.ws, &unused), 0);
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "b", 1, true), -EPIPE);
	ASSERT_STR(peer_listen(&peer), "a|close1000\"\"");
	peer_free(&peer);
}

TEST_TASK(a_fragment_that_comes_too_late_does_not_disturb_the_closing, "http-63")
{
	struct peer peer = {0};
	struct closer closer;

	peer_open(&peer);
	ASSERT_OK(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "a", 1, false));
	closer_start(&closer, &peer, 1000, NULL);
	ASSERT_STR(peer_listen(&peer), "a|close1000\"\"");
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "b", 1, true), -EPIPE);
	peer_send(&peer, FIN | 8, "\x03\xe8");
	test_settle();
	ASSERT_EQ(closer.result, 0);
	wok_task_free(closer.task);
	peer_free(&peer);
}

/* --- wok begins ------------------------------------------------------------------------------- */

static void wok_closes(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	struct closer closer;

	peer_open(&peer);
	closer_start(&closer, &peer, 3000, "done");
	ASSERT_STR(peer_listen(&peer), "close3000\"done\"");
	ASSERT_EQ(closer.result, 99);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	peer_send(&peer, FIN | 1, "crossing"); /* it is on its way already */
	peer_send(&peer, FIN | 8,
		  "\x0b\xb8"
		  "yes");
	(void) peer_listen(&peer);
	ASSERT_EQ(peer.hung_up, !is_client);
	wok_stream_close(peer.far);
	test_settle();
	ASSERT_EQ(closer.result, 0);
	ASSERT_EQ(wok_ws_sent_close_code(peer.ws), 3000);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 3000);
	ASSERT_STR(wok_ws_close_reason(peer.ws), "yes");
	wok_task_free(closer.task);
	peer_free(&peer);
}

TEST_TASK(closing_waits_for_the_peers_close, "http-63", "client-77")
{
	BOTH_ROLES(wok_closes);
}

static void close_beside_receiver(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	struct receiver receiver;
	struct closer closer;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	test_settle();
	closer_start(&closer, &peer, 0, NULL);
	ASSERT_STR(peer_listen(&peer), "close1005\"\"");
	peer_send(&peer, FIN | 1, "crossing");
	peer_send(&peer, FIN | 8, "");
	wok_stream_close(peer.far);
	test_settle();
	ASSERT_EQ(receiver.messages, 1);
	ASSERT_EQ(receiver.result, 0);
	ASSERT_EQ(closer.result, 0);
	wok_task_free(receiver.task);
	wok_task_free(closer.task);
	peer_free(&peer);
}

TEST_TASK(closing_beside_a_receiver_ends_both)
{
	BOTH_ROLES(close_beside_receiver);
}

static void no_answer(bool is_client)
{
	struct peer peer = {.is_client = is_client};
	struct closer closer;

	peer_open(&peer);
	closer_start(&closer, &peer, 1000, NULL);
	wok_test_advance(20 * WOK_SECOND);
	ASSERT_EQ(closer.result, -ETIMEDOUT);
	ASSERT_EQ(closer.took, 10 * WOK_SECOND);
	(void) peer_listen(&peer);
	ASSERT(peer.hung_up);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 1006);
	wok_task_free(closer.task);
	peer_free(&peer);
}

TEST_TASK(closing_is_forced_when_its_time_is_over, "http-63")
{
	BOTH_ROLES(no_answer);
}

TEST_TASK(closing_is_forced_though_another_task_receives, "http-63")
{
	struct peer peer = {.options = {.heartbeat = WOK_FOREVER}};
	struct receiver receiver;
	struct closer closer;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	test_settle();
	closer_start(&closer, &peer, 1000, NULL);
	wok_test_advance(11 * WOK_SECOND);
	ASSERT_EQ(closer.result, -ETIMEDOUT);
	ASSERT_EQ(receiver.result, -ETIMEDOUT);
	wok_task_free(receiver.task);
	wok_task_free(closer.task);
	peer_free(&peer);
}

TEST_TASK(closing_is_forced_when_the_peer_does_not_read)
{
	static char large[5000];
	struct peer peer = {.capacity = 100, .options = {.heartbeat = WOK_FOREVER}};
	struct closer closer;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	peer_open(&peer);
	closer_start(&closer, &peer, 1000, NULL);
	WOK_TIMEOUT (&timeout, 0) {
		WOK_IGNORE(wok_ws_send_binary(peer.ws, large, sizeof(large)));
	}
	wok_test_advance(11 * WOK_SECOND);
	ASSERT_EQ(closer.result, -ETIMEDOUT);
	wok_task_free(closer.task);
	peer_free(&peer);
}

TEST_TASK(what_no_close_can_say_is_refused)
{
	static const int codes[] = {-1, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000};
	struct peer peer = {0};
	char reason[125];

	peer_open(&peer);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		ASSERT_ERR(wok_ws_close(peer.ws, codes[i], NULL), -EINVAL);
	memset(reason, 'r', sizeof(reason));
	reason[124] = '\0';
	ASSERT_ERR(wok_ws_close(peer.ws, 1000, reason), -EINVAL);
	ASSERT_ERR(wok_ws_close(peer.ws, 1000, "\xff"), -EINVAL);
	ASSERT_ERR(wok_ws_close(peer.ws, 0, "why"), -EINVAL);
	ASSERT_OK(wok_ws_send_text(peer.ws, "still open"));
	peer_free(&peer);
}

TEST_TASK(both_sides_may_close_at_once)
{
	struct peer peer = {0};
	struct closer closer;

	peer_open(&peer);
	peer_send(&peer, FIN | 8, "\x03\xe9");
	closer_start(&closer, &peer, 1000, "mine");
	ASSERT_STR(peer_listen(&peer), "close1000\"mine\"");
	ASSERT_EQ(closer.result, 0);
	ASSERT_EQ(wok_ws_close_code(peer.ws), 1001);
	ASSERT_EQ(wok_ws_sent_close_code(peer.ws), 1000);
	wok_task_free(closer.task);
	peer_free(&peer);
}

/* --- free ------------------------------------------------------------------------------------- */

static int answer_closes(void *arg)
{
	struct peer *peer = arg;
	char buf[1000];
	ssize_t n;

	while ((n = wok_stream_read(peer->far, buf, sizeof(buf))) > 0) {
		(void) transcript_feed(&peer->heard, buf, (size_t) n);
		if (peer->heard.decoder.control_opcode == WOK__WS_CLOSE) {
			peer_send(peer, FIN | 8, "\x03\xe8");
			wok_stream_close(peer->far);
			return 0;
		}
	}
	return 0;
}

TEST_TASK(freeing_says_goodbye)
{
	struct peer peer = {.is_client = true};
	wok_time start = wok_now();

	peer_open(&peer);
	WOK_AUTO(wok_task) *task = wok_create_task(answer_closes, &peer);
	wok_ws_free(WOK_TAKE(peer.ws));
	ASSERT_OK(wok_await(task));
	ASSERT_STR(peer.heard.text, "close1000\"\"");
	ASSERT_EQ(wok_now(), start);
	peer_free(&peer);
}

static int receive_and_free(void *arg)
{
	struct peer *peer = arg;
	wok_ws_message unused;
	int r = wok_ws_receive(peer->ws, &unused);

	wok_ws_free(WOK_TAKE(peer->ws));
	return r;
}

TEST_TASK(freeing_in_a_cancelled_task_says_that_it_goes_away, "http-51")
{
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_task) *answer = wok_create_task(answer_closes, &peer);
	WOK_AUTO(wok_task) *task = wok_create_task(receive_and_free, &peer);
	test_settle();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_OK(wok_await(answer));
	ASSERT_STR(peer.heard.text, "close1001\"\"");
	peer_free(&peer);
}

TEST_TASK(freeing_in_a_cancelled_task_does_not_wait_longer_than_the_grace)
{
	struct peer peer = {.options = {.close_timeout = WOK_MINUTE}};
	wok_time start = wok_now();

	peer_open(&peer);
	WOK_AUTO(wok_task) *task = wok_create_task(receive_and_free, &peer);
	test_settle();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(wok_now() - start <= 6 * WOK_SECOND);
	peer_free(&peer);
}
