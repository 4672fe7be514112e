/* SPDX-License-Identifier: MIT */
/* Cursors, transactions, batches, and many at once. */
#include <stdlib.h>

#include "pg/check.h"

PG_TEST(a_cursor_gives_each_row_and_the_end, "pgrow-18")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_cursor) *cursor = NULL;
	const wok_row *row;
	int64_t sum = 0;
	int r;

	ASSERT_OK(wok_pg_query(conn, "SELECT g FROM generate_series(1, $1) g", WOK_ARGS(100000),
			       &cursor));
	while ((r = wok_pg_cursor_next(cursor, &row)) > 0)
		sum += wok_row_int_at(row, 0);
	ASSERT_EQ(r, 0);
	ASSERT_EQ(sum, 5000050000);
	ASSERT_EQ(pg_check_int(conn, "SELECT 7"), 7);
	return 0;
}

static int another_query(void *arg)
{
	return pg_check_int(arg, "SELECT 5") == 5 ? 0 : -EINVAL;
}

PG_TEST(a_cursor_that_is_given_up_leaves_the_connection_usable, "pgrow-18")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_pg_cursor *cursor;
	const wok_row *row;

	ASSERT_OK(wok_pg_query(
		conn, "SELECT g, repeat('x', 1000) FROM (SELECT generate_series(1, 100000000) g) s",
		NULL, &cursor));
	for (int i = 0; i < 1000; i++)
		ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 1);
	ASSERT_EQ(wok_row_int_at(row, 0), 1000);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1", NULL), -EDEADLK);
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, another_query, conn)); /* waits for the cursor */
	ASSERT_OK(wok_yield());
	wok_pg_cursor_free(cursor);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(pg_check_int(conn, "SELECT 8"), 8);
	return 0;
}

PG_TEST(a_portal_gives_its_rows_in_batches_and_others_between, "pgrow-19")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	const wok_pg_query_options options = {.batch_rows = 10};
	wok_pg_cursor *cursor;
	const wok_row *row;

	ASSERT_ERR(wok_pg_query_with(conn, "SELECT 1", NULL, &options, &cursor), -EINVAL);
	WOK_AUTO(wok_pg_transaction) *tx = NULL;
	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_OK(wok_pg_query_with(conn, "SELECT g FROM generate_series(1, $1) g", WOK_ARGS(25),
				    &options, &cursor));
	for (int i = 1; i <= 25; i++) {
		ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 1);
		ASSERT_EQ(wok_row_int_at(row, 0), i);
		if (i == 10)
			ASSERT_EQ(pg_check_int(
					  conn,
					  "SELECT count(*) FROM pg_cursors WHERE name LIKE 'wok%'"),
				  1);
	}
	ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 0);
	wok_pg_cursor_free(cursor);
	ASSERT_OK(wok_pg_query_with(conn, "SELECT g FROM generate_series(1, $1) g", WOK_ARGS(25),
				    &options, &cursor));
	ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 1);
	wok_pg_cursor_free(cursor); /* and the server is told */
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_cursors WHERE name LIKE 'wok%'"), 0);
	ASSERT_OK(wok_pg_transaction_commit(tx));
	return 0;
}

PG_TEST(transactions_nest_and_roll_back_at_the_end_of_their_block, "pgrow-24", "pgrow-25")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_execute(conn, "CREATE TEMP TABLE t (i int)", NULL));
	{
		WOK_AUTO(wok_pg_transaction) *tx = NULL;
		ASSERT_OK(wok_pg_transaction_begin(
			conn, &(wok_pg_transaction_options){.isolation = WOK_PG_SERIALIZABLE},
			&tx));
		ASSERT_EQ(wok_pg_status(conn), 'T');
		ASSERT_OK(wok_pg_execute(conn, "INSERT INTO t VALUES (1)", NULL));
		{
			WOK_AUTO(wok_pg_transaction) *inner = NULL;
			ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &inner));
			ASSERT_OK(wok_pg_execute(conn, "INSERT INTO t VALUES (2)", NULL));
			ASSERT_ERR(wok_pg_execute(conn, "SELECT 1/0", NULL), WOK_EDB);
			ASSERT_EQ(wok_pg_status(conn), 'E');
			ASSERT_ERR(wok_pg_transaction_commit(tx), -EINVAL);
		}
		ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t"), 1);
		ASSERT_OK(wok_pg_transaction_commit(tx));
		ASSERT_ERR(wok_pg_transaction_commit(tx), -EINVAL);
	}
	ASSERT_EQ(wok_pg_status(conn), 'I');
	{
		WOK_AUTO(wok_pg_transaction) *tx = NULL;
		ASSERT_OK(wok_pg_transaction_begin(
			conn, &(wok_pg_transaction_options){.read_only = true}, &tx));
		ASSERT_ERR(wok_pg_execute(conn, "CREATE TABLE never (i int)", NULL), WOK_EDB);
		ASSERT_STR(wok_db_last_error()->sqlstate, "25006");
	}
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t"), 1);
	return 0;
}

PG_TEST(a_commit_of_a_failed_transaction_is_an_error, "pg-16", "pg-18")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_transaction) *tx = NULL;

	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1/0", NULL), WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "22012");
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1", NULL), WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "25P02");
	ASSERT_ERR(wok_pg_transaction_commit(tx), WOK_EDB);
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}

PG_TEST(what_many_executions_changed_is_added_up_whatever_each_did)
{
	const wok_args *const args[] = {WOK_ARGS(3),  WOK_ARGS(3),  WOK_ARGS(1), WOK_ARGS(0),
					WOK_ARGS(12), WOK_ARGS(12), WOK_ARGS(3)};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_db_result result;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE n AS SELECT generate_series(1, 20) AS i"));
	ASSERT_OK(wok_pg_execute_many(conn, "UPDATE n SET i = i WHERE i <= $1", args, 7, &result));
	ASSERT_EQ(result.changes, 3 + 3 + 1 + 0 + 12 + 12 + 3);
	ASSERT_STR(result.status, "UPDATE 3");
	return 0;
}

PG_TEST(many_sets_of_parameters_happen_all_or_none, "pgrow-17")
{
	enum { N = 20000 };
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	static wok_value values[N][2];
	static wok_args sets[N];
	static const wok_args *pointers[N];
	wok_db_result result;

	for (int i = 0; i < N; i++) {
		values[i][0] = wok_value_int(i);
		values[i][1] = wok_value_text("some text");
		sets[i] = (wok_args){values[i], 2};
		pointers[i] = &sets[i];
	}
	ASSERT_OK(wok_pg_execute(conn, "CREATE TEMP TABLE m (i int PRIMARY KEY, t text)", NULL));
	ASSERT_OK(wok_pg_execute_many(conn, "INSERT INTO m VALUES ($1, $2)", pointers, N, &result));
	ASSERT_EQ(result.changes, N);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM m"), N);
	ASSERT_OK(wok_pg_execute(conn, "TRUNCATE m", NULL));
	values[N - 1][0] = wok_value_int(3); /* twice: the server refuses the last */
	ASSERT_ERR(wok_pg_execute_many(conn, "INSERT INTO m VALUES ($1, $2)", pointers, N, NULL),
		   WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "23505");
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM m"), 0);
	values[N - 1][0] = wok_value_int(INT64_MAX); /* does not fit: it is not even sent */
	ASSERT_ERR(wok_pg_execute_many(conn, "INSERT INTO m VALUES ($1, $2)", pointers, N, NULL),
		   -ERANGE);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM m"), 0);
	ASSERT_EQ(wok_pg_status(conn), 'I');
	return 0;
}

PG_TEST(a_batch_has_a_result_for_each_statement, "pgrow-16", "pg-49")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_statement statements[] = {
		{.sql = "INSERT INTO b VALUES ($1)", .args = WOK_ARGS(1)},
		{.sql = "SELECT i + $1 AS s FROM b", .args = WOK_ARGS(1), .want_rows = true},
		{.sql = "SELECT 1/$1", .args = WOK_ARGS(1)},
		{.sql = "INSERT INTO b VALUES (9)"},
	};

	ASSERT_OK(wok_pg_execute(conn, "CREATE TEMP TABLE b (i int)", NULL));
	ASSERT_OK(wok_pg_batch(conn, statements, 4));
	ASSERT_EQ(statements[0].changes.changes, 1);
	ASSERT_STR(statements[0].changes.status, "INSERT 0 1");
	ASSERT_EQ(wok_row_int(wok_rows_at(statements[1].rows, 0), "s"), 2);
	wok_rows_free(statements[1].rows);
	statements[2].args = WOK_ARGS(0);
	ASSERT_ERR(wok_pg_batch(conn, statements, 4), WOK_EDB);
	ASSERT_STR(statements[2].sqlstate, "22012");
	ASSERT_EQ(statements[1].result, 0);
	ASSERT_EQ(statements[3].result, WOK_EDB);
	ASSERT_STR(statements[3].sqlstate, "");
	wok_rows_free(statements[1].rows);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM b"), 2); /* nothing of the second */
	return 0;
}

PG_TEST(a_batch_of_much_in_both_directions_does_not_block, "pg-49")
{
	enum { N = 70, SIZE = 1 << 20 };
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	static wok_pg_statement statements[N];
	char *text = malloc(SIZE);

	memset(text, 'x', SIZE);
	const wok_value value = wok_value_view((wok_view){text, SIZE});
	const wok_args args = {&value, 1};
	for (int i = 0; i < N; i++)
		statements[i] = (wok_pg_statement){
			.sql = "SELECT $1 || 'y'", .args = &args, .want_rows = true};
	ASSERT_OK(wok_pg_batch(conn, statements, N));
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(wok_row_view_at(wok_rows_at(statements[i].rows, 0), 0).size, SIZE + 1);
		wok_rows_free(statements[i].rows);
	}
	free(text);
	return 0;
}
