/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WS_CHECK_H
#define TESTS_WS_CHECK_H
/* A WebSocket at one end of a stream in memory, raw frames at the other: time costs nothing. */
#include <wok/scope.h>
#include <wok/timeout.h>
#include <wok/websocket.h>

#include "http/websocket/ws.h"
#include "ws/frames.h"
#include "ws/transcript.h"

struct peer {
	bool is_client; /* wok's end is */
	wok_ws_options options;
	size_t capacity; /* of the stream */
	wok_ws *ws;
	wok_stream *near, *far;
	struct transcript heard; /* what wok's end has said */
	bool hung_up;            /* wok's end has closed the connection */
};

static inline void peer_open(struct peer *peer)
{
	ASSERT_OK(wok_stream_pair(peer->capacity, &peer->near, &peer->far));
	ASSERT_OK(wok__ws_new(peer->near, peer->is_client, &peer->options, &peer->ws));
	peer->heard = (struct transcript){
		.decoder = {.masked = peer->is_client, .max_message = 1 << 30, .deflate = true}};
	peer->hung_up = false;
}

static inline void peer_send_bytes(struct peer *peer, const char *data, size_t size)
{
	ASSERT_OK(wok_stream_write_all(peer->far, data, size));
}

static inline void peer_send_frame(struct peer *peer, unsigned bits, const char *data, size_t size)
{
	struct bytes bytes = {0};

	add_frame(&bytes, !peer->is_client, bits, data, size);
	peer_send_bytes(peer, bytes.data, bytes.size);
	bytes_free(&bytes);
}

static inline void peer_send(struct peer *peer, unsigned bits, const char *text)
{
	peer_send_frame(peer, bits, text, strlen(text));
}

/* Read what has come, until wok's end waits for something; the text of it so far. */
static inline const char *peer_listen(struct peer *peer)
{
	char buf[4096];
	ssize_t n = 1;

	while (n > 0) {
		test_settle();
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		WOK_TIMEOUT (&timeout, 1) {
			n = wok_stream_read(peer->far, buf, sizeof(buf));
		}
		if (n > 0 && !transcript_feed(&peer->heard, buf, (size_t) n))
			FAIL("wok's frames are wrong: %s", wok__ws_strerror(peer->heard.error));
		if (n == 0)
			peer->hung_up = true;
	}
	return peer->heard.text ? peer->heard.text : "";
}

/* Free what there is of a peer; wok's end says goodbye to nobody. */
static inline void peer_free(struct peer *peer)
{
	wok_stream_free(WOK_TAKE(peer->far));
	wok_ws_free(WOK_TAKE(peer->ws));
	wok_stream_free(WOK_TAKE(peer->near));
	free(peer->heard.text);
	peer->heard = (struct transcript){0};
}

static inline void expect_message(struct peer *peer, wok_ws_type type, const char *text)
{
	wok_ws_message message;

	ASSERT_EQ(wok_ws_receive(peer->ws, &message), 1);
	ASSERT_EQ(message.type, type);
	ASSERT_STR(message.data, text);
	ASSERT_EQ(message.size, strlen(text));
	ASSERT(!message.is_continued && !message.is_partial);
}

/* A task that receives, over and over, until there is an end. */
struct receiver {
	struct peer *peer;
	int messages, result;
	wok_task *task;
};

static inline int receive_all(void *arg)
{
	struct receiver *receiver = arg;
	wok_ws_message message;

	while ((receiver->result = wok_ws_receive(receiver->peer->ws, &message)) > 0)
		receiver->messages++;
	return 0;
}

static inline void receiver_start(struct receiver *receiver, struct peer *peer)
{
	*receiver = (struct receiver){.peer = peer, .result = 99};
	receiver->task = wok_create_task(receive_all, receiver);
}

/* Run a test in both roles. */
#define BOTH_ROLES(body)                                                                           \
	for (int role__ = 0; role__ < 2; role__++)                                                 \
	(body)(role__ == 1)
#endif
