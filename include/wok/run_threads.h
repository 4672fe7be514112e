/* SPDX-License-Identifier: MIT */
#ifndef WOK_RUN_THREADS_H
#define WOK_RUN_THREADS_H
#include <wok/base.h>
#include <wok/loop.h>

WOK_BEGIN_DECLS

/**
 * Run a loop on each of n threads, the calling one among them, with fn(arg) as the main task of
 * each. They share nothing but what arg gives them; to reach another loop, use wok/remote.h. The
 * first main task that fails cancels those of the others; SIGINT, which the calling thread's loop
 * takes, cancels all.
 *
 * n:          0: wok_cpu_count()
 * options:    of each loop, as in wok_run_with(); NULL for the defaults; borrowed for the call
 * arg:        borrowed for the call; used by all threads
 * Returns:    when all threads have ended, what the first that failed returned, its message
 *             included; if none did, what the calling thread's fn returned; -EINTR if SIGINT ended
 *             it; -EDEADLK inside of a run; -EAGAIN if the threads could not be started
 * Checkpoint: never; from a task it is an error
 * Threads:    any that runs no loop
 */
int wok_run_threads(size_t n, wok_fn *fn, void *arg, const wok_run_options *options) WOK_MUST_CHECK;

/**
 * Which of wok_run_threads()'s threads this is.
 *
 * Returns:    0 for the calling one, and outside of it, up to n - 1
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_thread_index(void);

WOK_END_DECLS
#endif
