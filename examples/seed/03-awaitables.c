/* SPDX-License-Identifier: MIT */
/* 03-awaitables: section 2, the three kinds of awaitable. Shows a coroutine object, a task, and a
 *                future that a callback completes.
 * Try:           03-awaitables */
#include <stdio.h>
#include <wok/wok.h>

static int coro(void *unused)
{
	(void) unused;
	return 0;
}

static int set_result(void *future)
{
	return wok_future_set(future, 0, "结果");
}

static int async_main(void *unused)
{
	void *result = NULL;

	(void) unused;
	WOK_TRY(wok_coro_await(wok_coro(coro, NULL)));
	puts("1. 协程 完成");

	WOK_AUTO(wok_task) *task = wok_create_task(coro, NULL);
	WOK_TRY(wok_await(task));
	puts("2. Task 完成");

	WOK_AUTO(wok_future) *future = NULL;
	WOK_TRY(wok_future_new(&future));
	wok_call_soon(set_result, future);
	WOK_TRY(wok_future_await(future, &result));
	printf("3. Future 完成:%s\n", (const char *) result);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "03-awaitables: %s\n", wok_errmsg(r));
	return r < 0;
}
