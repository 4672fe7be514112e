/* SPDX-License-Identifier: MIT */
/* 47-best-exceptions: section 13, best practice 3. Shows that each task's outcome is looked at: the
 *                     result, or the code and the message of its error.
 * Try:                47-best-exceptions */
#include <stdio.h>
#include <wok/wok.h>

static int job(void *arg)
{
	int n = *(int *) arg;

	WOK_TRY(wok_sleep(100 * WOK_MS * n));
	if (n == 2)
		return wok_fail(-EINVAL, "任务 %d 失败", n);
	return n;
}

/* What Python calls the errors that can happen here; C has numbers for them. */
static const char *type_name(int code)
{
	return code == -EINVAL ? "ValueError" : wok_errname(code);
}

static int async_main(void *unused)
{
	int n[] = {1, 2, 3};

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(job, &n[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(job, &n[1]);
	WOK_AUTO(wok_task) *c = wok_create_task(job, &n[2]);
	wok_task *tasks[] = {a, b, c};

	WOK_TRY(wok_gather(tasks, 3, WOK_COLLECT));
	for (size_t i = 0; i < 3; i++) {
		int r = wok_task_result(tasks[i]);
		if (r < 0)
			printf("出错:%s:%s\n", type_name(r), wok_task_errmsg(tasks[i]));
		else
			printf("成功:%d\n", r);
	}
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "47-best-exceptions: %s\n", wok_errmsg(r));
	return r < 0;
}
