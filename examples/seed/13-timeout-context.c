/* SPDX-License-Identifier: MIT */
/* 13-timeout-context: section 4, asyncio.timeout(). Shows a time limit around a block: its waits
 *                     fail when the time is over, and the timeout says that it was the reason.
 * Try:                13-timeout-context   (it takes 5 seconds, not 10) */
#include <stdio.h>
#include <wok/wok.h>

static int long_running_task(void)
{
	return wok_sleep(10 * WOK_SECOND);
}

static int async_main(void *unused)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	(void) unused;
	WOK_TIMEOUT (&timeout, 5 * WOK_SECOND) {
		r = long_running_task();
	}
	r = wok_timeout_result(&timeout, r);
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
		fprintf(stderr, "13-timeout-context: %s\n", wok_errmsg(r));
	return r < 0;
}
