/* SPDX-License-Identifier: MIT */
/* 28-aiosqlite: section 10, SQLite. Shows a file's table, a parameter, and rows one by one.
 * Try:          28-aiosqlite   (it makes test.db here, and adds a row in each run) */
#include <inttypes.h>
#include <stdio.h>
#include <wok/sqlite.h>
#include <wok/wok.h>

static int async_main(void *unused)
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;
	int r;

	(void) unused;
	WOK_TRY(wok_sqlite_open("test.db", NULL, &db));
	WOK_TRY(wok_sqlite_execute(db,
				   "CREATE TABLE IF NOT EXISTS users ("
				   "id INTEGER PRIMARY KEY, name TEXT)",
				   NULL));
	/* Without a transaction around it, a statement is committed when it returns. */
	WOK_TRY(wok_sqlite_execute(db, "INSERT INTO users(name) VALUES(?)", WOK_ARGS("张三")));

	WOK_TRY(wok_sqlite_query(db, "SELECT * FROM users", NULL, &cursor));
	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
		printf("(%" PRId64 ", '%s')\n", wok_row_int(row, "id"), wok_row_text(row, "name"));
	return r;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "28-aiosqlite: %s\n", wok_errmsg(r));
	return r < 0;
}
