/* SPDX-License-Identifier: MIT */
#ifndef WOK_SEMAPHORE_H
#define WOK_SEMAPHORE_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A number of permits that tasks take and give back: at most so many at once. Handed out first in,
 * first out. Embed it or make it static; its fields are private.
 */
typedef struct {
	size_t permits;
	size_t limit;
	wok_waiters waiters;
} wok_semaphore;

/* permits: how many may hold one at once; more may be given back than were taken */
#define WOK_SEMAPHORE_INIT(permits) {(permits), SIZE_MAX, {0}}

/* The same, but to give back more than were taken is an error. */
#define WOK_BOUNDED_SEMAPHORE_INIT(permits) {(permits), (permits), {0}}

/**
 * Wait for a permit and take it. For a time limit, open a timeout around the call.
 *
 * Returns:    0; -ECANCELED if a scope around the call was cancelled
 * Checkpoint: always, even when a permit is free
 * Threads:    the semaphore's loop
 */
int wok_semaphore_acquire(wok_semaphore *semaphore) WOK_MUST_CHECK;

/**
 * Take a permit if one is free and nobody queues for it.
 *
 * Returns:    0; -EAGAIN
 * Checkpoint: never
 * Threads:    the semaphore's loop
 */
int wok_semaphore_try_acquire(wok_semaphore *semaphore) WOK_MUST_CHECK;

/**
 * Give a permit back; the longest waiter gets it.
 *
 * Returns:    0; -EOVERFLOW if the semaphore is bounded and no permit is out
 * Checkpoint: never
 * Threads:    the semaphore's loop
 */
int wok_semaphore_release(wok_semaphore *semaphore);

/**
 * How many permits are free now: none while somebody waits.
 *
 * Returns:    their number; 0: wok_semaphore_acquire() would wait
 * Checkpoint: never
 * Threads:    the semaphore's loop
 */
size_t wok_semaphore_available(const wok_semaphore *semaphore);

/*
 * Run the block that follows with a permit, and give it back on every way out. r, an int, is set by
 * the macro: if it is negative, no permit was acquired, and the block is not entered. The block is
 * a loop that runs once: break and continue leave the block, not a loop around it; return and goto
 * leave both.
 */
#define WOK_WITH_SEMAPHORE(semaphore, r)                                                           \
	for (wok_semaphore * WOK__HIDDEN(held)                                                     \
				     __attribute__((cleanup(wok_semaphore_leave_auto))) =          \
		     wok__semaphore_enter((semaphore), &(r)),                                      \
				     *WOK__HIDDEN(once) = WOK__HIDDEN(held);                       \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/* The semaphore, if the block is to be entered. */
static inline wok_semaphore *wok__semaphore_enter(wok_semaphore *semaphore, int *ret_result)
{
	*ret_result = wok_semaphore_acquire(semaphore);
	return *ret_result < 0 ? NULL : semaphore;
}

static inline void wok_semaphore_leave_auto(wok_semaphore **semaphore)
{
	if (*semaphore)
		wok_semaphore_release(*semaphore);
}

WOK_END_DECLS
#endif
