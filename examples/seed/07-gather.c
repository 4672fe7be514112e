/* SPDX-License-Identifier: MIT */
/* 07-gather: section 4, asyncio.gather() over a list. Shows wok_for_each(): a task for each element
 *            of an array, whose results stay in the elements.
 * Try:       07-gather   (it takes 1 second, not 5) */
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
	struct page pages[] = {
		{.url = "url1"}, {.url = "url2"}, {.url = "url3"}, {.url = "url4"}, {.url = "url5"},
	};

	(void) unused;
	WOK_TRY(wok_for_each(fetch, pages, 5, WOK_UNLIMITED, 0));
	for (size_t i = 0; i < 5; i++)
		puts(pages[i].data);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "07-gather: %s\n", wok_errmsg(r));
	return r < 0;
}
