/* SPDX-License-Identifier: MIT */
/* 32-running-loop: section 12, get_event_loop() and get_running_loop(). Shows that wok needs one of
 *                  the two: a thread has a loop while it runs one, and none otherwise.
 * Try:             32-running-loop */
#include <stdio.h>
#include <wok/wok.h>

static const char *python_bool(bool value)
{
	return value ? "True" : "False";
}

static int async_main(void *unused)
{
	wok_loop *loop1 = wok_current_loop();
	wok_loop *loop = wok_current_loop();

	(void) unused;
	puts(python_bool(loop == loop1));
	puts(python_bool(loop != NULL)); /* there is no loop that does not run */
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0) {
		fprintf(stderr, "32-running-loop: %s\n", wok_errmsg(r));
		return 1;
	}
	if (!wok_current_loop())
		puts("出错:no running event loop");
	return 0;
}
