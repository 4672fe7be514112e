/* SPDX-License-Identifier: MIT */
/* A server's connection, and the requests on it: see http/server/connection.h. */
#include "http/server/connection.h"

#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/iovec.h"

int wok__send_parts(wok_stream *stream, wok_time limit, struct iovec *parts, int n_parts)
{
	size_t done;
	int r = 0;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct iovec rest[4];
		memcpy(rest, parts, sizeof(rest[0]) * (size_t) n_parts);
		done = 0;
		WOK_TIMEOUT (&timeout, limit) {
			r = wok_stream_write_parts(stream, rest, n_parts, &done);
		}
		r = wok_timeout_result(&timeout, r);
		wok__iovec_skip(&parts, &n_parts, done);
		/* Slow is not stalled: as long as something goes out, the time starts anew. */
	} while (r == -ETIMEDOUT && done > 0 && n_parts > 0);
	return r == -ETIMEDOUT ? wok_fail(r, "the client does not read its reply") : r;
}

void wok__request_init(wok_http_request *request, const struct wok__server_wire *wire,
		       struct wok__connection *connection)
{
	*request = (wok_http_request){
		.wire = wire,
		.server = connection->server,
		.connection = connection,
	};
	wok__request_reset(request);
}

void wok__request_reset(wok_http_request *request)
{
	wok_free(request->body.data);
	request->body = (struct wok__gathered){0};
	wok__reply_filters_free(request);
	wok__buffer_clear(&request->extra);
	request->method = request->path = request->query = request->host = request->rest = "";
	request->method_id = WOK__H1_OTHER;
	request->major = request->minor = 1;
	request->is_asterisk = request->expect_unknown = false;
	request->content_length = request->body_received = 0;
	request->body_error = 0;
	request->body_waited = 0;
	request->left = 0;
	request->reply = WOK__REPLY_NONE;
	request->is_head = request->bodiless = request->close = false;
}

void wok__request_release(wok_http_request *request)
{
	wok__head_free(&request->head);
	wok__buffer_free(&request->out);
	wok__buffer_free(&request->extra);
	wok__reply_filters_free(request);
	wok_free(WOK_TAKE(request->body.data));
}

void wok__request_on_stop(wok_http_request *request, struct wok__stop_hook *hook)
{
	wok__server_on_stop(request->server, hook);
}

void wok__request_off_stop(struct wok__stop_hook *hook)
{
	wok__list_remove(&hook->node);
}

int wok__serve_connection(struct wok__http_server *server, wok_stream *stream)
{
	struct wok__connection connection = {.server = server, .stream = stream};

	return wok__h1_serve(&connection);
}
