/* SPDX-License-Identifier: MIT */
/* 04-asyncio-run: section 3, asyncio.run(). Shows the way in: wok_run() makes a loop, runs one
 *                 function on it as the main task, and returns what that returned.
 * Try:            04-asyncio-run   (it takes 1 second) */
#include <stdio.h>
#include <wok/wok.h>

static int async_main(void *unused)
{
	(void) unused;
	puts("开始");
	WOK_TRY(wok_sleep(1 * WOK_SECOND)); /* stands for I/O */
	puts("结束");
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "04-asyncio-run: %s\n", wok_errmsg(r));
	return r < 0;
}
