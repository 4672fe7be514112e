/* SPDX-License-Identifier: MIT */
/* 11-wait-all-completed: section 4, wait(ALL_COMPLETED). Shows wok_wait() for all.
 * Try:                   11-wait-all-completed */
#include <stdio.h>
#include <wok/wok.h>

static int task(void *arg)
{
	int n = *(int *) arg;

	WOK_TRY(wok_sleep(n * WOK_SECOND));
	return n;
}

static int async_main(void *unused)
{
	int spans[] = {3, 1, 2};
	size_t done = 0;

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(task, &spans[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(task, &spans[1]);
	WOK_AUTO(wok_task) *c = wok_create_task(task, &spans[2]);
	wok_task *tasks[] = {a, b, c};

	/* 全部完成才返回 */
	WOK_TRY(wok_wait(tasks, 3, WOK_ALL_COMPLETED, &done)); /* tasks[0 .. done) are done */
	for (size_t i = 0; i < done; i++)
		printf("完成:%d\n", wok_task_result(tasks[i]));
	printf("未完成:%zu\n", 3 - done);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "11-wait-all-completed: %s\n", wok_errmsg(r));
	return r < 0;
}
