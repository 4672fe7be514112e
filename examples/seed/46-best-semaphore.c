/* SPDX-License-Identifier: MIT */
/* 46-best-semaphore: section 13, best practice 2. Shows a semaphore that keeps forty tasks from
 *                    storming a server: twenty at once.
 * Try:               46-best-semaphore   (it takes 2 times 0.5 seconds) */
#include <stdio.h>
#include <wok/wok.h>

enum { URLS = 40 };

struct page {
	char url[8];
	const char *result;
};

static int running, peak;
static wok_semaphore sem = WOK_SEMAPHORE_INIT(20);

static int fetch(struct page *page)
{
	running++;
	if (running > peak)
		peak = running;
	int r = wok_sleep(500 * WOK_MS);
	running--;
	if (r == 0)
		page->result = page->url;
	return r;
}

static int safe_fetch(void *arg)
{
	int r;

	WOK_WITH_SEMAPHORE (&sem, r) {
		r = fetch(arg);
	}
	return r;
}

static int async_main(void *unused)
{
	struct page pages[URLS] = {0};
	wok_time start = wok_now();
	int results = 0;

	(void) unused;
	for (int i = 0; i < URLS; i++)
		snprintf(pages[i].url, sizeof(pages[i].url), "url%d", i);
	WOK_TRY(wok_for_each(safe_fetch, pages, URLS, WOK_UNLIMITED, 0));
	for (int i = 0; i < URLS; i++)
		results += pages[i].result != NULL;
	printf("结果数:%d\n", results);
	printf("最大并发:%d\n", peak);
	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "46-best-semaphore: %s\n", wok_errmsg(r));
	return r < 0;
}
