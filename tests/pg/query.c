/* SPDX-License-Identifier: MIT */
/* Statements on one connection. */
#include "pg/check.h"

PG_TEST(a_statement_gives_rows, "pgrow-1")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_pg_fetch(conn,
			       "SELECT g AS id, 'n' || g AS name FROM generate_series(1, $1) g",
			       WOK_ARGS(3), &rows));
	ASSERT_EQ(wok_rows_count(rows), 3);
	ASSERT_STR(wok_row_text(wok_rows_at(rows, 2), "name"), "n3");
	return 0;
}
