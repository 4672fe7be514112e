/* SPDX-License-Identifier: MIT */
/* 12-wait-first-exception: section 4, wait(FIRST_EXCEPTION). Shows wok_wait() until one
 *                          has failed.
 * Try:                     12-wait-first-exception */
#include <stdio.h>
#include <wok/wok.h>

static int task(void *arg)
{
	int n = *(int *) arg;

	WOK_TRY(wok_sleep(n * WOK_SECOND));
	if (n == 2)
		return wok_fail(-EINVAL, "任务 %d 出错", n);
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

	/* 第一个出错就返回 */
	WOK_TRY(wok_wait(tasks, 3, WOK_FIRST_EXCEPTION, &done)); /* tasks[0 .. done) are done */
	for (size_t i = 0; i < done; i++) {
		int r = wok_task_result(tasks[i]);
		if (r < 0)
			printf("出错:%s\n", wok_task_errmsg(tasks[i]));
		else
			printf("完成:%d\n", r);
	}
	printf("未完成:%zu\n", 3 - done);
	for (size_t i = done; i < 3; i++) /* 取消剩余任务 */
		wok_cancel(tasks[i]);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "12-wait-first-exception: %s\n", wok_errmsg(r));
	return r < 0;
}
