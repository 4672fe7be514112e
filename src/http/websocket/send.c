/* SPDX-License-Identifier: MIT */
/*
 * Messages into frames: see http/websocket/ws.h.
 *
 * Two locks make the order: ws->message keeps the fragments of a message together, ws->frame the
 * bytes of a frame. A ping takes only the second, so it gets between fragments.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/utf8.h>

#include "http/websocket/ws.h"

enum { DEFLATE_MOST = 1 << 30, BITS_LEAST = 9 };

/* One fragment on its way. */
struct fragment {
	wok_ws_type type;
	const char *data;
	size_t size;
	bool is_first, is_last;
	bool compressed;
};

static bool is_worth_deflating(const wok_ws *ws, const struct fragment *fragment)
{
	return ws->deflate.agreed && ws->deflate.send_bits >= BITS_LEAST &&
	       fragment->size <= DEFLATE_MOST &&
	       (fragment->size >= ws->options.deflate.min_size || !fragment->is_last);
}

static int write_payload(wok_ws *ws, const struct fragment *fragment, const char *data, size_t size)
{
	const struct wok__ws_head head = {
		.opcode = fragment->is_first ? (uint8_t) fragment->type : WOK__WS_CONTINUATION,
		.fin = fragment->is_last,
		.compressed = fragment->compressed && fragment->is_first,
		.size = size,
	};
	int r = wok_lock_acquire(&ws->frame);

	if (r < 0 && r != -EOWNERDEAD)
		return r;
	r = wok__ws_check_open(ws);
	if (r == 0)
		r = wok__ws_write_frame(ws, &head, data);
	wok_lock_release(&ws->frame);
	return r;
}

static int write_deflated(wok_ws *ws, const struct fragment *fragment)
{
	struct wok__buffer out = {0};
	int r = wok__ws_deflate(&ws->deflate, fragment->data, fragment->size, fragment->is_last,
				&out);

	if (r == 0)
		r = write_payload(ws, fragment, out.data, out.size);
	/* The peer has not seen what the next message would refer to. */
	if (r < 0)
		wok__ws_deflate_forget(&ws->deflate);
	wok__buffer_free(&out);
	return r;
}

/* With ws->message held. */
static int send_fragment(wok_ws *ws, const struct fragment *fragment)
{
	return fragment->compressed ? write_deflated(ws, fragment)
				    : write_payload(ws, fragment, fragment->data, fragment->size);
}

/* Wait until no other task is within a message. */
static int begin_message(wok_ws *ws)
{
	int r = wok_lock_acquire(&ws->message);

	if (r == -EDEADLK)
		return wok_fail(r, "this task has not sent the last fragment of its message");
	if (r == -EOWNERDEAD) {
		/* Its message has no end, and never will. */
		ws->fragmenter = NULL;
		wok_lock_release(&ws->message);
		(void) wok__ws_fail(ws, -ECONNABORTED,
				    "a task ended before the last fragment of its message");
		return wok__ws_check_open(ws);
	}
	if (r < 0)
		return r;
	r = wok__ws_check_open(ws);
	if (r < 0)
		wok_lock_release(&ws->message);
	return r;
}

static int check_text(const char *data, size_t size)
{
	size_t valid;

	if (size > 0 && wok_utf8_check(data, size, &valid) < 0)
		return wok_fail(-EINVAL, "a text message has to be UTF-8, and byte %zu is not",
				valid);
	return 0;
}

static int check_type(wok_ws_type type)
{
	if (type != WOK_WS_TEXT && type != WOK_WS_BINARY)
		return wok_fail(-EINVAL, "a message is WOK_WS_TEXT or WOK_WS_BINARY, not %d",
				(int) type);
	return 0;
}

int wok_ws_send(wok_ws *ws, wok_ws_type type, const void *data, size_t size)
{
	struct fragment whole = {
		.type = type, .data = data, .size = size, .is_first = true, .is_last = true};

	WOK_TRY(check_type(type));
	if (type == WOK_WS_TEXT)
		WOK_TRY(check_text(data, size));
	WOK_TRY(begin_message(ws));
	whole.compressed = is_worth_deflating(ws, &whole);
	int r = send_fragment(ws, &whole);
	wok_lock_release(&ws->message);
	return r;
}

int wok_ws_send_text(wok_ws *ws, const char *text)
{
	return wok_ws_send(ws, WOK_WS_TEXT, text, strlen(text));
}

int wok_ws_send_binary(wok_ws *ws, const void *data, size_t size)
{
	return wok_ws_send(ws, WOK_WS_BINARY, data, size);
}

/* The first fragment holds ws->message for those that follow. */
static int begin_fragments(wok_ws *ws, struct fragment *fragment)
{
	if (ws->fragmenter && ws->fragmenter == wok_current_task()) {
		if (fragment->type != ws->fragment_type)
			return wok_fail(-EINVAL, "the fragments of a message are all of one type");
		fragment->is_first = !ws->fragment_begun;
		fragment->compressed = ws->fragment_compressed;
		return wok__ws_check_open(ws);
	}
	WOK_TRY(begin_message(ws));
	ws->fragmenter = wok_current_task();
	ws->fragment_type = fragment->type;
	ws->fragment_begun = false;
	ws->out_text.size = 0;
	fragment->is_first = true;
	fragment->compressed = ws->fragment_compressed = is_worth_deflating(ws, fragment);
	return 0;
}

static void end_fragments(wok_ws *ws)
{
	ws->fragmenter = NULL;
	wok_lock_release(&ws->message);
}

static int check_fragment(wok_ws *ws, const struct fragment *fragment)
{
	struct wok__ws_text text = ws->out_text;

	if (fragment->type != WOK_WS_TEXT)
		return 0;
	if (wok__ws_text_feed(&text, fragment->data, fragment->size) < 0 ||
	    (fragment->is_last && text.size > 0))
		return wok_fail(-EINVAL, "a text message has to be UTF-8");
	ws->out_text = text;
	return 0;
}

int wok_ws_send_fragment(wok_ws *ws, wok_ws_type type, const void *data, size_t size, bool is_last)
{
	struct fragment fragment = {.type = type, .data = data, .size = size, .is_last = is_last};

	WOK_TRY(check_type(type));
	int r = begin_fragments(ws, &fragment);
	if (r < 0 && ws->fragmenter != wok_current_task())
		return r;
	if (r == 0)
		r = check_fragment(ws, &fragment);
	bool refused = r == -EINVAL; /* the caller may do better; the message goes on */
	if (r == 0)
		r = send_fragment(ws, &fragment);
	if (r == 0)
		ws->fragment_begun = true;
	/* Others must not begin a message before the end of this one; while closing nobody does. */
	if (r < 0 && !refused && ws->fragment_begun && !ws->closing)
		(void) wok__ws_fail(ws, -ECONNABORTED,
				    "the rest of a message in fragments could not be sent");
	if ((r == 0 && is_last) || (r < 0 && (!refused || !ws->fragment_begun)))
		end_fragments(ws);
	return r;
}

/* What tells a ping's payload from another: FNV-1a. */
static uint64_t mark_of(const char *data, size_t size)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		mark = (mark ^ (uint8_t) data[i]) * UINT64_C(0x100000001b3);
	return mark;
}

int wok__ws_send_ping(wok_ws *ws, const char *data, size_t size)
{
	/* Noted before: the answer may come before this task goes on. */
	ws->ping_mark = mark_of(data, size);
	ws->ping_at = wok_now();
	ws->ping_open = true;
	int r = wok__ws_write_control(ws, WOK__WS_PING, data, size);
	if (r < 0)
		ws->ping_open = false;
	return r;
}

void wok__ws_take_pong(wok_ws *ws, const char *data, size_t size)
{
	if (!ws->ping_open || ws->ping_mark != mark_of(data, size))
		return;
	ws->latency = wok_now() - ws->ping_at;
	ws->ping_open = false;
}

int wok_ws_ping(wok_ws *ws, const void *data, size_t size)
{
	if (size > WOK__WS_CONTROL_MAX)
		return wok_fail(-EINVAL, "a ping has at most 125 bytes, not %zu", size);
	WOK_TRY(wok__ws_check_open(ws));
	return wok__ws_send_ping(ws, data, size);
}
