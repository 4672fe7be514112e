/* SPDX-License-Identifier: MIT */
/* From a request to the answer that the caller sees: see http/client/call.h. */
#include "http/client/call.h"

int wok__call_hops(struct wok_http_call *call)
{
	struct wok__exchange exchange = {.call = call, .session = call->session};
	int r = wok__url_parse(call->url, &exchange.url);

	if (r == 0)
		r = wok__exchange_put_head(&exchange);
	if (r == 0)
		r = wok__exchange_run(&exchange);
	wok__buffer_free(&exchange.head);
	if (r < 0)
		wok_http_response_free(exchange.response);
	else
		call->response = exchange.response;
	return r;
}
