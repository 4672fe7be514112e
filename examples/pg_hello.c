/* SPDX-License-Identifier: MIT */
/* pg_hello: questions to PostgreSQL. Shows several tasks on one connection, whose queries are on
 *           their way together, parameters, and an error that the server tells of.
 * Try:      pg_hello postgresql://user:password@127.0.0.1/mydb */
#include <inttypes.h>
#include <stdio.h>
#include <wok/pg.h>
#include <wok/wok.h>

struct question {
	wok_pg_conn *conn;
	int number;
	int64_t square;
};

static int ask(void *arg)
{
	struct question *question = arg;

	int r = wok_pg_fetch_int(question->conn, "SELECT ($1::int * $1)::bigint",
				 WOK_ARGS(question->number), &question->square);
	return r < 0 ? r : 0;
}

static int ask_many(wok_pg_conn *conn)
{
	struct question questions[5];

	for (int i = 0; i < 5; i++)
		questions[i] = (struct question){conn, i + 1, 0};
	WOK_TRY(wok_for_each(ask, questions, 5, WOK_UNLIMITED, 0));
	for (int i = 0; i < 5; i++)
		printf("%d * %d = %" PRId64 "\n", i + 1, i + 1, questions[i].square);
	return 0;
}

static int async_main(void *dsn)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;
	WOK_AUTO(wok_rows) *rows = NULL;

	WOK_TRY(wok_pg_connect(dsn, &conn));
	WOK_TRY(wok_pg_fetch(conn, "SELECT version() AS version, now() AS now", NULL, &rows));
	printf("%s\n%s\n", wok_row_text(wok_rows_at(rows, 0), "version"),
	       wok_row_text(wok_rows_at(rows, 0), "now"));
	WOK_TRY(ask_many(conn));
	if (wok_pg_execute(conn, "SELECT 1 / $1::int", WOK_ARGS(0)) == WOK_EDB)
		printf("%s: %s\n", wok_db_last_error()->sqlstate, wok_db_last_error()->message);
	return wok_pg_close(conn);
}

int main(int argc, char **argv)
{
	int r = wok_run(async_main, argc > 1 ? argv[1] : "");
	if (r < 0)
		fprintf(stderr, "pg_hello: %s\n", wok_errmsg(r));
	return r < 0;
}
