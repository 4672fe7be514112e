/* SPDX-License-Identifier: MIT */
/* Statements and their values: see wok/sqlite.h. */
#include "check.h"

TEST_TASK(a_statement_runs_and_rows_come_back, "sqliterow-1", "sqliterow-18")
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_sqlite_open(":memory:", NULL, &db));
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
	ASSERT_OK(wok_sqlite_close(db));
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT 1", NULL), -EBADF);
}

TEST_TASK(a_cursor_gives_every_row_and_a_transaction_rolls_back)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;
	int64_t n = 0;
	int r;

	ASSERT_OK(wok_sqlite_query(db,
				   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				   "LIMIT $1) SELECT i FROM n",
				   WOK_ARGS(1000), &cursor));
	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
		ASSERT_EQ(wok_row_int(row, "i"), ++n);
	ASSERT_EQ(r, 0);
	ASSERT_EQ(n, 1000);
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 0);
	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	{
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
		ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
		ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL));
		ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 1);
	}
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}
