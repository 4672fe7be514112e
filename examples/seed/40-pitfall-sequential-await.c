/* SPDX-License-Identifier: MIT */
/* 40-pitfall-sequential-await: section 13, pitfall 3, the wrong way. Shows calls in a row, each of
 *                              which waits for the one before: it all adds up.
 * Try:                         40-pitfall-sequential-await   (it takes 3 seconds) */
#include <stdio.h>
#include <wok/wok.h>

struct page {
	const char *url;
	char data[64];
};

static int fetch(struct page *page)
{
	WOK_TRY(wok_sleep(1 * WOK_SECOND)); /* stands for a request */
	snprintf(page->data, sizeof(page->data), "来自 %s 的数据", page->url);
	return 0;
}

static int async_main(void *unused)
{
	struct page pages[] = {{.url = "url1"}, {.url = "url2"}, {.url = "url3"}};
	wok_time start = wok_now();

	(void) unused;
	WOK_TRY(fetch(&pages[0])); /* waits for this one */
	WOK_TRY(fetch(&pages[1])); /* and only then does this */
	WOK_TRY(fetch(&pages[2]));
	for (size_t i = 0; i < 3; i++)
		puts(pages[i].data);
	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "40-pitfall-sequential-await: %s\n", wok_errmsg(r));
	return r < 0;
}
