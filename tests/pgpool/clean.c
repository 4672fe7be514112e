/* SPDX-License-Identifier: MIT */
/* What is done to connections between two users: the reset, the hooks. */
#include <wok/loop.h>

#include "harness/reports.h"
#include "pgpool/fake.h"

TEST_TASK(the_reset_goes_before_the_next_users_statement_and_nobody_waits_for_it, "pgrow-35")
{
	struct server server = {.reset_time = WOK_SECOND};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);
	const wok_time start = wok_now();

	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	ASSERT(take(pool) == conn);
	ASSERT_EQ(wok_now(), start);
	ASSERT_OK(fake_query(conn, 0));
	ASSERT_EQ(wok_now() - start, WOK_SECOND);
	wok_pg_pool_release(pool, conn);
	ASSERT_STR(server.log, "query1 reset1 query1 reset1 ");
	/* One that was not used needs none. */
	wok_pg_pool_release(pool, take(pool));
	wok_test_advance(WOK_SECOND);
	wok_pg_pool_release(pool, take(pool));
	ASSERT_EQ(server.resets, 2);
	ASSERT_POOL(pool, 1, 1, 0, 0);
}

TEST_TASK(a_connection_that_cannot_be_put_in_order_is_closed, "pgrow-35")
{
	struct server server = {.reset_time = WOK_MS, .reset_error = WOK_EDB};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	wok_test_advance(WOK_MS);
	ASSERT_CLOSED(pool, WOK_PG_POOL_UNCLEAN, 1);
	/* If it is taken already, its user is cut off: he must not go on in what is not his. */
	conn = take(pool);
	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	conn = take(pool);
	ASSERT_EQ(fake_of(conn)->number, 2);
	ASSERT_ERR(fake_query(conn, WOK_SECOND), WOK_ECONNLOST);
	server.reset_error = 0;
	wok_pg_pool_release(pool, conn);
	ASSERT_CLOSED(pool, WOK_PG_POOL_BROKEN, 1);
	wok_pg_pool_release(pool, take(pool));
	ASSERT_POOL(pool, 1, 1, 0, 0);
}

static int close_it(void *pool)
{
	return wok_pg_pool_close(pool, WOK_FOREVER);
}

TEST_TASK(closing_does_not_cut_off_whom_a_reset_is_still_under_way_for, "pg-10", "pgrow-35")
{
	struct server server = {.reset_time = WOK_SECOND};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	ASSERT(take(pool) == conn);
	WOK_AUTO(wok_task) *closing = wok_create_task(close_it, pool);
	test_settle();
	ASSERT_OK(fake_query(conn, WOK_SECOND));
	wok_pg_pool_release(pool, conn);
	ASSERT_OK(wok_await(closing));
	ASSERT_EQ(server.stops, 0);
}

/* The reset of a user before fails while the pool waits for another user's cancelled statement. */
TEST_TASK(a_connection_is_closed_once_though_two_things_fail, "pgrow-35", "pg-8")
{
	struct server server = {.reset_time = WOK_MS, .ping_time = WOK_MS, .reset_error = WOK_EDB};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	ASSERT(take(pool) == conn);
	fake_of(conn)->queries++;
	fake_of(conn)->in_doubt = true;
	wok_pg_pool_release(pool, conn);
	wok_test_advance(WOK_SECOND);
	ASSERT_CLOSED(pool, WOK_PG_POOL_UNCLEAN, 1);
	ASSERT_POOL(pool, 0, 0, 0, 0);
	ASSERT_EQ(server.open, 0);
}

TEST_TASK(a_reset_that_takes_too_long_ends_the_connection, "pgrow-35")
{
	struct server server = {.reset_time = WOK_MINUTE};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_CLOSED(pool, WOK_PG_POOL_UNCLEAN, 1);
	ASSERT_POOL(pool, 0, 0, 0, 0);
}

static int resets_by_mode(void *arg)
{
	struct test_reports *reports = arg;
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.reset_mode = WOK_PG_RESET_TRANSACTION});
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, 0));
	wok_pg_pool_release(pool, conn);
	test_settle();
	ASSERT_EQ(server.resets, 0);
	for (int i = 0; i < 2; i++) {
		conn = take(pool);
		ASSERT_OK(fake_query(conn, 0));
		fake_of(conn)->status = i ? 'E' : 'T';
		wok_pg_pool_release(pool, conn);
		test_settle();
		ASSERT_EQ(server.resets, i + 1);
		ASSERT_EQ(fake_of(conn)->status, 'I');
	}
	ASSERT_EQ(reports->n, 1);
	ASSERT_REPORT(reports, 0, "came back within a transaction, which was rolled back");
	return 0;
}

TEST(an_open_transaction_is_rolled_back_and_told_of_once, "pgrow-35", "pg-19")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, resets_by_mode, &reports));
}

static int own_sql(void *unused)
{
	struct server server = {.reset_time = WOK_MS};
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.reset_sql = "DISCARD ALL"});
	wok_pg_conn *conn = take(pool);

	(void) unused;
	ASSERT_OK(fake_query(conn, 0));
	fake_of(conn)->status = 'T';
	wok_pg_pool_release(pool, conn);
	ASSERT_POOL(pool, 1, 0, 0, 0);
	wok_test_advance(2 * WOK_MS);
	ASSERT_STR(server.log, "query1 rollback1 reset1 reset1 ");
	ASSERT_POOL(pool, 1, 1, 0, 0);
	return 0;
}

TEST(an_own_reset_follows_the_rollback_in_a_message_of_its_own, "pgrow-35")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, own_sql, NULL));
}

TEST_TASK(what_still_runs_a_statement_is_not_given_to_another, "pgrow-35")
{
	struct server server = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *conn = take(pool);

	fake_of(conn)->queries++;
	fake_of(conn)->running++;
	wok_pg_pool_release(pool, conn);
	fake_of(conn)->running--;
	ASSERT_CLOSED(pool, WOK_PG_POOL_BUSY, 1);
}

TEST_TASK(after_a_cancel_the_next_user_waits_until_the_signal_has_hit, "pgrow-35")
{
	struct server server = {.ping_time = WOK_MS, .reset_time = WOK_MS};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, &(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(fake_query(conn, 0));
	fake_of(conn)->in_doubt = true;
	wok_pg_pool_release(pool, conn);
	const wok_time start = wok_now();
	ASSERT(take(pool) == conn);
	ASSERT_EQ(wok_now() - start, 3 * WOK_MS);
	ASSERT_EQ(server.pings, 2);
	wok_pg_pool_release(pool, conn);
}

struct hooks {
	int init, setup, reset;       /* calls */
	int init_r, setup_r, reset_r; /* what they return */
	wok_pg_pool *pool;
	size_t idle; /* most that were, while a hook ran */
};

static int in_hook(struct hooks *hooks, int r)
{
	wok_pg_pool_stats stats = {0};

	if (hooks->pool)
		wok_pg_pool_get_stats(hooks->pool, &stats);
	hooks->idle = stats.idle > hooks->idle ? stats.idle : hooks->idle;
	WOK_TRY(wok_sleep(WOK_MS));
	return r;
}

static int on_init(wok_pg_conn *conn, void *arg)
{
	struct hooks *hooks = arg;

	(void) conn;
	hooks->init++;
	return in_hook(hooks, hooks->init_r);
}

static int on_setup(wok_pg_conn *conn, void *arg)
{
	struct hooks *hooks = arg;

	(void) conn;
	hooks->setup++;
	return in_hook(hooks, hooks->setup_r);
}

static int on_reset(wok_pg_conn *conn, void *arg)
{
	struct hooks *hooks = arg;

	(void) conn;
	hooks->reset++;
	return in_hook(hooks, hooks->reset_r);
}

TEST_TASK(hooks_are_called_at_the_birth_the_taking_and_the_return, "pgrow-36")
{
	struct server server = {0};
	struct hooks hooks = {0};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(
		&server,
		&(wok_pg_pool_options){
			.init = on_init, .setup = on_setup, .reset = on_reset, .hook_arg = &hooks});

	hooks.pool = pool;
	for (int i = 1; i <= 3; i++) {
		wok_pg_conn *conn = take(pool);
		ASSERT_OK(fake_query(conn, 0));
		ASSERT_EQ(hooks.setup, i);
		wok_pg_pool_release(pool, conn);
		wok_test_advance(WOK_MS);
		ASSERT_EQ(hooks.reset, i);
		ASSERT_EQ(server.resets, i);
	}
	ASSERT_EQ(hooks.init, 1);
	ASSERT_EQ(hooks.idle, 0);
	ASSERT_POOL(pool, 1, 1, 0, 0);
}

static int take_in_task(void *pool)
{
	wok_pg_conn *conn = NULL;

	WOK_TRY(wok_pg_pool_acquire(pool, &conn));
	wok_pg_pool_release(pool, conn);
	return 0;
}

TEST_TASK(a_hook_that_fails_ends_the_connection_and_the_next_is_served, "pgrow-36")
{
	struct server server = {.error_stays = true};
	struct hooks hooks = {.setup_r = -EPERM};
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.max = 1,
							  .init = on_init,
							  .setup = on_setup,
							  .reset = on_reset,
							  .hook_arg = &hooks});
	WOK_AUTO(wok_task) *first = wok_create_task(take_in_task, pool);
	WOK_AUTO(wok_task) *second = NULL;

	wok_test_advance(WOK_MS);
	ASSERT_EQ(hooks.setup, 1);
	hooks.setup_r = 0;
	second = wok_create_task(take_in_task, pool);
	ASSERT_ERR(wok_await(first), -EPERM);
	ASSERT_OK(wok_await(second));
	ASSERT_CLOSED(pool, WOK_PG_POOL_HOOK, 1);
	wok_test_advance(WOK_MS);

	hooks.reset_r = -EIO;
	conn = take(pool);
	wok_pg_pool_release(pool, conn);
	wok_test_advance(WOK_MS);
	ASSERT_CLOSED(pool, WOK_PG_POOL_HOOK, 2);
	ASSERT_POOL(pool, 0, 0, 0, 0);

	/* A failing init is a failure to connect. */
	hooks.reset_r = 0;
	hooks.init_r = -EACCES;
	wok_pg_pool_expire(pool);
	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -EACCES);
	test_settle();
	ASSERT_POOL(pool, 0, 0, 0, 0);
	ASSERT_EQ(server.open, 0);
}

TEST_TASK(setup_that_is_cancelled_ends_the_connection, "pgrow-36", "pg-8")
{
	struct server server = {0};
	struct hooks hooks = {0};
	WOK_AUTO(wok_pg_pool) *pool =
		fake_pool(&server, &(wok_pg_pool_options){.setup = on_setup, .hook_arg = &hooks});
	WOK_AUTO(wok_task) *task = wok_create_task(take_in_task, pool);

	test_settle();
	ASSERT_EQ(hooks.setup, 1);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	test_settle();
	ASSERT_POOL(pool, 0, 0, 0, 0);
	ASSERT_EQ(server.open, 0);
}

static int release_in_callback(void *arg)
{
	struct user *user = arg;

	wok_pg_pool_release(user->pool, (wok_pg_conn *) (void *) user->counter);
	return 0;
}

TEST_TASK(a_callback_can_give_one_back, "pgrow-35")
{
	struct server server = {.reset_time = WOK_MS};
	WOK_AUTO(wok_pg_pool) *pool = fake_pool(&server, NULL);
	wok_pg_conn *conn = take(pool);
	struct user user = {.pool = pool, .counter = (int *) (void *) conn};

	ASSERT_OK(fake_query(conn, 0));
	(void) wok_call_soon(release_in_callback, &user);
	wok_test_advance(WOK_MS);
	ASSERT_EQ(server.resets, 1);
	ASSERT_POOL(pool, 1, 1, 0, 0);
}
