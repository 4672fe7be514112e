/* SPDX-License-Identifier: MIT */
/* 38-pitfall-forgot-await: section 13, a coroutine that nobody awaits. Shows the report of it, on
 *                          stderr: in C it takes a coroutine object to make this mistake at all.
 * Try:                     38-pitfall-forgot-await */
#include <stdio.h>
#include <wok/wok.h>

static int some_async_func(void *unused)
{
	(void) unused;
	return wok_sleep(100 * WOK_MS);
}

static int async_main(void *unused)
{
	(void) unused;
	wok_coro *result = wok_coro(some_async_func, NULL); /* 漏掉了 await! */
	printf("<coroutine object %s at %p>\n", wok_coro_name(result), (void *) result);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "38-pitfall-forgot-await: %s\n", wok_errmsg(r));
	return r < 0;
}
