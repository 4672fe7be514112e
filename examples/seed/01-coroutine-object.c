/* SPDX-License-Identifier: MIT */
/* 01-coroutine-object: section 2, what calling a coroutine function gives. Shows a coroutine
 * object: cold, and reported at exit, for nobody awaits it. In C one rarely needs it: a function
 * that waits is simply called. Try:                 01-coroutine-object */
#include <stdio.h>
#include <wok/wok.h>

static int say_hello(void *unused)
{
	(void) unused;
	puts("Hello");
	return 0;
}

int main(void)
{
	wok_coro *coro = wok_coro(say_hello, NULL); /* say_hello() does not run */

	printf("<coroutine %s>\n", wok_coro_name(coro));
	int r = wok_run(say_hello, NULL); /* 这才会打印 Hello */
	if (r < 0)
		fprintf(stderr, "01-coroutine-object: %s\n", wok_errmsg(r));
	return r < 0;
}
