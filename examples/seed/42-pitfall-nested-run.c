/* SPDX-License-Identifier: MIT */
/* 42-pitfall-nested-run: section 13, pitfall 4, the wrong way. Shows what wok_run() says when its
 *                        thread runs a loop already.
 * Try:                   42-pitfall-nested-run */
#include <stdio.h>
#include <wok/wok.h>

static int async_main(void *unused)
{
	(void) unused;
	puts("main 运行");
	return 0;
}

static int outer(void *unused)
{
	(void) unused;
	int r = wok_run(async_main, NULL);
	if (r == -EDEADLK) {
		printf("出错:%s\n", wok_errmsg(r));
		return 0;
	}
	return r;
}

int main(void)
{
	int r = wok_run(outer, NULL);
	if (r < 0)
		fprintf(stderr, "42-pitfall-nested-run: %s\n", wok_errmsg(r));
	return r < 0;
}
