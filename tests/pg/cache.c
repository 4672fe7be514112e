/* SPDX-License-Identifier: MIT */
/* The statement cache, and what it heals. */
#include <wok/pg_pool.h>

#include "db/postgres/connection.h"
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
	for (int i = 0; i < 100; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		ASSERT_EQ(pg_check_int(conn, sql), i);
	}
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_prepared_statements"), 3);
	return 0;
}

PG_TEST(ten_thousand_statements_leave_no_more_than_the_cache_holds, "pg-45", "pgrow-11")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	char sql[40];

	for (int i = 0; i < 10000; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		ASSERT_EQ(pg_check_int(conn, sql), i);
	}
	/* The last ones, this one too. */
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_prepared_statements"), 256);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_prepared_statements "
				     "WHERE statement = 'SELECT 9999'"),
		  1);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM pg_prepared_statements "
				     "WHERE statement = 'SELECT 9700'"),
		  0);
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

/* One connection has met it: the others need not, in the midst of a transaction. */
PG_TEST(a_changed_table_is_learnt_by_all_of_a_pool, "pgrow-12", "pg-46")
{
	WOK_AUTO(wok_pg_pool) *pool = NULL;
	wok_pg_conn *one = NULL, *other = NULL;

	ASSERT_OK(wok_pg_pool_new(pg_cluster_dsn(), &(wok_pg_pool_options){.max = 2}, &pool));
	ASSERT_OK(wok_pg_pool_script(pool, "DROP TABLE IF EXISTS shared; "
					   "CREATE TABLE shared (i int)"));
	ASSERT_OK(wok_pg_pool_acquire(pool, &one));
	ASSERT_OK(wok_pg_pool_acquire(pool, &other));
	ASSERT_OK(wok_pg_execute(one, "SELECT * FROM shared", NULL));
	ASSERT_OK(wok_pg_execute(other, "SELECT * FROM shared", NULL));
	pg_cluster_query("ALTER TABLE shared ADD COLUMN j text");
	ASSERT_OK(wok_pg_execute(one, "SELECT * FROM shared", NULL));
	ASSERT_OK(wok_pg_script(other, "BEGIN"));
	ASSERT_OK(wok_pg_execute(other, "SELECT * FROM shared", NULL));
	ASSERT_OK(wok_pg_script(other, "COMMIT; DROP TABLE shared"));
	wok_pg_pool_release(pool, one);
	wok_pg_pool_release(pool, other);
	return 0;
}

static void assert_first(wok_pg_conn *conn, const char *sql, const char *wanted)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_pg_fetch(conn, sql, NULL, &rows));
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), wanted);
}

/* Types say themselves what they are made of, and another one has another number. */
PG_TEST(what_others_do_to_types_is_seen, "pg-34", "pg-46")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	const char *const sql = "SELECT v FROM typed ORDER BY 1 DESC LIMIT 1";

	pg_cluster_query("DROP TABLE IF EXISTS typed; DROP TYPE IF EXISTS kind; "
			 "CREATE TYPE kind AS (a int, b int); CREATE TABLE typed (v kind); "
			 "INSERT INTO typed VALUES (ROW(1, 2))");
	assert_first(conn, sql, "(1,2)");
	pg_cluster_query("ALTER TYPE kind ADD ATTRIBUTE c text; "
			 "INSERT INTO typed VALUES (ROW(3, 4, 'x y'))");
	assert_first(conn, sql, "(3,4,\"x y\")");
	pg_cluster_query("DROP TABLE typed; DROP TYPE kind; CREATE TYPE kind AS ENUM ('u'); "
			 "CREATE TABLE typed (v kind); INSERT INTO typed VALUES ('u')");
	assert_first(conn, sql, "u");
	pg_cluster_query("ALTER TYPE kind ADD VALUE 'w'");
	pg_cluster_query("INSERT INTO typed VALUES ('w')");
	assert_first(conn, sql, "w");
	pg_cluster_query("DROP TABLE typed; DROP TYPE kind");
	return 0;
}

/* What else is not supported says nothing of the other statements. */
PG_TEST(a_statement_that_is_not_supported_costs_no_other_one, "pgrow-12")
{
	wok_pg_query_info last = {0};
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.on_query = note, .arg = &last});

	ASSERT_OK(wok_pg_execute(conn, "SELECT 18", NULL));
	ASSERT_ERR(wok_pg_execute(conn,
				  "DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '0A000', "
				  "MESSAGE = 'no'; END$$",
				  NULL),
		   WOK_EDB);
	ASSERT_OK(wok_pg_execute(conn, "SELECT 18", NULL));
	ASSERT(!last.prepared);
	return 0;
}

/* As behind a pooler, where another client has prepared it. */
PG_TEST(a_name_that_is_taken_on_the_server_is_replaced_by_another, "pg-46", "pg-48")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	char sql[80];

	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	snprintf(sql, sizeof(sql), "PREPARE wok_%u AS SELECT 3", conn->statements.numbers + 1);
	ASSERT_OK(wok_pg_script(conn, sql));
	ASSERT_EQ(pg_check_int(conn, "SELECT 2"), 2);
	snprintf(sql, sizeof(sql), "PREPARE wok_%u AS SELECT 3", conn->statements.numbers + 1);
	ASSERT_OK(wok_pg_script(conn, sql));
	ASSERT_OK(wok_pg_script(conn, "BEGIN"));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 4", NULL), WOK_ERETRY);
	ASSERT_STR(wok_db_last_error()->sqlstate, "42P05");
	ASSERT_OK(wok_pg_script(conn, "ROLLBACK; BEGIN"));
	ASSERT_EQ(pg_check_int(conn, "SELECT 4"), 4);
	ASSERT_OK(wok_pg_script(conn, "COMMIT"));
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

struct group {
	wok_pg_conn *conn;
	wok_pg_statement statements[3];
	size_t n;
};

static int run_group(void *arg)
{
	struct group *group = arg;

	return wok_pg_batch(group->conn, group->statements, group->n);
}

/* While it has its last one prepared, the batch before it finds the table changed. The first one
 * is not kept, and so not forgotten; what it has done cannot be undone. */
static void run_both(wok_pg_conn *conn, wok_pg_conn *other, struct group *late)
{
	struct group first = {.conn = conn, .statements = {{.sql = "SELECT * FROM l"}}, .n = 1};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_pg_script(other, "BEGIN; LOCK TABLE locked"));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, run_group, late));
	while (conn->statements.count < 2)
		ASSERT_OK(wok_yield());
	ASSERT_OK(wok_scope_spawn(scope, run_group, &first));
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_pg_script(other, "COMMIT"));
	ASSERT_OK(wok_scope_join(scope));
}

PG_TEST(a_batch_that_waited_sends_nothing_that_is_outdated, "pg-46")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(&(wok_pg_options){.statement_max_sql = 20});
	WOK_AUTO(wok_pg_conn) *other = pg_check_connect(NULL);
	struct group late = {conn,
			     {{.sql = "SELECT nextval('l_i_seq')"},
			      {.sql = "SELECT * FROM l"},
			      {.sql = "TABLE locked"}},
			     3};

	ASSERT_OK(wok_pg_script(other, "DROP TABLE IF EXISTS locked; CREATE TABLE locked (i int)"));
	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE l (i serial)"));
	ASSERT_OK(wok_pg_execute(conn, "SELECT * FROM l", NULL));
	ASSERT_OK(wok_pg_script(conn, "ALTER TABLE l ADD COLUMN j int"));
	run_both(conn, other, &late);
	ASSERT_EQ(pg_check_int(conn, "SELECT nextval('l_i_seq')"), 2); /* it was run once */
	ASSERT_OK(wok_pg_script(other, "DROP TABLE locked"));
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
