/* SPDX-License-Identifier: MIT */
/* Responses: see wok/http_client.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/message.h"
#include "base/time.h"
#include "http/client/session.h"
#include "task/park.h"

enum { DRAIN_MAX = 64 << 10 };

int wok_http_status(const wok_http_response *response)
{
	return response->status;
}

const char *wok_http_header_value(const wok_http_response *response, const char *name)
{
	return wok__head_value(&response->head, name);
}

bool wok_http_header_at(const wok_http_response *response, size_t index,
			wok_http_header *ret_header)
{
	return wok__head_at(&response->head, index, ret_header);
}

void wok__response_finish(wok_http_response *response)
{
	struct wok__connection *connection = WOK_TAKE(response->connection);
	struct wok__pool *pool = &response->session->pool;

	if (!connection)
		return;
	/*
	 * Bytes behind the end answer nothing that was asked: the connection is not to be trusted.
	 */
	if (response->reusable && response->incoming.ended && response->incoming.decoded == 0 &&
	    wok_stream_buffered(connection->stream).size == 0)
		wok__pool_release(pool, connection);
	else
		wok__pool_discard(pool, connection);
}

static ssize_t read_in_time(wok_http_response *response, void *data, size_t size)
{
	wok_time left =
		response->deadline == WOK_FOREVER ? WOK_FOREVER : response->deadline - wok_now();
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	ssize_t n = 0;

	WOK_TIMEOUT (&timeout, wok__time_min(left, response->read_timeout)) {
		n = wok__incoming_read(&response->incoming, data, size);
	}
	int r = wok_timeout_result(&timeout, n < 0 ? (int) n : 0);
	return r < 0 ? r : n;
}

ssize_t wok_http_read(wok_http_response *response, void *data, size_t size)
{
	if (!response->connection) {
		WOK_TRY(wok__checkpoint());
		return response->failed;
	}
	ssize_t n = read_in_time(response, data, size);
	if (n < 0) {
		response->reusable = false;
		if (n == -ECANCELED)
			return n;
		response->failed = (int) n;
		wok__response_finish(response);
		return wok_fail((int) n, "%s: %s", response->what,
				n == -ETIMEDOUT ? "timed out while reading the body"
						: wok_errmsg((int) n));
	}
	if (response->incoming.ended && response->incoming.decoded == 0)
		wok__response_finish(response);
	return n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	return wok_http_read(self, data, size);
}

int wok_http_body(wok_http_response *response, wok_view *ret_body)
{
	size_t max = response->session->max_body;

	if (response->body.complete) {
		WOK_TRY(wok__checkpoint());
	} else {
		if (response->content_length > max)
			return wok_fail(WOK_ELIMIT, "%s: the body has more than %zu bytes",
					response->what, max);
		WOK_TRY(wok__gather_body(&response->body, read_some, response,
					 (size_t) response->content_length, max));
	}
	*ret_body = (wok_view){response->body.data, response->body.size};
	return 0;
}

/* What is buffered already costs nothing to skip, and may be all that was left. */
static void skip_buffered(wok_http_response *response)
{
	char unused[1024];
	size_t skipped = 0;
	ssize_t n;

	while (skipped < DRAIN_MAX && !response->incoming.ended &&
	       (n = wok__incoming_take(&response->incoming, unused, sizeof(unused))) > 0)
		skipped += (size_t) n;
}

void wok_http_response_free(wok_http_response *response)
{
	if (!response)
		return;
	struct wok__saved_error saved = wok__error_save();
	if (response->connection) {
		if (response->reusable)
			skip_buffered(response);
		wok__response_finish(response);
	}
	wok__head_free(&response->head);
	wok_free(response->body.data);
	wok__session_let_go(response->session);
	wok_free(response);
	wok__error_restore(saved);
}
