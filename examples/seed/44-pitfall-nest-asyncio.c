/* SPDX-License-Identifier: MIT */
/* 44-pitfall-nest-asyncio: section 13, nest_asyncio. Shows that there is no need for it: inside of
 * a run, however deep, one calls the function, or awaits a task of it. Try: 44-pitfall-nest-asyncio
 */
#include <stdio.h>
#include <wok/wok.h>

static int async_main(void *unused)
{
	(void) unused;
	WOK_TRY(wok_sleep(100 * WOK_MS));
	puts("main 运行");
	return 0;
}

/* Plain code, deep below: in Python it would need a run of its own. */
static int sync_helper(void)
{
	WOK_AUTO(wok_task) *task = wok_create_task(async_main, NULL);

	return wok_await(task);
}

static int outer(void *unused)
{
	(void) unused;
	puts("外层开始");
	WOK_TRY(sync_helper());
	WOK_TRY(wok_yield());
	puts("外层结束");
	return 0;
}

int main(void)
{
	WOK_AUTO(wok_loop) *loop = NULL;

	int r = wok_loop_new(NULL, &loop);
	if (r == 0)
		r = wok_loop_run(loop, outer, NULL);
	if (r < 0)
		fprintf(stderr, "44-pitfall-nest-asyncio: %s\n", wok_errmsg(r));
	return r < 0;
}
