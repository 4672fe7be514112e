/* SPDX-License-Identifier: MIT */
/* 51-cheat-sheet: appendix A, the nine items of the cheat sheet, a line each. Shows what one needs
 *                 most: gather, tasks, limits, wait, a semaphore, threads, sleep.
 * Try:            51-cheat-sheet   (it takes 2.3 seconds) */
#include <stdio.h>
#include <unistd.h>
#include <wok/wok.h>

struct call {
	int tenths; /* of a second */
	int result;
};

static int coro(void *arg)
{
	struct call *call = arg;

	WOK_TRY(wok_sleep(call->tenths * 100 * WOK_MS));
	return call->result;
}

static int name(void *arg)
{
	WOK_TRY(wok_sleep(100 * WOK_MS));
	*(const char **) arg = "coro";
	return 0;
}

/* 并发等待,收集结果 / 等待第一个完成 */
static int together(void)
{
	struct call calls[] = {{3, 1}, {1, 2}, {2, 3}};
	wok_task *tasks[3], *again[3];
	size_t done = 0;

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(coro, &calls[i]);
	int r = wok_gather(tasks, 3, 0);
	printf("gather: [%d, %d, %d]\n", wok_task_result(tasks[0]), wok_task_result(tasks[1]),
	       wok_task_result(tasks[2]));
	const char *text = NULL;
	WOK_AUTO(wok_task) *task = wok_create_task(name, &text); /* 创建 Task(立即调度) */
	if (r == 0)
		r = wok_await(task);
	printf("create_task: %s\n", text);
	if (r == 0)
		r = wok_wait_for(name, &text, 5 * WOK_SECOND); /* 超时 */
	printf("wait_for: %s\n", text);

	for (int i = 0; i < 3; i++)
		again[i] = wok_create_task(coro, &calls[i]);
	if (r == 0)
		r = wok_wait(again, 3, WOK_FIRST_COMPLETED, &done);
	if (r == 0)
		printf("wait: [%d] %zu\n", wok_task_result(again[0]), 3 - done);
	for (int i = 0; i < 3; i++) {
		wok_task_free(tasks[i]);
		wok_task_free(again[i]); /* cancels those that are pending */
	}
	return r;
}

struct limited {
	wok_semaphore semaphore;
	int running, peak;
};

static int limited(void *arg)
{
	struct limited *all = *(struct limited **) arg;
	int r;

	WOK_WITH_SEMAPHORE (&all->semaphore, r) {
		if (++all->running > all->peak)
			all->peak = all->running;
		WOK_TRY(wok_sleep(100 * WOK_MS));
		all->running--;
	}
	return r;
}

struct addition {
	int a, b, sum;
};

static int sync_func(void *arg)
{
	struct addition *addition = arg;

	usleep(500000);
	addition->sum = addition->a + addition->b;
	return 0;
}

static int add_in_thread(void *arg)
{
	return wok_to_thread(sync_func, arg);
}

static int async_main(void *unused)
{
	struct limited all = {.semaphore = WOK_SEMAPHORE_INIT(10)};
	struct limited *jobs[20];
	struct addition sums[] = {{0, 10, 0}, {1, 10, 0}, {2, 10, 0}};

	(void) unused;
	WOK_TRY(together());
	for (int i = 0; i < 20; i++)
		jobs[i] = &all;
	WOK_TRY(wok_for_each(limited, jobs, 20, 0, 0)); /* 限流 */
	printf("Semaphore: %d\n", all.peak);

	/* 同步转异步(线程池) */
	WOK_TRY(wok_for_each(add_in_thread, sums, 3, 0, 0));
	printf("run_in_executor: [%d, %d, %d]\n", sums[0].sum, sums[1].sum, sums[2].sum);
	WOK_TRY(wok_sleep(WOK_SECOND)); /* 异步 sleep */
	puts("sleep: 1");
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "51-cheat-sheet: %s\n", wok_errmsg(r));
	return r < 0;
}
