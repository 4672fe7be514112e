/* SPDX-License-Identifier: MIT */
/* 16-async-iterator: section 5, async for. Shows wok's convention for iterators: a struct, and a
 *                    next function that returns 1 for an item, 0 at the end, < 0 for an error.
 * Try:               16-async-iterator */
#include <stdio.h>
#include <wok/wok.h>

struct async_range {
	int n;
	int i;
};

static int async_range_next(struct async_range *range, int *ret_num)
{
	if (range->i >= range->n)
		return 0;
	WOK_TRY(wok_sleep(100 * WOK_MS)); /* stands for I/O */
	*ret_num = range->i++;
	return 1;
}

static int async_main(void *unused)
{
	struct async_range range = {.n = 5};
	int num, r;

	(void) unused;
	while ((r = async_range_next(&range, &num)) > 0)
		printf("%d\n", num);
	return r;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "16-async-iterator: %s\n", wok_errmsg(r));
	return r < 0;
}
