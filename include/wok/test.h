/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_H
#define WOK_TEST_H
#include <stdio.h>
#include <stdlib.h>
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
	/* "epoll", "io_uring"; NULL as in wok_run_options. */
	const char *backend;
	size_t stack_size;
	wok_time grace;
	bool debug; /* as in wok_run_options */
} wok_test_options;

/**
 * wok_run() under test conditions. Signals are left alone.
 *
 * fn, arg:    the main task; arg is borrowed
 * options:    NULL for a virtual clock and first in, first out
 * Returns:    as wok_run()
 * Checkpoint: never
 * Threads:    any
 */
int wok_test_run(wok_fn *fn, void *arg, const wok_test_options *options) WOK_MUST_CHECK;

/**
 * wok_test_run() under several seeds, one after another, until one fails: then its number is
 * reported, with how to run it alone. WOK_TEST_SEED=N in the environment does that.
 *
 * fn, arg:    the main task of each; arg is the same for all
 * first, n:   the seeds first, first + 1, ... n of them; a seed of 0 is first in, first out
 * options:    NULL for the defaults; its seed is left out
 * Returns:    the first negative result; or that of the last run
 * Checkpoint: never
 * Threads:    any
 */
int wok_test_run_seeds(wok_fn *fn, void *arg, uint64_t first, size_t n,
		       const wok_test_options *options) WOK_MUST_CHECK;

/**
 * The seed of the test run that is under way: for messages, and to draw from what a test shuffles
 * itself.
 *
 * Returns:    the seed; 0 for none
 * Checkpoint: never
 * Threads:    the loop's
 */
uint64_t wok_test_seed(void);

/**
 * wok_test_run() again and again: the first allocation fails, then the second, and so on, until the
 * run needs no more. Each run has to succeed in spite of that, or to return -ENOMEM; run it under a
 * leak checker, too.
 *
 * Returns:    0; what a run returned that was neither, the message telling which allocation had
 *             failed
 * Checkpoint: never
 * Threads:    any, while only one thread runs a loop
 */
int wok_test_run_allocations(wok_fn *fn, void *arg, const wok_test_options *options) WOK_MUST_CHECK;

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
 * span:       nanoseconds; zero and less only settle
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

/*
 * Run a statement, such as r = wok_lock_acquire(&lock), and abort with a message if it was no
 * checkpoint. Every call of wok says whether it is one.
 */
#define WOK_ASSERT_CHECKPOINT(statement) WOK__CHECKPOINTS(statement, true)
/* The same, for a statement that must be none. */
#define WOK_ASSERT_NO_CHECKPOINT(statement) WOK__CHECKPOINTS(statement, false)

#define WOK__CHECKPOINTS(statement, wanted)                                                        \
	do {                                                                                       \
		const uint64_t wok__before = wok_test_checkpoints();                               \
		statement;                                                                         \
		if ((wok_test_checkpoints() != wok__before) != (wanted)) {                         \
			fprintf(stderr, "%s:%d: %s is %s checkpoint\n", __FILE__, __LINE__,        \
				#statement, (wanted) ? "no" : "a");                                \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

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
 * name:       as the manual has it: "read", "recv", "recvmsg", "send", "sendmsg", "accept4",
 *             "socket", "bind", "listen", "epoll_ctl", "epoll_wait", "io_uring_enter", "eventfd",
 *             "mmap", "posix_spawn" ...; NULL for any of them
 * n:          1 for the next one; 0 switches it off
 * error:      the errno that it gives, such as EMFILE
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any, while only one thread runs a loop
 */
void wok_test_fail_system_call(const char *name, uint64_t n, int error);

WOK_END_DECLS
#endif
