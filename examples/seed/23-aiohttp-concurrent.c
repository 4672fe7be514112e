/* SPDX-License-Identifier: MIT */
/* 23-aiohttp-concurrent: section 8, several GETs at once. Shows a time limit for each request, and
 *                        an error that is a result and stops nobody else; needs httpbin.
 * Try:                   23-aiohttp-concurrent   (it takes 2 seconds, not 4) */
#include <wok/http.h>

#include "httpbin.h"

struct page {
	wok_http_session *session;
	char url[URL_SIZE];
	int status;
	char error[256]; /* "": there was none */
};

static int get(struct page *page)
{
	WOK_AUTO(wok_http_response) *resp = NULL;
	wok_http_options options = {.timeout = 10 * WOK_SECOND};
	wok_view data;

	WOK_TRY(wok_http_get(page->session, page->url, &options, &resp));
	WOK_TRY(wok_http_body(resp, &data));
	page->status = wok_http_status(resp);
	return 0;
}

static int fetch(void *arg)
{
	struct page *page = arg;

	int r = get(page);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		snprintf(page->error, sizeof(page->error), "%s", wok_errmsg(r));
	return 0;
}

static int async_main(void *unused)
{
	struct page pages[3] = {0};
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(httpbin_url(&pages[0].url, "/delay/1"));
	WOK_TRY(httpbin_url(&pages[1].url, "/delay/2"));
	WOK_TRY(httpbin_url(&pages[2].url, "/delay/1"));

	wok_time start = wok_now();
	WOK_TRY(wok_http_session_new(NULL, &session));
	for (size_t i = 0; i < 3; i++)
		pages[i].session = session;
	WOK_TRY(wok_for_each(fetch, pages, 3, WOK_UNLIMITED, 0));

	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	for (size_t i = 0; i < 3; i++) {
		if (pages[i].error[0])
			printf("%s %s\n", pages[i].url, pages[i].error);
		else
			printf("%s %d\n", pages[i].url, pages[i].status);
	}
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "23-aiohttp-concurrent: %s\n", wok_errmsg(r));
	return r < 0;
}
