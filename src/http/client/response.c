/* SPDX-License-Identifier: MIT */
/* Responses: see wok/http_client.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "base/message.h"
#include "http/client/call.h"

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

bool wok_http_redirect_at(const wok_http_response *response, size_t index,
			  wok_http_redirect *ret_redirect)
{
	const struct wok__hop *hop = response->hops;
	size_t n = response->timings.redirects;

	if (index >= n)
		return false;
	for (; hop && --n > index;)
		hop = hop->before;
	if (!hop)
		return false;
	*ret_redirect = (wok_http_redirect){hop->status, hop->url.text};
	return true;
}

int wok_http_raise_for_status(const wok_http_response *response)
{
	if (response->status < 400)
		return 0;
	return wok_fail(WOK_ESTATUS, "%s %.300s: %d %s", response->method, response->url.text,
			response->status, wok__h1_reason(response->status));
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
	if (response->ended)
		wok__response_tell(response, (wok_http_event){.kind = WOK_HTTP_EVENT_END});
}

void wok_http_response_free(wok_http_response *response)
{
	if (!response)
		return;
	struct wok__saved_error saved = wok__error_save();
	wok__response_finish(response);
	wok__head_free(&response->head);
	wok__url_free(&response->url);
	wok__hops_free(response->hops);
	wok_free(response->body.data);
	wok__decoder_free(response->decoder);
	wok__buffer_free(&response->line);
	wok__session_let_go(response->session);
	wok_free(response);
	wok__error_restore(saved);
}
