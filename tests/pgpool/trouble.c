/* SPDX-License-Identifier: MIT */
/* A server that is away, refuses, or comes back; no memory; and ten thousand who change their mind.
 */
#include <wok/loop.h>

#include "pgpool/fake.h"

static int take_in_task(void *pool)
{
	wok_pg_conn *conn = NULL;

	WOK_TRY(wok_pg_pool_acquire(pool, &conn));
	wok_pg_pool_release(pool, conn);
	return 0;
}

TEST_TASK(while_the_server_is_away_the_pool_tries_again_and_waiters_wait, "pg-13", "pg-55")
{
	struct server server = {.dial_error = -ECONNREFUSED};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	WOK_AUTO(wok_task) *waiting = wok_create_task(take_in_task, pool);

	wok_test_advance(20 * WOK_SECOND);
	ASSERT(server.dials >= 5 && server.dials <= 15); /* not in a frenzy */
	ASSERT_POOL(pool, 0, 0, 0, 1);
	server.dial_error = 0;
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_OK(wok_await(waiting));

	/* Or until their own time is over, and then they learn why. */
	server.dial_error = -ECONNREFUSED;
	wok_pg_pool_expire(pool);
	test_settle();
	wok_pg_conn *conn = NULL;
	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -ETIMEDOUT);
	ASSERT_SAYS(-ETIMEDOUT, "the last try to connect: the server does not like it");
}

TEST_TASK(an_error_that_stays_is_told_to_all_who_wait, "pg-55")
{
	struct server server = {.dial_time = WOK_MS, .dial_error = -EACCES, .error_stays = true};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 2});
	wok_task *tasks[20];

	for (size_t i = 0; i < 20; i++)
		tasks[i] = wok_create_task(take_in_task, pool);
	for (size_t i = 0; i < 20; i++) {
		ASSERT_ERR(wok_await(tasks[i]), -EACCES);
		ASSERT_SAYS(-EACCES, "the server does not like it");
		wok_task_free(tasks[i]);
	}
	ASSERT_EQ(server.dials, 2);
	ASSERT_ERR(wok_pg_pool_ready(pool), -EACCES);
}

TEST_TASK(without_retry_each_error_is_told_at_once, "pg-55")
{
	struct server server = {.dial_error = -ECONNREFUSED};
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.no_retry = true});
	const wok_time start = wok_now();

	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -ECONNREFUSED);
	ASSERT_EQ(wok_now(), start);
}

TEST_TASK(who_can_be_served_otherwise_is_when_no_connection_can_be_made, "pg-55")
{
	struct server server = {.error_stays = true};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 2});
	wok_pg_conn *conn = take(pool);

	server.dial_error = -EACCES;
	server.dial_time = WOK_SECOND;
	WOK_AUTO(wok_task) *first = wok_create_task(take_in_task, pool);
	test_settle();
	WOK_AUTO(wok_task) *second = wok_create_task(take_in_task, pool);
	test_settle();
	wok_test_advance(WOK_SECOND);
	ASSERT_ERR(wok_await(first), -EACCES);
	wok_pg_pool_release(pool, conn);
	ASSERT_OK(wok_await(second));
}

TEST_TASK(connecting_has_a_limit, "pgrow-30")
{
	struct server server = {.dial_time = WOK_FOREVER, .error_stays = true};
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.connect_timeout = 3 * WOK_SECOND});
	const wok_time start = wok_now();

	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, 3 * WOK_SECOND);
	ASSERT_SAYS(-ETIMEDOUT, "no connection stood after 3 s");
}

TEST_TASK(min_is_made_again_after_the_server_was_away, "pg-13")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.min = 4, .max = 6});

	ASSERT_OK(wok_pg_pool_ready(pool));
	wok_pg_conn *conn = take(pool);
	server.dial_error = -ECONNREFUSED;
	for (int i = 1; i <= 4; i++)
		server.all[i]->gone = true;
	/* One is found broken in use: the others are looked at, and go as well. */
	ASSERT_ERR(fake_query(conn, 0), WOK_ECONNLOST);
	wok_pg_pool_release(pool, conn);
	test_settle();
	ASSERT_POOL(pool, 0, 0, 0, 0);
	ASSERT_CLOSED(pool, WOK_PG_POOL_GONE, 3);
	wok_test_advance(WOK_MINUTE);
	server.dial_error = 0;
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_POOL(pool, 4, 4, 0, 0);
}

TEST_TASK(the_pool_tells_what_it_has_done, "pgrow-37")
{
	struct server server = {.dial_time = 5 * WOK_MS, .dial_error = -ECONNREFUSED};
	wok_pg_pool_stats stats;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	WOK_AUTO(wok_task) *task = wok_create_task(take_in_task, pool);

	test_settle();
	wok_test_advance(5 * WOK_MS);
	server.dial_error = 0;
	ASSERT_OK(wok_await(task));
	wok_pg_conn *conn = take(pool);
	WOK_AUTO(wok_task) *other = wok_create_task(take_in_task, pool);
	test_settle();
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.waiting, 1);
	wok_cancel(other);
	test_settle();
	wok_pg_pool_release(pool, conn);
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.min, 0);
	ASSERT_EQ(stats.max, 1);
	ASSERT_EQ(stats.acquired, 2);
	ASSERT_EQ(stats.canceled, 1);
	ASSERT_EQ(stats.connected, 1);
	ASSERT_EQ(stats.connect_errors, 1);
	ASSERT_EQ(stats.wait_histogram[0], 1); /* at once */
	ASSERT_EQ(stats.wait_histogram[4] + stats.wait_histogram[5], 1);
	ASSERT(stats.wait_max >= 60 * WOK_MS && stats.wait_max < WOK_SECOND);
	ASSERT_EQ(stats.wait_total, stats.wait_max);
}

/* Numbers that follow from the seed. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

struct fickle {
	wok_pg_pool *pool;
	wok_time patience; /* then it is cancelled */
	wok_time keep;
	bool transaction;
};

static int change_mind(void *arg)
{
	const struct fickle *fickle = arg;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_pg_conn *conn = NULL;
	int r = 0;

	WOK_TIMEOUT (&timeout, fickle->patience) {
		r = wok_pg_pool_acquire(fickle->pool, &conn);
		if (r == 0)
			r = fake_query(conn, fickle->keep);
	}
	if (conn && r < 0 && r != WOK_ECONNLOST)
		wok_pg_pool_discard(fickle->pool, conn);
	else
		wok_pg_pool_release(fickle->pool, conn);
	return 0;
}

/* How many can be taken at once, in the end. */
static void assert_all_can_be_taken(wok_pg_pool *pool, size_t max)
{
	wok_pg_conn *conns[16];

	for (size_t i = 0; i < max; i++)
		conns[i] = take(pool);
	ASSERT_POOL(pool, max, 0, max, 0);
	for (size_t i = 0; i < max; i++)
		wok_pg_pool_release(pool, conns[i]);
}

/* The server has its moods, too. */
static void disturb(struct server *server, uint64_t *random)
{
	server->dial_time = (wok_time) draw(random, 20) * WOK_MS;
	server->reset_time = (wok_time) draw(random, 3) * WOK_MS;
	server->close_time = (wok_time) draw(random, 10) * WOK_MS;
	server->ping_time = (wok_time) draw(random, 5) * WOK_MS;
	server->dial_error = draw(random, 20) == 0 ? -ECONNREFUSED : 0;
	server->reset_error = draw(random, 20) == 0 ? WOK_EDB : 0;
	const size_t victim = 1 + draw(random, 60);
	if (draw(random, 10) == 0 && server->all[victim])
		server->all[victim]->gone = true;
}

/* Nobody has one, nobody waits, and the server has no more than the pool knows of. */
static void assert_sound(wok_pg_pool *pool, const struct server *server)
{
	wok_pg_pool_stats stats;

	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.in_use, 0);
	ASSERT_EQ(stats.waiting, 0);
	ASSERT(stats.size <= stats.max && server->open <= stats.size);
	ASSERT_EQ(stats.size, stats.idle + stats.dialing + stats.checking + stats.closing);
}

static uint64_t cancels(wok_pg_pool *pool)
{
	wok_pg_pool_stats stats;

	wok_pg_pool_get_stats(pool, &stats);
	return stats.canceled + stats.closed[WOK_PG_POOL_DISCARDED];
}

static void be_fickle(wok_pg_pool *pool, struct server *server, uint64_t times)
{
	enum { AT_ONCE = 100 };
	struct fickle fickle[AT_ONCE];
	uint64_t random = test_seed() + 1;

	while (cancels(pool) < times) {
		WOK_AUTO(wok_scope) *scope = NULL;
		ASSERT_OK(wok_scope_new(&scope));
		for (size_t i = 0; i < AT_ONCE; i++) {
			fickle[i] =
				(struct fickle){.pool = pool,
						.patience = (wok_time) draw(&random, 60) * WOK_MS,
						.keep = (wok_time) draw(&random, 10) * WOK_MS};
			ASSERT_OK(wok_scope_spawn(scope, change_mind, &fickle[i]));
			if (draw(&random, 4) == 0)
				ASSERT_OK(wok_sleep((wok_time) draw(&random, 3) * WOK_MS));
		}
		disturb(server, &random);
		ASSERT_OK(wok_scope_join(scope));
		assert_sound(pool, server);
	}
}

TEST_TASK(ten_thousand_random_cancels_leave_a_pool_of_the_right_size, "pg-8")
{
	struct server server = {0};
	wok_pg_pool_stats stats;
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(
		&server, &(wok_pg_pool_options){.min = 2, .max = 5, .check_after = 20 * WOK_MS});

	be_fickle(pool, &server, 10000);
	ASSERT(server.most <= 5);
	server.dial_error = server.reset_error = 0;
	wok_test_advance(10 * WOK_SECOND);
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT(stats.size >= 2 && stats.size == stats.idle);
	assert_all_can_be_taken(pool, 5);
	ASSERT_OK(wok_pg_pool_close(pool, WOK_SECOND));
	ASSERT_EQ(server.open, 0);
}

/* All that a pool does, once. */
static int everything(void *unused)
{
	struct server server = {.dial_time = WOK_MS, .reset_time = WOK_MS, .error_stays = true};
	wok_pg_pool *made = NULL;
	wok_pg_conn *one = NULL, *two = NULL;
	const wok_pg_pool_options options = {.max = 2, .reset_sql = "RESET ALL"};

	(void) unused;
	WOK_TRY(wok__pg_pool_new(&fake_ops, &server, &options, &made));
	WOK_AUTO(wok_pg_pool) *pool = made;
	int r = wok_pg_pool_acquire(pool, &one);
	if (r == 0)
		r = wok_pg_pool_acquire(pool, &two);
	if (r == 0)
		r = fake_query(one, WOK_MS);
	wok_pg_pool_release(pool, one);
	wok_pg_pool_discard(pool, two);
	wok_test_advance(10 * WOK_SECOND);
	if (r == 0)
		r = wok_pg_pool_ready(pool);
	WOK_TRY(r);
	WOK_TRY(wok_pg_pool_close(pool, WOK_SECOND));
	ASSERT_EQ(server.open, 0);
	ASSERT(server.most <= 2);
	return 0;
}

TEST(each_allocation_may_fail, "pg-8")
{
	ASSERT_OK(wok_test_run_allocations(everything, NULL, NULL));
}
