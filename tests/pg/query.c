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

/* The codes of a server that goes are anybody's; that it says them with FATAL is not. */
PG_TEST(an_error_that_a_function_raises_costs_no_connection)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

	for (int i = 1; i <= 4; i++) {
		char sql[100], state[6];

		snprintf(state, sizeof(state), "57P%02d", i);
		snprintf(sql, sizeof(sql), "DO $$ BEGIN RAISE 'no' USING ERRCODE = '%s'; END $$",
			 state);
		ASSERT_ERR(wok_pg_execute(conn, sql, NULL), WOK_EDB);
		ASSERT_STR(wok_db_last_error()->sqlstate, state);
		ASSERT_STR(wok_db_last_error()->severity, "ERROR");
		ASSERT(wok_pg_alive(conn));
	}
	return 0;
}
