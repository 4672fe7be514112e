/* SPDX-License-Identifier: MIT */
/* Functions around requests, and what they may ask of one: see wok/http_retry.h. */
#include <strings.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/call.h"

int wok_http_call_next(wok_http_call *call, wok_http_response **ret_response)
{
	const wok_http_session_options *options = &call->session->options;
	wok_http_response *response = NULL;
	int r;

	if (call->next_middleware < options->n_middlewares) {
		const wok_http_client_middleware *middleware =
			&options->middlewares[call->next_middleware++];
		r = middleware->fn(call, middleware->arg, &response);
		call->next_middleware--;
	} else {
		r = wok__call_tries(call);
		response = r < 0 ? NULL : WOK_TAKE(call->response);
	}
	if (r < 0)
		return r;
	if (!response)
		return wok_fail(-EINVAL, "a middleware returned no response");
	*ret_response = response;
	return 0;
}

const char *wok_http_call_method(const wok_http_call *call)
{
	return call->asked_method;
}

const char *wok_http_call_url(const wok_http_call *call)
{
	return call->asked_url;
}

static void free_header(const wok_http_header *header)
{
	wok_free((char *) (uintptr_t) header->name);
	wok_free((char *) (uintptr_t) header->value);
}

int wok_http_call_set_header(wok_http_call *call, const char *name, const char *value)
{
	wok_http_header copy = {wok__strdup(name), value ? wok__strdup(value) : NULL};

	if (!copy.name || (value && !copy.value) ||
	    wok__grow((void **) &call->extra, &call->extra_capacity, call->n_extra + 1,
		      sizeof(call->extra[0])) < 0) {
		free_header(&copy);
		return -ENOMEM;
	}
	for (size_t i = 0; i < call->n_extra; i++) {
		if (strcasecmp(call->extra[i].name, name) != 0)
			continue;
		free_header(&call->extra[i]);
		call->extra[i] = copy;
		return 0;
	}
	call->extra[call->n_extra++] = copy;
	return 0;
}

bool wok__call_has_extra(const struct wok_http_call *call, const char *name)
{
	for (size_t i = 0; i < call->n_extra; i++)
		if (strcasecmp(call->extra[i].name, name) == 0)
			return true;
	return false;
}

void wok__call_free_extra(struct wok_http_call *call)
{
	for (size_t i = 0; i < call->n_extra; i++)
		free_header(&call->extra[i]);
	wok_free(call->extra);
}

/* --- trace ------------------------------------------------------------------------------------ */

void wok__trace_call(const struct wok_http_call *call, wok_http_event event)
{
	const wok_http_session_options *options = &call->session->options;

	event.method = call->method;
	event.url = call->response ? call->response->url.text : "";
	event.timings = &call->timings;
	options->trace(options->trace_arg, &event);
}

void wok__trace_response(const wok_http_response *response, wok_http_event event)
{
	const wok_http_session_options *options = &response->session->options;

	event.method = response->method;
	event.url = response->url.text;
	event.timings = &response->timings;
	event.status = response->status;
	options->trace(options->trace_arg, &event);
}
