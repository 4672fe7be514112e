/* SPDX-License-Identifier: MIT */
/* 08-gather-default-exception: section 4, errors in gather(), asyncio's default. Shows
 *                              WOK_LEAVE_REST: the first error comes at once, the others go on.
 *                              (wok's own default, 0, cancels and joins them first.)
 * Try:                         08-gather-default-exception */
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

	WOK_TRY(wok_sleep(500 * WOK_MS));
	puts("coro3 仍在运行并完成");
	*result = "coro3";
	return 0;
}

static int async_main(void *unused)
{
	const char *results[3] = {0};
	wok_time start = wok_now();

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(coro1, &results[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(coro2, &results[1]);
	WOK_AUTO(wok_task) *c = wok_create_task(coro3, &results[2]);

	int r = wok_gather((wok_task *[]){a, b, c}, 3, WOK_LEAVE_REST);
	if (r == -EINVAL)
		printf("出错:%s\n", wok_errmsg(r));
	else if (r < 0)
		return r;
	else
		printf("[%s, %s, %s]\n", results[0], results[1], results[2]);
	printf("耗时:%.1fs\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return wok_sleep(500 * WOK_MS);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "08-gather-default-exception: %s\n", wok_errmsg(r));
	return r < 0;
}
