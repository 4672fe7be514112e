/* SPDX-License-Identifier: MIT */
/* 18-lock: section 6, asyncio.Lock. Shows a lock held across a wait: nobody else reads the value
 *          between this task's reading and its writing.
 * Try:     18-lock */
#include <stdio.h>
#include <wok/wok.h>

static wok_lock lock = WOK_LOCK_INIT;
static int shared_resource = 0;

static int worker(void *arg)
{
	const char *name = arg;
	int r;

	WOK_WITH_LOCK (&lock, r) { /* the other tasks wait here */
		int val = shared_resource;
		WOK_TRY(wok_sleep(100 * WOK_MS)); /* stands for work */
		shared_resource = val + 1;
		printf("%s: %d\n", name, shared_resource);
	}
	return r;
}

static int async_main(void *unused)
{
	char names[][3] = {"W0", "W1", "W2", "W3", "W4"};

	(void) unused;
	return wok_for_each(worker, names, 5, WOK_UNLIMITED, 0);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "18-lock: %s\n", wok_errmsg(r));
	return r < 0;
}
