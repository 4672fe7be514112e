/* SPDX-License-Identifier: MIT */
/* sqlite_hello: a table in a file. Shows a statement with parameters, a transaction that a later
 *               error would roll back, and rows one by one.
 * Try:          sqlite_hello hello.db   twice */
#include <stdio.h>
#include <wok/sqlite.h>
#include <wok/wok.h>

static int add_names(wok_sqlite *db)
{
	static const char *const names[] = {"Ada", "Grace", "Barbara"};
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(db, NULL, &tx));
	for (int i = 0; i < 3; i++)
		WOK_TRY(wok_sqlite_execute(db, "INSERT INTO visits (name, turn) VALUES (?, ?)",
					   WOK_ARGS(names[i], i)));
	return wok_sqlite_transaction_commit(tx);
}

static int async_main(void *path)
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;
	int r;

	WOK_TRY(wok_sqlite_open(path, NULL, &db));
	WOK_TRY(wok_sqlite_script(db, "CREATE TABLE IF NOT EXISTS visits ("
				      "id INTEGER PRIMARY KEY, name TEXT, turn INTEGER)"));
	WOK_TRY(add_names(db));
	WOK_TRY(wok_sqlite_query(db, "SELECT name, count(*) AS n FROM visits GROUP BY name", NULL,
				 &cursor));
	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
		printf("%s was here %d times\n", wok_row_text(row, "name"),
		       (int) wok_row_int(row, "n"));
	return r;
}

int main(int argc, char **argv)
{
	int r = wok_run(async_main, argc > 1 ? argv[1] : "hello.db");
	if (r < 0)
		fprintf(stderr, "sqlite_hello: %s\n", wok_errmsg(r));
	return r < 0;
}
