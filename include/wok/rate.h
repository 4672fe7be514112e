/* SPDX-License-Identifier: MIT */
#ifndef WOK_RATE_H
#define WOK_RATE_H
#include <wok/base.h>
#include <wok/lock.h>

WOK_BEGIN_DECLS

/*
 * A limit on how often something happens: so many times a period, and so many at once after a
 * pause. Tasks pass it first in, first out. Embed it or make it static; its fields are private.
 *
 *     static wok_rate rate = WOK_RATE_INIT(20, WOK_SECOND, 5);
 *     WOK_TRY(wok_rate_acquire(&rate, 1));
 */
typedef struct {
	size_t count;
	wok_time period;
	size_t burst;
	wok_time empty_at; /* when the bucket was, or would be, empty, as the clock has it */
	wok_lock lock;     /* of whoever is next */
} wok_rate;

/* count a period (nanoseconds), evenly spread; burst: how many may pass at once, at least 1 */
#define WOK_RATE_INIT(count, period, burst) {(count), (period), (burst), 0, WOK_LOCK_INIT}

/**
 * Wait until n more may happen, and count them.
 *
 * n:          how many; at most the burst
 * Returns:    0; -ECANCELED if a scope around the call was cancelled: nothing was counted; -EINVAL
 *             if n is more than the burst, or the limit makes no sense
 * Checkpoint: always
 * Threads:    the rate's loop
 */
int wok_rate_acquire(wok_rate *rate, size_t n) WOK_MUST_CHECK;

/**
 * Count n more if they may happen now and nobody waits before.
 *
 * Returns:    0; -EAGAIN; -EINVAL as wok_rate_acquire()
 * Checkpoint: never
 * Threads:    the rate's loop
 */
int wok_rate_try_acquire(wok_rate *rate, size_t n) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
