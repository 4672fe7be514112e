/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_CHILDREN_H
#define WOK_TEST_CHILDREN_H
/*
 * What the tests of child processes share. The children are what every system has: sh, cat, sleep.
 * One that waits, waits for its input, so that it ends with a test that dies.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

/* sh -c LINE */
static inline wok_process *spawn_shell(const char *line, const wok_process_options *options)
{
	const char *const argv[] = {"sh", "-c", line, NULL};
	wok_process *process = NULL;

	ASSERT_OK(wok_process_spawn(argv, options, &process));
	return process;
}

/* A child that does nothing until its input ends. */
static inline wok_process *spawn_cat(void)
{
	const char *const argv[] = {"cat", NULL};
	wok_process *process = NULL;

	ASSERT_OK(wok_process_spawn(argv,
				    &(wok_process_options){
					    .input.kind = WOK_STDIO_PIPE,
					    .output.kind = WOK_STDIO_NULL,
				    },
				    &process));
	return process;
}

/* What sh -c LINE puts out, to be freed; it must exit with 0. */
static inline char *output_of(const char *line, wok_process_options options)
{
	const char *const argv[] = {"sh", "-c", line, NULL};
	wok_process_result result;

	options.output.kind = WOK_STDIO_PIPE;
	ASSERT_OK(wok_process_run(argv, NULL, 0, &options, &result));
	ASSERT_EQ(result.status, 0);
	char *text = strdup(result.output.data);
	ASSERT(text);
	wok_process_result_clear(&result);
	return text;
}

/* How many children this process has, dead ones included. */
static inline bool no_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* Valgrind dies of an execve() that fails late, and loses its way in stacks of signal handlers. */
static inline bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

#define ASSERT_MESSAGE(code, word)                                                                 \
	do {                                                                                       \
		if (!strstr(wok_errmsg(code), (word)))                                             \
			FAIL("the message \"%s\" does not say \"%s\"", wok_errmsg(code), (word));  \
	} while (0)
#endif
