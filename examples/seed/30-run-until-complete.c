/* SPDX-License-Identifier: MIT */
/* 30-run-until-complete: section 11, new_event_loop() and run_until_complete(). Shows a loop that
 * is held in one's hand. Try:                   30-run-until-complete */
#include <stdio.h>
#include <wok/wok.h>

static int async_function(void *arg)
{
	const char **ret_result = arg;

	WOK_TRY(wok_sleep(100 * WOK_MS));
	*ret_result = "异步结果";
	return 0;
}

static int sync_function(const char **ret_result)
{
	WOK_AUTO(wok_loop) *loop = NULL;

	WOK_TRY(wok_loop_new(NULL, &loop));
	WOK_TRY(wok_loop_run(loop, async_function, ret_result));
	return wok_loop_close(loop);
}

int main(void)
{
	const char *result = NULL;

	int r = sync_function(&result);
	if (r < 0)
		fprintf(stderr, "30-run-until-complete: %s\n", wok_errmsg(r));
	else
		puts(result);
	return r < 0;
}
