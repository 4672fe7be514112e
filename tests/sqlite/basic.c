/* SPDX-License-Identifier: MIT */
/* Statements and their values: see wok/sqlite.h. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"
#include "db/sqlite/connection.h"

TEST_TASK(a_statement_runs_and_rows_come_back, "sqliterow-18")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(i, d, s, b, n)", NULL));
	ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(?, ?, ?, ?, ?)",
				     WOK_ARGS(7, 2.5, "text", wok_value_blob("\0\1", 2), NULL)));
	ASSERT_OK(wok_sqlite_fetch(db, "SELECT * FROM t", NULL, &rows));
	ASSERT_EQ(wok_rows_count(rows), 1);
	const wok_row *row = wok_rows_at(rows, 0);
	ASSERT_EQ(wok_row_int(row, "i"), 7);
	ASSERT(wok_row_double(row, "d") == 2.5);
	ASSERT_STR(wok_row_text(row, "s"), "text");
	ASSERT_EQ(wok_row_view(row, "b").size, 2);
	ASSERT(wok_row_is_null(row, "n"));
}

TEST_TASK(a_statement_is_one_trip_to_the_thread, "sqliterow-2", "sqliterow-21")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	wok_db_result result;

	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x)"));
	uint64_t before = db->n_jobs;
	ASSERT_OK(wok_sqlite_execute_result(db, "INSERT INTO t(x) VALUES(1), (2), (3)", NULL,
					    &result));
	ASSERT_EQ(db->n_jobs, before + 1);
	ASSERT_EQ(result.changes, 3);
	ASSERT_EQ(result.last_id, 3);
	ASSERT_OK(wok_sqlite_execute_result(db, "UPDATE t SET x = 0 WHERE id > ?", WOK_ARGS(1),
					    &result));
	ASSERT_EQ(result.changes, 2);
	/* What changes nothing does not repeat the count before. */
	ASSERT_OK(wok_sqlite_execute_result(db, "CREATE TABLE u(x)", NULL, &result));
	ASSERT_EQ(result.changes, 0);
	ASSERT_OK(wok_sqlite_execute_result(db, "SELECT * FROM t", NULL, &result));
	ASSERT_EQ(result.changes, 3);
}

static void check_round_trip(wok_sqlite *db, wok_value value, const char *type)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_EQ(
		wok_sqlite_fetch_row(db, "SELECT ?1 AS v, typeof(?1) AS t", WOK_ARGS(value), &rows),
		1);
	const wok_row *row = wok_rows_at(rows, 0);
	const wok_value *back = wok_row_at(row, 0);
	ASSERT_STR(wok_row_text(row, "t"), type);
	if (value.kind == WOK_VALUE_INT)
		ASSERT_EQ(back->integer, value.integer);
	if (value.kind == WOK_VALUE_DOUBLE && !isnan(value.real))
		ASSERT(memcmp(&back->real, &value.real, sizeof(value.real)) == 0);
	if (value.kind != WOK_VALUE_TEXT && value.kind != WOK_VALUE_BLOB)
		return;
	ASSERT_EQ(back->kind, value.kind);
	ASSERT_EQ(back->size, value.size);
	ASSERT_MEM(back->data, value.data, value.size);
	ASSERT_EQ(back->text[back->size], '\0');
}

TEST_TASK(values_come_back_as_they_were_bound, "sqlite-13")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();

	check_round_trip(db, wok_value_int(INT64_MIN), "integer");
	check_round_trip(db, wok_value_int(INT64_MAX), "integer");
	check_round_trip(db, wok_value_bool(true), "integer");
	check_round_trip(db, wok_value_double(DBL_MAX), "real");
	check_round_trip(db, wok_value_double(-INFINITY), "real");
	check_round_trip(db, wok_value_double(0x1p-1074), "real");
	check_round_trip(db, wok_value_double(NAN), "null");
	check_round_trip(db, wok_value_view((wok_view){"a\0b", 3}), "text");
	check_round_trip(db, wok_value_text(""), "text");
	check_round_trip(db, wok_value_blob("", 0), "blob");
	check_round_trip(db, wok_value_null(), "null");
}

/* More bytes than there may be: SQLite must not look at them, so they need not be there. */
static void check_too_large(wok_sqlite *db)
{
	const size_t size = 1000000001;
	void *data =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(data != MAP_FAILED);
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT length(?)", WOK_ARGS(wok_value_blob(data, size))),
		   WOK_EDB);
	ASSERT_NUMBER(SQLITE_TOOBIG);
	munmap(data, size);
}

TEST_TASK(parameters_have_limits, "sqlite-13")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	wok_value *values = calloc(250000, sizeof(*values));
	char *sql = malloc(600000), *end = sql;

	check_too_large(db);
	end = stpcpy(end, "SELECT coalesce(?");
	for (int i = 1; i < 100; i++)
		end = stpcpy(end, ",?");
	strcpy(end, ", ?250000)");
	for (int i = 0; i < 250000; i++)
		values[i] = wok_value_null();
	values[249999] = wok_value_int(7);
	int64_t seven;
	ASSERT_EQ(wok_sqlite_fetch_int(db, sql, &(wok_args){values, 250000}, &seven), 1);
	ASSERT_EQ(seven, 7);
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT ?250001", NULL), WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "between ?1 and ?250000");
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT ?, ?", WOK_ARGS(1)), -EINVAL);
	ASSERT_MESSAGE(-EINVAL, "2 parameters, and 1 were given");
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT ?", WOK_ARGS(UINT64_MAX)), -EINVAL);
	free(values);
	free(sql);
}

TEST_TASK(a_dollar_and_a_number_say_which_value_it_is)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_db_fetch(wok_sqlite_db(db), "SELECT $2 AS b, $1 AS a, $2 AS again",
			       WOK_ARGS("a", "b"), &rows));
	const wok_row *row = wok_rows_at(rows, 0);
	ASSERT_STR(wok_row_text(row, "a"), "a");
	ASSERT_STR(wok_row_text(row, "b"), "b");
	ASSERT_STR(wok_row_text(row, "again"), "b");
	ASSERT_STR(wok_db_kind(wok_sqlite_db(db)), "sqlite");
}

TEST_TASK(a_script_says_which_statement_failed, "sqlite-15")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	size_t done;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x UNIQUE); -- with a comment", NULL));
	ASSERT_OK(wok_sqlite_script(db, "-- nothing\n/* at all */ ;;"));
	ASSERT_OK(wok_sqlite_execute(db, "/* nothing */", NULL));
	ASSERT_ERR(wok_sqlite_script_done(db,
					  "INSERT INTO t VALUES(1);\n-- one more\n"
					  "INSERT INTO t VALUES(2); INSERT INTO t VALUES(1);"
					  "INSERT INTO t VALUES(3)",
					  &done),
		   WOK_EDB);
	ASSERT_EQ(done, 2);
	ASSERT_MESSAGE(WOK_EDB, "statement 3: UNIQUE");
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 2);
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT 1; SELECT 2", NULL), -EINVAL);
	/* What a script leaves open is rolled back. */
	ASSERT_ERR(wok_sqlite_script(db, "BEGIN; DELETE FROM t"), -EINVAL);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 2);
	ASSERT_OK(wok_sqlite_script(db, "BEGIN; DELETE FROM t; COMMIT"));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}

static void check_code(wok_sqlite *db, const char *sql, int number)
{
	ASSERT_ERR(wok_sqlite_execute(db, sql, NULL), WOK_EDB);
	ASSERT_NUMBER(number);
}

TEST_TASK(errors_have_the_extended_code, "sqlite-17", "sqliterow-23")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();

	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE p(id INTEGER PRIMARY KEY, u UNIQUE, n NOT "
					"NULL, c CHECK(c > 0));"
					"CREATE TABLE c(p REFERENCES p);"
					"INSERT INTO p VALUES(1, 1, 1, 1)"));
	check_code(db, "INSERT INTO p VALUES(2, 1, 1, 1)", SQLITE_CONSTRAINT_UNIQUE);
	check_code(db, "INSERT INTO p VALUES(1, 2, 1, 1)", SQLITE_CONSTRAINT_PRIMARYKEY);
	check_code(db, "INSERT INTO p VALUES(2, 2, NULL, 1)", SQLITE_CONSTRAINT_NOTNULL);
	check_code(db, "INSERT INTO p VALUES(2, 2, 1, 0)", SQLITE_CONSTRAINT_CHECK);
	check_code(db, "INSERT INTO c VALUES(9)", SQLITE_CONSTRAINT_FOREIGNKEY);
	check_code(db, "SELECT 'é', nowhere FROM p", SQLITE_ERROR);
	ASSERT_EQ(wok_db_last_error()->position, 13); /* characters, not bytes */
	ASSERT_MESSAGE(WOK_EDB, "no such column: nowhere");
}

TEST_TASK(a_statement_in_use_is_not_used_again, "sqlite-33", "sqliterow-4")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	static const char sql[] = "SELECT value AS v FROM json_each('[1, 2, 3]')";
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	WOK_AUTO(wok_rows) *rows = NULL;
	const wok_row *row;

	ASSERT_OK(wok_sqlite_query(db,
				   "SELECT 1 UNION ALL SELECT i FROM (WITH RECURSIVE n(i) AS "
				   "(SELECT 2 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i "
				   "FROM n)",
				   NULL, &cursor));
	for (int i = 1; i <= 5001; i++) {
		ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
		ASSERT_EQ(wok_row_int_at(row, 0), i);
		if (i % 1000 == 0) {
			WOK_AUTO(wok_sqlite_cursor) *same = NULL;
			ASSERT_OK(wok_sqlite_query(db, sql, NULL, &same));
			ASSERT_EQ(wok_sqlite_cursor_next(same, &row), 1);
			wok_rows_free(WOK_TAKE(rows));
			ASSERT_OK(wok_sqlite_fetch(db, sql, NULL, &rows));
			ASSERT_EQ(wok_rows_count(rows), 3);
			ASSERT_EQ(wok_sqlite_cursor_next(same, &row), 1);
			ASSERT_EQ(wok_row_int(row, "v"), 2);
		}
	}
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 0);
}

TEST_TASK(the_cache_keeps_the_hottest_statements, "sqliterow-4")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	char sql[40];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 200; i++) {
			snprintf(sql, sizeof(sql), "SELECT %d", i);
			ASSERT_EQ(one_int(db, sql), i);
			ASSERT_EQ(one_int(db, "SELECT -1"), -1);
			ASSERT(db->n_statements <= 64);
		}
	ASSERT_EQ(db->n_statements, 64);
}

TEST_TASK(a_change_of_the_schema_is_seen, "sqlite-12")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL), *other = open_file(path, NULL);

		ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
		for (int i = 0; i < 3; i++) {
			WOK_AUTO(wok_rows) *rows = NULL;
			WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
			const wok_row *row;
			char sql[60];

			ASSERT_OK(wok_sqlite_fetch(db, "SELECT * FROM t", NULL, &rows));
			ASSERT_EQ(wok_rows_columns(rows), 1 + i);
			ASSERT_OK(wok_sqlite_query(db, "SELECT * FROM t", NULL, &cursor));
			ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
			ASSERT_EQ(wok_row_columns(row), 1 + i);
			ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 0);
			snprintf(sql, sizeof(sql), "ALTER TABLE t ADD COLUMN c%d", i);
			ASSERT_OK(wok_sqlite_execute(other, sql, NULL));
		}
	}
	remove_database(path);
}

TEST_TASK(many_statements_take_effect_all_or_none, "sqliterow-5")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	const wok_args *lists[] = {WOK_ARGS(1), WOK_ARGS(2), WOK_ARGS(3)};
	const wok_args *bad[] = {WOK_ARGS(4), WOK_ARGS(1)};
	wok_db_result result;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x UNIQUE)", NULL));
	const uint64_t before = db->n_jobs;
	ASSERT_OK(wok_sqlite_execute_many(db, "INSERT INTO t VALUES(?)", lists, 3, &result));
	ASSERT_EQ(db->n_jobs, before + 1);
	ASSERT_EQ(result.changes, 3);
	ASSERT_ERR(wok_sqlite_execute_many(db, "INSERT INTO t VALUES(?)", bad, 2, NULL), WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "parameters 1: UNIQUE");
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 3);
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
	ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
	ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(9)", NULL));
	ASSERT_ERR(wok_sqlite_execute_many(db, "INSERT INTO t VALUES(?)", bad, 2, NULL), WOK_EDB);
	ASSERT_OK(wok_sqlite_transaction_commit(tx));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 4);
}

TEST_TASK(a_batch_has_a_result_for_each_statement)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	wok_sqlite_statement batch[] = {
		{.sql = "CREATE TABLE t(x UNIQUE)"},
		{.sql = "INSERT INTO t VALUES(?)", .args = WOK_ARGS(5)},
		{.sql = "SELECT x FROM t", .want_rows = true},
	};
	wok_sqlite_statement bad[] = {
		{.sql = "SELECT x FROM t", .want_rows = true},
		{.sql = "INSERT INTO t VALUES(5)"},
		{.sql = "DELETE FROM t"},
	};

	ASSERT_OK(wok_sqlite_batch(db, batch, 3));
	ASSERT_EQ(batch[1].changes.changes, 1);
	ASSERT_EQ(wok_row_int(wok_rows_at(batch[2].rows, 0), "x"), 5);
	wok_rows_free(batch[2].rows);
	ASSERT_ERR(wok_sqlite_batch(db, bad, 3), WOK_EDB);
	ASSERT_EQ(bad[0].result, -ECANCELED);
	ASSERT(!bad[0].rows);
	ASSERT_EQ(bad[1].result, WOK_EDB);
	ASSERT_EQ(bad[2].result, -ECANCELED);
}

static int count_up(sqlite3 *handle, void *arg)
{
	char sql[60];

	for (int i = 0; i < *(int *) arg; i++) {
		snprintf(sql, sizeof(sql), "INSERT INTO t VALUES(%d)", i);
		if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
			return wok_fail(-EIO, "no: %s", sqlite3_errmsg(handle));
	}
	return 17;
}

TEST_TASK(a_closure_has_the_handle_for_itself, "sqliterow-5")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	int n = 100;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	const uint64_t before = db->n_jobs;
	ASSERT_EQ(wok_sqlite_run(db, count_up, &n), 17);
	ASSERT_EQ(db->n_jobs, before + 1);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 100);
	ASSERT_OK(wok_sqlite_execute(db, "DROP TABLE t", NULL));
	ASSERT_ERR(wok_sqlite_run(db, count_up, &n), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "no: no such table: t");
}

TEST_TASK(a_result_has_a_limit)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_rows) *rows = NULL;
	const wok_sqlite_call_options small = {.max_result = 1000};

	ASSERT_ERR(wok_sqlite_fetch_with(db, "SELECT zeroblob(2000)", NULL, &small, &rows),
		   WOK_ELIMIT);
	ASSERT(!rows);
	ASSERT_OK(wok_sqlite_fetch_with(db, "SELECT zeroblob(900)", NULL, &small, &rows));
}
