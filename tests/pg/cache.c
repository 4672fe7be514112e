/* SPDX-License-Identifier: MIT */
/* The statement cache, and what it heals. */
#include "pg/check.h"

static void note(const wok_pg_query_info *query, void *arg)
{
	*(wok_pg_query_info *) arg = *query;
}

PG_TEST(a_statement_is_parsed_once, "pgrow-11", "pgrow-45")
{
	wok_pg_query_info last = {0};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(
		&(wok_pg_options){.on_query = note, .arg = &last, .statements = 3});
	char sql[40];

	ASSERT_EQ(pg_check_int(conn, "SELECT 17"), 17);
	ASSERT(last.prepared);
	ASSERT_STR(last.sql, "SELECT 17");
	ASSERT_EQ(last.rows, 1);
	ASSERT(last.duration > 0 && last.bytes_sent > 0 && last.bytes_received > 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT 17"), 17);
	ASSERT(!last.prepared);
	for (int i = 0; i < 1000; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		ASSERT_EQ(pg_check_int(conn, sql), i);
	}
	ASSERT(pg_check_int(conn, "SELECT count(*) FROM pg_prepared_statements") <= 4);
	return 0;
}

PG_TEST(parameters_of_other_types_are_another_statement, "pg-45")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_value value = wok_value_text("17");
	const wok_args args = {&value, 1};
	WOK_AUTO(wok_rows) *rows = NULL;

	value.type = 25;
	ASSERT_OK(wok_pg_execute(conn, "SELECT pg_typeof($1)::text", &args));
	value.type = 23;
	ASSERT_OK(wok_pg_fetch(conn, "SELECT pg_typeof($1)::text", &args, &rows));
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "integer");
	return 0;
}

PG_TEST(a_changed_table_is_seen_outside_of_transactions, "pg-46", "pgrow-12")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE t (i int); INSERT INTO t VALUES (1)"));
	ASSERT_OK(wok_pg_execute(conn, "SELECT * FROM t", NULL));
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE t ADD COLUMN j text DEFAULT 'new'"));
	ASSERT_OK(wok_pg_fetch(conn, "SELECT * FROM t", NULL, &rows));
	ASSERT_STR(wok_row_text(wok_rows_at(rows, 0), "j"), "new");
	ASSERT_OK(wok_pg_script(conn, "DEALLOCATE ALL"));
	ASSERT_OK(wok_pg_execute(conn, "SELECT * FROM t", NULL));

	WOK_AUTO(wok_pg_transaction) *tx = NULL;
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE t ADD COLUMN k text"));
	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT * FROM t", NULL), WOK_ERETRY);
	ASSERT_OK(wok_pg_transaction_rollback(tx));
	ASSERT_OK(wok_pg_execute(conn, "SELECT * FROM t", NULL));
	return 0;
}

/* Two inserts, and a query whose plan changes with its table. */
static int insert_and_look(wok_pg_conn *conn, wok_pg_statement statements[3])
{
	memset(statements, 0, 3 * sizeof(statements[0]));
	statements[0].sql = "INSERT INTO h VALUES (1)";
	statements[1].sql = "INSERT INTO h VALUES (2)";
	statements[2].sql = "SELECT * FROM h";
	statements[2].want_rows = true;
	return wok_pg_batch(conn, statements, 3);
}

PG_TEST(a_batch_is_run_again_where_its_error_has_undone_it, "pg-46")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_statement statements[3];

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE h (i int)"));
	ASSERT_OK(insert_and_look(conn, statements));
	wok_rows_free(statements[2].rows);
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE h ADD COLUMN j text DEFAULT 'new'"));
	ASSERT_OK(insert_and_look(conn, statements));
	ASSERT_STR(wok_row_text(wok_rows_at(statements[2].rows, 0), "j"), "new");
	wok_rows_free(statements[2].rows);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM h"), 4); /* once, not twice */
	ASSERT_OK(wok_pg_script(conn, "DEALLOCATE ALL"));
	ASSERT_OK(insert_and_look(conn, statements));
	wok_rows_free(statements[2].rows);

	WOK_AUTO(wok_pg_transaction) *tx = NULL;
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE h ADD COLUMN k text"));
	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_ERR(insert_and_look(conn, statements), WOK_ERETRY);
	ASSERT(strstr(wok_errmsg(WOK_ERETRY), "run it again"));
	ASSERT_OK(wok_pg_transaction_rollback(tx));
	ASSERT_OK(insert_and_look(conn, statements));
	wok_rows_free(statements[2].rows);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM h"), 8);
	return 0;
}

PG_TEST(a_batch_is_not_run_again_after_what_stays_done, "pg-46")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_statement statements[2] = {{.sql = "SELECT nextval('s')"},
					  {.sql = "SELECT * FROM g"}};

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE g (i int); CREATE TEMP SEQUENCE s"));
	ASSERT_OK(wok_pg_batch(conn, statements, 2));
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE g ADD COLUMN j int"));
	ASSERT_ERR(wok_pg_batch(conn, statements, 2), WOK_EDB);
	ASSERT_STR(statements[1].sqlstate, "0A000");
	ASSERT_EQ(pg_check_int(conn, "SELECT nextval('s')"), 3);
	ASSERT_OK(wok_pg_batch(conn, statements, 2)); /* but it has been forgotten */
	return 0;
}

PG_TEST(many_executions_survive_a_statement_that_is_gone, "pg-46")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	const wok_args *args[] = {WOK_ARGS(1), WOK_ARGS(2), WOK_ARGS(3)};
	const char insert[] = "INSERT INTO m VALUES ($1) RETURNING *";
	wok_db_result result;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE m (i int)"));
	ASSERT_OK(wok_pg_execute_many(conn, insert, args, 3, NULL));
	ASSERT_OK(wok_pg_script(conn, "DEALLOCATE ALL"));
	ASSERT_OK(wok_pg_execute_many(conn, insert, args, 3, &result));
	ASSERT_EQ(result.changes, 3);
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE m ADD COLUMN j int"));
	ASSERT_OK(wok_pg_execute_many(conn, insert, args, 3, &result));
	ASSERT_EQ(result.changes, 3);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM m"), 9);
	return 0;
}

PG_TEST(statements_without_names_leave_none_behind, "pgrow-13")
{
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.no_statement_names = true});
	int64_t value;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(wok_pg_fetch_int(conn, "SELECT $1 + 1", WOK_ARGS(i), &value), 1);
		ASSERT_EQ(value, i + 1);
	}
	ASSERT_EQ(
		pg_check_int(conn, "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"),
		0);
	return 0;
}

PG_TEST(a_statement_with_typed_parameters_takes_one_round_trip, "pgrow-14")
{
	wok_pg_query_info last = {0};
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.on_query = note, .arg = &last});
	wok_value value = wok_value_int(5);
	WOK_AUTO(wok_rows) *rows = NULL;

	value.type = 23;
	const wok_args args = {&value, 1};
	ASSERT_OK(wok_pg_fetch_with(conn, "SELECT $1 + 1 AS six, 'text' AS t", &args,
				    &(wok_pg_query_options){.in_one_trip = true}, &rows));
	ASSERT(!last.prepared); /* not by a round trip of its own */
	ASSERT_EQ(wok_row_int(wok_rows_at(rows, 0), "six"), 6);
	ASSERT_STR(wok_row_text(wok_rows_at(rows, 0), "t"), "text");
	wok_rows_free(WOK_TAKE(rows));
	/* A type without a binary form is asked for again, as text. */
	ASSERT_OK(wok_pg_fetch_with(conn, "SELECT 'postgres=r/postgres'::aclitem AS acl", NULL,
				    &(wok_pg_query_options){.in_one_trip = true}, &rows));
	ASSERT_STR(wok_row_text(wok_rows_at(rows, 0), "acl"), "postgres=r/postgres");
	return 0;
}

PG_TEST(a_statement_says_what_it_takes_and_gives, "pgrow-43")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_description *description;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE d (i int, v varchar(20))"));
	ASSERT_OK(wok_pg_describe(conn, "SELECT v, 1 AS one FROM d WHERE i = $1", &description));
	ASSERT_EQ(description->n_parameters, 1);
	ASSERT_EQ(description->parameters[0], 23);
	ASSERT_EQ(description->n_columns, 2);
	ASSERT_STR(description->columns[0].name, "v");
	ASSERT_EQ(description->columns[0].type, 1043);
	ASSERT_EQ(description->columns[0].modifier, 24);
	ASSERT_EQ(description->columns[0].number, 2);
	ASSERT(description->columns[0].table > 0);
	ASSERT_EQ(description->columns[1].table, 0);
	wok_free(description);
	return 0;
}
