/* SPDX-License-Identifier: MIT */
/* 34-call-at-complete: section 12, callbacks. Shows the same as 33-call-soon-later-at, with a main
 *                      task that lives long enough for all three.
 * Try:                 34-call-at-complete   (it takes 5.5 seconds) */
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

	return wok_sleep(5500 * WOK_MS);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "34-call-at-complete: %s\n", wok_errmsg(r));
	return r < 0;
}
