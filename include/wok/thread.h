/* SPDX-License-Identifier: MIT */
#ifndef WOK_THREAD_H
#define WOK_THREAD_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Functions that block, run in threads of wok's own while the task that needs their result waits.
 * For a pool of your own, with limits of its own: wok/thread_pool.h.
 */

/**
 * Run fn(arg) in a thread and wait for its result. In the thread there is no loop: a wait of wok's
 * there is -EDEADLK. An error's message becomes the caller's.
 *
 * If the caller is cancelled before a thread has begun, fn never runs. Later it cannot be stopped,
 * only asked: wok_job_canceled() becomes true in it, the call goes on waiting, and what fn returns
 * is the result; the cancel then shows at the next checkpoint. wok_to_thread_abandon() does not
 * wait for it in that case.
 *
 * arg:        borrowed for the call: arguments and results in one struct
 * Returns:    what fn returned; -ECANCELED if a scope around the call was cancelled; -EDEADLK in a
 *             callback; -EAGAIN or -ENOMEM if there is no thread and none can be started;
 *             WOK_ETASKCANCELED if fn returned -ECANCELED though nothing cancelled it
 * Checkpoint: always, in a task; a plain thread blocks
 * Threads:    any
 */
#define wok_to_thread(fn, ...) wok_to_thread_at((fn), __VA_ARGS__, WOK_SITE(#fn))

/**
 * wok_to_thread() that a cancel abandons: a caller that is cancelled goes on at once, and the
 * thread may finish with nobody waiting. So it works on a copy of the argument, which is written
 * back to *arg at the end.
 *
 * size:       bytes of *arg
 * arg_free:   releases what the argument holds, before and after fn, but not the struct itself;
 *             NULL if it holds nothing. It is called exactly once if the call returns -ECANCELED:
 *             in the thread when fn has returned, or at once if fn will not run. After any other
 *             result *arg is the caller's, with all that it holds, and arg_free is not called
 * Returns:    as wok_to_thread()
 * Checkpoint: always, in a task; a plain thread blocks
 * Threads:    any
 */
#define wok_to_thread_abandon(fn, arg, size, arg_free)                                             \
	wok_to_thread_abandon_at((fn), (arg), (size), (arg_free), WOK_SITE(#fn))

/**
 * The function behind wok_to_thread().
 *
 * site:       where the call comes from; lives for ever
 * Returns:    as wok_to_thread()
 * Checkpoint: always, in a task
 * Threads:    any
 */
int wok_to_thread_at(wok_fn *fn, void *arg, const wok_site *site) WOK_MUST_CHECK;

/**
 * The function behind wok_to_thread_abandon().
 *
 * Returns:    as wok_to_thread()
 * Checkpoint: always, in a task
 * Threads:    any
 */
int wok_to_thread_abandon_at(wok_fn *fn, void *arg, size_t size, wok_free_fn *arg_free,
			     const wok_site *site) WOK_MUST_CHECK;

/**
 * Whether the function that a thread runs for wok should stop: whoever waits for it was cancelled,
 * or its pool is being shut down. It may then return -ECANCELED, or anything else.
 *
 * Returns:    true if it should; false outside of such a function
 * Checkpoint: never
 * Threads:    any
 */
bool wok_job_canceled(void);

/**
 * How many processors this process may use: by its affinity, and by the quota of its control group
 * (cpu.max, rounded up).
 *
 * Returns:    1 or more
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_cpu_count(void);

WOK_END_DECLS
#endif
