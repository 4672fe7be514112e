/* SPDX-License-Identifier: MIT */
/* 02-await-keyword: section 2, await. Shows that a call which waits is a call like any other, and
 *                   that other tasks run meanwhile.
 * Try:              02-await-keyword */
#include <stdio.h>
#include <wok/wok.h>

static int some_async_operation(const char **ret_result)
{
	WOK_TRY(wok_sleep(200 * WOK_MS));
	*ret_result = "返回值";
	return 0;
}

static int fetch(const char **ret_result)
{
	const char *result;

	WOK_TRY(some_async_operation(&result)); /* suspended here: the loop runs other tasks */
	*ret_result = result;                   /* the I/O is done: it goes on from here */
	return 0;
}

static int other(void *unused)
{
	(void) unused;
	puts("其他任务运行");
	return 0;
}

static int async_main(void *unused)
{
	const char *result;

	(void) unused;
	WOK_AUTO(wok_task) *task = wok_create_task(other, NULL);
	WOK_TRY(fetch(&result));
	puts(result);
	return wok_await(task);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "02-await-keyword: %s\n", wok_errmsg(r));
	return r < 0;
}
