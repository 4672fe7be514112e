/* SPDX-License-Identifier: MIT */
/* 06-create-task: section 4, asyncio.create_task(). Shows tasks by handle: all three are on
 *                 their way before the first is awaited.
 * Try:            06-create-task   (it takes 2 seconds, not 1 + 2 + 1) */
#include <stdio.h>
#include <wok/wok.h>

/* A task takes one pointer: what goes in and what comes out stand in one struct. */
struct job {
	const char *name;
	wok_time delay;
	char result[32];
};

static int task(void *arg)
{
	struct job *job = arg;

	printf("%s 开始\n", job->name);
	WOK_TRY(wok_sleep(job->delay));
	printf("%s 完成\n", job->name);
	snprintf(job->result, sizeof(job->result), "%s 的结果", job->name);
	return 0;
}

static int async_main(void *unused)
{
	struct job a = {.name = "A", .delay = 1 * WOK_SECOND};
	struct job b = {.name = "B", .delay = 2 * WOK_SECOND};
	struct job c = {.name = "C", .delay = 1 * WOK_SECOND};
	wok_time start = wok_now();

	(void) unused;
	/* Ready at once, but none has run yet. */
	WOK_AUTO(wok_task) *task_a = wok_create_task(task, &a);
	WOK_AUTO(wok_task) *task_b = wok_create_task(task, &b);
	WOK_AUTO(wok_task) *task_c = wok_create_task(task, &c);

	WOK_TRY(wok_await(task_a));
	WOK_TRY(wok_await(task_b));
	WOK_TRY(wok_await(task_c));

	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "06-create-task: %s\n", wok_errmsg(r));
	return r < 0;
}
