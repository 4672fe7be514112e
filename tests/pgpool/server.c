/* SPDX-License-Identifier: MIT */
/* The pool and a real server: what it looks like after a connection came back, and when the server
 * goes and comes. */
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <wok/pg_notify.h>
#include <wok/pg_pool.h>

#include "db/postgres/dialer.h"
#include "pg/check.h"

static wok_pg_pool *pool_with(const wok_pg_pool_options *options)
{
	wok_pg_pool *pool = NULL;

	ASSERT_OK(wok_pg_pool_new(pg_cluster_dsn(), options, &pool));
	return pool;
}

static wok_pg_conn *take(wok_pg_pool *pool)
{
	wok_pg_conn *conn = NULL;

	ASSERT_OK(wok_pg_pool_acquire(pool, &conn));
	return conn;
}

static const struct wok_tls_context *context_of(const wok_pg_conn *conn)
{
	return conn->dialer->settings->tls->context;
}

PG_TEST(connections_of_a_pool_share_one_tls_context)
{
	WOK_AUTO(wok_pg_pool) *pool = NULL;
	char dsn[300];

	pg_cluster_hba("local all all trust\nhostssl all all all trust\n");
	snprintf(dsn, sizeof(dsn), "%s user=trust_user sslmode=require", pg_cluster()->tcp);
	ASSERT_OK(wok_pg_pool_new(dsn, NULL, &pool));
	wok_pg_conn *first = take(pool), *second = take(pool);
	ASSERT(context_of(first));
	ASSERT(context_of(first) == context_of(second));
	ASSERT_OK(wok_pg_pool_set_dsn(pool, dsn)); /* with other files, perhaps */
	wok_pg_conn *third = take(pool);
	ASSERT(context_of(third) != context_of(second));
	wok_pg_pool_release(pool, third);
	wok_pg_pool_release(pool, second);
	wok_pg_pool_release(pool, first);
	return 0;
}

static int64_t pool_int(wok_pg_pool *pool, const char *sql)
{
	int64_t value;

	ASSERT_EQ(wok_pg_pool_fetch_int(pool, sql, NULL, &value), 1);
	return value;
}

/* Wait until the pool has so many idle connections. */
static void wait_for_idle(wok_pg_pool *pool, size_t wanted)
{
	const wok_time end = wok_now() + 10 * WOK_SECOND;
	wok_pg_pool_stats stats;

	for (;;) {
		wok_pg_pool_get_stats(pool, &stats);
		if (stats.idle == wanted)
			return;
		if (wok_now() > end)
			FAIL("after ten seconds %zu are idle", stats.idle);
		ASSERT_OK(wok_sleep(WOK_MS));
	}
}

static uint64_t closed(wok_pg_pool *pool, wok_pg_pool_reason reason)
{
	wok_pg_pool_stats stats;

	wok_pg_pool_get_stats(pool, &stats);
	return stats.closed[reason];
}

PG_TEST(the_short_forms_take_one_and_give_it_back, "pgrow-29")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.min = 2, .max = 2});
	WOK_AUTO(wok_rows) *rows = NULL;
	WOK_AUTO(wok_rows) *row = NULL;
	const wok_args *const sets[] = {WOK_ARGS(1), WOK_ARGS(2), WOK_ARGS(3)};
	wok_db_result result;

	ASSERT_OK(wok_pg_pool_ready(pool));
	ASSERT_OK(wok_pg_pool_script(pool, "DROP TABLE IF EXISTS dish; CREATE TABLE dish (n int)"));
	ASSERT_OK(wok_pg_pool_execute_many(pool, "INSERT INTO dish VALUES ($1)", sets, 3, &result));
	ASSERT_EQ(result.changes, 3);
	ASSERT_OK(wok_pg_pool_execute(pool, "INSERT INTO dish VALUES ($1)", WOK_ARGS(4)));
	ASSERT_OK(wok_pg_pool_execute_result(pool, "UPDATE dish SET n = n + 1", NULL, &result));
	ASSERT_EQ(result.changes, 4);
	ASSERT_OK(wok_pg_pool_fetch(pool, "SELECT n FROM dish", NULL, &rows));
	ASSERT_EQ(wok_rows_count(rows), 4);
	ASSERT_EQ(wok_pg_pool_fetch_row(pool, "SELECT 1 WHERE false", NULL, &row), 0);
	ASSERT_EQ(pool_int(pool, "SELECT sum(n) FROM dish"), 14);
	ASSERT_ERR(wok_pg_pool_execute(pool, "SELECT 1/0", NULL), WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "22012");
	ASSERT(strstr(wok_errmsg(WOK_EDB), "division by zero"));
	ASSERT_OK(wok_pg_pool_script(pool, "DROP TABLE dish"));
	wait_for_idle(pool, 2);
	return 0;
}

static int count_in_transaction(wok_db *db, void *arg)
{
	WOK_TRY(wok_db_execute(db, "INSERT INTO pot VALUES (1)", NULL, NULL));
	return *(int *) arg;
}

PG_TEST(the_view_of_the_pool_has_a_connection_for_each_transaction, "pgrow-29")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(NULL);
	wok_db *db = wok_pg_pool_db(pool);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_STR(wok_db_kind(db), "postgresql");
	ASSERT_OK(wok_db_script(db, "DROP TABLE IF EXISTS pot; CREATE TABLE pot (n int)"));
	ASSERT_EQ(wok_db_transaction(db, count_in_transaction, &(int){7}), 7);
	ASSERT_ERR(wok_db_transaction(db, count_in_transaction, &(int){-EIO}), -EIO);
	ASSERT_OK(wok_db_fetch(db, "SELECT n FROM pot", NULL, &rows));
	ASSERT_EQ(wok_rows_count(rows), 1);
	ASSERT_OK(wok_db_execute(db, "DROP TABLE pot", NULL, NULL));
	return 0;
}

PG_TEST(the_next_user_finds_nothing_of_the_last_one, "pg-19", "pgrow-35")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);
	const uint32_t pid = wok_pg_backend_pid(conn);

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE mine (n int); LISTEN news; "
				      "DECLARE c CURSOR WITH HOLD FOR SELECT 1; "
				      "SET work_mem = '77MB'; SET TimeZone = 'Asia/Tokyo'; "
				      "SET ROLE pg_monitor; "
				      "SELECT pg_advisory_lock(17)"));
	ASSERT_OK(wok_pg_script(conn, "BEGIN; SELECT 1"));
	wok_pg_pool_release(pool, conn);

	conn = take(pool); /* at once, the reset is on its way */
	ASSERT_EQ(wok_pg_backend_pid(conn), pid);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_cursors WHERE name = 'c'"), 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
		  0);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_listening_channels()"), 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_class WHERE relname = 'mine'"), 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT (current_user = session_user)::int"), 1);
	ASSERT_EQ(pg_check_int(conn, "SELECT (current_setting('work_mem') = '77MB')::int"), 0);
	ASSERT_EQ(wok_pg_status(conn), 'I');
	ASSERT(strcmp(wok_pg_parameter(conn, "TimeZone"), "Asia/Tokyo") != 0);
	wok_pg_conn_free(conn); /* the same as to release it */
	wait_for_idle(pool, 1);
	return 0;
}

PG_TEST(a_failed_transaction_and_a_savepoint_left_open_are_rolled_back, "pg-19")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);

	ASSERT_OK(wok_pg_script(conn, "BEGIN; SAVEPOINT a"));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1/0", NULL), WOK_EDB);
	ASSERT_EQ(wok_pg_status(conn), 'E');
	wok_pg_pool_release(pool, conn);
	ASSERT_EQ(pool_int(pool, "SELECT 1"), 1);
	ASSERT_EQ(closed(pool, WOK_PG_POOL_UNCLEAN) + closed(pool, WOK_PG_POOL_BROKEN), 0);
	return 0;
}

PG_TEST(an_own_reset_is_run_instead, "pgrow-35")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(
		&(wok_pg_pool_options){.max = 1, .reset_sql = "SET application_name = 'reset'"});

	ASSERT_OK(wok_pg_pool_execute(pool, "SET work_mem = '77MB'", NULL));
	ASSERT_EQ(pool_int(pool, "SELECT (current_setting('work_mem') = '77MB')::int"), 1);
	ASSERT_EQ(pool_int(pool, "SELECT (current_setting('application_name') = 'reset')::int"), 1);
	return 0;
}

PG_TEST(a_terminated_idle_connection_is_noticed_by_nobody, "pg-11")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.min = 3, .max = 3});
	char sql[100];

	ASSERT_OK(wok_pg_pool_ready(pool));
	wait_for_idle(pool, 3);
	wok_pg_conn *conn = take(pool);
	const uint32_t pid = wok_pg_backend_pid(conn);
	wok_pg_pool_release(pool, conn);
	wait_for_idle(pool, 3);
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%u)", (unsigned) pid);
	pg_cluster_query(sql);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_stat_activity WHERE pid = %u",
		 (unsigned) pid);
	pg_cluster_wait(sql, "0");
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(pool_int(pool, "SELECT 1"), 1);
	ASSERT_EQ(closed(pool, WOK_PG_POOL_GONE), 1);
	wait_for_idle(pool, 3);
	return 0;
}

PG_TEST(a_terminated_connection_in_use_tells_its_user_and_is_replaced, "pg-12")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.max = 1});
	wok_pg_conn *conn = take(pool);
	const uint32_t pid = wok_pg_backend_pid(conn);
	char sql[100];

	ASSERT_OK(wok_pg_execute(conn, "BEGIN", NULL));
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%u)", (unsigned) pid);
	pg_cluster_query(sql);
	int r = wok_pg_execute(conn, "SELECT 1", NULL); /* not tried again elsewhere */
	ASSERT_ERR(r, WOK_ECONNLOST);
	ASSERT_STR(wok_db_last_error()->sqlstate, "57P01");
	wok_pg_pool_release(pool, conn);
	ASSERT_EQ(closed(pool, WOK_PG_POOL_BROKEN), 1);
	ASSERT(pool_int(pool, "SELECT pg_backend_pid()") != (int64_t) pid);
	return 0;
}

static int ask(void *arg)
{
	int64_t value;
	int r = wok_pg_pool_fetch_int(arg, "SELECT 1", NULL, &value);

	return r < 0 ? r : 0;
}

static void survive_restart(bool immediate)
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.min = 2, .max = 4});
	wok_task *tasks[8];

	ASSERT_OK(wok_pg_pool_ready(pool));
	wait_for_idle(pool, 2);
	wok_pg_conn *conn = take(pool);
	pg_cluster_stop(immediate);
	for (size_t i = 0; i < 8; i++)
		tasks[i] = wok_create_task(ask, pool);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1", NULL), WOK_ECONNLOST);
	wok_pg_pool_release(pool, conn);
	ASSERT_OK(wok_sleep(50 * WOK_MS)); /* let some tries to connect fail */
	pg_cluster_start();
	for (size_t i = 0; i < 8; i++) {
		ASSERT_OK(wok_await(tasks[i]));
		wok_task_free(tasks[i]);
	}
	wok_pg_pool_stats stats;
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT(stats.connect_errors > 0);
	ASSERT(stats.size >= 2 && stats.size <= 4);
	ASSERT_EQ(stats.in_use, 0);
}

PG_TEST(the_pool_survives_a_fast_restart_of_the_server, "pg-13")
{
	survive_restart(false);
	return 0;
}

PG_TEST(the_pool_survives_a_crash_of_the_server, "pg-13")
{
	survive_restart(true);
	return 0;
}

PG_TEST(who_waits_while_the_server_is_away_runs_out_of_time, "pg-13", "pg-7")
{
	WOK_AUTO(wok_pg_pool) *pool =
		pool_with(&(wok_pg_pool_options){.acquire_timeout = 300 * WOK_MS});

	pg_cluster_stop(false);
	const wok_time start = wok_now();
	ASSERT_ERR(ask(pool), -ETIMEDOUT);
	const wok_time took = wok_now() - start;
	ASSERT(strstr(wok_errmsg(-ETIMEDOUT), "the last try to connect: "));
	ASSERT(took >= 300 * WOK_MS && took < 2 * WOK_SECOND);
	pg_cluster_start();
	return 0;
}

PG_TEST(a_wrong_database_is_told_at_once, "pg-55")
{
	char dsn[300];
	WOK_AUTO(wok_pg_pool) *pool = NULL;

	snprintf(dsn, sizeof(dsn), "%s dbname=nowhere", pg_cluster_dsn());
	ASSERT_OK(wok_pg_pool_new(dsn, NULL, &pool));
	ASSERT_ERR(ask(pool), WOK_EDB);
	ASSERT(strstr(wok_errmsg(WOK_EDB), "nowhere"));
	ASSERT_OK(wok_pg_pool_set_dsn(pool, pg_cluster_dsn()));
	ASSERT_OK(ask(pool));
	return 0;
}

PG_TEST(too_many_connections_are_waited_out, "pg-55")
{
	WOK_AUTO(wok_pg_pool) *pool = NULL;
	wok_pg_conn *other = NULL;
	char dsn[300];

	pg_cluster_query("DROP ROLE IF EXISTS lonely");
	pg_cluster_query("CREATE ROLE lonely LOGIN CONNECTION LIMIT 1");
	snprintf(dsn, sizeof(dsn), "%s user=lonely", pg_cluster_dsn());
	ASSERT_OK(wok_pg_connect(dsn, &other));
	ASSERT_OK(wok_pg_pool_new(dsn, NULL, &pool));
	WOK_AUTO(wok_task) *task = wok_create_task(ask, pool);
	ASSERT_OK(wok_sleep(50 * WOK_MS));
	ASSERT(!wok_task_done(task));
	wok_pg_conn_free(other);
	ASSERT_OK(wok_await(task));
	ASSERT_OK(wok_pg_pool_close(pool, WOK_SECOND));
	pg_cluster_wait("SELECT count(*) FROM pg_stat_activity WHERE usename = 'lonely'", "0");
	pg_cluster_query("DROP ROLE lonely");
	return 0;
}

#define NO_SLEEPERS                                                                                \
	"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "             \
	"'SELECT pg_sleep%'"

static int sleep_on_the_server(void *arg)
{
	return wok_pg_pool_execute(arg, "SELECT pg_sleep(60)", NULL);
}

PG_TEST(closing_with_a_limit_cuts_statements_off, "pg-10")
{
	wok_pg_conn *conn = NULL;
	WOK_AUTO(wok_pg_pool) *pool = pool_with(NULL);
	WOK_AUTO(wok_task) *task = wok_create_task(sleep_on_the_server, pool);

	ASSERT_OK(wok_sleep(50 * WOK_MS));
	ASSERT_ERR(wok_pg_pool_close(pool, 50 * WOK_MS), -ETIMEDOUT);
	ASSERT_ERR(wok_await(task), WOK_ECONNLOST);
	ASSERT_OK(wok_pg_pool_close(pool, WOK_FOREVER));
	ASSERT_ERR(wok_pg_pool_acquire(pool, &conn), -ESHUTDOWN);
	pg_cluster_wait(NO_SLEEPERS, "0"); /* the server has stopped, too */
	return 0;
}

PG_TEST(a_cancelled_statement_leaves_a_pool_of_the_right_size, "pg-8")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with(&(wok_pg_pool_options){.max = 2});
	wok_pg_conn *conns[2];

	for (int i = 0; i < 20; i++) {
		WOK_AUTO(wok_task) *one = wok_create_task(sleep_on_the_server, pool);
		WOK_AUTO(wok_task) *two = wok_create_task(sleep_on_the_server, pool);
		WOK_AUTO(wok_task) *three = wok_create_task(ask, pool);
		ASSERT_OK(wok_sleep((i % 5) * WOK_MS));
		wok_cancel(one);
		wok_cancel(two);
		ASSERT_OK(wok_await(three));
	}
	for (int i = 0; i < 2; i++)
		conns[i] = take(pool);
	for (int i = 0; i < 2; i++)
		wok_pg_pool_release(pool, conns[i]);
	pg_cluster_wait(NO_SLEEPERS, "0");
	return 0;
}

/* The wall clock of this program, which the test moves: it stands before libc's. */
static time_t wall_offset;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	long r = syscall(SYS_clock_gettime, clock, time);

	if (r == 0 && clock == CLOCK_REALTIME)
		time->tv_sec += wall_offset;
	return (int) r;
}

time_t time(time_t *ret_now)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_now)
		*ret_now = now.tv_sec;
	return now.tv_sec;
}

PG_TEST(a_jump_of_the_wall_clock_moves_no_timer, "pg-57")
{
	WOK_AUTO(wok_pg_pool) *pool =
		pool_with(&(wok_pg_pool_options){.max = 1, .acquire_timeout = 200 * WOK_MS});
	wok_pg_conn *conn = take(pool), *other = NULL;

	for (int i = 0; i < 2; i++) {
		wall_offset = i ? -86400 : 86400;
		const wok_time start = wok_now();
		ASSERT_ERR(wok_pg_pool_acquire(pool, &other), -ETIMEDOUT);
		const wok_time took = wok_now() - start;
		ASSERT(took >= 200 * WOK_MS && took < 2 * WOK_SECOND);
		wok_pg_pool_release(pool, conn);
		ASSERT_OK(ask(pool));
		wait_for_idle(pool, 1);
		conn = take(pool);
	}
	wall_offset = 0;
	wok_pg_pool_release(pool, conn);
	ASSERT_EQ(closed(pool, WOK_PG_POOL_OLD) + closed(pool, WOK_PG_POOL_IDLE), 0);
	return 0;
}
