/* SPDX-License-Identifier: MIT */
/* 49-best-cancel: section 13, best practice 5. Shows the cancelling of a task: before it has run it
 *                 never does; in a wait it cleans up and returns the -ECANCELED that the wait gave.
 * Try:            49-best-cancel */
#include <stdio.h>
#include <wok/wok.h>

static int coro(void *unused)
{
	(void) unused;
	puts("coro 开始");
	int r = wok_sleep(10 * WOK_SECOND);
	if (r == -ECANCELED)
		puts("coro 清理");
	return r;
}

static int cancel(wok_task *task)
{
	wok_cancel(task);
	int r = wok_await(task);
	if (r < 0 && r != WOK_ETASKCANCELED) /* that one is what was wanted */
		return r;
	printf("已取消:%s\n", wok_task_canceled(task) ? "True" : "False");
	return 0;
}

static int async_main(void *unused)
{
	(void) unused;
	WOK_AUTO(wok_task) *first = wok_create_task(coro, NULL);
	WOK_TRY(cancel(first));

	WOK_AUTO(wok_task) *second = wok_create_task(coro, NULL);
	WOK_TRY(wok_sleep(100 * WOK_MS));
	return cancel(second);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "49-best-cancel: %s\n", wok_errmsg(r));
	return r < 0;
}
