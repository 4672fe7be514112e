/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_GATE_H
#define WOK_TEST_GATE_H
/*
 * A job that says when it has begun and goes on when it is let. So tests know what a thread is
 * doing without looking at a clock.
 */
#include <semaphore.h>
#include <stdatomic.h>
#include <wok/wok.h>

#include "harness/test.h"

struct gate {
	sem_t entered, open;
	atomic_int runs;
	atomic_bool saw_cancel; /* when it was let go on */
	int result;
};

static inline void gate_init(struct gate *gate, int result)
{
	memset(gate, 0, sizeof(*gate));
	ASSERT_EQ(sem_init(&gate->entered, 0, 0), 0);
	ASSERT_EQ(sem_init(&gate->open, 0, 0), 0);
	gate->result = result;
}

static inline void gate_wait(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0)
		;
}

/* The job. */
static inline int gate_pass(void *arg)
{
	struct gate *gate = arg;

	atomic_fetch_add(&gate->runs, 1);
	sem_post(&gate->entered);
	gate_wait(&gate->open);
	gate->saw_cancel = wok_job_canceled();
	return gate->result;
}

/* Wait until a pool has run n jobs. Its own counter is the only sign of that. */
static inline void gate_wait_completed(wok_thread_pool *pool, uint64_t n)
{
	wok_thread_pool_info info;

	do
		wok_thread_pool_get_info(pool, &info);
	while (info.completed < n);
}

/* Until every task that was ready has run, in whatever order a seed has them. */
static inline void let_others_run(void)
{
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_yield());
}

/* A pool of so many threads. */
static inline wok_thread_pool *gate_pool(size_t threads)
{
	wok_thread_pool *pool;

	ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.max_threads = threads}, &pool));
	return pool;
}
#endif
