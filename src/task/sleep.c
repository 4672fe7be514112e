/* SPDX-License-Identifier: MIT */
/* Waiting for time, and for the others: see wok/task.h. */
#include "base/time.h"
#include "task/park.h"
#include "task/run.h"

struct sleeper {
	struct wok__parker parker;
	struct wok__timer timer;
};

static void fire(struct wok__timer *timer)
{
	struct sleeper *sleeper = WOK__CONTAINER(timer, struct sleeper, timer);

	wok__wake(&sleeper->parker, 0);
}

int wok_yield(void)
{
	int r = wok__quick_check();
	if (r < 0)
		return r;
	struct wok_task *task = wok__current();
	wok__task_ready(task);
	wok__task_switch_out(task);
	return 0;
}

int wok_sleep_until(wok_time when)
{
	struct sleeper sleeper = {
		.parker = WOK__PARKER_INIT("a time"),
		.timer = {.fire = fire},
	};
	int r = wok__check();

	if (r < 0)
		return r;
	/* The room in the heap was reserved when the task was made. */
	wok__timer_start(wok__loop, &sleeper.timer, when);
	r = wok__park(&sleeper.parker, NULL);
	wok__timer_stop(wok__loop, &sleeper.timer);
	return r;
}

int wok_sleep(wok_time delay)
{
	return delay > 0 ? wok_sleep_until(wok__time_add(wok_now(), delay)) : wok_yield();
}
