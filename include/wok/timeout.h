/* SPDX-License-Identifier: MIT */
#ifndef WOK_TIMEOUT_H
#define WOK_TIMEOUT_H
#include <wok/base.h>
#include <wok/task.h>

WOK_BEGIN_DECLS

/*
 * A time limit around a block, and a shield around one: scopes that live on the stack. Declare a
 * timeout outside of its block, so that its result can be asked for afterwards:
 *
 *     wok_timeout timeout = WOK_TIMEOUT_INIT;
 *     int r = 0;
 *     WOK_TIMEOUT(&timeout, 5 * WOK_SECOND) {
 *             r = slow(&args);
 *     }
 *     r = wok_timeout_result(&timeout, r);
 */
typedef struct {
	void *private_[24];
} wok_timeout;

#define WOK_TIMEOUT_INIT {{0}}

/*
 * Run the block that follows under a time limit. The block is a loop that runs once: break and
 * continue leave the block, not a loop around it; return and goto leave both. It may not be entered
 * at all (outside of tasks): give r a value before.
 */
#define WOK_TIMEOUT(timeout, limit)                                                                \
	for (wok_timeout * WOK__HIDDEN(left) __attribute__((cleanup(wok_timeout_leave_auto))) =    \
		     wok_timeout_enter((timeout), (limit)),                                        \
					     *WOK__HIDDEN(once) = WOK__HIDDEN(left);               \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/**
 * Enter a time limit: what WOK_TIMEOUT does before its block. Limits nest; each is left by the task
 * that entered it, in reverse order.
 *
 * timeout:    WOK_TIMEOUT_INIT, not entered now; it may be entered again after it was left
 * limit:      nanoseconds; zero or less: the first checkpoint in the block fails
 * Returns:    timeout; NULL if that is impossible: outside of tasks, or when it is entered already;
 *             wok_timeout_result() then returns -EINVAL
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_timeout *wok_timeout_enter(wok_timeout *timeout, wok_time limit);

/**
 * Leave a time limit: what WOK_TIMEOUT does after its block.
 *
 * timeout:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_timeout_leave(wok_timeout *timeout);
static inline void wok_timeout_leave_auto(wok_timeout **timeout)
{
	wok_timeout_leave(*timeout);
}

/**
 * Move the limit of a timeout that is entered now.
 *
 * when:       nanoseconds on wok_now()'s clock; WOK_FOREVER for never
 * Returns:    0; -ESTALE if it has expired; -EINVAL if it is not entered
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_timeout_set_deadline(wok_timeout *timeout, wok_time when);

/**
 * Whether the time ran out while the block ran.
 *
 * Returns:    true if it did
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_timeout_expired(const wok_timeout *timeout);

/**
 * The result of a block under a time limit: -ETIMEDOUT if r is -ECANCELED, this timeout expired,
 * and no scope around it was cancelled.
 *
 * r:          what the block returned
 * Returns:    -ETIMEDOUT, or r; -EINVAL if the timeout could not be entered
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_timeout_result(const wok_timeout *timeout, int r);

/**
 * Call fn(arg) in this task, for at most a span of time. When it is over, fn's waits fail with
 * -ECANCELED; the call returns when fn has returned.
 *
 * limit:      nanoseconds; zero or less: fn is called, and its first checkpoint fails
 * Returns:    what fn returned; -ETIMEDOUT if the limit made it return -ECANCELED; -ECANCELED if a
 *             scope around the call was cancelled; without having called fn, -ENOMEM, and -EDEADLK
 *             outside of tasks
 * Checkpoint: always, if fn is one; the call itself adds none
 * Threads:    the loop's
 */
int wok_wait_for(wok_fn *fn, void *arg, wok_time limit) WOK_MUST_CHECK;

/**
 * Wait for a task, for at most a span of time; then cancel it and wait for its end. So does a
 * cancelled caller: here the caller owns the task's fate.
 *
 * limit:      nanoseconds; zero or less: only a task that has ended has a result
 * Returns:    what the task returned, even if that came late; -ETIMEDOUT if the limit cancelled it;
 *             WOK_ETASKCANCELED if somebody else did; -ECANCELED if a scope around the call was
 *             cancelled; -EDEADLK if the task is the caller, or waits for it; -ENOMEM, and then the
 *             task goes on
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_await_for(wok_task *task, wok_time limit) WOK_MUST_CHECK;

/**
 * When the waits of the current task will fail, if nobody moves a limit before: the earliest
 * deadline of the scopes and timeouts around this call, those of the tasks above it included, a
 * shield's time added where one stands between.
 *
 * Returns:    nanoseconds on wok_now()'s clock; 0 if they fail already; WOK_FOREVER for no limit
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_time wok_current_deadline(void);

/* A shield on the stack: see WOK_SHIELD. */
typedef struct {
	void *private_[24];
} wok_shield;

/*
 * Hold off cancellation from outside while the block that follows runs, for at most grace after it
 * has come (or after the block began, if that is later). For a clean-up that has to wait. The block
 * is a loop that runs once: break and continue leave the block, not a loop around it; return and
 * goto leave both.
 */
#define WOK_SHIELD(grace)                                                                          \
	for (wok_shield * WOK__HIDDEN(left) __attribute__((cleanup(wok_shield_leave_auto))) =      \
		     wok_shield_enter(&(wok_shield){{0}}, (grace)),                                \
					    *WOK__HIDDEN(once) = WOK__HIDDEN(left);                \
	     WOK__HIDDEN(once); WOK__HIDDEN(once) = NULL)

/**
 * Raise a shield: what WOK_SHIELD does before its block. A shield within a shield lasts no longer
 * than that one.
 *
 * shield:     all zero at first; one that is raised already stays as it is
 * grace:      nanoseconds; 0 for the run's
 * Returns:    shield; outside of tasks there is nothing to hold off, and it does nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_shield *wok_shield_enter(wok_shield *shield, wok_time grace);

/**
 * Lower a shield: what WOK_SHIELD does after its block.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_shield_leave(wok_shield *shield);
static inline void wok_shield_leave_auto(wok_shield **shield)
{
	wok_shield_leave(*shield);
}

WOK_END_DECLS
#endif
