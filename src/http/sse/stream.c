/* SPDX-License-Identifier: MIT */
/*
 * Events on their way out: see wok_sse_begin().
 *
 * A task of the stream's scope writes a comment when nothing was sent for a while, and so notices
 * that the client has gone. It then cancels the scope, in which the handler waits for something to
 * send.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/lock.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/scope.h>
#include <wok/sse.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/time.h"
#include "http/message.h"
#include "http/server/connection.h"

enum { OWN_HEADERS = 2 };

struct wok_sse_stream {
	wok_http_request *request;
	wok_scope *scope;
	wok_lock lock; /* one writes at a time */
	struct wok__buffer out;
	wok_time keep_alive;
	wok_time sent; /* when */
	int failed;    /* how sending did, for good */
	struct wok__stop_hook on_stop;
};

/* Send what is in out. With the lock. */
static int send_out(wok_sse_stream *stream)
{
	if (stream->failed < 0)
		return stream->failed;
	int r = wok_http_reply_write(stream->request, stream->out.data, stream->out.size);
	if (r < 0 && r != -ECANCELED)
		stream->failed = r;
	stream->sent = wok_now();
	return r;
}

/* The handler's waits end, and it may say so: that is no fault of its own. */
static void end(wok_sse_stream *stream, const char *why)
{
	stream->request->over = true;
	wok_scope_cancel(stream->scope, why);
}

static int send_comment(wok_sse_stream *stream)
{
	int r = 0;

	WOK_WITH_LOCK (&stream->lock, r) {
		wok__buffer_clear(&stream->out);
		wok__buffer_text(&stream->out, ":\n\n");
		r = stream->out.error < 0 ? stream->out.error : send_out(stream);
	}
	return r;
}

static int keep_alive(void *arg)
{
	wok_sse_stream *stream = arg;
	int r = 0;

	while (r == 0) {
		wok_time due = wok__time_add(stream->sent, stream->keep_alive);
		r = wok_sleep(due - wok_now());
		if (r == 0 && wok_now() >= wok__time_add(stream->sent, stream->keep_alive))
			r = send_comment(stream);
	}
	if (r != -ECANCELED)
		end(stream, "the client of the events has gone");
	return 0;
}

static void stop(struct wok__stop_hook *hook)
{
	end(WOK__CONTAINER(hook, wok_sse_stream, on_stop), "the server stops");
}

static int begin_reply(wok_http_request *request, const wok_sse_stream_options *options)
{
	size_t n = options->n_headers;
	wok_http_header *headers = wok__alloc_array(n + OWN_HEADERS, sizeof(headers[0]));

	if (!headers)
		return -ENOMEM;
	if (n > 0)
		memcpy(headers, options->headers, n * sizeof(headers[0]));
	headers[n++] = (wok_http_header){"Cache-Control", "no-store"};
	headers[n++] = (wok_http_header){"X-Accel-Buffering", "no"}; /* nginx would gather them */
	int r = wok_http_reply_begin(request, &(wok_http_reply_options){
						      .content_type = "text/event-stream",
						      .headers = headers,
						      .n_headers = n,
					      });
	wok_free(headers);
	return r;
}

static int send_retry(wok_sse_stream *stream, wok_time retry)
{
	int r = 0;

	if (retry <= 0)
		return 0;
	WOK_WITH_LOCK (&stream->lock, r) {
		wok__buffer_clear(&stream->out);
		wok__buffer_text(&stream->out, "retry: ");
		wok__buffer_decimal(&stream->out, (uint64_t) (retry / WOK_MS));
		wok__buffer_text(&stream->out, "\n\n");
		r = stream->out.error < 0 ? stream->out.error : send_out(stream);
	}
	return r;
}

static int open_stream(wok_sse_stream *stream, const wok_sse_stream_options *options)
{
	stream->keep_alive = wok__time_or(options->keep_alive, 15 * WOK_SECOND);
	stream->sent = wok_now();
	WOK_TRY(begin_reply(stream->request, options));
	WOK_TRY(send_retry(stream, options->retry));
	WOK_TRY(wok_scope_new(&stream->scope));
	WOK_TRY(wok_scope_spawn(stream->scope, keep_alive, stream));
	stream->on_stop.call = stop;
	wok__request_on_stop(stream->request, &stream->on_stop);
	return 0;
}

int wok_sse_begin(wok_http_request *request, const wok_sse_stream_options *options,
		  wok_sse_stream **ret_stream)
{
	const wok_sse_stream_options defaults = {0};
	wok_sse_stream *stream = wok__alloc_zeroed(sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->request = request;
	int r = open_stream(stream, options ? options : &defaults);
	if (r < 0) {
		wok_sse_stream_free(stream);
		return r;
	}
	*ret_stream = stream;
	return 0;
}

void wok_sse_stream_free(wok_sse_stream *stream)
{
	if (!stream)
		return;
	struct wok__saved_error saved = wok__error_save();
	if (stream->on_stop.call)
		wok__request_off_stop(&stream->on_stop);
	wok_scope_free(stream->scope);
	wok__buffer_free(&stream->out);
	wok_free(stream);
	wok__error_restore(saved);
}

static bool is_line(const char *text)
{
	return !text || !text[strcspn(text, "\r\n")];
}

static void put_field(struct wok__buffer *out, const char *name, const char *value, size_t size)
{
	wok__buffer_text(out, name);
	wok__buffer_text(out, ": ");
	wok__buffer_add(out, value, size);
	wok__buffer_text(out, "\n");
}

static int put_event(struct wok__buffer *out, const char *type, const char *id, const char *data)
{
	wok__buffer_clear(out);
	if (type)
		put_field(out, "event", type, strlen(type));
	if (id)
		put_field(out, "id", id, strlen(id));
	for (;;) {
		size_t size = strcspn(data, "\r\n");
		put_field(out, "data", data, size);
		data += size;
		if (!*data)
			break;
		data += data[0] == '\r' && data[1] == '\n' ? 2 : 1;
	}
	wok__buffer_text(out, "\n");
	return out->error;
}

int wok_sse_send(wok_sse_stream *stream, const char *type, const char *id, const char *data)
{
	int r = 0;

	if (!is_line(type) || !is_line(id))
		return wok_fail(-EINVAL, "wok_sse_send: a line end in the type or the id");
	WOK_WITH_LOCK (&stream->lock, r) {
		r = put_event(&stream->out, type, id, data);
		if (r == 0)
			r = send_out(stream);
	}
	return r;
}

const char *wok_sse_last_id(const wok_http_request *request)
{
	return wok_http_request_header(request, "Last-Event-ID");
}
