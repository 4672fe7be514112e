/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_ANOTHER_LOOP_H
#define WOK_TEST_ANOTHER_LOOP_H
/* What objects of one loop do in the hands of another. */
#include <pthread.h>
#include <wok/loop.h>

#include "harness/test.h"

struct test_another_loop {
	int (*fn)(void *arg);
	void *arg;
};

static inline void *test_another_loop_main(void *arg)
{
	const struct test_another_loop *other = arg;

	ASSERT_OK(wok_run(other->fn, other->arg));
	return NULL;
}

/* Run fn as the main task of a loop in a thread of its own, to its end; this loop stands still. */
static inline void test_in_another_loop(int (*fn)(void *arg), void *arg)
{
	struct test_another_loop other = {fn, arg};
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, test_another_loop_main, &other), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
}
#endif
