/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_SWITCH_H
#define WOK_TASK_SWITCH_H
/* Who runs, and on which stack: see task/switch.c. */
#include "task/task.h"

/* What the ready queue calls for a task. */
void wok__task_run(struct wok__item *item);

/* The end of a task: its outcome is settled, and those who wait for it are woken. */
void wok__task_finish(struct wok_task *task, int result);
#endif
