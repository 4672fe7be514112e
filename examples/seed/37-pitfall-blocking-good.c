/* SPDX-License-Identifier: MIT */
/* 37-pitfall-blocking-good: section 13, pitfall 1, the right way. Shows the calls that suspend the
 *                           task and let the others run; needs httpbin.
 * Try:                      37-pitfall-blocking-good   (it takes 1 second) */
#include <jansson.h>
#include <string.h>
#include <wok/http.h>

#include "httpbin.h"

struct page {
	const char *url;
	char *text;
};

static int good_fetch(void *arg)
{
	struct page *page = arg;
	WOK_AUTO(wok_http_session) *s = NULL;
	WOK_AUTO(wok_http_response) *r = NULL;
	wok_view body;

	WOK_TRY(wok_sleep(1 * WOK_SECOND));
	WOK_TRY(wok_http_session_new(NULL, &s));
	WOK_TRY(wok_http_get(s, page->url, NULL, &r));
	WOK_TRY(wok_http_body(r, &body));
	page->text = strdup(body.data);
	return page->text ? 0 : -ENOMEM;
}

/* httpbin sends back what it was asked for: {"url": "...", ...}. */
static int print_url(const char *text)
{
	json_error_t error;
	json_auto_t *json = json_loads(text, 0, &error);
	const char *url = json_string_value(json_object_get(json, "url"));

	if (!url)
		return wok_fail(-EBADMSG, "no url: %s", json ? text : error.text);
	puts(url);
	return 0;
}

static int async_main(void *unused)
{
	char url[URL_SIZE];
	wok_time start = wok_now();

	(void) unused;
	WOK_TRY(httpbin_url(&url, "/get"));
	struct page pages[] = {{.url = url}, {.url = url}, {.url = url}};
	int r = wok_for_each(good_fetch, pages, 3, WOK_UNLIMITED, 0);
	for (size_t i = 0; i < 3; i++) {
		if (r == 0)
			r = print_url(pages[i].text);
		free(pages[i].text);
	}
	if (r == 0)
		printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return r;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "37-pitfall-blocking-good: %s\n", wok_errmsg(r));
	return r < 0;
}
