/* SPDX-License-Identifier: MIT */
/*
 * Frames into the stream: see http/websocket/ws.h.
 *
 * A server writes payloads from where they lie; a client has to mask a copy. A small one is copied
 * on the stack and goes out with its head, a large one piece by piece through a block of memory.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/iovec.h"
#include "http/websocket/ws.h"
#include "platform/path.h"

enum { SMALL = 1024, PIECE = 32 << 10 };

int wok__ws_check_open(const wok_ws *ws)
{
	if (ws->failed < 0)
		return wok_fail(-EPIPE, "the WebSocket is broken: %s", ws->why);
	if (ws->closing || ws->over)
		return wok_fail(-EPIPE, "the WebSocket is closed, or about to be");
	return 0;
}

/* A part of a frame without the rest: whatever follows it would be taken for that rest. */
static int broken(wok_ws *ws, int code, bool begun)
{
	if (ws->failed < 0) /* somebody else's doing, which closed the stream */
		return wok__ws_check_open(ws);
	if (code == -ETIMEDOUT)
		return wok__ws_fail(ws, code, "the peer does not read what is sent");
	if (code == -ECANCELED || code == -ENOMEM) {
		if (begun)
			(void) wok__ws_fail(ws, -ECONNABORTED,
					    "a frame was cut off, because sending it was cancelled "
					    "or there was no memory");
		return code;
	}
	return wok__ws_fail(ws, code, wok_errmsg(code));
}

/* As long as something goes out, the time for that starts anew. */
static int write_parts(wok_ws *ws, struct iovec *parts, int n_parts, bool *begun)
{
	struct iovec rest[2];
	size_t done;
	int r = 0;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		memcpy(rest, parts, sizeof(rest[0]) * (size_t) n_parts);
		done = 0;
		WOK_TIMEOUT (&timeout, ws->options.write_timeout) {
			r = wok_stream_write_parts(ws->stream, rest, n_parts, &done);
		}
		r = wok_timeout_result(&timeout, r);
		wok__iovec_skip(&parts, &n_parts, done);
		*begun = *begun || done > 0;
	} while (r == -ETIMEDOUT && done > 0 && n_parts > 0);
	return r;
}

/* Bytes that nobody can guess; a good many at once, for each call costs a system call. */
static int next_key(wok_ws *ws, uint8_t key[4])
{
	if (ws->keys_left == 0) {
		int r = wok__sys_random_bytes(ws->keys, sizeof(ws->keys));
		if (r < 0)
			return r;
		ws->keys_left = sizeof(ws->keys);
	}
	ws->keys_left -= 4;
	memcpy(key, ws->keys + ws->keys_left, 4);
	memset(ws->keys + ws->keys_left, 0, 4);
	return 0;
}

/* Write a masked payload through a buffer, the first piece behind the head that is in it. */
static int write_pieces(wok_ws *ws, const struct wok__ws_head *head, const char *payload, char *buf,
			size_t room, bool *begun)
{
	size_t used = wok__ws_put_head(buf, head);
	uint64_t at = 0;

	do {
		size_t n = room - used;
		if (n > head->size - at)
			n = (size_t) (head->size - at);
		wok__ws_mask(buf + used, payload + at, n, head->key, at);
		struct iovec part = {buf, used + n};
		int r = write_parts(ws, &part, 1, begun);
		if (r < 0)
			return r;
		at += n;
		used = 0;
	} while (at < head->size);
	return 0;
}

static int write_masked(wok_ws *ws, const struct wok__ws_head *plain, const char *payload,
			bool *begun)
{
	struct wok__ws_head head = *plain;
	char small[SMALL];

	head.masked = true;
	payload = payload ? payload : ""; /* of no bytes */
	WOK_TRY(next_key(ws, head.key));
	if (head.size <= SMALL - WOK__WS_HEAD_MAX)
		return write_pieces(ws, &head, payload, small, sizeof(small), begun);
	char *large = wok_alloc(PIECE);
	if (!large)
		return -ENOMEM;
	int r = write_pieces(ws, &head, payload, large, PIECE, begun);
	wok_free(large);
	return r;
}

int wok__ws_write_frame(wok_ws *ws, const struct wok__ws_head *head, const char *payload)
{
	char buf[WOK__WS_HEAD_MAX];
	bool begun = false;
	int r;

	if (ws->is_client) {
		r = write_masked(ws, head, payload, &begun);
	} else {
		struct iovec parts[] = {
			{buf, wok__ws_put_head(buf, head)},
			{(void *) (uintptr_t) payload, (size_t) head->size},
		};
		r = write_parts(ws, parts, head->size > 0 ? 2 : 1, &begun);
	}
	return r < 0 ? broken(ws, r, begun) : 0;
}

int wok__ws_write_control(wok_ws *ws, enum wok__ws_opcode opcode, const char *payload, size_t size)
{
	const struct wok__ws_head head = {.opcode = opcode, .fin = true, .size = size};
	int r = wok_lock_acquire(&ws->frame);

	if (r < 0 && r != -EOWNERDEAD)
		return r;
	/* A Close is the last frame; after one nothing follows, not even another. */
	r = ws->close_sent || ws->over ? wok_fail(-EPIPE, "the WebSocket is closed")
				       : wok__ws_write_frame(ws, &head, payload);
	if (r == 0 && opcode == WOK__WS_CLOSE)
		ws->close_sent = true;
	wok_lock_release(&ws->frame);
	return r;
}
