/* SPDX-License-Identifier: MIT */
/* 48-best-timeout: section 13, best practice 4. Shows a time limit that is not needed: it is gone
 *                  with the call, and delays nothing.
 * Try:             48-best-timeout */
#include <stdio.h>
#include <wok/wok.h>

static int coro(void *arg)
{
	const char **result = arg;

	WOK_TRY(wok_sleep(200 * WOK_MS));
	*result = "按时完成";
	return 0;
}

static int async_main(void *unused)
{
	const char *result;

	(void) unused;
	WOK_TRY(wok_wait_for(coro, &result, 30 * WOK_SECOND));
	puts(result);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "48-best-timeout: %s\n", wok_errmsg(r));
	return r < 0;
}
