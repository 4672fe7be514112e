/* SPDX-License-Identifier: MIT */
#ifndef WOK_BARRIER_H
#define WOK_BARRIER_H
#include <wok/base.h>
#include <wok/error.h>

WOK_BEGIN_DECLS

/*
 * Lets tasks through in groups: each waits until there are as many as the barrier asks for. Then
 * all of them go on, and the barrier is empty again: who comes next belongs to the next group, also
 * before the last of this one has run. Embed it or make it static; its fields are private.
 */
typedef struct {
	size_t parties;
	size_t waiting;
	bool broken;
	wok_waiters waiters;
} wok_barrier;

/* parties: how many make a group; 1 to INT_MAX */
#define WOK_BARRIER_INIT(parties) {(parties), 0, false, {0}}

/**
 * Wait until the group is complete. A task that is cancelled before that leaves it.
 *
 * Returns:    0 to parties - 1: the place in the group, in the order of arrival, each once;
 *             WOK_EBROKEN if the barrier was reset meanwhile, or is aborted; -ECANCELED if a scope
 *             around the call was cancelled; -EINVAL if no group can be of this size
 * Checkpoint: always, also for the last of a group
 * Threads:    the barrier's loop
 */
int wok_barrier_wait(wok_barrier *barrier) WOK_MUST_CHECK;

/**
 * Send away those who wait, with WOK_EBROKEN, and start anew; an aborted barrier works again.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the barrier's loop
 */
void wok_barrier_reset(wok_barrier *barrier);

/**
 * Break the barrier: whoever waits, or comes before it is reset, gets WOK_EBROKEN.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the barrier's loop
 */
void wok_barrier_abort(wok_barrier *barrier);

/**
 * Whether the barrier was aborted, and not reset since.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the barrier's loop
 */
bool wok_barrier_broken(const wok_barrier *barrier);

/**
 * How many wait for their group to be complete.
 *
 * Returns:    their number
 * Checkpoint: never
 * Threads:    the barrier's loop
 */
size_t wok_barrier_waiting(const wok_barrier *barrier);

WOK_END_DECLS
#endif
