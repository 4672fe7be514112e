/* SPDX-License-Identifier: MIT */
/* 43-pitfall-nested-run-await: section 13, pitfall 4, the right way. Shows that where a loop runs,
 *                              one just calls the function.
 * Try:                         43-pitfall-nested-run-await */
#include <stdio.h>
#include <wok/wok.h>

static int async_main(void)
{
	puts("main 运行");
	return 0;
}

static int outer(void *unused)
{
	(void) unused;
	return async_main();
}

int main(void)
{
	int r = wok_run(outer, NULL);
	if (r < 0)
		fprintf(stderr, "43-pitfall-nested-run-await: %s\n", wok_errmsg(r));
	return r < 0;
}
