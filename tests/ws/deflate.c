/* SPDX-License-Identifier: MIT */
/* Compressed messages: both directions, both sides' memory, bombs and damage. */
#include <stdint.h>

#include "harness/needs.h"
#include "ws/check.h"

/* Two ends of wok, connected. */
struct ends {
	wok_stream *streams[2];
	wok_ws *ws[2]; /* a client and a server */
};

static void agree(struct wok__ws_deflate *client, struct wok__ws_deflate *server,
		  const wok_ws_deflate_options *client_options,
		  const wok_ws_deflate_options *server_options)
{
	struct wok__buffer offer = {0}, answer = {0};

	wok__ws_deflate_offer(client_options, &offer);
	ASSERT(wok__ws_deflate_accept(server_options, (struct wok__h1_span){offer.data, offer.size},
				      server, &answer));
	ASSERT(wok__ws_deflate_agree(client_options,
				     (struct wok__h1_span){answer.data, answer.size}, client));
	ASSERT_EQ(client->send_bits, server->receive_bits);
	ASSERT_EQ(server->send_bits, client->receive_bits);
	wok__buffer_free(&offer);
	wok__buffer_free(&answer);
}

static void ends_open(struct ends *ends, const wok_ws_deflate_options *client,
		      const wok_ws_deflate_options *server, size_t max_message)
{
	const wok_ws_options options[] = {{.deflate = *client, .max_message = max_message},
					  {.deflate = *server, .max_message = max_message}};

	ASSERT_OK(wok_stream_pair(1 << 20, &ends->streams[0], &ends->streams[1]));
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(wok__ws_new(ends->streams[i], i == 0, &options[i], &ends->ws[i]));
		ends->ws[i]->in.deflate = true;
	}
	agree(&ends->ws[0]->deflate, &ends->ws[1]->deflate, client, server);
}

static void ends_free(struct ends *ends)
{
	for (int i = 0; i < 2; i++) {
		wok__ws_end(ends->ws[i]);
		wok_ws_free(ends->ws[i]);
		wok_stream_free(ends->streams[i]);
	}
}

static void pass(struct ends *ends, int from, wok_ws_type type, const char *data, size_t size)
{
	wok_ws_message message;

	ASSERT_OK(wok_ws_send(ends->ws[from], type, data, size));
	ASSERT_EQ(wok_ws_receive(ends->ws[1 - from], &message), 1);
	ASSERT_EQ(message.type, type);
	ASSERT_EQ(message.size, size);
	ASSERT_MEM(message.data, data, size);
}

/* Texts that repeat, and bytes that do not. */
static void pass_all(struct ends *ends)
{
	static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 5000, 70000, 64};
	char *text = malloc(70000), *noise = malloc(70000);
	uint32_t state = 1;

	ASSERT(text && noise);
	for (size_t i = 0; i < 70000; i++) {
		text[i] = "abcdefgh "[i * i % 9];
		state = state * 1664525 + 1013904223;
		noise[i] = (char) (state >> 24);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int from = 0; from < 2; from++) {
			pass(ends, from, WOK_WS_TEXT, text, sizes[i]);
			pass(ends, from, WOK_WS_BINARY, noise, sizes[i]);
			pass(ends, from, WOK_WS_TEXT, text, sizes[i]);
		}
	}
	free(text);
	free(noise);
}

TEST_TASK(compressed_messages_come_out_as_they_went_in, "server-13", "client-77")
{
	NEEDS_ZLIB();
	static const wok_ws_deflate_options rows[] = {
		{.enable = true},
		{.enable = true, .window_bits = 9, .mem_level = 1},
		{.enable = true, .window_bits = 15, .peer_window_bits = 15, .level = 9},
		{.enable = true, .no_context_takeover = true},
		{.enable = true, .peer_no_context_takeover = true, .peer_window_bits = 10},
		{.enable = true, .min_size = 1},
	};

	for (size_t i = 0; i < 36; i++) {
		struct ends ends;
		ends_open(&ends, &rows[i / 6], &rows[i % 6], 0);
		pass_all(&ends);
		ends_free(&ends);
	}
}

TEST_TASK(without_a_context_no_memory_is_held_between_messages)
{
	NEEDS_ZLIB();
	static const wok_ws_deflate_options sparing = {
		.enable = true, .no_context_takeover = true, .peer_no_context_takeover = true};
	static const wok_ws_deflate_options plain = {.enable = true};
	struct ends ends;

	ends_open(&ends, &sparing, &plain, 0);
	pass_all(&ends);
	for (int i = 0; i < 2; i++) {
		ASSERT(ends.ws[i]->deflate.sender == NULL);
		ASSERT(ends.ws[i]->deflate.receiver == NULL);
	}
	ends_free(&ends);
	ends_open(&ends, &plain, &plain, 0);
	pass_all(&ends);
	ASSERT(ends.ws[0]->deflate.sender && ends.ws[0]->deflate.receiver);
	ends_free(&ends);
}

TEST_TASK(fragments_are_compressed_as_one_message)
{
	NEEDS_ZLIB();
	static const wok_ws_deflate_options plain = {.enable = true};
	struct ends ends;
	wok_ws_message message;

	ends_open(&ends, &plain, &plain, 0);
	for (int i = 0; i < 4; i++) {
		ASSERT_OK(wok_ws_send_fragment(ends.ws[0], WOK_WS_TEXT, "aaaaaaaaaa", 10, false));
		ASSERT_OK(wok_ws_send_fragment(ends.ws[0], WOK_WS_TEXT, "", 0, false));
		ASSERT_OK(wok_ws_ping(ends.ws[0], "p", 1));
		ASSERT_OK(wok_ws_send_fragment(ends.ws[0], WOK_WS_TEXT, "bbb", 3, false));
		ASSERT_OK(wok_ws_send_fragment(ends.ws[0], WOK_WS_TEXT, i % 2 ? "" : "c",
					       i % 2 ? 0 : 1, true));
		ASSERT_EQ(wok_ws_receive(ends.ws[1], &message), 1);
		ASSERT_STR(message.data, i % 2 ? "aaaaaaaaaabbb" : "aaaaaaaaaabbbc");
	}
	ends_free(&ends);
}

/* --- what a peer may send --------------------------------------------------------------------- */

static void open_deflating(struct peer *peer)
{
	peer_open(peer);
	peer->ws->in.deflate = true;
	peer->ws->deflate = (struct wok__ws_deflate){
		.agreed = true, .send_bits = 15, .receive_bits = 15, .mem_level = 8};
}

TEST_TASK(the_examples_of_the_standard_are_understood)
{
	NEEDS_ZLIB();
	/* RFC 7692, 7.2.3: plain, repeated, without compression, with a final block. */
	static const struct {
		const char *data;
		size_t size;
	} rows[] = {
		{"\xf2\x48\xcd\xc9\xc9\x07\x00", 7},
		{"\xf2\x00\x11\x00\x00", 5},
		{"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11},
		{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8},
		{"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13},
	};
	struct peer peer = {0};

	open_deflating(&peer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peer_send_frame(&peer, FIN | RSV1 | 1, rows[i].data, rows[i].size);
		expect_message(&peer, WOK_WS_TEXT, "Hello");
	}
	peer_send(&peer, FIN | 1, "not compressed");
	expect_message(&peer, WOK_WS_TEXT, "not compressed");
	peer_send_frame(&peer, RSV1 | 1, "\xf2\x48\xcd", 3);
	peer_send_frame(&peer, FIN, "\xc9\xc9\x07\x00", 4);
	expect_message(&peer, WOK_WS_TEXT, "Hello");
	peer_send_frame(&peer, FIN | RSV1 | 1, "\x00", 1);
	expect_message(&peer, WOK_WS_TEXT, "");
	peer_free(&peer);
}

static void expect_closed(struct peer *peer, int result, int code)
{
	struct receiver receiver;
	char close[16];

	receiver_start(&receiver, peer);
	snprintf(close, sizeof(close), "close%d\"", code);
	const char *said = peer_listen(peer);
	if (strncmp(said, close, strlen(close)) != 0)
		FAIL("wok says %s, not %s", said, close);
	wok_stream_close(peer->far);
	ASSERT_OK(wok_await(receiver.task));
	ASSERT_EQ(receiver.result, result);
	wok_task_free(receiver.task);
}

static struct bytes deflate_zeros(size_t size)
{
	struct wok__ws_deflate deflate = {
		.agreed = true, .send_bits = 15, .mem_level = 9, .level = 9};
	struct wok__buffer out = {0};
	struct bytes bytes = {0};
	char *zeros = calloc(1, size);

	ASSERT(zeros != NULL);
	ASSERT_OK(wok__ws_deflate(&deflate, zeros, size, true, &out));
	bytes_add(&bytes, out.data, out.size);
	wok__buffer_free(&out);
	wok__ws_deflate_close(&deflate);
	free(zeros);
	return bytes;
}

TEST_TASK(a_bomb_is_stopped_at_the_limit, "http-64")
{
	NEEDS_ZLIB();
	struct bytes bomb = deflate_zeros(20 << 20), fits = deflate_zeros(4 << 20);

	ASSERT(bomb.size < 32 << 10);
	for (int in_fragments = 0; in_fragments < 2; in_fragments++) {
		struct peer peer = {0};
		open_deflating(&peer);
		peer_send_frame(&peer, RSV1 | 2 | (in_fragments ? 0 : FIN), bomb.data, bomb.size);
		expect_closed(&peer, WOK_ELIMIT, 1009);
		ASSERT(peer.ws->partial.capacity <= 8 << 20);
		peer_free(&peer);
	}
	/* As large as the limit is not too large. */
	struct peer peer = {0};
	wok_ws_message message;
	open_deflating(&peer);
	peer_send_frame(&peer, FIN | RSV1 | 2, fits.data, fits.size);
	ASSERT_EQ(wok_ws_receive(peer.ws, &message), 1);
	ASSERT_EQ(message.size, 4 << 20);
	peer_free(&peer);
	bytes_free(&bomb);
	bytes_free(&fits);
}

TEST_TASK(damaged_compression_closes_the_connection)
{
	static const struct {
		const char *data;
		size_t size;
	} rows[] = {
		{"\xff\xff\xff", 3},
		{"\xf2\x00\x11\x00\x00", 5}, /* refers to what never came */
		{"\x06", 1},
		{"\x00\x05\x00\x00\x00", 5},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {0};
		open_deflating(&peer);
		peer_send_frame(&peer, FIN | RSV1 | 2, rows[i].data, rows[i].size);
		expect_closed(&peer, WOK_EPEER, 1007);
		peer_free(&peer);
	}
}

TEST_TASK(compressed_text_has_to_be_utf8_and_fails_before_its_end, "http-62")
{
	NEEDS_ZLIB();
	for (int i = 0; i < 3; i++) {
		struct wok__ws_deflate deflate = {.agreed = true, .send_bits = 15, .mem_level = 8};
		static const char *const texts[] = {"\xed\xa0\x80", "ab\xe2\x82", "\xff"};
		struct wok__buffer out = {0};
		struct peer peer = {0};
		bool fail_fast = i == 2;
		ASSERT_OK(wok__ws_deflate(&deflate, texts[i], strlen(texts[i]), !fail_fast, &out));
		open_deflating(&peer);
		peer_send_frame(&peer, (fail_fast ? 0 : FIN) | RSV1 | 1, out.data, out.size);
		expect_closed(&peer, WOK_EPEER, 1007);
		peer_free(&peer);
		wok__buffer_free(&out);
		wok__ws_deflate_close(&deflate);
	}
}

struct sending {
	wok_ws *ws;
	const char *data;
	size_t size;
	int result;
	bool done;
};

static int send_large(void *arg)
{
	struct sending *sending = arg;

	sending->result = wok_ws_send(sending->ws, WOK_WS_BINARY, sending->data, sending->size);
	sending->done = true;
	return 0;
}

/* Others run while it is compressed; and what was cancelled half-way is not referred to. */
TEST_TASK(a_large_message_is_compressed_in_pieces)
{
	NEEDS_ZLIB();
	enum { SIZE = 1 << 20 };
	static const wok_ws_deflate_options plain = {.enable = true};
	char *data = malloc(SIZE);
	struct ends ends;
	int turns = 0;

	ends_open(&ends, &plain, &plain, 0);
	memset(data, 'x', SIZE);
	struct sending sending = {.ws = ends.ws[0], .data = data, .size = SIZE};
	WOK_AUTO(wok_task) *task = wok_create_task(send_large, &sending);
	for (; !sending.done; turns++)
		ASSERT_OK(wok_yield());
	ASSERT_OK(wok_await(task));
	ASSERT_OK(sending.result);
	ASSERT(turns >= 8 && turns < 100);
	wok_ws_message message;
	ASSERT_EQ(wok_ws_receive(ends.ws[1], &message), 1);
	ASSERT_EQ(message.size, SIZE);
	ASSERT_MEM(message.data, data, SIZE);

	memset(data, 'y', SIZE);
	sending.done = false;
	WOK_AUTO(wok_task) *cancelled = wok_create_task(send_large, &sending);
	for (int i = 0; i < 4; i++)
		ASSERT_OK(wok_yield());
	ASSERT(!sending.done);
	wok_cancel(cancelled);
	ASSERT_OK(wok_await(cancelled));
	ASSERT_ERR(sending.result, -ECANCELED);
	pass(&ends, 0, WOK_WS_BINARY, data, 5000);
	pass(&ends, 1, WOK_WS_BINARY, data, SIZE);
	ends_free(&ends);
	free(data);
}

TEST_TASK(a_compressed_message_that_was_not_sent_is_not_referred_to)
{
	NEEDS_ZLIB();
	static const wok_ws_deflate_options plain = {.enable = true, .min_size = 1};
	struct ends ends;
	char text[200];

	ends_open(&ends, &plain, &plain, 0);
	memset(text, 'x', sizeof(text));
	pass(&ends, 0, WOK_WS_TEXT, text, sizeof(text));
	for (int i = 0; i < 3; i++) {
		memset(text, 'y' + i, sizeof(text));
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int r = 0;
		WOK_TIMEOUT (&timeout, 0) {
			r = wok_ws_send(ends.ws[0], WOK_WS_TEXT, text, sizeof(text));
		}
		ASSERT_EQ(wok_timeout_result(&timeout, r), -ETIMEDOUT);
		wok__ws_deflate_forget(&ends.ws[0]->deflate);
		pass(&ends, 0, WOK_WS_TEXT, text, sizeof(text));
	}
	ends_free(&ends);
}

/* Pieces of a compressed text that is not UTF-8, to a receiver that is cancelled over and over. */
TEST_TASK(a_receiver_that_is_cancelled_does_not_get_past_what_is_damaged, "http-62")
{
	NEEDS_ZLIB();
	struct wok__ws_deflate deflate = {.agreed = true, .send_bits = 15, .mem_level = 8};
	struct wok__buffer out = {0};
	struct peer peer = {0};
	wok_ws_message message;

	open_deflating(&peer);
	for (int i = 0; i < 10; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int r = 0;
		out.size = 0;
		ASSERT_OK(wok__ws_deflate(&deflate, i == 0 ? "\xe2" : "x", 1, i == 9, &out));
		peer_send_frame(&peer, (i == 9 ? FIN : 0) | (i == 0 ? RSV1 | 1u : 0u), out.data,
				out.size);
		WOK_TIMEOUT (&timeout, WOK_MS) {
			r = wok_ws_receive(peer.ws, &message);
		}
		ASSERT_EQ(wok_timeout_result(&timeout, r), -ETIMEDOUT);
		ASSERT(peer.ws->in_text.size <= 2);
	}
	ASSERT_ERR(wok_ws_receive(peer.ws, &message), WOK_EPEER);
	peer_free(&peer);
	wok__buffer_free(&out);
	wok__ws_deflate_close(&deflate);
}
