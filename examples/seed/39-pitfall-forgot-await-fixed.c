/* SPDX-License-Identifier: MIT */
/* 39-pitfall-forgot-await-fixed: section 13, pitfall 2, the right way. Shows that to await is just
 *                                to call: a call that is written, runs.
 * Try:                           39-pitfall-forgot-await-fixed */
#include <stdio.h>
#include <wok/wok.h>

static int some_async_func(const char **ret_result)
{
	WOK_TRY(wok_sleep(100 * WOK_MS));
	*ret_result = "异步结果";
	return 0;
}

static int async_main(void *unused)
{
	const char *result;

	(void) unused;
	WOK_TRY(some_async_func(&result));
	puts(result);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "39-pitfall-forgot-await-fixed: %s\n", wok_errmsg(r));
	return r < 0;
}
