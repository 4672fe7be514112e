/* SPDX-License-Identifier: MIT */
/* 29-run-in-sync: section 11, asyncio.run() in ordinary code. Shows a plain function that hides a
 *                 loop: each wok_run() makes a new one.
 * Try:            29-run-in-sync */
#include <stdio.h>
#include <wok/wok.h>

static int async_function(void *arg)
{
	const char **result = arg;

	WOK_TRY(wok_sleep(50 * WOK_MS));
	*result = "异步结果";
	return 0;
}

static int sync_function(const char **ret_result)
{
	return wok_run(async_function, ret_result);
}

int main(void)
{
	const char *result;

	for (int i = 0; i < 2; i++) {
		int r = sync_function(&result);
		if (r < 0) {
			fprintf(stderr, "29-run-in-sync: %s\n", wok_errmsg(r));
			return 1;
		}
		puts(result);
	}
	return 0;
}
