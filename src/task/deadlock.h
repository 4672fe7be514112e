/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_DEADLOCK_H
#define WOK_TASK_DEADLOCK_H
/* Who waits for what: for a run in which nothing can happen any more, or that does not end. */

struct wok__run;

/* The message of the -EDEADLK that the run returns; NULL if there is no memory for it. */
struct wok__message *wok__deadlock_message(struct wok__run *run);

/* Report the tasks that still run long after the end of main. */
void wok__deadlock_report_overdue(struct wok__run *run);

/* Report that not even a cancel could end the tasks that wait. */
void wok__deadlock_report_stuck(struct wok__run *run);

/* In debug mode: main has ended, and these have not. */
void wok__deadlock_report_left_over(struct wok__run *run);
#endif
