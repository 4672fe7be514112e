/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_OVERFLOW_H
#define WOK_PLATFORM_OVERFLOW_H
/*
 * A stack overflow runs into the guard and dies of SIGSEGV. So that it does not die in silence, a
 * handler on a stack of its own names the task first. It is installed only where the disposition is
 * the default, by the first loop of the process, and given back at that loop's end.
 */
#include <stdbool.h>

#include "platform/stack.h"

struct wok__overflow_guard {
	/*
	 * Whose stack runs in this thread now, NULL for none, and the option that gives it more.
	 * Called in a signal handler.
	 */
	const struct wok__stack *(*current)(const char **ret_name, const char **ret_option);
	void *alternate; /* stack of the handler, if the thread had none */
	bool installed;
};

void wok__overflow_guard_open(struct wok__overflow_guard *guard,
			      const struct wok__stack *(*current)(const char **ret_name,
								  const char **ret_option));
void wok__overflow_guard_close(struct wok__overflow_guard *guard);
#endif
