/* SPDX-License-Identifier: MIT */
/*
 * Messages out of frames: see http/websocket/ws.h.
 *
 * Frames are taken apart in the stream's buffer. The payload of a large one is read straight to
 * where its message is gathered, and unmasked there: memory grows with what has come, by doubling,
 * never with what a head announces.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/websocket/ws.h"
#include "task/park.h"

enum {
	BUFFER_MOST = 16 << 10, /* bytes in the stream's buffer */
	DIRECT_LEAST = 4 << 10, /* of a payload that is read past it */
	DIRECT_FIRST = 16 << 10,
	KEPT_MOST = 1 << 10, /* bytes of memory that are used again for the next message */
};

void wok__ws_drop_item(wok_ws *ws)
{
	if (ws->partial.capacity > KEPT_MOST)
		wok__buffer_free(&ws->partial);
	else
		wok__buffer_clear(&ws->partial);
}

static int add_compressed(wok_ws *ws, const char *data, size_t size, bool is_last)
{
	size_t before = ws->partial.size;
	int r = wok__ws_inflate(&ws->deflate, data, size, is_last, ws->options.max_message,
				&ws->partial);

	if (r == 0 && ws->in.type == WOK__WS_TEXT && ws->partial.size > before)
		r = wok__ws_text_feed(&ws->in_text, ws->partial.data + before,
				      ws->partial.size - before);
	return r;
}

static int add_piece(wok_ws *ws, const char *data, size_t size)
{
	struct wok__buffer *partial = &ws->partial;

	if (ws->in.compressed)
		return add_compressed(ws, data, size, false);
	if (partial->data && data == partial->data + partial->size) /* it was read there */
		partial->size += size;
	else
		wok__buffer_add(partial, data, size);
	return partial->error;
}

/* Describe what is complete. */
static int complete(wok_ws *ws, bool is_last)
{
	char *room = wok__buffer_room(&ws->partial, 1);

	if (!room)
		return -ENOMEM;
	*room = '\0';
	ws->item = (wok_ws_message){
		.type = (wok_ws_type) ws->in.type,
		.data = ws->partial.data,
		.size = ws->partial.size,
		.is_continued = ws->continued,
		.is_partial = !is_last,
	};
	ws->continued = !is_last;
	return WOK__WS_READ_ITEM;
}

static int end_message(wok_ws *ws)
{
	int r = ws->in.compressed ? add_compressed(ws, NULL, 0, true) : 0;

	if (r == 0 && ws->in.compressed)
		r = wok__ws_text_end(&ws->in_text);
	return r < 0 ? r : complete(ws, true);
}

/* Make the reason of a Close a C string: the code in front of it leaves room for that. */
static void keep_reason(struct wok__ws_decoder *in)
{
	size_t size = in->control_size > 2 ? in->control_size - 2u : 0;

	memmove(in->control, in->control + 2, size);
	in->control[size] = '\0';
}

static int take_control(wok_ws *ws)
{
	struct wok__ws_decoder *in = &ws->in;

	switch (in->control_opcode) {
	case WOK__WS_CLOSE:
		keep_reason(in);
		ws->close_received = ws->closing = true;
		return WOK__WS_READ_CLOSE;
	case WOK__WS_PING:
		/* One that could not be answered yet is overtaken by the next: RFC 6455, 5.5.3. */
		memcpy(ws->pong, in->control, in->control_size);
		ws->pong_size = in->control_size;
		ws->pong_due = true;
		wok__ws_start_writer(ws);
		return 0;
	default:
		wok__ws_take_pong(ws, in->control, in->control_size);
		return 0;
	}
}

static int take_event(wok_ws *ws, int event, const char *piece, size_t size)
{
	switch (event) {
	case WOK__WS_DATA:
		return add_piece(ws, piece, size);
	case WOK__WS_FRAGMENT:
		return ws->options.fragments ? complete(ws, false) : 0;
	case WOK__WS_MESSAGE:
		return end_message(ws);
	case WOK__WS_CONTROL:
		return take_control(ws);
	default:
		return 0;
	}
}

/* Decode bytes until something is complete: enum wok__ws_read, or 0 when all are used. */
static int digest(wok_ws *ws, char *data, size_t size, size_t *ret_used)
{
	size_t used, n = 0;
	char *piece = NULL;
	int event, r = 0;

	*ret_used = 0;
	do {
		event = wok__ws_feed(&ws->in, data + *ret_used, size - *ret_used, &used, &piece,
				     &n);
		*ret_used += used;
		if (event < 0)
			return event;
		r = take_event(ws, event, piece, n);
	} while (r == 0 && event > 0);
	/* What follows means nothing, to nobody: whoever reads next learns of the same. */
	if (r < 0)
		ws->in.error = r;
	return r;
}

static int read_buffered(wok_ws *ws)
{
	wok_view bytes = wok_stream_buffered(ws->stream);
	size_t used;

	if (bytes.size == 0)
		return 0;
	/* They are consumed as they are unmasked. */
	int r = digest(ws, (char *) (uintptr_t) bytes.data, bytes.size, &used);
	wok_stream_consume(ws->stream, used);
	return r;
}

static void heard(wok_ws *ws)
{
	ws->heard_at = wok_now();
	ws->asked_at = 0;
}

/* Wait for bytes in the stream's buffer: 0; WOK__WS_READ_END; an error. */
static int read_to_buffer(wok_ws *ws)
{
	wok_view unused;

	if (ws->partial.size == 0 && !ws->continued)
		wok__buffer_free(&ws->partial); /* an idle connection keeps none */
	int r = wok_stream_fill(ws->stream, BUFFER_MOST, &unused);
	if (r <= 0)
		return r < 0 ? r : WOK__WS_READ_END;
	heard(ws);
	return 0;
}

/* Wait for a part of a payload where it shall lie. */
static int read_directly(wok_ws *ws, uint64_t left)
{
	size_t room = ws->partial.size > DIRECT_FIRST ? ws->partial.size : DIRECT_FIRST, used;

	if (room > left)
		room = (size_t) left;
	char *place = wok__buffer_room(&ws->partial, room + 1); /* and a NUL */
	if (!place)
		return -ENOMEM;
	ssize_t n = wok_stream_read(ws->stream, place, room);
	if (n <= 0)
		return n < 0 ? (int) n : WOK__WS_READ_END;
	heard(ws);
	return digest(ws, place, (size_t) n, &used);
}

int wok__ws_read(wok_ws *ws)
{
	for (;;) {
		if (ws->in.error < 0)
			return ws->in.error;
		int r = read_buffered(ws);
		if (r != 0)
			return r;
		uint64_t left = ws->in.compressed ? 0 : wok__ws_payload_left(&ws->in);
		r = left >= DIRECT_LEAST ? read_directly(ws, left) : read_to_buffer(ws);
		if (r != 0)
			return r;
	}
}

/* --- what was read ahead ---------------------------------------------------------------------- */

int wok__ws_queue_item(wok_ws *ws)
{
	struct wok__ws_item *item = wok_alloc(sizeof(*item));

	if (!item)
		return -ENOMEM;
	/* It may lie there for long: without the room for more that it was gathered in. */
	char *data = wok_realloc(ws->partial.data, ws->partial.size + 1);
	*item = (struct wok__ws_item){.message = ws->item};
	item->message.data = data ? data : ws->partial.data;
	ws->partial = (struct wok__buffer){0};
	*ws->ahead_end = item;
	ws->ahead_end = &item->next;
	/* What it costs, so that many empty ones are not free. */
	ws->ahead_size += item->message.size + sizeof(*item);
	return 0;
}

static struct wok__ws_item *pop_item(wok_ws *ws)
{
	struct wok__ws_item *item = ws->ahead;

	if (!item)
		return NULL;
	ws->ahead = item->next;
	if (!ws->ahead)
		ws->ahead_end = &ws->ahead;
	ws->ahead_size -= item->message.size + sizeof(*item);
	return item;
}

static void free_item(struct wok__ws_item *item)
{
	if (!item)
		return;
	wok_free((void *) (uintptr_t) item->message.data);
	wok_free(item);
}

void wok__ws_drop_ahead(wok_ws *ws)
{
	struct wok__ws_item *item;

	free_item(WOK_TAKE(ws->borrowed));
	while ((item = pop_item(ws)))
		free_item(item);
}

/* --- the application -------------------------------------------------------------------------- */

/* What the application had is its no more; its memory serves the next message. */
static void take_back(wok_ws *ws)
{
	free_item(WOK_TAKE(ws->borrowed));
	if (ws->current.capacity <= KEPT_MOST && !ws->partial.data) {
		ws->partial = ws->current;
		ws->partial.size = 0;
	} else {
		wok_free(ws->current.data);
	}
	ws->current = (struct wok__buffer){0};
}

static int receive(wok_ws *ws, wok_ws_message *ret_message)
{
	wok__ws_stop_reader(ws);
	take_back(ws);
	ws->borrowed = pop_item(ws);
	if (ws->borrowed) {
		*ret_message = ws->borrowed->message;
		return 1;
	}
	if (ws->over)
		return wok__ws_outcome(ws);
	int r = ws->close_received ? WOK__WS_READ_CLOSE : wok__ws_read(ws);
	if (r != WOK__WS_READ_ITEM)
		return wok__ws_conclude(ws, r);
	ws->current = ws->partial;
	ws->partial = (struct wok__buffer){0};
	*ret_message = ws->item;
	return 1;
}

int wok_ws_receive(wok_ws *ws, wok_ws_message *ret_message)
{
	WOK_TRY(wok__checkpoint());
	if (ws->receiving)
		return wok_fail(-EBUSY, "another task receives from this WebSocket, or closes it");
	ws->receiving = true;
	int r = receive(ws, ret_message);
	ws->receiving = false;
	wok__ws_left(ws);
	return r;
}
