/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_PATIENCE_H
#define WOK_TASK_PATIENCE_H
/*
 * A clean-up that waits for the end of tasks which it has cancelled. It waits as long as they take,
 * for they may use memory that is about to go; but when the run's grace is over it says so, once.
 */
#include "loop/loop.h"

struct wok__patience {
	struct wok__timer timer;
	const char *what; /* is waited for: a task's name, or "the tasks of a scope" */
};

/* Around the wait of the current task. */
void wok__patience_begin(struct wok__patience *patience, const char *what);
void wok__patience_end(struct wok__patience *patience);
#endif
