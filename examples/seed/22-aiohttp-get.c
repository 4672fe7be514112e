/* SPDX-License-Identifier: MIT */
/* 22-aiohttp-get: section 8, a GET. Shows a session, a response, and JSON by jansson; needs the
 *                 stand-in for api.github.com (tests/seed/services.sh start).
 * Try:            22-aiohttp-get */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <wok/http.h>
#include <wok/wok.h>

static int fetch(wok_http_session *session, const char *url, json_t **ret_data)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	json_error_t error;
	wok_view body;

	WOK_TRY(wok_http_get(session, url, NULL, &response));
	WOK_TRY(wok_http_body(response, &body));
	*ret_data = json_loadb(body.data, body.size, 0, &error);
	return *ret_data ? 0 : wok_fail(-EBADMSG, "%s: %s", url, error.text);
}

static int async_main(void *unused)
{
	const char *server = getenv("GITHUB_API");
	WOK_AUTO(wok_http_session) *session = NULL;
	json_auto_t *data = NULL;
	const char *name;
	char url[256];

	(void) unused;
	int n = snprintf(url, sizeof(url), "%s/users/octocat",
			 server ? server : "http://127.0.0.1:8898");
	if (n >= (int) sizeof(url))
		return wok_fail(-ENAMETOOLONG, "GITHUB_API is too long");

	WOK_TRY(wok_http_session_new(NULL, &session));
	WOK_TRY(fetch(session, url, &data));
	name = json_string_value(json_object_get(data, "name"));
	if (!name)
		return wok_fail(-EBADMSG, "%s: it has no name", url);
	puts(name);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "22-aiohttp-get: %s\n", wok_errmsg(r));
	return r < 0;
}
