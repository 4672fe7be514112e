/* SPDX-License-Identifier: MIT */
/*
 * Reading the body of a response: see wok/http_response.h. What the wire gives may go through a
 * decoder; lines and the whole are made of what comes out.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/time.h"
#include "http/client/call.h"
#include "task/park.h"

enum { LINE_MAX_DEFAULT = 64 << 10, LINE_PIECE = 4096 };

static ssize_t read_in_time(wok_http_response *response, void *data, size_t size)
{
	wok_time left =
		response->deadline == WOK_FOREVER ? WOK_FOREVER : response->deadline - wok_now();
	const struct wok__wire *wire = response->connection->wire;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	ssize_t n = 0;

	/* What is here needs no timer. */
	WOK_TRY(wok__check());
	if (left > 0 && (n = wire->take(response, data, size)) != 0) {
		wok__spend();
		return n;
	}
	WOK_TIMEOUT (&timeout, wok__time_min(left, response->read_timeout)) {
		n = wire->read(response, data, size);
	}
	int r = wok_timeout_result(&timeout, n < 0 ? (int) n : 0);
	return r < 0 ? r : n;
}

/* Reading has failed for good: what later reads say, too. */
static int fail(wok_http_response *response, int code)
{
	response->reusable = false;
	response->failed = code;
	wok__response_finish(response);
	response->timings.phase = WOK_HTTP_PHASE_BODY;
	wok__response_tell(response, (wok_http_event){.kind = WOK_HTTP_EVENT_ERROR, .error = code});
	return wok_fail(code, "%s %.300s: %s", response->method, response->url.text,
			code == -ETIMEDOUT ? "timed out while reading the body" : wok_errmsg(code));
}

/* From the wire; at the end the connection goes back. */
static ssize_t read_wire(void *arg, void *data, size_t size)
{
	wok_http_response *response = arg;

	if (!response->connection) {
		WOK_TRY(wok__checkpoint());
		return response->failed;
	}
	ssize_t n = read_in_time(response, data, size);
	if (n == -ECANCELED)
		response->reusable = false;
	else if (n < 0)
		return fail(response, (int) n);
	if (n > 0)
		wok__response_tell(response, (wok_http_event){.kind = WOK_HTTP_EVENT_CHUNK,
							      .bytes = (size_t) n});
	if (response->ended)
		wok__response_finish(response);
	return n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	wok_http_response *response = self;

	if (!response->decoder)
		return read_wire(response, data, size);
	ssize_t n = wok__decoder_read(response->decoder, data, size);
	return n < 0 && n != -ECANCELED && response->failed == 0 ? fail(response, (int) n) : n;
}

int wok__response_decode(struct wok_http_call *call)
{
	wok_http_response *response = call->response;
	const wok_http_session_options *options = &call->session->options;
	const struct wok__decoder_limits limits = {.ratio = options->max_expansion};
	struct wok__codings codings = {.n = 0};

	if (options->no_decode || call->options->no_decode || response->ended || response->tunnel ||
	    !wok__head_has(&response->head, WOK__H1_CONTENT_ENCODING))
		return 0;
	int r = wok__codings_of_head(&response->head, &codings);
	if (r == -ENOTSUP || (r == 0 && codings.n == 0))
		return 0; /* the caller can see what it is */
	if (r < 0)
		return r;
	response->content_length = 0; /* of what comes, not of what it becomes */
	return wok__decoder_new(&codings, &limits, read_wire, response, &response->decoder);
}

/* What lines have read ahead comes first. */
static size_t take_read_ahead(wok_http_response *response, void *data, size_t size)
{
	struct wok__buffer *line = &response->line;
	size_t left = line->size - response->line_at;
	size_t n = left < size ? left : size;

	if (n == 0)
		return 0;
	memcpy(data, line->data + response->line_at, n);
	response->line_at += n;
	return n;
}

ssize_t wok_http_read(wok_http_response *response, void *data, size_t size)
{
	size_t n = take_read_ahead(response, data, size);

	if (n > 0) {
		WOK_TRY(wok__checkpoint());
		return (ssize_t) n;
	}
	return read_some(response, data, size);
}

static ssize_t read_for_body(void *self, void *data, size_t size)
{
	wok_http_response *response = self;
	ssize_t n = wok_http_read(response, data, size);

	/* A decoder may have something left, and so may what lines have read ahead. */
	response->body.ended = n >= 0 && !response->connection && !response->decoder &&
			       response->line.size == response->line_at;
	return n;
}

int wok_http_body(wok_http_response *response, wok_view *ret_body)
{
	size_t max = response->session->options.max_body;

	if (response->body.complete) {
		WOK_TRY(wok__checkpoint());
	} else {
		if (response->content_length > max)
			return wok_fail(WOK_ELIMIT, "%s %.300s: the body has more than %zu bytes",
					response->method, response->url.text, max);
		WOK_TRY(wok__gather_body(&response->body, read_for_body, response,
					 (size_t) response->content_length, max));
	}
	*ret_body = (wok_view){response->body.data, response->body.size};
	return 0;
}

/* Take the first so many bytes of what was read ahead as a line. */
static int take_line(wok_http_response *response, size_t size, size_t with_end, wok_view *ret_line)
{
	char *text = response->line.data + response->line_at;

	if (with_end > size && size > 0 && text[size - 1] == '\r')
		size--;
	text[size] = '\0'; /* there is room: an end of the line, or the byte that was kept for it */
	response->line_at += with_end;
	*ret_line = (wok_view){text, size};
	return 1;
}

/* Read more behind what is there; 0 at the end. */
static ssize_t read_ahead(wok_http_response *response)
{
	struct wok__buffer *line = &response->line;

	if (response->line_at > 0) {
		memmove(line->data, line->data + response->line_at, line->size - response->line_at);
		line->size -= response->line_at;
		response->line_at = 0;
	}
	char *room = wok__buffer_room(line, LINE_PIECE + 1);
	if (!room)
		return -ENOMEM;
	ssize_t n = read_some(response, room, LINE_PIECE);
	line->size += n > 0 ? (size_t) n : 0;
	return n;
}

int wok_http_next_line(wok_http_response *response, size_t limit, wok_view *ret_line)
{
	struct wok__buffer *line = &response->line;
	size_t seen = 0;

	limit = limit ? limit : LINE_MAX_DEFAULT;
	WOK_TRY(wok__check());
	for (;;) {
		size_t left = line->size - response->line_at;
		const char *text = left > 0 ? line->data + response->line_at : "";
		const char *end = left > seen ? memchr(text + seen, '\n', left - seen) : NULL;
		size_t size = end ? (size_t) (end - text) : left;

		if (size > limit)
			return wok_fail(WOK_ELIMIT,
					"%s %.300s: a line of the body has more than %zu bytes",
					response->method, response->url.text, limit);
		if (end) {
			wok__spend();
			return take_line(response, size, size + 1, ret_line);
		}
		seen = left;
		ssize_t n = read_ahead(response);
		if (n < 0)
			return (int) n;
		if (n == 0)
			return left == 0 ? 0 : take_line(response, left, left, ret_line);
	}
}
