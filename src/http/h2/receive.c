/* SPDX-License-Identifier: MIT */
/*
 * What comes: nghttp2's callbacks while it is given bytes. They write down what happened, wake who
 * waits for it, and queue requests for the reader, who hands them out when nghttp2 has returned.
 */
#include <stdio.h>
#include <wok/error.h>
#include <wok/loop.h>

#include "base/time.h"
#include "http/h1_parts.h"
#include "http/h2/parts.h"

/* Interim responses; handlers that are still at work for clients that have gone. */
enum { INTERIM_MAX = 16, LEFT_MAX = 100 };

static struct wok__h2_stream *find(nghttp2_session *session, int32_t id)
{
	return id == 0 ? NULL : nghttp2_session_get_stream_user_data(session, id);
}

/* Break a stream off; in a callback for a head, its fields are not told any more. */
static int reset(nghttp2_session *session, int32_t id, uint32_t code)
{
	return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, code) == 0
		       ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE
		       : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/*
 * A bucket of tokens. Requests that are taken back at once, pings, settings, empty frames: each is
 * allowed, and each costs us more than the peer.
 */
void wok__h2_count_noise(struct wok__h2 *h2)
{
	size_t rate = h2->settings.noise, most = rate * WOK__H2_NOISE_BURST;
	wok_time now = wok_now(), passed = now - h2->noise_time;

	if (passed >= WOK_SECOND) {
		size_t seconds = (size_t) (passed / WOK_SECOND);
		h2->tokens = seconds >= WOK__H2_NOISE_BURST || h2->tokens + seconds * rate > most
				     ? most
				     : h2->tokens + seconds * rate;
		h2->noise_time = now;
	}
	if (h2->tokens > 0) {
		h2->tokens--;
		return;
	}
	if (h2->at_fault)
		return;
	h2->at_fault = true;
	snprintf(h2->problem, sizeof(h2->problem),
		 "too many frames that only make work (resets, pings, settings ...)");
	(void) nghttp2_session_terminate_session(h2->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* --- heads ------------------------------------------------------------------------------------ */

static int begin_request(nghttp2_session *session, struct wok__h2 *h2, int32_t id)
{
	/* What comes behind the last words was said to be left alone. */
	if (h2->last_words || h2->n_live >= (size_t) h2->settings.max_streams + LEFT_MAX)
		return reset(session, id, NGHTTP2_REFUSED_STREAM);
	struct wok__h2_stream *stream = wok__h2_stream_new(h2, id);
	if (!stream)
		return reset(session, id, NGHTTP2_INTERNAL_ERROR);
	nghttp2_session_set_stream_user_data(session, id, stream);
	return 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
	struct wok__h2 *h2 = user_data;

	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST &&
	    h2->settings.server)
		return begin_request(session, h2, frame->hd.stream_id);
	return 0;
}

/* Behind the head there may be more fields, at the very end. */
static int add_trailer(nghttp2_session *session, struct wok__h2_stream *stream, wok_view name,
		       wok_view value)
{
	const struct wok__h1_limits *limits = stream->h2->settings.limits;
	enum wok__h1_name id = wok__h1_intern(name.data, name.size);

	if (++stream->n_trailers > limits->trailer_fields ||
	    stream->trailers.size + name.size + value.size + 4 > limits->trailer_bytes) {
		stream->invalid = "its trailers are over a limit";
		return reset(session, stream->id, NGHTTP2_ENHANCE_YOUR_CALM);
	}
	if (wok__h1_traits(id) & WOK__H1_HEAD_ONLY)
		return 0;
	wok__buffer_add(&stream->trailers, name.data, name.size);
	wok__buffer_text(&stream->trailers, ": ");
	wok__buffer_add(&stream->trailers, value.data, value.size);
	wok__buffer_text(&stream->trailers, "\r\n");
	return stream->trailers.error < 0 ? reset(session, stream->id, NGHTTP2_INTERNAL_ERROR) : 0;
}

/* NOLINTNEXTLINE(readability-function-size): nghttp2 wants eight parameters */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		     void *user_data)
{
	struct wok__h2_stream *stream = find(session, frame->hd.stream_id);
	const wok_view n = {(const char *) name, name_size}, v = {(const char *) value, value_size};

	(void) flags;
	(void) user_data;
	if (!stream || frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	if (stream->head.complete)
		return add_trailer(session, stream, n, v);
	wok__h2_head_add(stream, n, v);
	return stream->head.error == -ENOMEM ? reset(session, stream->id, NGHTTP2_INTERNAL_ERROR)
					     : 0;
}

/* A name or value with bytes that have no place there. */
/* NOLINTNEXTLINE(readability-function-size) */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
			     const uint8_t *name, size_t name_size, const uint8_t *value,
			     size_t value_size, uint8_t flags, void *user_data)
{
	struct wok__h2_stream *stream = find(session, frame->hd.stream_id);

	(void) name;
	(void) name_size;
	(void) value;
	(void) value_size;
	(void) flags;
	(void) user_data;
	if (stream)
		stream->invalid = "a field has bytes that are not allowed";
	return reset(session, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
}

/* A head is complete: of a request, a response, or one that only prepares it. */
static int complete_head(nghttp2_session *session, struct wok__h2_stream *stream)
{
	struct wok__h2 *h2 = stream->h2;
	struct wok__h2_head *head = &stream->head;

	if (!h2->settings.server && head->status < 200 && head->error == 0) {
		stream->go_ahead = stream->go_ahead || head->status == 100;
		wok__h2_head_free(head);
		wok_event_set(&stream->incoming);
		if (++stream->n_interim <= INTERIM_MAX)
			return 0;
		stream->invalid = "too many interim responses";
		(void) reset(session, stream->id, NGHTTP2_ENHANCE_YOUR_CALM);
		return 0;
	}
	if (wok__h2_head_complete(stream) == -ENOMEM) {
		(void) reset(session, stream->id, NGHTTP2_INTERNAL_ERROR);
		return 0;
	}
	wok_event_set(&stream->incoming);
	stream->answered = head->status >= 300;
	if (stream->answered)
		wok_event_set(&stream->outgoing);
	if (h2->settings.server) {
		stream->owned = true; /* by the connection, until it is handed out */
		wok__list_push_back(&h2->arrived, &stream->in_arrived);
	}
	return 0;
}

/* --- bodies ----------------------------------------------------------------------------------- */

/*
 * Give the connection's window back at once, so that a stream which nobody reads does not stop the
 * others; but when much lies unread, only as that is read.
 */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t size, void *user_data)
{
	struct wok__h2 *h2 = user_data;
	struct wok__h2_stream *stream = find(session, id);

	(void) flags;
	if (!stream || !stream->owned || wok__h2_stream_add(stream, data, size) < 0) {
		if (stream && stream->owned)
			(void) reset(session, id, NGHTTP2_INTERNAL_ERROR);
		return nghttp2_session_consume_connection(session, size) == 0
			       ? 0
			       : NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	if (h2->unread > h2->settings.unread / 2)
		h2->withheld += size;
	else if (nghttp2_session_consume_connection(session, size) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return 0;
}

/* --- frames ----------------------------------------------------------------------------------- */

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user_data)
{
	struct wok__h2 *h2 = user_data;

	(void) session;
	/* Nothing may stand between a head's frames: another one begins, or the last is over. */
	if (hd->type != NGHTTP2_CONTINUATION)
		h2->head_since = hd->type == NGHTTP2_HEADERS ? wok_now() : 0;
	return 0;
}

static void end_of_stream(struct wok__h2_stream *stream)
{
	stream->ended = true;
	wok_event_set(&stream->incoming);
}

static int on_stream_frame(nghttp2_session *session, const nghttp2_frame *frame,
			   struct wok__h2_stream *stream)
{
	bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	if (frame->hd.type == NGHTTP2_HEADERS && !stream->head.complete)
		(void) complete_head(session, stream);
	if (frame->hd.type == NGHTTP2_RST_STREAM)
		stream->by_peer = true;
	else if (end && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
		end_of_stream(stream);
	return 0;
}

static bool is_noise(const struct wok__h2 *h2, const nghttp2_frame *frame)
{
	switch (frame->hd.type) {
	case NGHTTP2_RST_STREAM:
		return h2->settings.server;
	case NGHTTP2_PING:
	case NGHTTP2_SETTINGS:
		return !(frame->hd.flags & NGHTTP2_FLAG_ACK);
	case NGHTTP2_PRIORITY:
		return true;
	case NGHTTP2_DATA:
		return frame->hd.length == 0 && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
	default:
		return false;
	}
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
	struct wok__h2 *h2 = user_data;
	struct wok__h2_stream *stream = find(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_HEADERS)
		h2->head_since = 0;
	if (is_noise(h2, frame))
		wok__h2_count_noise(h2);
	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		h2->settled = true;
	if (frame->hd.type == NGHTTP2_GOAWAY || frame->hd.type == NGHTTP2_SETTINGS)
		h2->changed = true;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		h2->draining = true;
	/* The answer shows that the peer has heard that this server ends. */
	if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK))
		wok__h2_say_last(h2);
	return stream ? on_stream_frame(session, frame, stream) : 0;
}

/* A frame that breaks the rules. nghttp2 answers it; whoever provokes many answers makes noise. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
			    void *user_data)
{
	struct wok__h2_stream *stream = find(session, frame->hd.stream_id);
	struct wok__h2 *h2 = user_data;

	h2->head_since = 0;
	if (stream && !stream->invalid)
		stream->invalid = nghttp2_strerror(error);
	wok__h2_count_noise(h2);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user_data)
{
	struct wok__h2_stream *stream = find(session, id);

	(void) user_data;
	if (stream) {
		stream->code = code;
		wok__h2_stream_forgotten(stream);
	}
	return 0;
}

void wok__h2_receive_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
