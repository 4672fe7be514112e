/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_BIG_STACK_H
#define WOK_TASK_BIG_STACK_H
#include "platform/context.h"
#include "platform/stack.h"

/* A run's large stack. One call at a time is on it, for none of them can wait. */
struct wok__big_stack {
	size_t size;
	struct wok__stack *stack; /* NULL: nobody is on it */
	struct wok__context context;
	struct wok__context caller;
};
#endif
