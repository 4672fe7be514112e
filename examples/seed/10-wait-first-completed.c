/* SPDX-License-Identifier: MIT */
/* 10-wait-first-completed: section 4, wait(FIRST_COMPLETED). Shows wok_wait(): it owns
 *                          nothing; the handles, freed at the end, cancel and join the rest.
 * Try:                     10-wait-first-completed */
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

	/* 等待第一个完成就继续 */
	WOK_TRY(wok_wait(tasks, 3, WOK_FIRST_COMPLETED, &done)); /* tasks[0 .. done) are done */
	for (size_t i = 0; i < done; i++)
		printf("完成:%d\n", wok_task_result(tasks[i]));
	for (size_t i = done; i < 3; i++) /* 取消剩余任务 */
		wok_cancel(tasks[i]);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "10-wait-first-completed: %s\n", wok_errmsg(r));
	return r < 0;
}
