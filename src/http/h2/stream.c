/* SPDX-License-Identifier: MIT */
/* Streams, as their owners see them: waiting, reading, writing, and the end. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "http/h2/parts.h"
#include "http/message.h"
#include "task/park.h"

enum { BODY_FIRST = 1024, KEPT_MAX = 16 << 10 };

/* --- bytes ------------------------------------------------------------------------------------ */

static size_t bytes_left(const struct wok__h2_bytes *bytes)
{
	return bytes->end - bytes->start;
}

static int bytes_add(struct wok__h2_bytes *bytes, const void *data, size_t size)
{
	/* Not more often than half of it has been read: moving costs no more than adding then. */
	if (bytes->start > 0 && bytes->start >= bytes_left(bytes)) {
		memmove(bytes->data, bytes->data + bytes->start, bytes_left(bytes));
		bytes->end = bytes_left(bytes);
		bytes->start = 0;
	}
	if (bytes->end + size > bytes->capacity) {
		size_t first = bytes->end + size < BODY_FIRST ? BODY_FIRST : bytes->end + size;
		if (wok__grow((void **) &bytes->data, &bytes->capacity, first, 1) < 0)
			return -ENOMEM;
	}
	memcpy(bytes->data + bytes->end, data, size);
	bytes->end += size;
	return 0;
}

static size_t bytes_take(struct wok__h2_bytes *bytes, void *data, size_t size)
{
	size_t n = size < bytes_left(bytes) ? size : bytes_left(bytes);

	if (n == 0)
		return 0;
	memcpy(data, bytes->data + bytes->start, n);
	bytes->start += n;
	if (bytes->start < bytes->end)
		return n;
	bytes->start = bytes->end = 0;
	if (bytes->capacity > KEPT_MAX) {
		wok_free(bytes->data);
		*bytes = (struct wok__h2_bytes){0};
	}
	return n;
}

/* --- life ------------------------------------------------------------------------------------- */

struct wok__h2_stream *wok__h2_stream_new(struct wok__h2 *h2, int32_t id)
{
	struct wok__h2_stream *stream = wok__alloc_zeroed(sizeof(*stream));

	if (!stream)
		return NULL;
	stream->h2 = h2;
	stream->id = id;
	stream->known = true;
	wok__list_push_back(&h2->streams, &stream->in_list);
	wok__list_init_node(&stream->in_arrived);
	wok__h2_hold(h2);
	h2->n_streams++;
	h2->n_live++;
	return stream;
}

static void release(struct wok__h2_stream *stream)
{
	struct wok__h2 *h2 = stream->h2;

	if (--h2->n_live == 0)
		wok__h2_idle(h2);
	wok__h2_head_free(&stream->head);
	wok__buffer_free(&stream->trailers);
	wok__buffer_free(&stream->trailer_lines);
	wok_free(stream->body.data);
	wok_free(stream);
	wok__h2_let_go(h2);
}

void wok__h2_stream_forgotten(struct wok__h2_stream *stream)
{
	stream->closed = true;
	stream->known = false;
	wok__list_remove(&stream->in_list);
	stream->h2->n_streams--;
	stream->h2->changed = true;
	wok_event_set(&stream->incoming);
	wok_event_set(&stream->outgoing);
	if (!stream->owned)
		release(stream);
	else if (stream->on_gone && (stream->by_peer || stream->lost))
		stream->on_gone(stream->on_gone_arg);
}

/* So much of the body lies unread no more, and the peer may send as much again. */
static void give_back(struct wok__h2_stream *stream, size_t size)
{
	struct wok__h2 *h2 = stream->h2;
	size_t held = size < h2->withheld ? size : h2->withheld;

	h2->unread -= size;
	if (!h2->session)
		return;
	/* Without memory for the frame, the next read makes up for it: nghttp2 counts on. */
	if (stream->known && !stream->ended)
		(void) nghttp2_session_consume_stream(h2->session, stream->id, size);
	if (held > 0) {
		h2->withheld -= held;
		(void) nghttp2_session_consume_connection(h2->session, held);
	}
	wok__h2_kick(h2);
}

static void drop_body(struct wok__h2_stream *stream)
{
	size_t left = bytes_left(&stream->body);

	stream->body.start = stream->body.end;
	if (left > 0)
		give_back(stream, left);
}

int wok__h2_stream_add(struct wok__h2_stream *stream, const void *data, size_t size)
{
	if (bytes_add(&stream->body, data, size) < 0)
		return -ENOMEM;
	stream->received += size;
	stream->h2->unread += size;
	wok_event_set(&stream->incoming);
	return 0;
}

void wok__h2_reset(struct wok__h2_stream *stream, uint32_t code)
{
	struct wok__h2 *h2 = stream->h2;

	if (!stream->known || !h2->session)
		return;
	if (nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, stream->id, code) == 0)
		wok__h2_kick(h2);
}

/* What is on its way goes out, and with it the end of what comes. */
static void leave(struct wok__h2_stream *stream)
{
	struct wok__h2 *h2 = stream->h2;

	if (!stream->last)
		wok__h2_reset(stream,
			      h2->settings.server ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_CANCEL);
	else if (!h2->settings.server)
		wok__h2_reset(stream, NGHTTP2_CANCEL);
	else if (!stream->ended && stream->sent)
		wok__h2_reset(stream, NGHTTP2_NO_ERROR);
	else if (!stream->ended)
		stream->polite = true;
}

void wok__h2_stream_free(struct wok__h2_stream *stream)
{
	if (!stream)
		return;
	drop_body(stream);
	stream->owned = false;
	if (stream->known)
		leave(stream);
	else
		release(stream);
}

/* --- errors ----------------------------------------------------------------------------------- */

bool wok__h2_was_refused(const struct wok__h2_stream *stream)
{
	return stream->closed && !stream->head.complete &&
	       (stream->unsent || (stream->code == NGHTTP2_REFUSED_STREAM && !stream->invalid));
}

int wok__h2_stream_error(const struct wok__h2_stream *stream)
{
	const struct wok__h2 *h2 = stream->h2;
	const char *peer = h2->settings.server ? "client" : "server";

	if (stream->invalid)
		return wok_fail(WOK_EPEER, "the %s breaks HTTP/2: %s", peer, stream->invalid);
	if (wok__h2_was_refused(stream))
		return wok_fail(-ECONNRESET, "the %s did not take the request", peer);
	if (stream->lost && h2->broken < 0)
		return wok_fail(h2->broken, "%s", h2->problem);
	if (stream->by_peer && stream->code == NGHTTP2_NO_ERROR)
		return wok_fail(-EPIPE, "the %s wants no more of the body", peer);
	if (stream->by_peer)
		return wok_fail(-ECONNRESET, "the %s has broken off: %s", peer,
				nghttp2_http2_strerror(stream->code));
	return wok_fail(-ECONNRESET, "the stream was broken off: %s",
			nghttp2_http2_strerror(stream->code));
}

int wok__h2_unwritable(const struct wok__h2_stream *stream)
{
	int r = wok__h2_stream_error(stream);

	return r == -EPIPE || r == -ECONNRESET ? r : wok_fail(-ECONNRESET, "%s", wok_errmsg(r));
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Wait for something to come. */
static int await(struct wok__h2_stream *stream)
{
	wok_event_clear(&stream->incoming);
	return wok_event_wait(&stream->incoming);
}

int wok__h2_await_head(struct wok__h2_stream *stream)
{
	WOK_TRY(wok__check());
	while (!stream->head.complete) {
		if (stream->closed)
			return wok__h2_stream_error(stream);
		WOK_TRY(await(stream));
	}
	wok__spend();
	return 0;
}

int wok__h2_await_go_ahead(struct wok__h2_stream *stream)
{
	WOK_TRY(wok__check());
	while (!stream->head.complete && !stream->go_ahead) {
		if (stream->closed)
			return wok__h2_stream_error(stream);
		WOK_TRY(await(stream));
	}
	wok__spend();
	return 0;
}

size_t wok__h2_take(struct wok__h2_stream *stream, void *data, size_t size)
{
	size_t n = bytes_take(&stream->body, data, size);

	if (n > 0)
		give_back(stream, n);
	return n;
}

bool wok__h2_at_end(const struct wok__h2_stream *stream)
{
	return stream->ended && bytes_left(&stream->body) == 0;
}

ssize_t wok__h2_read(struct wok__h2_stream *stream, void *data, size_t size)
{
	size_t n;

	WOK_TRY(wok__check());
	while ((n = wok__h2_take(stream, data, size)) == 0 && size > 0 && !stream->ended) {
		if (stream->closed)
			return wok__h2_stream_error(stream);
		WOK_TRY(await(stream));
	}
	wok__spend();
	return (ssize_t) n;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int resume(struct wok__h2_stream *stream)
{
	struct wok__h2 *h2 = stream->h2;

	/* Data that was not put off is asked for anyway, when its turn comes. */
	if (nghttp2_session_resume_data(h2->session, stream->id) == NGHTTP2_ERR_NOMEM)
		return -ENOMEM;
	wok__h2_kick(h2);
	return 0;
}

static int await_taken(struct wok__h2_stream *stream)
{
	while (stream->n_parts > 0) {
		if (stream->closed)
			return wok__h2_unwritable(stream);
		if (stream->answered)
			return wok_fail(-EPIPE, "the server has answered already");
		wok_event_clear(&stream->outgoing);
		WOK_TRY(wok_event_wait(&stream->outgoing));
	}
	return 0;
}

int wok__h2_write(struct wok__h2_stream *stream, struct iovec *parts, int n_parts, bool last,
		  size_t *ret_done)
{
	int r = wok__check();

	if (ret_done)
		*ret_done = 0;
	if (r < 0)
		return r;
	if (stream->closed)
		return wok__h2_unwritable(stream);
	wok__iovec_skip(&parts, &n_parts, 0);
	stream->parts = parts;
	stream->n_parts = n_parts;
	stream->taken = 0;
	stream->last = last;
	r = resume(stream);
	if (r == 0)
		r = await_taken(stream);
	if (ret_done)
		*ret_done = stream->taken;
	/* What was not taken is the caller's again, and the end does not stand behind it. */
	if (r < 0 && stream->n_parts > 0)
		stream->last = false;
	stream->n_parts = 0;
	wok__spend();
	return r;
}

int wok__h2_end(struct wok__h2_stream *stream, wok_view trailers)
{
	if (stream->closed)
		return wok__h2_unwritable(stream);
	if (stream->last)
		return 0;
	wok__buffer_add(&stream->trailer_lines, trailers.data, trailers.size);
	if (stream->trailer_lines.error < 0)
		return -ENOMEM;
	stream->last = true;
	return resume(stream);
}
