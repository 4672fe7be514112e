/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_CORO_H
#define WOK_TASK_CORO_H
#include <wok/coro.h>

#include "base/list.h"

/* The end of a run: report and free the objects made in it that nobody awaited. */
void wok__coros_end(struct wok__list *coros);
#endif
