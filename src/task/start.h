/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_START_H
#define WOK_TASK_START_H
/* A task that somebody waits for to be ready: see wok_scope_start(). */
#include "task/scope.h"

struct wok__start {
	struct wok__parker parker;
	struct wok_scope *scope; /* where the task goes when it is ready */
	struct wok_task *task;
	void *value;
	bool ready;
};

/* The task has ended before it was ready. */
void wok__start_failed(struct wok__start *start);
#endif
