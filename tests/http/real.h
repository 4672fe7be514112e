/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_REAL_H
#define TESTS_HTTP_REAL_H
/*
 * Tests over real sockets run on the machine's clock: limits in them are a few milliseconds. They
 * run in the plain order, once: with the kernel in it a schedule cannot be replayed.
 */
#include <wok/net.h>
#include <wok/task.h>

#include "harness/test.h"

static inline int run_real(wok_fn *fn, void *arg)
{
	const wok_test_options options = {.real_clock = true};

	return wok_test_run(fn, arg, &options);
}

/* A test whose body is a task on the machine's clock. */
#define TEST_REAL(name, ...)                                                                       \
	static int name##__body(void *unused);                                                     \
	TEST(name, ##__VA_ARGS__)                                                                  \
	{                                                                                          \
		ASSERT_OK(run_real(name##__body, NULL));                                           \
	}                                                                                          \
	static int name##__body(void *unused __attribute__((unused)))
#endif
