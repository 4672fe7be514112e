/* SPDX-License-Identifier: MIT */
/* 36-pitfall-blocking-bad: section 13, pitfall 1, the wrong way. Shows calls that block the thread,
 *                          and with it the loop and every other task; needs httpbin.
 * Try:                     36-pitfall-blocking-bad   (it takes 3 seconds, not 1) */
#include "blocking.h"
#include "httpbin.h"

struct page {
	const char *url;
	int status_code;
};

static int bad_fetch(void *arg)
{
	struct page *page = arg;

	sleep(1);                                    /* blocks! */
	page->status_code = requests_get(page->url); /* blocks! */
	return page->status_code;
}

static int async_main(void *unused)
{
	char url[URL_SIZE];
	wok_time start = wok_now();

	(void) unused;
	WOK_TRY(httpbin_url(&url, "/get"));
	struct page pages[] = {{.url = url}, {.url = url}, {.url = url}};
	WOK_TRY(wok_for_each(bad_fetch, pages, 3, WOK_UNLIMITED, 0));
	printf("[%d, %d, %d]\n", pages[0].status_code, pages[1].status_code, pages[2].status_code);
	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "36-pitfall-blocking-bad: %s\n", wok_errmsg(r));
	return r < 0;
}
