/* SPDX-License-Identifier: MIT */
/* 41-pitfall-concurrent-gather: section 13, pitfall 3, the right way. Shows a task for each
 *                               request, and gather: the waits overlap.
 * Try:                          41-pitfall-concurrent-gather   (it takes 1 second) */
#include <stdio.h>
#include <wok/wok.h>

struct page {
	const char *url;
	char data[64];
};

static int fetch(void *arg)
{
	struct page *page = arg;

	WOK_TRY(wok_sleep(1 * WOK_SECOND)); /* stands for a request */
	snprintf(page->data, sizeof(page->data), "来自 %s 的数据", page->url);
	return 0;
}

static int async_main(void *unused)
{
	struct page pages[] = {{.url = "url1"}, {.url = "url2"}, {.url = "url3"}};
	wok_time start = wok_now();

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(fetch, &pages[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(fetch, &pages[1]);
	WOK_AUTO(wok_task) *c = wok_create_task(fetch, &pages[2]);
	WOK_TRY(wok_gather((wok_task *[]){a, b, c}, 3, 0));
	for (size_t i = 0; i < 3; i++)
		puts(pages[i].data);
	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "41-pitfall-concurrent-gather: %s\n", wok_errmsg(r));
	return r < 0;
}
