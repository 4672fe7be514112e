/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_TIMEOUT_H
#define WOK_TASK_TIMEOUT_H
#include <wok/timeout.h>

struct wok_task;

/* Wait for a task that the caller owns, and cancel it after a time: see wok_await_for(). */
int wok__await_owned_for(struct wok_task *task, wok_time limit);
#endif
