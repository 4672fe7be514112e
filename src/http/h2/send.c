/* SPDX-License-Identifier: MIT */
/*
 * What goes: heads, out of lines of HTTP/1.1's text, and bodies, out of the memory of whoever
 * writes and waits. nghttp2 asks for data when there is room for it on the connection and in the
 * peer's windows; so a writer that is slow, or whose peer does not read, holds up nobody else.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "http/h1_parts.h"
#include "http/h2/parts.h"

/* --- heads ------------------------------------------------------------------------------------ */

/* Pairs for nghttp2, which copies them, and the names in lower case. */
struct pairs {
	nghttp2_nv *items;
	size_t n, capacity;
};

static int add_pair(struct pairs *pairs, wok_view name, wok_view value)
{
	if (wok__grow((void **) &pairs->items, &pairs->capacity, pairs->n + 1,
		      sizeof(pairs->items[0])) < 0)
		return -ENOMEM;
	pairs->items[pairs->n++] = (nghttp2_nv){
		.name = (uint8_t *) (uintptr_t) name.data,
		.value = (uint8_t *) (uintptr_t) value.data,
		.namelen = name.size,
		.valuelen = value.size,
	};
	return 0;
}

/* What HTTP/1.1 says of a connection has no place here; Host is a name of the request itself. */
static bool is_left_out(wok_view name, bool host_too)
{
	switch (wok__h1_intern(name.data, name.size)) {
	case WOK__H1_CONNECTION:
	case WOK__H1_KEEP_ALIVE:
	case WOK__H1_TRANSFER_ENCODING:
	case WOK__H1_UPGRADE:
	case WOK__H1_TE:
		return true;
	case WOK__H1_HOST:
		return host_too;
	default:
		return name.size == 16 && strncasecmp(name.data, "Proxy-Connection", 16) == 0;
	}
}

/* The next of "Name: value\r\n" lines: false at the end. */
static bool next_line(wok_view *lines, wok_view *ret_name, wok_view *ret_value)
{
	const char *end = memchr(lines->data, '\r', lines->size);
	const char *colon = end ? memchr(lines->data, ':', (size_t) (end - lines->data)) : NULL;

	if (!colon)
		return false;
	const char *value = colon + 1;
	while (value < end && wok__h1_is_blank(*value))
		value++;
	*ret_name = (wok_view){lines->data, (size_t) (colon - lines->data)};
	*ret_value = (wok_view){value, (size_t) (end - value)};
	size_t taken = (size_t) (end - lines->data) + 2;
	lines->size = lines->size > taken ? lines->size - taken : 0;
	lines->data += taken;
	return true;
}

static int add_lines(struct pairs *pairs, wok_view lines, bool host_too)
{
	wok_view name, value;

	while (lines.size > 0 && next_line(&lines, &name, &value))
		if (!is_left_out(name, host_too))
			WOK_TRY(add_pair(pairs, name, value));
	return 0;
}

static wok_view find_host(wok_view lines)
{
	wok_view name, value;

	while (lines.size > 0 && next_line(&lines, &name, &value))
		if (wok__h1_intern(name.data, name.size) == WOK__H1_HOST)
			return value;
	return (wok_view){"", 0};
}

#define VIEW(text) ((wok_view){"" text, sizeof(text) - 1})

static int add_request(struct pairs *pairs, const struct wok__h2_request *request)
{
	wok_view host = find_host(request->lines);

	WOK_TRY(add_pair(pairs, VIEW(":method"), request->method));
	WOK_TRY(add_pair(pairs, VIEW(":scheme"), request->scheme));
	if (host.size > 0)
		WOK_TRY(add_pair(pairs, VIEW(":authority"), host));
	WOK_TRY(add_pair(pairs, VIEW(":path"), request->target));
	return add_lines(pairs, request->lines, true);
}

/* --- bodies ----------------------------------------------------------------------------------- */

static size_t copy_parts(struct wok__h2_stream *stream, uint8_t *to, size_t size)
{
	size_t done = 0;

	while (done < size && stream->n_parts > 0) {
		size_t n =
			stream->parts->iov_len < size - done ? stream->parts->iov_len : size - done;
		if (n > 0)
			memcpy(to + done, stream->parts->iov_base, n);
		wok__iovec_skip(&stream->parts, &stream->n_parts, n);
		done += n;
	}
	stream->taken += done;
	if (stream->n_parts == 0 && done > 0)
		wok_event_set(&stream->outgoing);
	return done;
}

/* The end is reached: with trailers the frame that carries them is the last, else this one. */
static int put_end(nghttp2_session *session, struct wok__h2_stream *stream, uint32_t *flags)
{
	struct wok__buffer *lines = &stream->trailer_lines;
	struct pairs pairs = {0};

	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (lines->size == 0)
		return 0;
	*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	int r = add_lines(&pairs, (wok_view){lines->data, lines->size}, true);
	if (r == 0)
		r = nghttp2_submit_trailer(session, stream->id, pairs.items, pairs.n);
	wok_free(pairs.items);
	return r;
}

static ssize_t give_data(nghttp2_session *session, int32_t id, uint8_t *buf, size_t size,
			 uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	struct wok__h2_stream *stream = nghttp2_session_get_stream_user_data(session, id);

	(void) source;
	(void) user_data;
	if (!stream)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	size_t n = copy_parts(stream, buf, size);
	if (stream->n_parts == 0 && stream->last) {
		if (put_end(session, stream, flags) != 0)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
		return (ssize_t) n;
	}
	return n > 0 ? (ssize_t) n : NGHTTP2_ERR_DEFERRED;
}

/* --- frames that have gone -------------------------------------------------------------------- */

static void end_sent(struct wok__h2_stream *stream)
{
	stream->sent = true;
	wok_event_set(&stream->outgoing);
	/* The answer is complete, and its client still sends: it need not. */
	if (stream->polite && !stream->ended && !stream->closed)
		(void) nghttp2_submit_rst_stream(stream->h2->session, NGHTTP2_FLAG_NONE, stream->id,
						 NGHTTP2_NO_ERROR);
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
	struct wok__h2 *h2 = user_data;

	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
		h2->at_fault = true;
	if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
	    !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	struct wok__h2_stream *stream =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (stream)
		end_sent(stream);
	return 0;
}

/* A request that could not go, since the peer takes no more: it can go elsewhere. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int error,
		       void *user_data)
{
	struct wok__h2_stream *stream =
		nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	const struct wok__h2 *h2 = user_data;

	if (stream && frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		stream->unsent = true;
	/* A response that is too large for its frames: nothing would ever come. */
	else if (stream && h2->settings.server && frame->hd.type == NGHTTP2_HEADERS &&
		 error == NGHTTP2_ERR_FRAME_SIZE_ERROR)
		wok__h2_reset(stream, NGHTTP2_INTERNAL_ERROR);
	return 0;
}

void wok__h2_send_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_not_sent);
}

/* --- for the owners of streams ---------------------------------------------------------------- */

static int gone(struct wok__h2 *h2)
{
	if (h2->broken < 0)
		return wok_fail(h2->broken, "%s", h2->problem);
	return wok_fail(-ESHUTDOWN, "the HTTP/2 connection takes no more requests");
}

int wok__h2_send_request(struct wok__h2 *h2, const struct wok__h2_request *request,
			 struct wok__h2_stream **ret_stream)
{
	struct pairs pairs = {0};

	if (!h2->session || wok__h2_room(h2) == 0)
		return gone(h2);
	struct wok__h2_stream *stream = wok__h2_stream_new(h2, 0);
	if (!stream)
		return -ENOMEM;
	nghttp2_data_provider body = {.read_callback = give_data};
	stream->last = !request->body;
	int r = add_request(&pairs, request);
	if (r == 0)
		r = nghttp2_submit_request(h2->session, NULL, pairs.items, pairs.n,
					   request->body ? &body : NULL, stream);
	wok_free(pairs.items);
	if (r <= 0) {
		wok__h2_stream_forgotten(stream);
		return r == NGHTTP2_ERR_NOMEM || r == -ENOMEM ? -ENOMEM : gone(h2);
	}
	stream->id = r;
	stream->owned = true;
	wok__h2_kick(h2);
	*ret_stream = stream;
	return 0;
}

int wok__h2_send_response(struct wok__h2_stream *stream, int status, wok_view lines, bool body)
{
	nghttp2_data_provider data = {.read_callback = give_data};
	struct wok__h2 *h2 = stream->h2;
	struct pairs pairs = {0};
	char text[12];

	if (stream->closed)
		return wok__h2_unwritable(stream);
	int size = snprintf(text, sizeof(text), "%d", status);
	int r = add_pair(&pairs, VIEW(":status"), (wok_view){text, (size_t) size});
	if (r == 0)
		r = add_lines(&pairs, lines, false);
	stream->last = status >= 200 && !body;
	if (r == 0 && status < 200)
		r = nghttp2_submit_headers(h2->session, NGHTTP2_FLAG_NONE, stream->id, NULL,
					   pairs.items, pairs.n, NULL);
	else if (r == 0)
		r = nghttp2_submit_response(h2->session, stream->id, pairs.items, pairs.n,
					    body ? &data : NULL);
	wok_free(pairs.items);
	if (r < 0)
		return r == NGHTTP2_ERR_NOMEM || r == -ENOMEM ? -ENOMEM : wok__h2_to_wok(h2, r);
	wok__h2_kick(h2);
	return 0;
}
