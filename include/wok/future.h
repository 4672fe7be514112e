/* SPDX-License-Identifier: MIT */
#ifndef WOK_FUTURE_H
#define WOK_FUTURE_H
#include <wok/base.h>
#include <wok/remote.h>

WOK_BEGIN_DECLS

/*
 * A result that somebody else will give: a callback, another task, another thread. It is given
 * once, and any number of tasks may wait for it. Counted: the giver may hold it as well as those
 * who wait.
 */
typedef struct wok_future wok_future;

/**
 * Make a future of the current loop.
 *
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_future_new(wok_future **ret_future) WOK_MUST_CHECK;

/**
 * Give a future another owner.
 *
 * Returns:    future
 * Checkpoint: never
 * Threads:    any
 */
wok_future *wok_future_ref(wok_future *future);

/**
 * Give up ownership of a future. When the last owner goes, an error that nobody took is reported.
 *
 * future:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any, also after the end of the loop
 */
void wok_future_free(wok_future *future);
WOK_DEFINE_AUTO(wok_future)

/**
 * Wait until the future has been given its result. The giver's message becomes the caller's.
 *
 * ret_value:  the value given with the result, also with a negative one; NULL if that is of no
 *             interest
 * Returns:    the result that was given; WOK_ETASKCANCELED if the future was cancelled; -ECANCELED
 *             if a scope around the call was cancelled; -EINVAL on another loop than the future's
 * Checkpoint: always, even when the result is there
 * Threads:    the future's loop
 */
int wok_future_await(wok_future *future, void **ret_value) WOK_MUST_CHECK;

/**
 * Give the future its result, and wake those who wait. A giver that may be late, after a cancel or
 * another giver, and does not mind losing, ignores what is returned.
 *
 * result:     0 or more, or a negative error code; the current wok_errmsg() of that goes along
 * value:      whatever else those who wait need; who owns it is between them and the giver
 * Returns:    0; -EALREADY if it has a result, or was cancelled; -EINVAL on another loop's thread
 * Checkpoint: never
 * Threads:    the future's loop
 */
int wok_future_set(wok_future *future, int result, void *value);

/**
 * Give the future its result from another thread. Those who wait are woken by their loop.
 *
 * remote:     of the future's loop: held by the giver, it tells the loop that the result may come
 * value:      as wok_future_set()'s; if the loop ends before it has taken the result in, nobody
 *             gets to see it, and wok does not release it
 * Returns:    0; -EALREADY if somebody gave it one before; -ESHUTDOWN if the loop is over; -EINVAL
 *             if the remote belongs to another loop
 * Checkpoint: never
 * Threads:    any
 */
int wok_remote_set_future(wok_remote *remote, wok_future *future, int result, void *value)
	WOK_MUST_CHECK;

/**
 * Cancel the future: whoever waits gets WOK_ETASKCANCELED, and a result that comes later is
 * refused.
 *
 * Returns:    true if it had no result
 * Checkpoint: never
 * Threads:    the future's loop
 */
bool wok_future_cancel(wok_future *future);

/**
 * Whether the future has a result, or was cancelled.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the future's loop
 */
bool wok_future_done(const wok_future *future);

/**
 * The result: wok_future_await() that does not wait, also for callbacks.
 *
 * ret_value:  as wok_future_await()'s
 * Returns:    as wok_future_await() would; -EBUSY if there is none yet
 * Checkpoint: never
 * Threads:    the future's loop
 */
int wok_future_result(wok_future *future, void **ret_value);

WOK_END_DECLS
#endif
