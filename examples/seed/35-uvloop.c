/* SPDX-License-Identifier: MIT */
/* 35-uvloop: section 12, another event loop by a policy. Shows how a run chooses what drives its
 *            loop, and how to ask which it is.
 * Try:       35-uvloop   (it takes 1 second) */
#include <stdio.h>
#include <wok/wok.h>

static int async_main(void *unused)
{
	wok_loop_info info;

	(void) unused;
	WOK_TRY(wok_loop_get_info(&info));
	printf("事件循环:%s\n", info.backend);
	puts("开始");
	WOK_TRY(wok_sleep(1 * WOK_SECOND));
	puts("结束");
	return 0;
}

int main(void)
{
	/* Without a name: what WOK_BACKEND in the environment says, or the best that there is. */
	int r = wok_run_with(async_main, NULL, &(wok_run_options){.backend = "epoll"});
	if (r < 0)
		fprintf(stderr, "35-uvloop: %s\n", wok_errmsg(r));
	return r < 0;
}
