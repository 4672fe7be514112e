/* SPDX-License-Identifier: MIT */
/* Cancelled statements, and what becomes of the connection. */
#include <signal.h>

#include "pg/check.h"

static int sleep_long(void *arg)
{
	return wok_pg_execute(arg, "SELECT pg_sleep(60)", NULL);
}

PG_TEST(a_cancelled_statement_stops_on_the_server_and_the_connection_goes_on, "pg-1", "pgrow-28")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_conn) *other = pg_check_connect(NULL);
	const uint32_t pid = wok_pg_backend_pid(conn);
	wok_time best = WOK_FOREVER;
	char sql[120];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM pg_stat_activity WHERE pid = %u AND state = 'active'", pid);
	for (int i = 0; i < 20; i++) {
		const wok_time before = wok_now();

		ASSERT_ERR(wok_wait_for(sleep_long, conn, 20 * WOK_MS), -ETIMEDOUT);
		const wok_time took = wok_now() - before;
		best = took < best ? took : best;
		ASSERT_EQ(pg_check_int(other, sql), 0); /* when the call returns, it has stopped */
		ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	}
	/* The best of twenty, as the machine may be busy; how long it is in round trips says
	 * a_cancel_takes_two_round_trips. */
	ASSERT(best < 200 * WOK_MS);
	ASSERT_EQ(wok_pg_backend_pid(conn), pid);
	return 0;
}

PG_TEST(a_statement_has_a_time_limit_of_its_own, "pgrow-27")
{
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.command_timeout = 30 * WOK_MS});

	ASSERT_ERR(wok_pg_execute(conn, "SELECT pg_sleep(60)", NULL), -ETIMEDOUT);
	ASSERT_ERR(wok_pg_script(conn, "SELECT pg_sleep(60)"), -ETIMEDOUT);
	ASSERT_OK(wok_pg_execute_with(conn, "SELECT pg_sleep(0.1)", NULL,
				      &(wok_pg_query_options){.timeout = WOK_FOREVER}, NULL));
	return 0;
}

/* Parsing it waits for a lock, and executing never begins. */
PG_TEST(the_limit_of_a_statement_covers_its_preparation, "pgrow-27")
{
	WOK_AUTO(wok_pg_conn) *other = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.command_timeout = 100 * WOK_MS});

	ASSERT_OK(wok_pg_script(other, "DROP TABLE IF EXISTS locked; CREATE TABLE locked (i int)"));
	ASSERT_OK(wok_pg_script(other, "BEGIN; LOCK TABLE locked"));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT * FROM locked", NULL), -ETIMEDOUT);
	ASSERT_OK(wok_pg_script(other, "COMMIT"));
	ASSERT(wok_pg_alive(conn));
	ASSERT_OK(wok_pg_execute_with(conn, "SELECT * FROM locked", NULL,
				      &(wok_pg_query_options){.timeout = WOK_FOREVER}, NULL));
	ASSERT_OK(wok_pg_script(other, "DROP TABLE locked"));
	return 0;
}

struct two {
	wok_pg_conn *conn;
	int done;
};

static int two_tasks(void *arg)
{
	struct two *two = arg;

	ASSERT_EQ(pg_check_int(two->conn, "SELECT 12 FROM pg_sleep(0.2)"), 12);
	two->done++;
	return 0;
}

/* The one that waits in the queue goes at once; the one that runs is not harmed. */
PG_TEST(a_statement_that_is_cancelled_in_the_queue_harms_nobody, "pgrow-28")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	struct two two = {.conn = conn};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_pg_execute(conn, "SELECT pg_sleep(0)", NULL));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, two_tasks, &two));
	ASSERT_OK(wok_yield());
	ASSERT_ERR(wok_wait_for(sleep_long, conn, 10 * WOK_MS), -ETIMEDOUT);
	ASSERT_EQ(two.done, 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT 13"),
		  13); /* what was left behind is cancelled in time */
	ASSERT_EQ(two.done, 1);
	ASSERT_OK(wok_scope_join(scope));
	return 0;
}

PG_TEST(a_transaction_is_rolled_back_by_a_cancel, "pg-16", "pgrow-25")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	ASSERT_OK(wok_pg_execute(conn, "CREATE TEMP TABLE t (i int)", NULL));
	WOK_TIMEOUT (&timeout, 100 * WOK_MS) {
		WOK_AUTO(wok_pg_transaction) *tx = NULL;

		ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
		ASSERT_OK(wok_pg_execute(conn, "INSERT INTO t VALUES (1)", NULL));
		r = sleep_long(conn);
	}
	ASSERT_EQ(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_EQ(wok_pg_status(conn), 'I');
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t"), 0);
	return 0;
}

PG_TEST(a_frozen_server_costs_the_connection, "pg-3")
{
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.cancel_timeout = 100 * WOK_MS});
	const wok_time before = wok_now();

	pg_cluster_signal((pid_t) wok_pg_backend_pid(conn), SIGSTOP);
	ASSERT_ERR(wok_wait_for(sleep_long, conn, 20 * WOK_MS), -ETIMEDOUT);
	ASSERT(wok_now() - before < 2 * WOK_SECOND);
	ASSERT(!wok_pg_alive(conn));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1", NULL), WOK_ECONNLOST);
	return 0;
}

PG_TEST(a_terminated_connection_says_why, "pg-12", "pgrow-44")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_conn) *other = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_execute(other, "SELECT pg_terminate_backend($1)",
				 WOK_ARGS(wok_pg_backend_pid(conn))));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT pg_sleep(60)", NULL), WOK_ECONNLOST);
	ASSERT_STR(wok_db_last_error()->sqlstate, "57P01");
	ASSERT(!wok_pg_alive(conn));
	return 0;
}

static int64_t rows_until(wok_pg_cursor *cursor, int *ret_error)
{
	const wok_row *row;
	int64_t n = 0;
	int r;

	while ((r = wok_pg_cursor_next(cursor, &row)) > 0)
		n++;
	*ret_error = r;
	return n;
}

/* The first batch comes at once, and the last one never. */
#define SLOW_END "SELECT g, pg_sleep((g / 1000) * 60) FROM generate_series(1, 1000) g"

PG_TEST(the_limit_of_a_cursor_covers_all_its_rows, "pgrow-27")
{
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.command_timeout = 500 * WOK_MS});
	const wok_pg_query_options batches = {.batch_rows = 100, .timeout = 600 * WOK_MS};
	wok_pg_cursor *cursor;
	const wok_row *row;
	int error;

	ASSERT_OK(wok_pg_query(conn, SLOW_END, NULL, &cursor));
	ASSERT(rows_until(cursor, &error) >= 256);
	ASSERT_EQ(error, -ETIMEDOUT);
	ASSERT_ERR(wok_pg_cursor_next(cursor, &row), -ETIMEDOUT);
	wok_pg_cursor_free(cursor);
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);

	WOK_AUTO(wok_pg_transaction) *tx = NULL;
	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_OK(wok_pg_query_with(conn, SLOW_END, NULL, &batches, &cursor));
	ASSERT_EQ(rows_until(cursor, &error), 900);
	ASSERT_EQ(error, -ETIMEDOUT);
	wok_pg_cursor_free(cursor);
	ASSERT_OK(wok_pg_transaction_rollback(tx));
	ASSERT(wok_pg_alive(conn));
	return 0;
}

/* The time of who reads is his own. */
PG_TEST(a_slow_reader_does_not_use_up_the_limit_of_his_cursor, "pgrow-27")
{
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.command_timeout = WOK_SECOND});
	WOK_AUTO(wok_pg_cursor) *cursor = NULL;
	const wok_row *row;
	int error;

	ASSERT_OK(wok_pg_query(conn, "SELECT generate_series(1, 1000)", NULL, &cursor));
	ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 1);
	ASSERT_OK(wok_sleep(1100 * WOK_MS));
	ASSERT_EQ(rows_until(cursor, &error), 999);
	ASSERT_EQ(error, 0);
	return 0;
}
