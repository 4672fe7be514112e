/* SPDX-License-Identifier: MIT */
/* See task/patience.h. */
#include "task/patience.h"

#include "base/time.h"
#include "loop/report.h"
#include "task/run.h"

static void fire(struct wok__timer *timer)
{
	struct wok__patience *patience = WOK__CONTAINER(timer, struct wok__patience, timer);
	double seconds = (double) wok__run_of(wok__loop)->grace / (double) WOK_SECOND;

	wok__report(
		0, NULL, NULL,
		"%s has not ended %.1f s after it was cancelled by a free, which goes on waiting: "
		"a clean-up takes too long, or a wait's result is ignored",
		patience->what, seconds);
}

void wok__patience_begin(struct wok__patience *patience, const char *what)
{
	struct wok__run *run = wok__run_of(wok__loop);

	*patience = (struct wok__patience){.timer.fire = fire, .what = what};
	/* The room in the heap is the waiting task's own: while it joins, it does not sleep. */
	wok__timer_start(&run->loop, &patience->timer,
			 wok__time_add(wok__loop_now(&run->loop), run->grace));
}

void wok__patience_end(struct wok__patience *patience)
{
	wok__timer_stop(wok__loop, &patience->timer);
}
