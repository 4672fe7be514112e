/* SPDX-License-Identifier: MIT */
/* 24-aiohttp-post: section 8, a POST. Shows JSON that is sent and JSON that comes back, by jansson;
 *                  needs httpbin.
 * Try:             24-aiohttp-post */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>

#include "httpbin.h"

static int post_data(wok_http_session *session, const char *url, const json_t *payload,
		     json_t **ret_result)
{
	WOK_AUTO(wok_http_response) *resp = NULL;
	json_error_t error;
	wok_view body;

	char *text = json_dumps(payload, 0);
	if (!text)
		return -ENOMEM;
	int r = wok_http_post(session, url,
			      &(wok_http_options){
				      .body = text,
				      .body_size = strlen(text),
				      .content_type = "application/json",
			      },
			      &resp);
	free(text);
	WOK_TRY(r);
	WOK_TRY(wok_http_body(resp, &body));
	*ret_result = json_loadb(body.data, body.size, 0, &error);
	return *ret_result ? 0 : wok_fail(-EBADMSG, "%s: %s", url, error.text);
}

static int async_main(void *unused)
{
	json_auto_t *payload = json_pack("{s:s, s:s}", "key", "value", "name", "asyncio");
	WOK_AUTO(wok_http_session) *session = NULL;
	json_auto_t *result = NULL;
	char url[URL_SIZE];

	(void) unused;
	if (!payload)
		return -ENOMEM;
	WOK_TRY(httpbin_url(&url, "/post"));
	WOK_TRY(wok_http_session_new(NULL, &session));
	WOK_TRY(post_data(session, url, payload, &result));
	if (json_dumpf(result, stdout, 0) < 0)
		return -EIO;
	puts("");
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "24-aiohttp-post: %s\n", wok_errmsg(r));
	return r < 0;
}
