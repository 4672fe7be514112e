/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_H
#define WOK_TEST_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * For tests of code that uses wok: time that jumps, schedules that replay, faults on demand.
 */
typedef struct {
	/* Not 0: ready tasks run in an order drawn from this seed; the same seed, the same run. */
	uint64_t seed;
	/* Use the machine's clock; otherwise time stands still while anything can run, and jumps to
	 * the next timer when all tasks wait and nothing outside of the loop is waited for. */
	bool real_clock;
	/* "epoll"; NULL as in wok_run_options. */
	const char *backend;
	size_t stack_size;
	wok_time grace;
	bool debug; /* as in wok_run_options */
} wok_test_options;

/**
 * wok_run() under test conditions. Signals are left alone.
 *
 * options:    NULL for a virtual clock and first in, first out
 * Returns:    as wok_run()
 * Checkpoint: never
 * Threads:    any
 */
int wok_test_run(const wok_test_options *options, wok_fn *fn, void *arg) WOK_MUST_CHECK;

/**
 * Wait until every other task is blocked, and no time has to pass before that.
 *
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_test_settle(void);

/**
 * Move the virtual clock, running what becomes due on the way in its order, and settle.
 *
 * span:       nanoseconds
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_test_advance(wok_time span);

/**
 * A digest of all that the loop has run so far, and when: two runs are the same if theirs are.
 *
 * Returns:    the digest
 * Checkpoint: never
 * Threads:    the loop's
 */
uint64_t wok_test_trace(void);

/**
 * How many checkpoints the tasks of this thread have passed: the difference around a call, if no
 * other task runs meanwhile, tells what it is.
 *
 * Returns:    their number
 * Checkpoint: never
 * Threads:    the loop's
 */
uint64_t wok_test_checkpoints(void);

/**
 * Make allocations of this process fail: the n-th from now, and then none or all after it.
 *
 * n:          1 for the next one; 0 switches it off
 * and_after:  whether those after it fail, too
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any, while only one thread runs a loop
 */
void wok_test_fail_allocation(uint64_t n, bool and_after);

/**
 * Make system calls fail: the n-th of a name from now on returns an error without being made.
 *
 * name:       "accept4", "recv", "sendmsg", "epoll_ctl", ...: see src/platform/sys.h; NULL for any
 * n:          1 for the next one; 0 switches it off
 * error:      the errno that it gives, such as EMFILE
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any, while only one thread runs a loop
 */
void wok_test_fail_system_call(const char *name, uint64_t n, int error);

WOK_END_DECLS
#endif
