/* SPDX-License-Identifier: MIT */
/* Tasks that share a connection: nobody waits for what has happened, or is told of another's. */
#include <sys/wait.h>
#include <unistd.h>
#include <wok/pg_copy.h>
#include <wok/pg_notify.h>
#include <wok/pg_pool.h>

#include "db/postgres/connection.h"

#include "harness/another_loop.h"
#include "harness/reports.h"
#include "pg/check.h"

static int listen_for_ever(void *conn)
{
	wok_pg_notification notification;
	int r;

	while ((r = wok_pg_notification_next(conn, &notification)) > 0)
		;
	return r;
}

static int query_with_much(void *conn)
{
	static char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	return wok_pg_execute(conn, "SELECT length($1), pg_sleep(0.01)", WOK_ARGS(text));
}

/* The listener is the one who reads, and it never ends. */
PG_TEST(who_waits_for_room_beside_a_listener_gets_it)
{
	const wok_pg_options options = {.max_in_flight = 1000};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(&options);
	WOK_AUTO(wok_scope) *listener = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&listener));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(listener, listen_for_ever, conn));
	ASSERT_OK(wok_yield());
	for (int i = 0; i < 5; i++)
		ASSERT_OK(wok_scope_spawn(scope, query_with_much, conn));
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;
	WOK_TIMEOUT (&timeout, 20 * WOK_SECOND) {
		r = wok_scope_join(scope);
	}
	ASSERT_OK(wok_timeout_result(&timeout, r));
	wok_scope_cancel(listener, NULL);
	return 0;
}

struct begin {
	wok_pg_conn *conn;
	wok_pg_transaction **ret_tx;
};

static int begin(void *arg)
{
	const struct begin *one = arg;

	return wok_pg_transaction_begin(one->conn, NULL, one->ret_tx);
}

PG_TEST(two_tasks_may_begin_transactions_at_once)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_transaction) *outer = NULL, *inner = NULL;
	struct begin both[] = {{conn, &outer}, {conn, &inner}};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, begin, &both[0]));
	ASSERT_OK(wok_scope_spawn(scope, begin, &both[1]));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_ERR(wok_pg_transaction_commit(outer), -EINVAL);
	ASSERT_OK(wok_pg_transaction_commit(inner));
	ASSERT_EQ(wok_pg_status(conn), 'T');
	ASSERT_OK(wok_pg_transaction_commit(outer));
	ASSERT_EQ(wok_pg_status(conn), 'I');
	return 0;
}

static int read_too_much(void *conn)
{
	wok_rows *rows;

	ASSERT_ERR(wok_pg_fetch(conn, "SELECT repeat('x', 5000)", NULL, &rows), WOK_ELIMIT);
	ASSERT(strstr(wok_errmsg(WOK_ELIMIT), "raise max_result"));
	return 0;
}

PG_TEST(of_many_rows_only_the_first_takes_memory)
{
	const wok_pg_options options = {.max_result = 1000};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(&options);
	static const char sql[] = "SELECT i, repeat('x', 500) FROM generate_series(1, 20000) AS i";
	WOK_AUTO(wok_rows) *rows = NULL;
	wok_rows *all;

	for (int round = 0; round < 2; round++) {
		wok_rows_free(WOK_TAKE(rows));
		ASSERT_EQ(wok_pg_fetch_row(conn, sql, NULL, &rows), 1);
		ASSERT_EQ(wok_rows_count(rows), 1);
		ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, 0), 0), 1);
	}
	ASSERT_ERR(wok_pg_fetch(conn, sql, NULL, &all), WOK_ELIMIT);
	/* What comes behind the first row is still heard. */
	ASSERT_ERR(wok_pg_fetch_row(conn, "SELECT 1 / (3 - i) FROM generate_series(1, 9) AS i",
				    NULL, &all),
		   WOK_EDB);
	ASSERT_EQ(pg_check_int(conn, "SELECT 7"), 7);
	return 0;
}

static int copy_by_mistake(void *conn)
{
	ASSERT_ERR(wok_pg_script(conn, "COPY (SELECT 1) TO STDOUT"), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "wok_pg_copy_out()"));
	return 0;
}

/* Another one reads, and finds out. */
PG_TEST(what_went_wrong_is_told_to_the_task_whose_it_is)
{
	const wok_pg_options options = {.max_result = 1000};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(&options);
	WOK_AUTO(wok_scope) *listener = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&listener));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(listener, listen_for_ever, conn));
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_scope_spawn(scope, read_too_much, conn));
	ASSERT_OK(wok_scope_spawn(scope, copy_by_mistake, conn));
	ASSERT_OK(wok_scope_join(scope));
	wok_scope_cancel(listener, NULL);
	return 0;
}

static int query_once(void *conn)
{
	return pg_check_int(conn, "SELECT 7") == 7 ? 0 : -EINVAL;
}

static int copy_nothing(void *conn)
{
	return wok_pg_copy_from_memory(conn, "COPY g FROM STDIN", "1\n", 2, NULL);
}

PG_TEST(all_who_wait_for_a_copy_come_to_their_turn)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_pg_copy *copy;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE g (i int)"));
	ASSERT_OK(wok_pg_copy_in(conn, "COPY g FROM STDIN", &copy));
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 6; i++)
		ASSERT_OK(wok_scope_spawn(scope, i % 3 == 2 ? copy_nothing : query_once, conn));
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_pg_copy_write(copy, "2\n", 2));
	ASSERT_OK(wok_pg_copy_finish(copy, NULL));
	wok_pg_copy_free(copy);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM g"), 3);
	return 0;
}

PG_TEST(statements_that_are_not_kept_are_closed_even_if_they_fail)
{
	const wok_pg_options options = {.statements = WOK_UNLIMITED};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(&options);
	WOK_AUTO(wok_pg_cursor) *cursor = NULL;
	const wok_row *row;
	int64_t count;

	for (int i = 0; i < 3; i++) {
		ASSERT_ERR(wok_pg_execute(conn, "SELECT 1 / $1::int", WOK_ARGS(0)), WOK_EDB);
		ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::int", WOK_ARGS(INT64_C(1) << 40)),
			   -ERANGE);
		ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::int", NULL), -EINVAL);
	}
	ASSERT_OK(wok_pg_query(conn, "SELECT generate_series(1, 10000000)", NULL, &cursor));
	ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 1);
	wok_pg_cursor_free(WOK_TAKE(cursor));
	ASSERT_EQ(
		wok_pg_fetch_int(conn, "SELECT count(*) FROM pg_prepared_statements", NULL, &count),
		1);
	ASSERT_EQ(count, 1); /* this one */
	return 0;
}

PG_TEST(a_portal_whose_parameter_does_not_fit_leaves_nothing)
{
	const wok_pg_query_options batches = {.batch_rows = 2};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_transaction) *tx = NULL;
	wok_pg_cursor *cursor;

	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_ERR(wok_pg_query_with(conn, "SELECT $1::int", WOK_ARGS(INT64_C(1) << 40), &batches,
				     &cursor),
		   -ERANGE); /* LeakSanitizer objects here if the operation is left behind */
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}

PG_TEST(a_connection_that_is_given_to_a_pool_it_is_not_of_stays_the_callers)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_pool *pool;

	ASSERT_OK(wok_pg_pool_new(pg_cluster_dsn(), NULL, &pool));
	wok_pg_pool_release(pool, conn);
	wok_pg_pool_free(pool);
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}

PG_TEST(a_statement_that_is_not_kept_costs_a_pool_no_connection)
{
	const wok_pg_options connection = {.statements = WOK_UNLIMITED};
	const wok_pg_pool_options options = {.max = 1, .connection = &connection};
	wok_pg_pool_stats stats;
	int64_t value;
	wok_pg_pool *pool;

	ASSERT_OK(wok_pg_pool_new(pg_cluster_dsn(), &options, &pool));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(wok_pg_pool_fetch_int(pool, "SELECT $1::int", WOK_ARGS(i), &value), 1);
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.connected, 1);
	wok_pg_pool_free(pool);
	return 0;
}

PG_TEST(a_cancel_timeout_may_be_for_ever)
{
	const wok_pg_options options = {.cancel_timeout = WOK_FOREVER};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(&options);
	wok_pg_transaction *tx;

	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	wok_pg_transaction_free(tx);
	ASSERT(wok_pg_alive(conn));
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}

/* --- other loops, other processes --------------------------------------------------------------
 */

struct ours {
	wok_pg_conn *conn;
	wok_pg_cursor *cursor;
	wok_pg_transaction *tx;
	struct test_reports reports;
};

static int use_foreign(void *arg)
{
	struct ours *ours = arg;
	wok_pg_notification notification;
	const wok_row *row;
	wok_pg_cursor *cursor;
	wok_pg_copy *copy;

	ASSERT_ERR(wok_pg_execute(ours->conn, "SELECT 1", NULL), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "another loop"));
	ASSERT_ERR(wok_pg_script(ours->conn, "SELECT 1"), -EINVAL);
	ASSERT_ERR(wok_pg_copy_out(ours->conn, "COPY (SELECT 1) TO STDOUT", &copy), -EINVAL);
	ASSERT_ERR(wok_pg_notification_next(ours->conn, &notification), -EINVAL);
	ASSERT_ERR(wok_pg_query(ours->conn, "SELECT 1", NULL, &cursor), -EINVAL);
	ASSERT_ERR(wok_pg_cursor_next(ours->cursor, &row), -EINVAL);
	ASSERT_ERR(wok_pg_transaction_commit(ours->tx), -EINVAL);
	ASSERT_ERR(wok_pg_close(ours->conn), -EINVAL);
	wok_pg_cursor_free(ours->cursor);
	wok_pg_transaction_free(ours->tx);
	wok_pg_conn_free(ours->conn);
	return 0;
}

static int lend(void *arg)
{
	struct ours *ours = arg;
	const wok_row *row;

	ours->conn = pg_check_connect(NULL);
	ASSERT_OK(wok_pg_transaction_begin(ours->conn, NULL, &ours->tx));
	ASSERT_OK(
		wok_pg_query(ours->conn, "SELECT generate_series(1, 100000)", NULL, &ours->cursor));
	test_in_another_loop(use_foreign, ours);
	for (int i = 1; i <= 100000; i++) {
		ASSERT_EQ(wok_pg_cursor_next(ours->cursor, &row), 1);
		ASSERT_EQ(wok_row_int_at(row, 0), i);
	}
	ASSERT_EQ(wok_pg_cursor_next(ours->cursor, &row), 0);
	wok_pg_cursor_free(ours->cursor);
	ASSERT_OK(wok_pg_transaction_commit(ours->tx));
	wok_pg_transaction_free(ours->tx);
	wok_pg_conn_free(ours->conn);
	return 0;
}

TEST(a_connection_of_another_loop_is_refused)
{
	struct ours ours = {.conn = NULL};

	pg_cluster();
	ASSERT_OK(wok_set_report_hook(test_take_report, &ours.reports));
	ASSERT_OK(wok_run(lend, &ours));
	/* What is released is always told; the rest in debug mode. */
	ASSERT(ours.reports.n >= 3 && ours.reports.n <= 4);
	ASSERT_REPORT(&ours.reports, ours.reports.n - 1, "wok_pg_conn_free did nothing");
}

/* In the child: its exit status. */
static int use_inherited(wok_pg_conn *conn)
{
	if (wok_pg_execute(conn, "SELECT 1", NULL) != -ECHILD)
		return 1;
	if (!strstr(wok_errmsg(-ECHILD), "fork") || wok_pg_close(conn) != -ECHILD)
		return 2;
	wok_pg_conn_free(conn);
	return 0;
}

static int in_new_run(void *conn)
{
	return use_inherited(conn);
}

PG_TEST(a_connection_of_the_parent_is_refused_and_left_alone, "pg-56")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	int status = -1;

	pid_t pid = fork();
	if (pid == 0)
		_exit(use_inherited(conn) + 10 * wok_run(in_new_run, conn));
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT 9"), 9); /* nobody has said goodbye */
	return 0;
}

/* --- a server that answers one before it reads the next -----------------------------------------
 */

struct line {
	wok_pg_conn *conn;
	wok_stream *server;
	size_t size; /* of a task's statement; the first sends a second one behind it */
};

/* All fit into the line, but not the second one behind them. */
enum { FIRST = 10001, SMALL = 100, LARGE = 10000, LINE = 71000, TASKS = 8 };

/* SQL of so many bytes. */
static int script_of(wok_pg_conn *conn, size_t size)
{
	char sql[16 << 10];

	memset(sql, ' ', size);
	sql[size] = '\0';
	return wok_pg_script(conn, sql);
}

static int run_scripts(void *arg)
{
	const struct line *line = arg;

	WOK_TRY(script_of(line->conn, line->size));
	return line->size == FIRST ? script_of(line->conn, 16000) : 0;
}

static int serve_slowly(void *arg)
{
	static const char notice[] = "N\0\0\0\7M\0\0", ready[] = "Z\0\0\0\5I";
	wok_stream *server = ((struct line *) arg)->server;
	char message[20000], head[5];

	for (int i = 0; i < TASKS + 1; i++) {
		WOK_TRY(wok_stream_read_exactly(server, head, 5, NULL));
		const size_t size = wok__pg_get32(head + 1) - 4;
		WOK_TRY(wok_stream_read_exactly(server, message, size, NULL));
		for (int n = 0; i == 1 && n < 40000; n++)
			WOK_TRY(wok_stream_write_all(server, notice, sizeof(notice) - 1));
		WOK_TRY(wok_stream_write_all(server, ready, sizeof(ready) - 1));
	}
	return 0;
}

TEST_TASK(who_writes_to_a_server_that_writes_does_not_keep_others_from_reading)
{
	struct line lines[TASKS] = {{.size = FIRST}, {.size = SMALL}};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok__pg_conn_new(NULL, &lines[0].conn));
	ASSERT_OK(wok_stream_pair(LINE, &lines[0].conn->stream, &lines[0].server));
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < TASKS; i++) {
		lines[i].conn = lines[0].conn;
		lines[i].size = lines[i].size ? lines[i].size : LARGE;
		ASSERT_OK(wok_scope_spawn(scope, run_scripts, &lines[i]));
	}
	ASSERT_OK(wok_scope_spawn(scope, serve_slowly, &lines[0]));
	ASSERT_OK(wok_scope_join(scope));
	wok_pg_conn_free(lines[0].conn);
	wok_stream_free(lines[0].server);
}
