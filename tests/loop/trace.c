/* SPDX-License-Identifier: MIT */
/* Seeds: the same one, the same run; another one, another order. See wok/test.h. */
#include <wok/wok.h>

#include "harness/test.h"

struct crowd {
	wok_lock lock;
	wok_semaphore semaphore;
	wok_event event;
	wok_stream *a, *b;
};

static int nothing(void *unused)
{
	(void) unused;
	return 0;
}

static int mingle(void *arg)
{
	struct crowd *crowd = arg;
	int r;

	for (int i = 0; i < 3; i++) {
		WOK_TRY(wok_yield());
		WOK_WITH_LOCK (&crowd->lock, r) {
			WOK_TRY(wok_sleep(WOK_MS));
		}
		WOK_TRY(wok_semaphore_acquire(&crowd->semaphore));
		wok_call_soon(nothing, NULL);
		wok_semaphore_release(&crowd->semaphore);
		WOK_TRY(wok_stream_write_all(crowd->a, "x", 1));
		char byte;
		WOK_TRY(wok_stream_read(crowd->b, &byte, 0));
	}
	return wok_event_wait(&crowd->event);
}

static int gather_a_crowd(void *ret_trace)
{
	struct crowd crowd = {.semaphore = WOK_SEMAPHORE_INIT(2)};
	WOK_AUTO(wok_stream) *a = NULL;
	WOK_AUTO(wok_stream) *b = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_stream_pair(0, &a, &b));
	crowd.a = a;
	crowd.b = b;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 8; i++)
		ASSERT_OK(wok_scope_spawn(scope, mingle, &crowd));
	test_settle();
	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_event_set(&crowd.event);
	ASSERT_OK(wok_scope_join(scope));
	*(uint64_t *) ret_trace = wok_test_trace();
	return 0;
}

static uint64_t trace_of(uint64_t seed)
{
	uint64_t trace = 0;

	ASSERT_OK(wok_test_run(gather_a_crowd, &trace, &(wok_test_options){.seed = seed}));
	ASSERT(trace != 0);
	return trace;
}

TEST(the_same_seed_gives_the_same_trace, "G6")
{
	for (uint64_t seed = 0; seed < 100; seed++)
		ASSERT_EQ(trace_of(seed), trace_of(seed));
}

TEST(different_seeds_give_different_traces, "G6")
{
	uint64_t traces[50];

	for (uint64_t seed = 0; seed < 50; seed++) {
		traces[seed] = trace_of(seed);
		for (uint64_t other = 0; other < seed; other++)
			ASSERT(traces[seed] != traces[other]);
	}
}

static int sleep_a_while(void *span)
{
	uint64_t *trace = span;

	WOK_TRY(wok_sleep((wok_time) *trace));
	*trace = wok_test_trace();
	return 0;
}

TEST(another_time_gives_another_trace, "G6")
{
	uint64_t one = WOK_SECOND, other = WOK_SECOND + 1;

	ASSERT_OK(wok_test_run(sleep_a_while, &one, NULL));
	ASSERT_OK(wok_test_run(sleep_a_while, &other, NULL));
	ASSERT(one != other);
}

TEST(outside_of_a_loop_there_is_no_trace)
{
	ASSERT_EQ(wok_test_trace(), 0);
	wok_test_settle();
	wok_test_advance(WOK_SECOND);
}
