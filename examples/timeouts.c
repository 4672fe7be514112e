/* SPDX-License-Identifier: MIT */
/* timeouts: a wait that is too long. Shows a limit around a call and around a block, and clean-up.
 * Try:      timeouts   (it takes 1 second) */
#include <stdio.h>
#include <wok/wok.h>

static void put_out(const char **stove)
{
	printf("%s is off\n", *stove); /* runs on every way out, the cancelled one included */
}

/* Too slow for its caller, who need not tell it: its wait fails, and it returns. */
static int simmer(void *unused)
{
	__attribute__((cleanup(put_out))) const char *stove = "the stove";

	(void) unused;
	printf("%s is on\n", stove);
	WOK_TRY(wok_sleep(10 * WOK_SECOND));
	puts("nobody has that much time");
	return 0;
}

static int around_a_call(void)
{
	return wok_wait_for(simmer, NULL, 500 * WOK_MS);
}

/* Several steps, one limit for all of them together. */
static int around_a_block(void)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int steps = 0, r = 0;

	WOK_TIMEOUT (&timeout, 500 * WOK_MS) {
		while (r == 0) {
			r = wok_sleep(200 * WOK_MS);
			steps += r == 0;
		}
	}
	r = wok_timeout_result(&timeout, r); /* -ETIMEDOUT if this limit caused r */
	printf("%d steps\n", steps);
	return r;
}

static int try_both(void *unused)
{
	(void) unused;
	printf("a call: %s\n", wok_errname(around_a_call()));
	printf("a block: %s\n", wok_errname(around_a_block()));
	return 0;
}

int main(void)
{
	int r = wok_run(try_both, NULL);
	if (r < 0)
		fprintf(stderr, "timeouts: %s\n", wok_errmsg(r));
	return r < 0;
}
