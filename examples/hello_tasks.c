/* SPDX-License-Identifier: MIT */
/* hello_tasks: three cooks at one stove. Shows tasks, sleeping, and gather: the waits overlap.
 * Try:         hello_tasks   (it takes 2 seconds, not 1 + 2 + 1) */
#include <stdio.h>
#include <wok/wok.h>

struct dish {
	const char *name;
	wok_time takes;
};

/* An ordinary C function. It runs on a stack of its own, and may wait wherever it is. */
static int cook(void *arg)
{
	const struct dish *dish = arg;

	printf("%s: on the stove\n", dish->name);
	WOK_TRY(wok_sleep(dish->takes));
	printf("%s: done\n", dish->name);
	return 0;
}

static int kitchen(void *unused)
{
	struct dish rice = {"rice", 1 * WOK_SECOND};
	struct dish soup = {"soup", 2 * WOK_SECOND};
	struct dish tofu = {"tofu", 1 * WOK_SECOND};
	wok_time start = wok_now();

	(void) unused;
	WOK_AUTO(wok_task) *a = wok_create_task(cook, &rice);
	WOK_AUTO(wok_task) *b = wok_create_task(cook, &soup);
	WOK_AUTO(wok_task) *c = wok_create_task(cook, &tofu);
	WOK_TRY(wok_gather((wok_task *[]){a, b, c}, 3, 0));

	printf("%.1f s\n", (double) (wok_now() - start) / (double) WOK_SECOND);
	return 0;
}

int main(void)
{
	int r = wok_run(kitchen, NULL);
	if (r < 0)
		fprintf(stderr, "hello_tasks: %s\n", wok_errmsg(r));
	return r < 0;
}
