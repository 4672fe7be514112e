/* SPDX-License-Identifier: MIT */
/* Responses: see wok/http_client.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/time.h"
#include "http/client/call.h"
#include "task/park.h"

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

const char *wok_http_response_url(const wok_http_response *response)
{
	return response->url.text;
}

const wok_http_timings *wok_http_response_timings(const wok_http_response *response)
{
	return &response->timings;
}

wok_http_response *wok__response_new(const struct wok_http_call *call, const struct wok__url *url)
{
	size_t size = strlen(call->method) + 1;
	wok_http_response *response = wok__alloc_zeroed(sizeof(*response) + size);

	if (!response)
		return NULL;
	response->session = wok__session_hold(call->session);
	memcpy(response->method, call->method, size);
	response->url = *url;
	response->deadline = call->deadline;
	response->read_timeout = call->times.read;
	return response;
}

void wok__response_finish(wok_http_response *response)
{
	if (!response->connection)
		return;
	response->connection->wire->finish(response);
	response->timings.body_end = wok_now();
	response->timings.phase = WOK_HTTP_PHASE_END;
}

static ssize_t read_in_time(wok_http_response *response, void *data, size_t size)
{
	wok_time left =
		response->deadline == WOK_FOREVER ? WOK_FOREVER : response->deadline - wok_now();
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	ssize_t n = 0;

	WOK_TIMEOUT (&timeout, wok__time_min(left, response->read_timeout)) {
		n = response->connection->wire->read(response, data, size);
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
		return wok_fail((int) n, "%s %.300s: %s", response->method, response->url.text,
				n == -ETIMEDOUT ? "timed out while reading the body"
						: wok_errmsg((int) n));
	}
	if (response->ended)
		wok__response_finish(response);
	return n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	return wok_http_read(self, data, size);
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
		WOK_TRY(wok__gather_body(&response->body, read_some, response,
					 (size_t) response->content_length, max));
	}
	*ret_body = (wok_view){response->body.data, response->body.size};
	return 0;
}

void wok_http_response_free(wok_http_response *response)
{
	if (!response)
		return;
	struct wok__saved_error saved = wok__error_save();
	wok__response_finish(response);
	wok__head_free(&response->head);
	wok__url_free(&response->url);
	wok_free(response->body.data);
	wok__session_let_go(response->session);
	wok_free(response);
	wok__error_restore(saved);
}
