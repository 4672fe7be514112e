/* SPDX-License-Identifier: MIT */
/*
 * Barriers: see wok/barrier.h.
 *
 * The last of a group hands each of the others its place and leaves the queue empty, so there is no
 * "draining": a task that comes round again before the others have run joins the next group. Places
 * are given out at that moment, in the order of the queue; if they were given out on arrival, one
 * who leaves would let two others have the same.
 */
#include <limits.h>
#include <wok/barrier.h>

#include "task/park.h"

struct waiter {
	struct wok__parker parker;
	wok_barrier *barrier;
};

/* Leave the group at once, not when the task runs next: somebody may complete it before that. */
static void on_cancel(struct wok__parker *parker)
{
	WOK__CONTAINER(parker, struct waiter, parker)->barrier->waiting--;
	wok__wake(parker, -ECANCELED);
}

static int fail_broken(int r)
{
	return r == WOK_EBROKEN ? wok_fail(r, "wok_barrier_wait: the barrier was reset or aborted")
				: r;
}

static int complete(wok_barrier *barrier)
{
	int place = 0;

	while (wok__wake_first(&barrier->waiters, place))
		place++;
	barrier->waiting = 0;
	wok__spend();
	return place;
}

int wok_barrier_wait(wok_barrier *barrier)
{
	struct waiter waiter = {
		.parker = {.what = "a barrier", .cancel = on_cancel},
		.barrier = barrier,
	};
	int r = wok__check();

	if (r < 0)
		return r;
	if (barrier->parties == 0 || barrier->parties > INT_MAX)
		return wok_fail(-EINVAL,
				"wok_barrier_wait: a barrier for %zu tasks: use WOK_BARRIER_INIT "
				"with 1 to INT_MAX",
				barrier->parties);
	if (barrier->broken)
		return fail_broken(WOK_EBROKEN);
	r = wok__check_queue(&barrier->waiters);
	if (r < 0)
		return r;
	if (barrier->waiting == barrier->parties - 1)
		return complete(barrier);
	barrier->waiting++;
	return fail_broken(wok__park(&waiter.parker, &barrier->waiters));
}

void wok_barrier_reset(wok_barrier *barrier)
{
	if (wok__check_queue(&barrier->waiters) < 0)
		return;
	while (wok__wake_first(&barrier->waiters, WOK_EBROKEN))
		;
	barrier->waiting = 0;
	barrier->broken = false;
}

void wok_barrier_abort(wok_barrier *barrier)
{
	if (wok__check_queue(&barrier->waiters) < 0)
		return;
	wok_barrier_reset(barrier);
	barrier->broken = true;
}

bool wok_barrier_broken(const wok_barrier *barrier)
{
	return barrier->broken;
}

size_t wok_barrier_waiting(const wok_barrier *barrier)
{
	return barrier->waiting;
}
