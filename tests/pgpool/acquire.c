/* SPDX-License-Identifier: MIT */
/* Taking connections: who gets one, when, and what becomes of it if he goes away. */
#include "pgpool/fake.h"

TEST_TASK(a_connection_is_made_for_who_asks_and_used_again, "pgrow-29")
{
	struct server server = {.dial_time = WOK_MS};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);

	test_settle();
	ASSERT_EQ(server.dials, 0);
	wok_pg_conn *conn = take(pool);
	ASSERT_POOL(pool, 1, 0, 1, 0);
	wok_pg_pool_release(pool, conn);
	ASSERT_POOL(pool, 1, 1, 0, 0);
	ASSERT(take(pool) == conn);
	wok_pg_pool_release(pool, conn);
	ASSERT_EQ(server.dials, 1);
}

TEST_TASK(min_are_made_at_once_and_never_more_than_max, "pgrow-29")
{
	struct server server = {.dial_time = WOK_MS};
	struct user users[20];
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.min = 3, .max = 5});
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_pg_pool_ready(pool));
	ASSERT_POOL(pool, 3, 3, 0, 0);
	ASSERT_OK(wok_scope_new(&scope));
	for (size_t i = 0; i < 20; i++) {
		users[i] = (struct user){.pool = pool, .keep = WOK_SECOND};
		ASSERT_OK(wok_scope_spawn(scope, use_one, &users[i]));
	}
	test_settle();
	wok_test_advance(WOK_MS);
	ASSERT_POOL(pool, 5, 0, 5, 15);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(server.most, 5);
	ASSERT_POOL(pool, 5, 5, 0, 0);
}

TEST_TASK(who_waits_longest_is_served_first, "pgrow-29")
{
	struct server server = {0};
	struct user users[10];
	int counter = 0;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_pg_conn *only = take(pool);

	ASSERT_OK(wok_scope_new(&scope));
	for (size_t i = 0; i < 10; i++) {
		users[i] = (struct user){
			.pool = pool, .keep = (wok_time) (i + 1) * WOK_MS, .counter = &counter};
		ASSERT_OK(wok_scope_spawn(scope, use_one, &users[i]));
		test_settle();
	}
	wok_pg_pool_release(pool, only);
	/* It is handed over: who comes now cannot take it away. */
	wok_pg_conn *late = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;
	WOK_TIMEOUT (&timeout, 0) {
		r = wok_pg_pool_acquire(pool, &late);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_OK(wok_scope_join(scope));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(users[i].order, i + 1);
}

TEST_TASK(the_idle_one_that_was_used_last_goes_first, "pgrow-29")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *one = take(pool), *two = take(pool), *three = take(pool);

	wok_pg_pool_release(pool, one);
	wok_pg_pool_release(pool, three);
	wok_pg_pool_release(pool, two);
	ASSERT(take(pool) == two);
	ASSERT(take(pool) == three);
	ASSERT(take(pool) == one);
	wok_pg_pool_release(pool, one);
	wok_pg_pool_release(pool, two);
	wok_pg_pool_release(pool, three);
}

static int take_in_task(void *pool)
{
	wok_pg_conn *conn = NULL;

	WOK_TRY(wok_pg_pool_acquire(pool, &conn));
	wok_pg_pool_release(pool, conn);
	return 0;
}

TEST_TASK(waiting_for_a_connection_has_a_limit_of_thirty_seconds, "pgrow-30", "pg-7")
{
	struct server server = {0};
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *only = take(pool);
	wok_time start = wok_now();

	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, 30 * WOK_SECOND);
	ASSERT_SAYS(-ETIMEDOUT, "no connection became free in 30 s: of 1 at most 1 are in use");
	ASSERT_POOL(pool, 1, 0, 1, 0);

	/* What is given back later is not lost to one who went away. */
	WOK_AUTO(wok_task) *waiter = wok_create_task(take_in_task, pool);
	wok_test_advance(29 * WOK_SECOND);
	wok_pg_pool_release(pool, only);
	ASSERT_OK(wok_await(waiter));
	ASSERT_POOL(pool, 1, 1, 0, 0);
	wok_pg_pool_stats stats;
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.timed_out, 1);
}

TEST_TASK(so_many_may_wait_and_more_are_refused, "pgrow-31")
{
	struct server server = {0};
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.max = 1, .max_waiting = 2});
	wok_pg_conn *only = take(pool);
	WOK_AUTO(wok_task) *one = wok_create_task(take_in_task, pool);
	WOK_AUTO(wok_task) *two = wok_create_task(take_in_task, pool);

	test_settle();
	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), WOK_ELIMIT);
	ASSERT_POOL(pool, 1, 0, 1, 2);
	wok_pg_pool_release(pool, only);
	ASSERT_OK(wok_await(one));
	ASSERT_OK(wok_await(two));
	wok_pg_pool_stats stats;
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.refused, 1);
}

TEST_TASK(who_is_cancelled_leaves_no_half_made_connection, "pg-8")
{
	struct server server = {.dial_time = WOK_SECOND};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	WOK_AUTO(wok_task) *task = wok_create_task(take_in_task, pool);

	test_settle();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_POOL(pool, 1, 0, 0, 0);
	wok_test_advance(WOK_SECOND);
	ASSERT_POOL(pool, 1, 1, 0, 0); /* it was made, and waits for the next */
	wok_pg_pool_release(pool, take(pool));
	ASSERT_EQ(server.dials, 1);
}

TEST_TASK(a_connection_that_was_granted_is_not_lost_by_a_cancel, "pg-8")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *only = take(pool);
	WOK_AUTO(wok_task) *task = wok_create_task(take_in_task, pool);

	test_settle();
	wok_pg_pool_release(pool, only); /* granted, and the task has not run yet */
	wok_cancel(task);
	WOK_IGNORE(wok_await(task));
	test_settle();
	ASSERT_POOL(pool, 1, 1, 0, 0);
}

/* A cancelled task gets no connection, also where one is there. */
static int take_cancelled(void *pool)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_pg_conn *conn = NULL;
	int r = 0;

	WOK_TIMEOUT (&timeout, 0) {
		r = wok_pg_pool_acquire(pool, &conn);
	}
	ASSERT(conn == NULL);
	return wok_timeout_result(&timeout, r);
}

TEST_TASK(taking_one_is_always_a_checkpoint, "pg-8")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);

	wok_pg_pool_release(pool, take(pool));
	const uint64_t before = wok_test_checkpoints();
	wok_pg_conn *conn = take(pool);
	ASSERT(wok_test_checkpoints() > before);
	wok_pg_pool_release(pool, conn);
	ASSERT_ERR(take_cancelled(pool), -ETIMEDOUT);
	ASSERT_POOL(pool, 1, 1, 0, 0);
}
