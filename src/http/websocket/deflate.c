/* SPDX-License-Identifier: MIT */
/* Compressed messages: see http/websocket/deflate.h. The only file of WebSocket that knows zlib. */
#include "http/websocket/deflate.h"

#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/task.h>

#include "http/websocket/frame.h"

#ifdef WOK__WITH_ZLIB
#include <zlib.h>

#include "base/memory.h"

/* Each block of a message ends so; the last one is left out on the wire. */
static const char tail[4] = {0, 0, (char) 0xff, (char) 0xff};

/* What comes out at a time, and what goes in between two looks at others: a millisecond or two. */
enum { CHUNK = 4096, PIECE = 64 << 10 };

static void *take_memory(void *unused, unsigned n, unsigned size)
{
	(void) unused;
	return wok__alloc_array(n, size);
}

static void give_memory(void *unused, void *memory)
{
	(void) unused;
	wok_free(memory);
}

static z_stream *new_stream(void)
{
	z_stream *z = wok__alloc_zeroed(sizeof(*z));

	if (z) {
		z->zalloc = take_memory;
		z->zfree = give_memory;
	}
	return z;
}

int wok__ws_deflate_available(void)
{
	return 0;
}

static void drop_sender(struct wok__ws_deflate *deflate)
{
	if (!deflate->sender)
		return;
	(void) deflateEnd(deflate->sender);
	wok_free(WOK_TAKE(deflate->sender));
}

static void drop_receiver(struct wok__ws_deflate *deflate)
{
	if (!deflate->receiver)
		return;
	(void) inflateEnd(deflate->receiver);
	wok_free(WOK_TAKE(deflate->receiver));
}

void wok__ws_deflate_forget(struct wok__ws_deflate *deflate)
{
	drop_sender(deflate);
}

void wok__ws_deflate_close(struct wok__ws_deflate *deflate)
{
	drop_sender(deflate);
	drop_receiver(deflate);
}

/* --- receiving -------------------------------------------------------------------------------- */

static int open_receiver(struct wok__ws_deflate *deflate)
{
	if (deflate->receiver)
		return 0;
	z_stream *z = new_stream();
	if (!z || inflateInit2(z, -deflate->receive_bits) != Z_OK) {
		wok_free(z);
		return -ENOMEM;
	}
	deflate->receiver = z;
	deflate->inflated = 0;
	return 0;
}

/*
 * One step of at most CHUNK bytes: 1 if there is more to be had, 0 if the input is used up. A byte
 * beyond max is asked for, so that a message that fits exactly can be told from one that does not.
 */
static int inflate_step(struct wok__ws_deflate *deflate, size_t max, struct wok__buffer *out)
{
	z_stream *z = deflate->receiver;
	uint64_t left = max - deflate->inflated;
	size_t room = left < CHUNK ? (size_t) left + 1 : CHUNK;

	z->next_out = (unsigned char *) wok__buffer_room(out, room);
	if (!z->next_out)
		return -ENOMEM;
	z->avail_out = (unsigned) room;
	int r = inflate(z, Z_SYNC_FLUSH);
	size_t n = room - z->avail_out;
	out->size += n;
	deflate->inflated += n;
	if (deflate->inflated > max)
		return WOK__WS_TOO_LARGE;
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	/* The sender may end its stream within a message; what follows begins another. */
	if (r == Z_STREAM_END)
		r = inflateReset(z);
	else if (r == Z_BUF_ERROR && z->avail_in == 0)
		return 0; /* no progress, for want of input */
	if (r != Z_OK)
		return WOK__WS_BAD_DEFLATE;
	return z->avail_out == 0 || z->avail_in > 0;
}

static int inflate_all(struct wok__ws_deflate *deflate, const char *data, size_t size, size_t max,
		       struct wok__buffer *out)
{
	z_stream *z = deflate->receiver;
	int r = 1;

	z->next_in = (unsigned char *) (uintptr_t) data;
	z->avail_in = (unsigned) size;
	while (r > 0)
		r = inflate_step(deflate, max, out);
	return r;
}

int wok__ws_inflate(struct wok__ws_deflate *deflate, const char *data, size_t size, bool is_last,
		    size_t max, struct wok__buffer *out)
{
	int r = open_receiver(deflate);

	if (r == 0 && size > 0)
		r = inflate_all(deflate, data, size, max, out);
	if (r == 0 && is_last)
		r = inflate_all(deflate, tail, sizeof(tail), max, out);
	if (r == 0 && is_last) {
		deflate->inflated = 0;
		if (deflate->receive_resets)
			drop_receiver(deflate);
	}
	return r;
}

/* --- sending ---------------------------------------------------------------------------------- */

static int open_sender(struct wok__ws_deflate *deflate)
{
	int level = deflate->level ? deflate->level : Z_DEFAULT_COMPRESSION;

	if (deflate->sender)
		return 0;
	z_stream *z = new_stream();
	if (!z || deflateInit2(z, level, Z_DEFLATED, -deflate->send_bits, deflate->mem_level,
			       Z_DEFAULT_STRATEGY) != Z_OK) {
		wok_free(z);
		return -ENOMEM;
	}
	deflate->sender = z;
	return 0;
}

static int deflate_piece(z_stream *z, const char *data, size_t size, int flush,
			 struct wok__buffer *out)
{
	z->next_in = (unsigned char *) (uintptr_t) data;
	z->avail_in = (unsigned) size;
	do {
		z->next_out = (unsigned char *) wok__buffer_room(out, CHUNK);
		if (!z->next_out)
			return -ENOMEM;
		z->avail_out = CHUNK;
		/* Z_BUF_ERROR: nothing to flush, which is no error */
		(void) deflate(z, flush);
		out->size += CHUNK - z->avail_out;
	} while (z->avail_out == 0);
	return 0;
}

/* A large message takes a while: others run in between, and a cancel is heard. */
static int deflate_all(z_stream *z, const char *data, size_t size, struct wok__buffer *out)
{
	for (; size > PIECE; data += PIECE, size -= PIECE) {
		WOK_TRY(deflate_piece(z, data, PIECE, Z_NO_FLUSH, out));
		WOK_TRY(wok_yield());
	}
	return deflate_piece(z, data, size, Z_SYNC_FLUSH, out);
}

int wok__ws_deflate(struct wok__ws_deflate *deflate, const char *data, size_t size, bool is_last,
		    struct wok__buffer *out)
{
	size_t before = out->size;
	int r = open_sender(deflate);

	if (r == 0)
		r = deflate_all(deflate->sender, data, size, out);
	if (r < 0 || !is_last)
		return r;
	if (out->size - before > sizeof(tail))
		out->size -= sizeof(tail);
	else {
		/* Nothing had to be flushed: an empty block, without its end. */
		out->size = before;
		wok__buffer_add(out, tail, 1);
	}
	if (deflate->send_resets)
		drop_sender(deflate);
	return out->error;
}

#else

int wok__ws_deflate_available(void)
{
	return wok_fail(-EPROTONOSUPPORT, "this libwok-http was built without zlib: WebSocket "
					  "messages cannot be compressed");
}

int wok__ws_inflate(struct wok__ws_deflate *deflate, const char *data, size_t size, bool is_last,
		    size_t max, struct wok__buffer *out)
{
	(void) deflate, (void) data, (void) size, (void) is_last, (void) max, (void) out;
	return WOK__WS_BAD_DEFLATE; /* never negotiated */
}

int wok__ws_deflate(struct wok__ws_deflate *deflate, const char *data, size_t size, bool is_last,
		    struct wok__buffer *out)
{
	(void) deflate, (void) data, (void) size, (void) is_last, (void) out;
	return -EPROTONOSUPPORT;
}

void wok__ws_deflate_forget(struct wok__ws_deflate *deflate)
{
	(void) deflate;
}

void wok__ws_deflate_close(struct wok__ws_deflate *deflate)
{
	(void) deflate;
}

#endif
