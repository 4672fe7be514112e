/* SPDX-License-Identifier: MIT */
/* 33-call-soon-later-at: section 12, callbacks. Shows plain functions that the loop calls: soon,
 *                        later, or at a point in time. One that is not due when the run ends, is
 *                        dropped with the loop.
 * Try:                   33-call-soon-later-at   (it takes 3 seconds, and prints two lines) */
#include <stdio.h>
#include <wok/wok.h>

static int print(void *arg)
{
	puts(arg);
	return 0;
}

static int async_main(void *unused)
{
	(void) unused;
	wok_call_soon(print, "马上执行");
	wok_call_later(2 * WOK_SECOND, print, "2秒后执行");
	wok_call_at(wok_now() + 5 * WOK_SECOND, print, "5秒后执行");

	return wok_sleep(3 * WOK_SECOND);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "33-call-soon-later-at: %s\n", wok_errmsg(r));
	return r < 0;
}
