/* SPDX-License-Identifier: MIT */
/*
 * Events: see wok/event.h.
 *
 * A waiter is a record on its own task's stack, so waiting allocates nothing and cannot run out of
 * memory. In return wok__park() unlinks the record on every path out: its frame is about to vanish.
 */
#include <wok/event.h>

#include "task/park.h"

static WOK__OUT_OF_LINE int wait_for(wok_event *event)
{
	struct wok__parker parker = WOK__PARKER_INIT("an event");

	return wok__park(&parker, &event->waiters);
}

int wok_event_wait(wok_event *event)
{
	int r;

	if (!event->set)
		return wait_for(event);
	/* Visit the scheduler even if set, or a loop over this call would starve the others. */
	r = wok__quick_check();
	if (r == 0)
		wok__quick_spend();
	return r;
}

void wok_event_set(wok_event *event)
{
	if (wok__check_queue(&event->waiters) < 0)
		return; /* tasks of another loop wait: set and asleep they would stay */
	event->set = true;
	while (wok__wake_first(&event->waiters, 0))
		;
}

void wok_event_clear(wok_event *event)
{
	event->set = false;
}

bool wok_event_is_set(const wok_event *event)
{
	return event->set;
}
