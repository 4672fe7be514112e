/* SPDX-License-Identifier: MIT */
/* How connections age and are replaced, and how a pool ends. */
#include <sys/wait.h>
#include <unistd.h>

#include "pgpool/fake.h"

static void use(wok_pg_pool *pool, wok_time duration)
{
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, duration));
	wok_pg_pool_release(pool, conn);
}

TEST_TASK(a_connection_lives_an_hour_or_up_to_a_tenth_less, "pgrow-32")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(
		&server, &(wok_pg_pool_options){.min = 8, .max = 8, .max_idle = WOK_FOREVER});

	ASSERT_OK(wok_pg_pool_ready(pool));
	wok_test_advance(54 * WOK_MINUTE - WOK_MS);
	ASSERT_EQ(server.closes, 0);
	wok_test_advance(3 * WOK_MINUTE);
	ASSERT(server.closes > 0 && server.closes < 8); /* not all at once */
	wok_test_advance(3 * WOK_MINUTE + WOK_MS);
	ASSERT_EQ(server.closes, 8);
	ASSERT_CLOSED(pool, WOK_PG_POOL_OLD, 8);
	ASSERT_POOL(pool, 8, 8, 0, 0); /* min is kept */
}

TEST_TASK(one_in_use_is_closed_for_its_age_when_it_comes_back, "pgrow-32")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.max_lifetime = WOK_MINUTE});
	wok_pg_conn *conn = take(pool);

	wok_test_advance(2 * WOK_MINUTE);
	ASSERT_POOL(pool, 1, 0, 1, 0);
	wok_pg_pool_release(pool, conn);
	ASSERT_CLOSED(pool, WOK_PG_POOL_OLD, 1);
}

TEST_TASK(what_nobody_uses_is_closed_down_to_min, "pgrow-32")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.min = 1, .max_idle = 10 * WOK_SECOND});
	wok_pg_conn *one = take(pool), *two = take(pool), *three = take(pool);

	wok_pg_pool_release(pool, one);
	wok_test_advance(5 * WOK_SECOND);
	wok_pg_pool_release(pool, two);
	wok_pg_pool_release(pool, three);
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_POOL(pool, 2, 2, 0, 0);
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_POOL(pool, 1, 1, 0, 0);
	wok_test_advance(WOK_MINUTE);
	ASSERT_POOL(pool, 1, 1, 0, 0);
	ASSERT_CLOSED(pool, WOK_PG_POOL_IDLE, 2);
}

TEST_TASK(a_connection_is_closed_after_so_many_statements, "pgrow-32")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max_queries = 3});

	for (int i = 0; i < 7; i++)
		use(pool, 0);
	ASSERT_EQ(server.dials, 3);
	ASSERT_CLOSED(pool, WOK_PG_POOL_WORN, 2);
}

TEST_TASK(an_idle_one_is_looked_at_before_it_is_given_out, "pgrow-33", "pg-11")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *one = take(pool), *two = take(pool);

	wok_pg_pool_release(pool, one);
	wok_pg_pool_release(pool, two);
	wok_test_advance(WOK_MS);
	fake_of(two)->gone = true; /* the server has ended it */
	ASSERT(take(pool) == one);
	ASSERT_CLOSED(pool, WOK_PG_POOL_GONE, 1);
	ASSERT_EQ(server.pings, 1); /* what ended one may have ended the other */
	wok_pg_pool_release(pool, one);
	ASSERT(take(pool) == one);
	ASSERT_EQ(server.pings, 1);
	wok_pg_pool_release(pool, one);
}

TEST_TASK(one_that_was_idle_for_long_is_asked_whether_it_lives, "pgrow-33")
{
	struct server server = {.ping_time = WOK_MS};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *conn = take(pool);

	wok_pg_pool_release(pool, conn);
	wok_test_advance(5 * WOK_SECOND - WOK_MS);
	wok_pg_pool_release(pool, take(pool));
	ASSERT_EQ(server.pings, 0);
	wok_test_advance(WOK_MS);
	ASSERT(take(pool) == conn);
	ASSERT_EQ(server.pings, 1);
	wok_pg_pool_release(pool, conn);

	/* Something came that nobody asked for: a notice, or a last word. */
	fake_of(conn)->noisy = true;
	ASSERT(take(pool) == conn);
	ASSERT_EQ(server.pings, 2);
	wok_pg_pool_release(pool, conn);

	/* No answer: a new one is made, after the time that an answer may take. */
	server.deaf = true;
	wok_test_advance(6 * WOK_SECOND);
	const wok_time start = wok_now();
	conn = take(pool);
	ASSERT_EQ(wok_now() - start, 5 * WOK_SECOND);
	ASSERT_EQ(fake_of(conn)->number, 2);
	wok_pg_pool_release(pool, conn);
}

static int take_in_task(void *pool)
{
	wok_pg_conn *conn = NULL;

	WOK_TRY(wok_pg_pool_acquire(pool, &conn));
	wok_pg_pool_release(pool, conn);
	return 0;
}

TEST_TASK(the_check_goes_on_when_its_cause_is_cancelled, "pgrow-33", "pg-8")
{
	struct server server = {.ping_time = WOK_SECOND};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);

	use(pool, 0);
	wok_test_advance(10 * WOK_SECOND);
	WOK_AUTO(wok_task) *task = wok_create_task(take_in_task, pool);
	test_settle();
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_POOL(pool, 1, 0, 0, 0);
	wok_test_advance(WOK_SECOND);
	ASSERT_POOL(pool, 1, 1, 0, 0);
	ASSERT_EQ(server.dials, 1);
}

TEST_TASK(all_connections_are_replaced_when_they_expire, "pgrow-34")
{
	struct server server = {.dial_time = WOK_MS};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 3});
	wok_pg_conn *one = take(pool), *two = take(pool);

	wok_pg_pool_release(pool, one);
	WOK_AUTO(wok_task) *dialing = NULL;
	wok_pg_pool_expire(pool);
	ASSERT_POOL(pool, 2, 0, 1, 0);
	test_settle();
	ASSERT_EQ(server.closes, 1);
	/* One that is being made as of before is not used, either. */
	dialing = wok_create_task(take_in_task, pool);
	test_settle();
	wok_pg_pool_expire(pool);
	ASSERT_OK(wok_await(dialing));
	ASSERT_EQ(server.dials, 4);
	wok_pg_pool_release(pool, two);
	test_settle();
	ASSERT_CLOSED(pool, WOK_PG_POOL_EXPIRED, 3);
	ASSERT_POOL(pool, 1, 1, 0, 0);
}

TEST_TASK(what_is_being_closed_still_takes_its_place, "pg-8")
{
	struct server server = {.close_time = 3 * WOK_SECOND};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});

	wok_pg_pool_discard(pool, take(pool));
	const wok_time start = wok_now();
	wok_pg_conn *conn = take(pool);
	ASSERT_EQ(wok_now() - start, 3 * WOK_SECOND);
	ASSERT_EQ(server.most, 1);
	wok_pg_pool_release(pool, conn);
	ASSERT_CLOSED(pool, WOK_PG_POOL_DISCARDED, 1);
}

TEST_TASK(closing_waits_for_what_is_in_use, "pg-10", "pgrow-38")
{
	struct server server = {0};
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	struct user user = {.pool = pool, .keep = 10 * WOK_SECOND};
	WOK_AUTO(wok_task) *using = wok_create_task(use_one, &user);

	test_settle();
	WOK_AUTO(wok_task) *waiting = wok_create_task(take_in_task, pool);
	test_settle();
	const wok_time start = wok_now();
	ASSERT_OK(wok_pg_pool_close(pool, WOK_FOREVER));
	ASSERT_EQ(wok_now() - start, 10 * WOK_SECOND);
	ASSERT_OK(wok_await(using));
	ASSERT_ERR(wok_await(waiting), -ESHUTDOWN);
	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -ESHUTDOWN);
	ASSERT_OK(wok_pg_pool_close(pool, 0));
	ASSERT_EQ(server.open, 0);
	ASSERT_POOL(pool, 0, 0, 0, 0);
}

TEST_TASK(closing_with_a_limit_cuts_off_what_is_in_use_then, "pg-10", "pgrow-38")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	struct user user = {.pool = pool, .keep = WOK_MINUTE};
	WOK_AUTO(wok_task) *using = wok_create_task(use_one, &user);

	test_settle();
	const wok_time start = wok_now();
	ASSERT_ERR(wok_pg_pool_close(pool, 5 * WOK_SECOND), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, 5 * WOK_SECOND + WOK_MS);
	ASSERT_EQ(server.stops, 1);
	ASSERT_SAYS(-ETIMEDOUT, "1 connections were still in use");
	ASSERT_ERR(wok_await(using), WOK_ECONNLOST);
	test_settle();
	ASSERT_EQ(server.open, 0);
	ASSERT_OK(wok_pg_pool_close(pool, WOK_FOREVER));
}

static int close_it(void *pool)
{
	return wok_pg_pool_close(pool, WOK_FOREVER);
}

TEST_TASK(closing_that_is_cancelled_cuts_off_too, "pg-10")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	struct user user = {.pool = pool, .keep = WOK_MINUTE};
	WOK_AUTO(wok_task) *using = wok_create_task(use_one, &user);

	test_settle();
	WOK_AUTO(wok_task) *closing = wok_create_task(close_it, pool);
	test_settle();
	wok_cancel(closing);
	ASSERT_ERR(wok_await(closing), WOK_ETASKCANCELED);
	ASSERT_ERR(wok_await(using), WOK_ECONNLOST);
}

TEST_TASK(closing_stops_what_is_being_made_and_checked, "pg-10")
{
	struct server server = {.dial_time = WOK_MINUTE};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.min = 3});

	test_settle();
	const wok_time start = wok_now();
	ASSERT_OK(wok_pg_pool_close(pool, WOK_FOREVER));
	ASSERT_EQ(wok_now(), start);
	ASSERT_EQ(server.open, 0);
}

TEST_TASK(a_connection_may_outlive_its_pool, "pg-10")
{
	struct server server = {0};
	wok_pg_pool *pool = fake_pool(&server, NULL);
	wok_pg_conn *conn = take(pool);

	wok_pg_pool_free(pool);
	ASSERT_ERR(fake_query(conn, 0), WOK_ECONNLOST);
	ASSERT_EQ(server.open, 1);
	wok_pg_pool_release(pool, conn);
	ASSERT_EQ(server.open, 0);
}

TEST_TASK(a_pool_may_be_freed_under_those_who_wait, "pg-10")
{
	struct server server = {.dial_time = WOK_SECOND};
	wok_pg_pool *pool = fake_pool(&server, NULL);
	WOK_AUTO(wok_task) *waiting = wok_create_task(take_in_task, pool);

	test_settle();
	wok_pg_pool_free(pool);
	ASSERT_ERR(wok_await(waiting), -ESHUTDOWN);
	ASSERT_EQ(server.open, 0);
}

/* In the child: its exit status. */
static int in_child(wok_pg_pool *pool, wok_pg_conn *conn)
{
	wok_pg_conn *other = NULL;

	if (wok_pg_pool_acquire(pool, &other) != -ECHILD)
		return 1;
	if (!strstr(wok_errmsg(-ECHILD), "fork"))
		return 2;
	if (wok_pg_pool_close(pool, 0) != -ECHILD || wok_pg_pool_ready(pool) != -ECHILD)
		return 3;
	wok_pg_pool_expire(pool);
	wok_pg_pool_free(pool);
	return fake_of(conn)->broken ? 4 : 0; /* nothing was said to the server */
}

static int fork_with_a_pool(void *unused)
{
	struct server server = {0};
	int status = -1;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *conn = take(pool);

	(void) unused;
	pid_t pid = fork();
	if (pid == 0)
		_exit(in_child(pool, conn));
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	return 0;
}

TEST(a_forked_child_cannot_use_the_pool, "pg-56")
{
	ASSERT_OK(wok_test_run(fork_with_a_pool, NULL, NULL));
}
