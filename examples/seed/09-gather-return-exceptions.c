/* SPDX-License-Identifier: MIT */
/* 09-gather-return-exceptions: section 4, gather(return_exceptions=True). Shows WOK_COLLECT: all
 *                              run to their end, and each handle has its own outcome.
 * Try:                         09-gather-return-exceptions */
#include <stdio.h>
#include <wok/wok.h>

static int coro1(void *arg)
{
	const char **result = arg;

	WOK_TRY(wok_sleep(100 * WOK_MS));
	*result = "coro1";
	return 0;
}

static int coro2(void *unused)
{
	(void) unused;
	WOK_TRY(wok_sleep(200 * WOK_MS));
	return wok_fail(-EINVAL, "coro2 失败");
}

static int coro3(void *arg)
{
	const char **result = arg;

	WOK_TRY(wok_sleep(300 * WOK_MS));
	*result = "coro3";
	return 0;
}

static int async_main(void *unused)
{
	const char *results[3] = {0};

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(coro1, &results[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(coro2, &results[1]);
	WOK_AUTO(wok_task) *c = wok_create_task(coro3, &results[2]);
	wok_task *tasks[] = {a, b, c};

	WOK_TRY(wok_gather(tasks, 3, WOK_COLLECT)); /* an error of a task is not one of gather */
	for (size_t i = 0; i < 3; i++) {
		if (wok_task_result(tasks[i]) < 0)
			printf("出错:%s\n", wok_task_errmsg(tasks[i]));
		else
			printf("成功:%s\n", results[i]);
	}
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "09-gather-return-exceptions: %s\n", wok_errmsg(r));
	return r < 0;
}
