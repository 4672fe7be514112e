/* SPDX-License-Identifier: MIT */
/* From a request to the answer that the caller sees: see http/client/call.h. */
#include "http/client/call.h"

/* One exchange, whose response is the call's, also if it has no head in the end. */
static int exchange_once(struct wok_http_call *call)
{
	struct wok__exchange exchange = {.call = call, .session = call->session};

	WOK_TRY(wok__url_parse(call->url, &exchange.url));
	exchange.response = call->response = wok__response_new(call, &exchange.url);
	if (!exchange.response) {
		wok__url_free(&exchange.url);
		return -ENOMEM;
	}
	int r = wok__exchange_put_head(&exchange);
	if (r == 0)
		r = wok__exchange_run(&exchange);
	wok__buffer_free(&exchange.head);
	return r;
}

int wok__call_hops(struct wok_http_call *call)
{
	return exchange_once(call);
}
