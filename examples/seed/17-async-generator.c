/* SPDX-License-Identifier: MIT */
/* 17-async-generator: section 5, async def with yield. Shows a generator, the iteration convention
 *                     of wok (1 a value, 0 the end, less an error), and collecting into an array.
 * Try:                17-async-generator */
#include <stdio.h>
#include <wok/wok.h>

static int async_range(void *n)
{
	for (int i = 0; i < *(int *) n; i++) {
		WOK_TRY(wok_sleep(100 * WOK_MS));
		WOK_TRY(wok_gen_yield(&i));
	}
	return 0;
}

static int async_main(void *unused)
{
	int five = 5, num, r, *results = NULL;
	size_t n;

	(void) unused;
	WOK_AUTO(wok_gen) *range = NULL;
	WOK_TRY(wok_gen_new(async_range, &five, sizeof(int), &range));
	while ((r = wok_gen_next(range, &num)) > 0)
		printf("%d\n", num);
	if (r < 0)
		return r;

	WOK_AUTO(wok_gen) *again = NULL;
	WOK_TRY(wok_gen_new(async_range, &five, sizeof(int), &again));
	WOK_TRY(wok_gen_collect(again, 0, &results, &n));
	for (size_t i = 0; i < n; i++)
		printf("%s%d", i ? ", " : "[", results[i]);
	puts("]");
	wok_free(results);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "17-async-generator: %s\n", wok_errmsg(r));
	return r < 0;
}
