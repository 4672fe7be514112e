/* SPDX-License-Identifier: MIT */
/*
 * Semaphores: see wok/semaphore.h.
 *
 * A permit that is given back while somebody waits never becomes a free one: it goes to the longest
 * waiter, so a task that comes later cannot take it.
 */
#include <wok/error.h>
#include <wok/semaphore.h>

#include "task/park.h"

int wok_semaphore_try_acquire(wok_semaphore *semaphore)
{
	if (semaphore->permits == 0 || semaphore->waiters.first)
		return -EAGAIN;
	semaphore->permits--;
	return 0;
}

static WOK__OUT_OF_LINE int wait_for(wok_semaphore *semaphore)
{
	struct wok__parker parker = WOK__PARKER_INIT("a permit of a semaphore");

	return wok__park(&parker, &semaphore->waiters);
}

int wok_semaphore_acquire(wok_semaphore *semaphore)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	if (wok_semaphore_try_acquire(semaphore) < 0)
		return wait_for(semaphore);
	wok__quick_spend();
	return 0;
}

int wok_semaphore_release(wok_semaphore *semaphore)
{
	int r = wok__check_queue(&semaphore->waiters);

	if (r < 0)
		return r;
	if (semaphore->permits >= semaphore->limit)
		return wok_fail(-EOVERFLOW,
				"wok_semaphore_release: all %zu permits are there already: each is "
				"given back once, by who took it",
				semaphore->limit);
	if (!wok__wake_first(&semaphore->waiters, 0))
		semaphore->permits++;
	return 0;
}

size_t wok_semaphore_available(const wok_semaphore *semaphore)
{
	return semaphore->permits;
}
