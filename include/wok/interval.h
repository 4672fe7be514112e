/* SPDX-License-Identifier: MIT */
#ifndef WOK_INTERVAL_H
#define WOK_INTERVAL_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A beat that a task keeps: its waits end at even distances, however long the work between them
 * takes. Embed it; its fields are private.
 *
 *     wok_interval interval = WOK_INTERVAL_INIT(100 * WOK_MS);
 *     while ((r = wok_interval_wait(&interval)) >= 0)
 *             sample();
 */
typedef struct {
	wok_time period;
	wok_time next; /* 0: not started */
} wok_interval;

/* period: nanoseconds, above zero */
#define WOK_INTERVAL_INIT(period) {(period), 0}

/**
 * Wait for the next beat. The first call waits one period; from it all beats are counted. Beats
 * that passed while the task was busy are left out, so that it does not have to catch up.
 *
 * Returns:    how many beats were left out, 0 for none; -ECANCELED if a scope around the call was
 *             cancelled, and then the beat comes with the next call; -EINVAL for a period of zero
 *             or less
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_interval_wait(wok_interval *interval) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
