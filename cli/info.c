/* SPDX-License-Identifier: MIT */
/* `wok info`: what a bug report should say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <wok/wok.h>

#include "command.h"
#include "text.h"

static int ask_loop(void *arg)
{
	return wok_loop_get_info(arg);
}

int info_main(int argc, char **argv)
{
	struct utsname kernel = {0};
	wok_loop_info info;

	if (argc > 1) {
		bool asked = strcmp(argv[1], "--help") == 0;
		fputs("usage: wok info\n\nPrint what the library is, and what it runs on here.\n",
		      asked ? stdout : stderr);
		return asked ? EXIT_SUCCESS : EXIT_USAGE;
	}
	int r = wok_run(ask_loop, &info);
	if (r < 0) {
		fprintf(stderr, "wok info: the loop does not start: %s\n", wok_errmsg(r));
		return EXIT_FAILURE;
	}
	uname(&kernel);
	printf("wok          %s\n", wok_version());
	printf("backend      %s", info.backend);
	if (info.backend_why)
		printf(" (%s)", info.backend_why);
	putchar('\n');
	printf("stack guard  %s\n", info.stack_guard);
	printf("task stack   %s\n", text_bytes(info.stack_size).s);
	printf("system       %s %s, %s\n", kernel.sysname, kernel.release, kernel.machine);
	printf("processors   %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
	return EXIT_SUCCESS;
}
