/* SPDX-License-Identifier: MIT */
/* 05-sleep-sequential: section 3, asyncio.sleep(). Shows that calls in a row wait in a row: without
 *                      a second task nothing overlaps.
 * Try:                 05-sleep-sequential   (it takes 1 + 2 seconds) */
#include <stdio.h>
#include <wok/wok.h>

static int task(const char *name, wok_time delay)
{
	printf("%s 开始\n", name);
	WOK_TRY(wok_sleep(delay));
	printf("%s 完成\n", name);
	return 0;
}

static int async_main(void *unused)
{
	wok_time start = wok_now();

	(void) unused;
	WOK_TRY(task("A", 1 * WOK_SECOND));
	WOK_TRY(task("B", 2 * WOK_SECOND));

	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "05-sleep-sequential: %s\n", wok_errmsg(r));
	return r < 0;
}
