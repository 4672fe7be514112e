/* SPDX-License-Identifier: MIT */
/* Replies, on any wire: see wok_http_reply(). */
#include <string.h>
#include <time.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "http/date.h"
#include "http/server/connection.h"
#include "io/sendfile.h"
#include "task/park.h"

#define DATE "Date: "

enum {
	STATUS_RESET = 205,
	DATE_SIZE = sizeof(DATE) - 1,
	DATE_LINE_SIZE = DATE_SIZE + WOK__HTTP_DATE_SIZE + 1
};

static void put_date(struct wok__http_server *server, struct wok__buffer *out)
{
	int64_t now = (int64_t) time(NULL);

	if (now != server->date_second) {
		memcpy(server->date, DATE, DATE_SIZE);
		wok__http_date_put(now, server->date + DATE_SIZE);
		memcpy(server->date + DATE_LINE_SIZE - 2, "\r\n", 2);
		server->date_second = now;
	}
	wok__buffer_add(out, server->date, DATE_LINE_SIZE);
}

/* Ends with its head, whatever that says. */
static bool has_no_body(int status)
{
	return status == 204 || status == 304;
}

bool wok__is_bodiless(int status)
{
	return has_no_body(status) || status == STATUS_RESET;
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

static void put_length(wok_http_request *request, const wok_http_reply_options *options)
{
	struct wok__buffer *out = &request->out;

	wok__buffer_text(out, "Content-Length: ");
	wok__buffer_decimal(out, options->body_size);
	wok__buffer_text(out, "\r\n");
}

static void put_lines(wok_http_request *request, const wok_http_reply_options *options,
		      enum wok__reply_kind kind)
{
	struct wok__buffer *out = &request->out;
	const char *server_name = request->server->options.server_name;
	bool streamed = kind == WOK__REPLY_STREAMED;
	bool typed = !wok__is_bodiless(options->status) && (options->body_size > 0 || streamed);

	put_date(request->server, out);
	if (server_name)
		wok__buffer_known(out, "Server: ", server_name);
	if (options->content_type || typed)
		wok__buffer_known(out, "Content-Type: ",
				  options->content_type ? options->content_type
							: "application/octet-stream");
	if (!has_no_body(options->status) && (!streamed || options->status == STATUS_RESET))
		put_length(request, options);
	put_headers(request, options);
	if (request->extra.size > 0)
		wok__buffer_add(out, request->extra.data, request->extra.size);
}

/* A send has failed, or not. */
static int sent(wok_http_request *request, int r)
{
	if (r < 0)
		request->reply = WOK__REPLY_BROKEN;
	return r;
}

/* Send a head. If it cannot be made, no reply has begun; a failure on the way breaks it. */
static int send_head(wok_http_request *request, const wok_http_reply_options *options,
		     enum wok__reply_kind kind)
{
	bool whole = kind == WOK__REPLY_WHOLE;
	const struct wok__reply_head head = {
		.status = options->status,
		.kind = kind,
		.bodiless = request->is_head || wok__is_bodiless(options->status),
		.body = whole ? options->body : NULL,
		.body_size = whole && options->body ? options->body_size : 0,
	};

	request->wire->begin(request, &head);
	put_lines(request, options, kind);
	request->kind = kind;
	request->bodiless = head.bodiless;
	request->left = kind == WOK__REPLY_SIZED ? options->body_size : 0;
	request->reply = whole ? WOK__REPLY_COMPLETE : WOK__REPLY_BEGUN;
	request->status = options->status;
	request->body_sent = head.bodiless ? 0 : head.body_size;
	int r = request->wire->head(request, &head);
	if (r < 0 && request->out.size == request->head_at)
		request->reply = WOK__REPLY_NONE; /* nothing was sent: another one can be */
	else
		(void) sent(request, r);
	return r;
}

static int check(const wok_http_request *request, const wok_http_reply_options *options)
{
	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	if (options->status < 200 || options->status > 599)
		return wok_fail(-EINVAL, "a reply cannot have the status %d", options->status);
	if (options->body_size > 0 && wok__is_bodiless(options->status))
		return wok_fail(-EINVAL, "a reply of status %d has no body", options->status);
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
	wok_http_reply_options options = with_defaults(given);
	enum wok__reply_kind kind = WOK__REPLY_WHOLE;

	WOK_TRY(check(request, &options));
	if (options.body_size > 0 && !options.body && !request->is_head)
		return wok_fail(-EINVAL, "wok_http_reply: a body_size without a body");
	WOK_TRY(wok__reply_filter_begin(request, &options, &kind));
	int r = send_head(request, &options, kind);
	if (r < 0 || kind == WOK__REPLY_WHOLE)
		return r;
	/* It has become one in pieces. */
	if (!request->bodiless) {
		r = wok__reply_filter_piece(request, options.body, options.body_size, false);
		if (r < 0)
			return sent(request, r);
	}
	return wok__reply_end(request);
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
	wok_http_reply_options options = with_defaults(given);
	enum wok__reply_kind kind = options.body_size > 0 ? WOK__REPLY_SIZED : WOK__REPLY_STREAMED;

	WOK_TRY(check(request, &options));
	if (options.body)
		return wok_fail(-EINVAL,
				"wok_http_reply_begin: the body comes by wok_http_reply_write()");
	WOK_TRY(wok__reply_filter_begin(request, &options, &kind));
	return send_head(request, &options, kind);
}

/* Whether a piece may be sent: 1; 0 if nothing is to be sent of it; an error. */
static int check_piece(wok_http_request *request, uint64_t size)
{
	if (request->reply != WOK__REPLY_BEGUN)
		return wok_fail(-EINVAL,
				"wok_http_reply_write: no reply was begun, or it has broken off");
	if (request->kind == WOK__REPLY_SIZED && size > request->left)
		return wok_fail(-EINVAL, "wok_http_reply_write: more than the size that was said");
	if (request->kind == WOK__REPLY_SIZED)
		request->left -= size;
	/* An empty chunk would be the end. */
	return size > 0 && !request->bodiless;
}

static bool is_filtered(const wok_http_request *request)
{
	const struct wok__reply_filter *filter = request->filters;

	while (filter && !filter->active)
		filter = filter->next;
	return filter;
}

int wok_http_reply_write(wok_http_request *request, const void *data, size_t size)
{
	int r = check_piece(request, size);

	if (r <= 0)
		return r < 0 ? r : wok__checkpoint();
	if (is_filtered(request))
		return sent(request, wok__reply_filter_piece(request, data, size, false));
	request->body_sent += size;
	return sent(request, request->wire->piece(request, data, size));
}

/* Where a filter is, the file's bytes have to be read. */
static int filter_file(wok_http_request *request, int file, off_t offset, size_t size)
{
	while (size > 0) {
		void *data = NULL;
		ssize_t n = wok__file_copy(file, offset, size, &data);
		int r = n == 0  ? wok_fail(WOK_EEOF, "the file has become shorter")
			: n < 0 ? (int) n
				: wok__reply_filter_piece(request, data, (size_t) n, false);
		wok_free(data);
		if (r < 0)
			return r;
		offset += n;
		size -= (size_t) n;
	}
	return 0;
}

int wok__reply_write_file(wok_http_request *request, int file, off_t offset, size_t size)
{
	int r = check_piece(request, size);

	if (r <= 0)
		return r < 0 ? r : wok__checkpoint();
	if (!is_filtered(request))
		request->body_sent += size;
	r = sent(request, is_filtered(request) ? filter_file(request, file, offset, size)
					       : request->wire->file(request, file, offset, size));
	if (r < 0)
		request->wire->abort(request);
	return r;
}

int wok__reply_end(wok_http_request *request)
{
	int r = 0;

	if (request->left > 0 && !request->bodiless) {
		request->reply = WOK__REPLY_BROKEN;
		request->wire->abort(request);
		return 0;
	}
	if (is_filtered(request) && !request->bodiless)
		r = wok__reply_filter_piece(request, NULL, 0, true);
	request->reply = WOK__REPLY_COMPLETE;
	const struct wok__buffer *trailers = request->late.size > 0 ? &request->late : NULL;
	return sent(request, r < 0 ? r : request->wire->end(request, trailers));
}

int wok_http_reply_trailer(wok_http_request *request, const char *name, const char *value)
{
	struct wok__buffer *late = &request->late;
	size_t before = late->size;

	if (request->reply != WOK__REPLY_BEGUN || request->kind != WOK__REPLY_STREAMED)
		return wok_fail(-EINVAL, "wok_http_reply_trailer: no reply was begun whose body "
					 "has no size");
	if (wok__is_framing_header(name) || !wok__h1_may_trail(name, strlen(name)))
		return wok_fail(-EINVAL, "the field \"%.40s\" cannot be a trailer", name);
	wok__buffer_field(late, name, value);
	int r = late->error;
	late->error = 0;
	if (r < 0)
		late->size = before;
	return r;
}

int wok_http_reply_interim(wok_http_request *request, int status, const wok_http_header *headers,
			   size_t n_headers)
{
	struct wok__buffer lines = {0};

	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	if (status < 102 || status > 199)
		return wok_fail(-EINVAL, "an interim reply cannot have the status %d", status);
	for (size_t i = 0; i < n_headers; i++) {
		if (wok__is_framing_header(headers[i].name))
			lines.error = wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
					       headers[i].name);
		wok__buffer_field(&lines, headers[i].name, headers[i].value);
	}
	int r = lines.error;
	if (r == 0)
		r = sent(request, request->wire->interim(request, status, &lines));
	wok__buffer_free(&lines);
	return r < 0 ? r : wok__checkpoint();
}

int wok_http_reply_header(wok_http_request *request, const char *name, const char *value)
{
	struct wok__buffer *extra = &request->extra;
	size_t before = extra->size;

	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	if (wok__is_framing_header(name))
		return wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set", name);
	wok__buffer_field(extra, name, value);
	int r = extra->error;
	extra->error = 0;
	if (r < 0)
		extra->size = before;
	return r;
}

int wok__request_upgrade(wok_http_request *request, int status, const wok_http_header *headers,
			 size_t n, wok_stream **ret_stream)
{
	const struct wok__reply_head head = {.status = status, .bodiless = true};

	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	if (!request->wire->upgrade)
		return wok_fail(-ENOTSUP, "this connection cannot be taken over");
	/* From now on the handler reads itself. */
	wok_task_free(WOK_TAKE(request->watcher));
	request->wire->begin(request, &head);
	for (size_t i = 0; i < n; i++)
		wok__buffer_field(&request->out, headers[i].name, headers[i].value);
	int r = request->wire->upgrade(request, &head, ret_stream);
	if (r == 0)
		request->status = status;
	if (r == 0)
		request->reply = WOK__REPLY_UPGRADED;
	else if (request->out.size > request->head_at)
		request->reply = WOK__REPLY_BROKEN;
	return r;
}

/* Have the app make the page: 1 if it did, 0 if it left that to wok, or an error. */
static int reply_by_app(wok_http_request *request, int status, int error)
{
	wok_http_app *app = request->match.app ? request->match.app : request->server->app;

	if (request->in_error_page)
		return 0;
	while (app && !app->on_error)
		app = app->parent;
	if (!app)
		return 0;
	request->in_error_page = true;
	int r = app->on_error(request, status, error, app->on_error_arg);
	request->in_error_page = false;
	if (request->reply == WOK__REPLY_BEGUN && r >= 0)
		r = wok__reply_end(request);
	return r < 0 ? r : request->reply != WOK__REPLY_NONE;
}

int wok__reply_error(wok_http_request *request, int status, int error)
{
	const char *reason = wok__h1_reason(status);
	int r = reply_by_app(request, status, error);

	if (r > 0)
		return 0;
	if (request->reply != WOK__REPLY_NONE)
		return r;
	return wok_http_reply_text(request, status, reason);
}
