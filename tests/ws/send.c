/* SPDX-License-Identifier: MIT */
/* What is sent: messages, fragments, their order; a peer that does not read. */
#include "ws/check.h"

static void send_messages(bool is_client)
{
	struct peer peer = {.is_client = is_client};

	peer_open(&peer);
	ASSERT_OK(wok_ws_send_text(peer.ws, "Hello"));
	ASSERT_OK(wok_ws_send_binary(peer.ws, "\xff", 1));
	ASSERT_OK(wok_ws_send(peer.ws, WOK_WS_TEXT, NULL, 0));
	ASSERT_OK(wok_ws_ping(peer.ws, "p", 1));
	ASSERT_STR(peer_listen(&peer), "Hello\"\xff\"\"ping\"p\"");
	peer_free(&peer);
}

TEST_TASK(messages_are_sent_masked_by_a_client_and_plain_by_a_server, "server-13", "client-77")
{
	BOTH_ROLES(send_messages);
}

static void send_sizes(bool is_client)
{
	static const size_t sizes[] = {0,    1,    125,   126,   127,   1009,  1010,
				       1011, 1024, 32767, 65535, 65536, 200000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct peer peer = {.is_client = is_client, .capacity = 1 << 19};
		char *payload = malloc(sizes[i] + 2);
		ASSERT(payload != NULL);
		for (size_t j = 0; j < sizes[i]; j++)
			payload[j] = (char) ('a' + (i + j) % 26);
		payload[sizes[i]] = '\0';
		peer_open(&peer);
		ASSERT_OK(wok_ws_send_text(peer.ws, payload));
		payload[sizes[i]] = '"';
		payload[sizes[i] + 1] = '\0';
		ASSERT_STR(peer_listen(&peer), payload);
		peer_free(&peer);
		free(payload);
	}
}

TEST_TASK(messages_of_all_sizes_are_sent)
{
	BOTH_ROLES(send_sizes);
}

TEST_TASK(what_cannot_be_sent_is_refused)
{
	struct peer peer = {0};
	char ping[126] = {0};

	peer_open(&peer);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "\xff"), -EINVAL);
	ASSERT_ERR(wok_ws_send(peer.ws, WOK_WS_TEXT, "\xe2\x82", 2), -EINVAL);
	ASSERT_ERR(wok_ws_send(peer.ws, (wok_ws_type) 9, "x", 1), -EINVAL);
	ASSERT_ERR(wok_ws_ping(peer.ws, ping, sizeof(ping)), -EINVAL);
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "\xff", 1, false), -EINVAL);
	ASSERT_OK(wok_ws_send_text(peer.ws, "fine")); /* nothing was begun */
	ASSERT_STR(peer_listen(&peer), "fine\"");
	peer_free(&peer);
}

static void send_fragments(bool is_client)
{
	struct peer peer = {.is_client = is_client};

	peer_open(&peer);
	ASSERT_OK(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "a\xe2\x82", 3, false));
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "(", 1, false), -EINVAL);
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_BINARY, "\xac", 1, true), -EINVAL);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EDEADLK);
	ASSERT_OK(wok_ws_ping(peer.ws, NULL, 0));
	ASSERT_OK(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "\xac", 1, false));
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "\xe2", 1, true), -EINVAL);
	ASSERT_OK(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, NULL, 0, true));
	ASSERT_OK(wok_ws_send_text(peer.ws, "next"));
	ASSERT_STR(peer_listen(&peer), "a\xe2\x82|ping\"\"\xac|\"next\"");
	peer_free(&peer);
}

TEST_TASK(a_message_is_sent_in_fragments_with_pings_between_them)
{
	BOTH_ROLES(send_fragments);
}

/* --- several senders -------------------------------------------------------------------------- */

struct sender {
	struct peer *peer;
	char letter;
	bool in_fragments;
	int result;
	wok_task *task;
};

static int send_ten(void *arg)
{
	struct sender *self = arg;
	char text[3000];

	memset(text, self->letter, sizeof(text));
	for (int i = 0; i < 10; i++) {
		self->result = wok_ws_send_fragment(self->peer->ws, WOK_WS_TEXT, text,
						    sizeof(text) / 2, !self->in_fragments);
		if (self->result == 0 && self->in_fragments)
			self->result = wok_ws_send_fragment(self->peer->ws, WOK_WS_TEXT, text,
							    sizeof(text) / 2, true);
		WOK_TRY(self->result);
		WOK_TRY(wok_ws_ping(self->peer->ws, &self->letter, 1));
	}
	return 0;
}

/* Each message is of one letter. */
static void expect_pure(const char *said, int messages)
{
	int n = 0, seen[256] = {0};

	while (*said) {
		if (strncmp(said, "ping\"", 5) == 0) {
			said += 7; /* its letter and its end */
			continue;
		}
		char letter = *said;
		size_t size = 0, fragments = 0;
		for (; *said != '"'; said++) {
			if (strncmp(said, "ping\"", 5) == 0)
				said += 6;
			else if (*said == '|')
				fragments++;
			else if (*said == letter)
				size++;
			else
				FAIL("%c in a message of %c", *said, letter);
		}
		ASSERT(size == (fragments ? 3000u : 1500u));
		said++;
		seen[(unsigned char) letter]++;
		n++;
	}
	ASSERT_EQ(n, messages);
	for (int letter = 'A'; letter < 'E'; letter++)
		ASSERT_EQ(seen[letter], 10);
}

static void send_from_many(bool is_client)
{
	struct peer peer = {.is_client = is_client, .capacity = 700};
	struct sender senders[4];

	peer_open(&peer);
	for (int i = 0; i < 4; i++) {
		senders[i] = (struct sender){&peer, (char) ('A' + i), i % 2, 99, NULL};
		senders[i].task = wok_create_task(send_ten, &senders[i]);
	}
	const char *said = peer_listen(&peer);
	for (int i = 0; i < 4; i++) {
		ASSERT_OK(wok_await(senders[i].task));
		wok_task_free(senders[i].task);
	}
	expect_pure(said, 40);
	peer_free(&peer);
}

TEST_TASK(messages_of_several_tasks_do_not_mix, "http-66")
{
	BOTH_ROLES(send_from_many);
}

static int send_large(void *arg)
{
	static char data[100000];
	struct sender *self = arg;

	self->result = wok_ws_send_binary(self->peer->ws, data, sizeof(data));
	return 0;
}

static void wait_for_reader(bool is_client)
{
	struct peer peer = {.is_client = is_client, .capacity = 1000};
	struct sender self = {.peer = &peer, .result = 99};

	peer_open(&peer);
	self.task = wok_create_task(send_large, &self);
	wok_test_advance(20 * WOK_SECOND);
	ASSERT_EQ(self.result, 99); /* it waits: nothing is stored */
	(void) peer_listen(&peer);
	ASSERT_EQ(self.result, 0);
	ASSERT_EQ(peer.heard.size, 100001);
	wok_task_free(self.task);
	peer_free(&peer);
}

TEST_TASK(a_slow_peer_makes_the_sender_wait, "http-66")
{
	BOTH_ROLES(wait_for_reader);
}

TEST_TASK(a_peer_that_does_not_read_for_the_write_timeout_is_given_up, "http-66")
{
	struct peer peer = {.capacity = 1000, .options = {.heartbeat = WOK_FOREVER}};
	struct sender self = {.peer = &peer, .result = 99};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	self.task = wok_create_task(send_large, &self);
	wok_test_advance(29 * WOK_SECOND);
	ASSERT_EQ(self.result, 99);
	/* Some bytes have gone out in the first 30 s. */
	wok_test_advance(32 * WOK_SECOND);
	ASSERT_EQ(self.result, -ETIMEDOUT);
	ASSERT_EQ(receiver.result, -ETIMEDOUT); /* whoever receives learns of it */
	wok_task_free(self.task);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

TEST_TASK(sending_after_the_peer_has_closed_is_an_error, "http-66")
{
	struct peer peer = {0};
	wok_ws_message unused;

	peer_open(&peer);
	peer_send(&peer, FIN | 8, "\x03\xe8");
	ASSERT_EQ(wok_ws_receive(peer.ws, &unused), 0);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	ASSERT_ERR(wok_ws_send_fragment(peer.ws, WOK_WS_TEXT, "x", 1, false), -EPIPE);
	ASSERT_ERR(wok_ws_ping(peer.ws, NULL, 0), -EPIPE);
	peer_free(&peer);
}

/* --- cancelled senders ------------------------------------------------------------------------ */

TEST_TASK(a_sender_that_is_cancelled_within_a_frame_breaks_the_connection_off)
{
	struct peer peer = {.capacity = 1000};
	struct sender self = {.peer = &peer, .result = 99};
	struct receiver receiver;

	peer_open(&peer);
	receiver_start(&receiver, &peer);
	self.task = wok_create_task(send_large, &self);
	test_settle();
	wok_task_free(self.task);
	ASSERT_EQ(self.result, -ECANCELED);
	test_settle();
	ASSERT_EQ(receiver.result, -ECONNABORTED);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	wok_task_free(receiver.task);
	peer_free(&peer);
}

static int send_short(void *arg)
{
	struct sender *self = arg;

	return self->result = wok_ws_send_text(self->peer->ws, "short");
}

TEST_TASK(a_sender_that_is_cancelled_before_its_turn_harms_nobody)
{
	struct peer peer = {.capacity = 1000};
	struct sender first = {.peer = &peer, .result = 99}, second = first;

	peer_open(&peer);
	first.task = wok_create_task(send_large, &first);
	test_settle();
	second.task = wok_create_task(send_short, &second);
	test_settle();
	wok_task_free(second.task);
	ASSERT_EQ(second.result, -ECANCELED);
	(void) peer_listen(&peer);
	ASSERT_EQ(first.result, 0);
	ASSERT_OK(wok_ws_send_text(peer.ws, "x"));
	wok_task_free(first.task);
	peer_free(&peer);
}

static int send_first_fragment(void *arg)
{
	struct sender *self = arg;

	return self->result = wok_ws_send_fragment(self->peer->ws, WOK_WS_TEXT, "a", 1, false);
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

static int leave_message_open(void *unused)
{
	struct peer peer = {0};
	struct sender self = {.peer = &peer};

	(void) unused;
	peer_open(&peer);
	self.task = wok_create_task(send_first_fragment, &self);
	ASSERT_OK(wok_await(self.task));
	wok_task_free(self.task);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	ASSERT_ERR(wok_ws_send_text(peer.ws, "x"), -EPIPE);
	peer_free(&peer);
	return 0;
}

TEST(a_task_that_ends_within_its_fragments_breaks_the_connection_off)
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	ASSERT_OK(wok_test_run(leave_message_open, NULL, NULL));
}
