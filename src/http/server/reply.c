/* SPDX-License-Identifier: MIT */
/*
 * Replies: see wok_http_reply().
 *
 * Head and body leave in one system call: a small body is copied behind the head, a large one goes
 * along as a second part.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wok/error.h>
#include <wok/loop.h>

#include "base/iovec.h"
#include "http/server/connection.h"
#include "task/park.h"

enum { COPY_MAX = 4096, STATUS_RESET = 205 };

const char *wok__http_date(struct wok__http_server *server)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = time(NULL);
	struct tm tm;

	if (now == (time_t) server->date_second || !gmtime_r(&now, &tm))
		return server->date;
	/* Not strftime(): the names must not follow the locale. */
	snprintf(server->date, sizeof(server->date), "%s, %02u %s %04u %02u:%02u:%02u GMT",
		 days[tm.tm_wday], (unsigned) tm.tm_mday % 100, months[tm.tm_mon],
		 (unsigned) (tm.tm_year + 1900) % 10000, (unsigned) tm.tm_hour % 100,
		 (unsigned) tm.tm_min % 100, (unsigned) tm.tm_sec % 100);
	server->date_second = now;
	return server->date;
}

int wok__request_send(wok_http_request *request, struct iovec *parts, int n_parts)
{
	size_t done;
	int r = 0;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct iovec rest[4];
		memcpy(rest, parts, sizeof(rest[0]) * (size_t) n_parts);
		done = 0;
		WOK_TIMEOUT (&timeout, request->server->options.write_timeout) {
			r = wok_stream_write_parts(request->stream, rest, n_parts, &done);
		}
		r = wok_timeout_result(&timeout, r);
		wok__iovec_skip(&parts, &n_parts, done);
		/* Slow is not stalled: as long as something goes out, the time starts anew. */
	} while (r == -ETIMEDOUT && done > 0 && n_parts > 0);
	if (r < 0)
		request->reply = WOK__REPLY_BROKEN;
	return r == -ETIMEDOUT ? wok_fail(r, "the client does not read its reply") : r;
}

/* Ends with its head, whatever that says. */
static bool has_no_body(int status)
{
	return status == 204 || status == 304;
}

/* May not come with a body; 205 says so by its length, as others do. */
static bool is_bodiless(int status)
{
	return has_no_body(status) || status == STATUS_RESET;
}

/* Whether the connection will go on behind this reply, which should say so. */
static bool can_go_on(const wok_http_request *request, bool streamed)
{
	const struct wok__incoming *incoming = &request->incoming;

	if (!request->keep_alive || request->server->draining || request->body_error < 0)
		return false;
	if (streamed || incoming->ended)
		return true; /* the handler may read the rest while it writes */
	return !wok__request_body_withheld(request) && incoming->body.left <= WOK__HTTP_DRAIN_MAX;
}

static void put_status_line(struct wok__buffer *out, int status)
{
	enum { MOST = 64 };
	char *room = wok__buffer_room(out, MOST);
	int n = room ? wok__h1_put_status_line(room, MOST, status, NULL) : 0;

	if (n < 0)
		out->error = n;
	else
		out->size += (size_t) n;
}

static void put_connection(wok_http_request *request)
{
	struct wok__buffer *out = &request->out;

	if (!request->keep_alive)
		wok__buffer_text(out, "Connection: close\r\n");
	else if (request->parsed.message.minor == 0)
		wok__buffer_text(out, "Connection: keep-alive\r\n");
}

static void put_framing(wok_http_request *request, const wok_http_reply_options *options,
			bool streamed)
{
	struct wok__buffer *out = &request->out;

	if (has_no_body(options->status))
		return;
	if (!streamed || options->status == STATUS_RESET) {
		wok__buffer_text(out, "Content-Length: ");
		wok__buffer_decimal(out, options->body_size);
		wok__buffer_text(out, "\r\n");
	} else if (request->chunked) {
		wok__buffer_text(out, "Transfer-Encoding: chunked\r\n");
	}
}

static void put_headers(wok_http_request *request, const wok_http_reply_options *options)
{
	struct wok__buffer *out = &request->out;

	for (size_t i = 0; i < options->n_headers; i++) {
		const wok_http_header *header = &options->headers[i];
		if (wok__is_framing_header(header->name))
			out->error = wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
					      header->name);
		wok__buffer_field(out, header->name, header->value);
	}
}

static int put_head(wok_http_request *request, const wok_http_reply_options *options, bool streamed)
{
	struct wok__buffer *out = &request->out;
	const char *server_name = request->server->options.server_name;
	bool typed = !is_bodiless(options->status) && (options->body_size > 0 || streamed);

	wok__buffer_clear(out);
	put_status_line(out, options->status);
	wok__buffer_text(out, "Date: ");
	wok__buffer_text(out, wok__http_date(request->server));
	wok__buffer_text(out, "\r\n");
	if (server_name)
		wok__buffer_field(out, "Server", server_name);
	if (options->content_type || typed)
		wok__buffer_field(out, "Content-Type",
				  options->content_type ? options->content_type
							: "application/octet-stream");
	put_framing(request, options, streamed);
	put_connection(request);
	put_headers(request, options);
	wok__buffer_text(out, "\r\n");
	return out->error;
}

static int check(const wok_http_request *request, const wok_http_reply_options *options,
		 bool streamed)
{
	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	if (options->status < 200 || options->status > 599)
		return wok_fail(-EINVAL, "a reply cannot have the status %d", options->status);
	if (options->body && streamed)
		return wok_fail(-EINVAL,
				"wok_http_reply_begin: the body comes by wok_http_reply_write()");
	if (options->body_size > 0 && is_bodiless(options->status))
		return wok_fail(-EINVAL, "a reply of status %d has no body", options->status);
	if (options->body_size > 0 && !options->body && !request->is_head)
		return wok_fail(-EINVAL, "wok_http_reply: a body_size without a body");
	return 0;
}

static wok_http_reply_options with_defaults(const wok_http_reply_options *options)
{
	wok_http_reply_options copy = options ? *options : (wok_http_reply_options){0};

	copy.status = copy.status ? copy.status : 200;
	return copy;
}

int wok_http_reply(wok_http_request *request, const wok_http_reply_options *given)
{
	const wok_http_reply_options options = with_defaults(given);
	struct wok__buffer *out = &request->out;
	bool body = options.body_size > 0 && !request->is_head;
	bool copied = body && options.body_size <= COPY_MAX;

	WOK_TRY(check(request, &options, false));
	request->keep_alive = can_go_on(request, false);
	WOK_TRY(put_head(request, &options, false));
	if (copied)
		wok__buffer_add(out, options.body, options.body_size);
	if (out->error < 0)
		return out->error;
	struct iovec parts[] = {
		{out->data, out->size},
		{(void *) (uintptr_t) options.body, options.body_size},
	};
	request->reply = WOK__REPLY_COMPLETE;
	return wok__request_send(request, parts, body && !copied ? 2 : 1);
}

int wok_http_reply_text(wok_http_request *request, int status, const char *text)
{
	return wok_http_reply(request, &(wok_http_reply_options){
					       .status = status,
					       .content_type = "text/plain; charset=utf-8",
					       .body = text,
					       .body_size = strlen(text),
				       });
}

int wok_http_reply_begin(wok_http_request *request, const wok_http_reply_options *given)
{
	const wok_http_reply_options options = with_defaults(given);

	WOK_TRY(check(request, &options, true));
	request->chunked = request->parsed.message.minor > 0 && !is_bodiless(options.status);
	/* HTTP/1.0 knows no chunks: there the end of the connection is the end of the body. */
	request->keep_alive =
		can_go_on(request, true) && (request->chunked || is_bodiless(options.status));
	WOK_TRY(put_head(request, &options, true));
	if (is_bodiless(options.status))
		request->is_head = true;
	struct iovec part = {request->out.data, request->out.size};
	request->reply = WOK__REPLY_BEGUN;
	return wok__request_send(request, &part, 1);
}

int wok_http_reply_write(wok_http_request *request, const void *data, size_t size)
{
	char size_line[WOK__H1_CHUNK_HEAD_MAX];

	if (request->reply != WOK__REPLY_BEGUN)
		return wok_fail(-EINVAL,
				"wok_http_reply_write: no reply was begun, or it has broken off");
	/* An empty chunk would be the end. */
	if (size == 0 || request->is_head)
		return wok__checkpoint();
	struct iovec whole = {(void *) (uintptr_t) data, size};
	if (!request->chunked)
		return wok__request_send(request, &whole, 1);
	struct iovec parts[] = {
		{size_line, wok__h1_put_chunk_head(size_line, size)},
		whole,
		{(char *) (uintptr_t) "\r\n", 2},
	};
	return wok__request_send(request, parts, 3);
}

int wok__reply_end(wok_http_request *request)
{
	struct iovec last = {(char *) (uintptr_t) "0\r\n\r\n", 5};

	request->reply = WOK__REPLY_COMPLETE;
	return request->chunked && !request->is_head ? wok__request_send(request, &last, 1) : 0;
}

int wok__reply_error(wok_http_request *request, int status, const char *allow)
{
	const wok_http_header header = {"Allow", allow};
	const char *reason = wok__h1_reason(status);

	return wok_http_reply(request, &(wok_http_reply_options){
					       .status = status,
					       .content_type = "text/plain; charset=utf-8",
					       .headers = &header,
					       .n_headers = allow ? 1 : 0,
					       .body = reason,
					       .body_size = strlen(reason),
				       });
}
