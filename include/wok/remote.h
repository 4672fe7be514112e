/* SPDX-License-Identifier: MIT */
#ifndef WOK_REMOTE_H
#define WOK_REMOTE_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * The way to a loop for other threads. While one is alive the loop knows that something may still
 * wake its tasks, so it does not report a deadlock.
 */
typedef struct wok_remote wok_remote;

/**
 * Make a remote for the current loop.
 *
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_remote_new(wok_remote **ret_remote) WOK_MUST_CHECK;

/**
 * Give a remote another owner.
 *
 * Returns:    remote
 * Checkpoint: never
 * Threads:    any
 */
wok_remote *wok_remote_ref(wok_remote *remote);

/**
 * Give up ownership of a remote.
 *
 * remote:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any, also after the end of the loop
 */
void wok_remote_free(wok_remote *remote);
WOK_DEFINE_AUTO(wok_remote)

/**
 * Have fn(arg) called on the loop, as wok_call_soon() would. Calls from one thread run in the order
 * in which they were made.
 *
 * arg:        borrowed until the call, or until the loop has ended
 * Returns:    0: fn will be called, unless the loop ends before that, and then it reports how many
 *             calls were lost; -ENOMEM; -ESHUTDOWN if the loop is over: fn will not be called
 * Checkpoint: never
 * Threads:    any
 */
int wok_remote_call(wok_remote *remote, wok_fn *fn, void *arg) WOK_MUST_CHECK;

/**
 * wok_remote_call() with an argument that is given away: for a message that was allocated for it.
 *
 * arg_free:   called with arg exactly once if the call returns 0, on the loop's thread: when fn has
 *             returned, or at the loop's end if fn was not called. After a failure arg is the
 *             caller's. NULL does nothing
 * Returns:    as wok_remote_call()
 * Checkpoint: never
 * Threads:    any
 */
int wok_remote_call_owned(wok_remote *remote, wok_fn *fn, void *arg, wok_free_fn *arg_free)
	WOK_MUST_CHECK;

/**
 * Run fn(arg) as a task of the loop and wait for its result. A plain thread blocks; a task of
 * another loop waits, and if it is cancelled, the task over there is cancelled and joined. An
 * error's message becomes the caller's.
 *
 * arg:        borrowed for the call
 * Returns:    what fn returned; -ECANCELED if a scope around the call was cancelled, and
 *             WOK_ETASKCANCELED if the task was by somebody else; -ENOMEM; -ESHUTDOWN if the loop
 *             is over; -EDEADLK from the loop's own thread, and in a callback
 * Checkpoint: always, in a task
 * Threads:    any
 */
#define wok_remote_run(remote, fn, ...)                                                            \
	wok_remote_run_at((remote), (fn), __VA_ARGS__, WOK_SITE(#fn))

/**
 * The function behind wok_remote_run().
 *
 * Returns:    as wok_remote_run()
 * Checkpoint: always, in a task
 * Threads:    any
 */
int wok_remote_run_at(wok_remote *remote, wok_fn *fn, void *arg, const wok_site *site)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif
