/* SPDX-License-Identifier: MIT */
/*
 * Rate limits: see wok/rate.h.
 *
 * The generic cell rate algorithm (ITU-T I.371): instead of tokens there is a moment at which all
 * that happened so far would have happened, were it evenly spread; it may lie ahead of the clock by
 * a burst. Who comes first waits for the clock with the lock held, and the others for the lock: a
 * wait that is cancelled has counted nothing.
 */
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/rate.h>
#include <wok/task.h>

#include "base/time.h"

static int check(const wok_rate *rate, size_t n)
{
	if (rate->count == 0 || rate->period <= 0 || rate->burst == 0)
		return wok_fail(-EINVAL, "wok_rate: a limit needs a count, a period and a burst");
	if (n > rate->burst)
		return wok_fail(-EINVAL, "wok_rate: %zu at once are more than the burst of %zu", n,
				rate->burst);
	return 0;
}

/* How long n take; in 128 bits, so that nothing overflows or is rounded on the way. */
static wok_time cost(const wok_rate *rate, size_t n)
{
	__int128 span = (__int128) rate->period * n / rate->count;

	return span > WOK_FOREVER ? WOK_FOREVER : (wok_time) span;
}

/* When n more may happen. */
static wok_time due(const wok_rate *rate, size_t n)
{
	wok_time ahead = cost(rate, rate->burst) - cost(rate, n);

	return rate->empty_at - ahead;
}

static void count(wok_rate *rate, size_t n)
{
	wok_time now = wok_now();
	wok_time from = rate->empty_at > now ? rate->empty_at : now;

	rate->empty_at = wok__time_add(from, cost(rate, n));
}

int wok_rate_try_acquire(wok_rate *rate, size_t n)
{
	WOK_TRY(check(rate, n));
	if (wok_lock_held(&rate->lock) || due(rate, n) > wok_now())
		return -EAGAIN;
	count(rate, n);
	return 0;
}

int wok_rate_acquire(wok_rate *rate, size_t n)
{
	int r = 0;

	WOK_TRY(check(rate, n));
	WOK_WITH_LOCK (&rate->lock, r) {
		wok_time when = due(rate, n);
		if (when > wok_now())
			WOK_TRY(wok_sleep_until(when));
		count(rate, n);
	}
	return r;
}
