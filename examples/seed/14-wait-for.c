/* SPDX-License-Identifier: MIT */
/* 14-wait-for: section 4, asyncio.wait_for(). Shows a time limit around one call.
 * Try:         14-wait-for   (it takes 5 seconds, not 10) */
#include <stdio.h>
#include <wok/wok.h>

static int long_running_task(void *unused)
{
	(void) unused;
	return wok_sleep(10 * WOK_SECOND);
}

static int async_main(void *unused)
{
	(void) unused;
	int r = wok_wait_for(long_running_task, NULL, 5 * WOK_SECOND);
	if (r == -ETIMEDOUT) {
		puts("超时了!");
		return 0;
	}
	return r;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "14-wait-for: %s\n", wok_errmsg(r));
	return r < 0;
}
