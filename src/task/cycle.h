/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_CYCLE_H
#define WOK_TASK_CYCLE_H
#include <stdbool.h>

struct wok_task;
struct wok__join;

/* Whether the current task, if it parked in this join, would wait for itself. */
bool wok__join_would_deadlock(struct wok_task *task, const struct wok__join *join);

/*
 * Make way for a join that cannot be refused: in each cycle that it would close, another join ends
 * with -EDEADLK. False if that is impossible.
 */
bool wok__join_break_cycles(struct wok_task *task, const struct wok__join *join);
#endif
