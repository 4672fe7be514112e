/* SPDX-License-Identifier: MIT */
/* What a handler learns of its request: see wok/http_server.h. */
#include <string.h>
#include <wok/error.h>

#include "http/server/connection.h"
#include "task/park.h"

const char *wok_http_request_method(const wok_http_request *request)
{
	return request->method;
}

const char *wok_http_request_path(const wok_http_request *request)
{
	return request->path;
}

const char *wok_http_request_rest(const wok_http_request *request)
{
	return request->rest;
}

const char *wok_http_request_query(const wok_http_request *request)
{
	return request->query;
}

const char *wok_http_request_host(const wok_http_request *request)
{
	return request->host;
}

const char *wok_http_request_header(const wok_http_request *request, const char *name)
{
	return wok__head_value(&request->head, name);
}

bool wok_http_request_header_at(const wok_http_request *request, size_t index,
				wok_http_header *ret_header)
{
	return wok__head_at(&request->head, index, ret_header);
}

/* The client may be waiting for a word before it sends the body. */
static int send_continue(wok_http_request *request)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec part = {(char *) (uintptr_t) text, sizeof(text) - 1};

	if (!request->parsed.expect_continue || request->continue_sent ||
	    request->reply != WOK__REPLY_NONE || wok_stream_buffered(request->stream).size > 0)
		return 0;
	request->continue_sent = true;
	return wok__request_send(request, &part, 1);
}

static ssize_t read_in_time(wok_http_request *request, void *data, size_t size)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	ssize_t n = 0;

	WOK_TIMEOUT (&timeout, request->server->options.body_timeout) {
		n = wok__incoming_read(&request->incoming, data, size);
	}
	int r = wok_timeout_result(&timeout, n < 0 ? (int) n : 0);
	if (r == -ETIMEDOUT)
		return wok_fail(r, "the client does not send the rest of its request");
	return r < 0 ? r : n;
}

ssize_t wok_http_request_read(wok_http_request *request, void *data, size_t size)
{
	WOK_TRY(send_continue(request));
	ssize_t n = read_in_time(request, data, size);
	if (n < 0 && n != -ECANCELED)
		request->body_error = (int) n;
	return n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	return wok_http_request_read(self, data, size);
}

int wok_http_request_body(wok_http_request *request, wok_view *ret_body)
{
	size_t hint = (size_t) request->parsed.message.content_length;

	if (!request->body)
		WOK_TRY(wok__gather_body(read_some, request, hint, SIZE_MAX / 4, &request->body,
					 &request->body_size));
	*ret_body = (wok_view){request->body, request->body_size};
	return 0;
}
