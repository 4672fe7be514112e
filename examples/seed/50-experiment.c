/* SPDX-License-Identifier: MIT */
/* 50-experiment: section 14, the notes' comparison. Shows ten requests of a second each: one after
 *                another, all at once, and at most five at once; needs httpbin.
 * Try:           50-experiment   (it takes 10 + 1 + 2 seconds) */
#include <wok/http.h>

#include "blocking.h"
#include "httpbin.h"

enum { URLS = 10 };

static char url[URL_SIZE];

static void print_time(const char *what, wok_time start)
{
	printf("%s:%.1fs\n", what, (double) (wok_now() - start) / (double) WOK_SECOND);
}

static int sync_main(const char *what)
{
	wok_time start = wok_now();

	for (int i = 0; i < URLS; i++)
		WOK_TRY(requests_get(url));
	print_time(what, start);
	return 0;
}

struct page {
	wok_http_session *session;
	int status;
};

static int fetch(void *arg)
{
	struct page *page = arg;
	WOK_AUTO(wok_http_response) *r = NULL;

	WOK_TRY(wok_http_get(page->session, url, NULL, &r));
	page->status = wok_http_status(r);
	return 0;
}

static int fetch_all(const char *what, size_t limit)
{
	struct page pages[URLS];
	wok_time start = wok_now();
	WOK_AUTO(wok_http_session) *session = NULL;

	WOK_TRY(wok_http_session_new(NULL, &session));
	for (int i = 0; i < URLS; i++)
		pages[i] = (struct page){.session = session};
	WOK_TRY(wok_for_each(fetch, pages, URLS, limit, 0));
	print_time(what, start);
	return 0;
}

static int async_main(void *what)
{
	return fetch_all(what, WOK_UNLIMITED);
}

static int async_limited(void *what)
{
	return fetch_all(what, 5); /* Python: a Semaphore(5) */
}

int main(void)
{
	int r = httpbin_url(&url, "/delay/1");
	if (r == 0)
		r = sync_main("同步耗时");
	if (r == 0)
		r = wok_run(async_main, "异步耗时");
	if (r == 0)
		r = wok_run(async_limited, "限流异步耗时");
	if (r < 0)
		fprintf(stderr, "50-experiment: %s\n", wok_errmsg(r));
	return r < 0;
}
