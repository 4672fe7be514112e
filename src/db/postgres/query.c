/* SPDX-License-Identifier: MIT */
/* Statements whose result is kept whole: execute, fetch, script. See wok/pg.h. */
#include <wok/timeout.h>

#include "db/postgres/run.h"

int wok_pg_execute_with(wok_pg_conn *conn, const char *sql, const wok_args *args,
			const wok_pg_query_options *options, wok_db_result *ret_result)
{
	struct wok__pg_op op;

	wok__pg_op_init(&op, "");
	int r = wok__pg_run(conn, sql, args, options, &op);
	if (r == 0 && ret_result)
		*ret_result = op.result;
	wok__pg_op_clear(&op);
	return r;
}

int wok_pg_execute(wok_pg_conn *conn, const char *sql, const wok_args *args)
{
	return wok_pg_execute_with(conn, sql, args, NULL, NULL);
}

int wok_pg_execute_result(wok_pg_conn *conn, const char *sql, const wok_args *args,
			  wok_db_result *ret_result)
{
	return wok_pg_execute_with(conn, sql, args, NULL, ret_result);
}

/* What gave no rows has none, of no columns. */
static int empty_rows(wok_rows **ret_rows)
{
	struct wok__columns *columns;

	WOK_TRY(wok__columns_new(&wok__pg_dialect, NULL, 0, &columns));
	int r = wok__rows_new(columns, WOK_UNLIMITED, ret_rows);
	wok__columns_unref(columns);
	return r;
}

static int fetch(wok_pg_conn *conn, const char *sql, const wok_args *args,
		 const wok_pg_query_options *options, size_t most, wok_rows **ret_rows)
{
	struct wok__pg_op op;

	wok__pg_op_init(&op, "");
	op.sink = WOK__PG_KEEP;
	op.limit = options && options->max_result ? options->max_result : conn->options.max_result;
	op.most = most;
	int r = wok__pg_run(conn, sql, args, options, &op);
	if (r == 0 && op.rows)
		*ret_rows = WOK_TAKE(op.rows);
	else if (r == 0)
		r = empty_rows(ret_rows);
	wok__pg_op_clear(&op);
	return r;
}

int wok_pg_fetch_with(wok_pg_conn *conn, const char *sql, const wok_args *args,
		      const wok_pg_query_options *options, wok_rows **ret_rows)
{
	return fetch(conn, sql, args, options, WOK_UNLIMITED, ret_rows);
}

int wok_pg_fetch(wok_pg_conn *conn, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return fetch(conn, sql, args, NULL, WOK_UNLIMITED, ret_rows);
}

int wok_pg_fetch_row(wok_pg_conn *conn, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	WOK_TRY(fetch(conn, sql, args, NULL, 1, &rows));
	if (wok_rows_count(rows) == 0)
		return 0;
	*ret_rows = WOK_TAKE(rows);
	return 1;
}

int wok_pg_fetch_int(wok_pg_conn *conn, const char *sql, const wok_args *args, int64_t *ret_value)
{
	WOK_AUTO(wok_rows) *rows = NULL;
	int r = wok_pg_fetch_row(conn, sql, args, &rows);

	if (r <= 0)
		return r;
	const wok_value *value = wok_row_at(wok_rows_at(rows, 0), 0);
	if (!value)
		return wok_fail(-ENODATA, "the statement gave rows without columns");
	WOK_TRY(wok_value_get_int(value, ret_value));
	return 1;
}

static int script(wok_pg_conn *conn, const char *sql, wok_db_result *ret_result)
{
	struct wok__pg_op op;

	WOK_TRY(wok__pg_enter(conn));
	const size_t mark = conn->out.size;
	wok__pg_op_init(&op, "q");
	wok__pg_send_text(&conn->out, 'Q', sql);
	if (conn->out.error < 0)
		return wok__pg_take_back(conn, mark, 0);
	wok__pg_op_queue(conn, &op, mark);
	int r = wok__pg_finish(conn, &op);
	r = r < 0 ? r : wok__pg_op_result(conn, &op);
	if (r == 0 && ret_result)
		*ret_result = op.result;
	wok__pg_op_clear(&op);
	return r;
}

int wok__pg_simple(wok_pg_conn *conn, const char *sql, wok_db_result *ret_result)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TRY(wok__pg_check_call(sql, NULL));
	if (conn->options.command_timeout == WOK_FOREVER)
		return script(conn, sql, ret_result);
	WOK_TIMEOUT (&timeout, conn->options.command_timeout) {
		r = script(conn, sql, ret_result);
	}
	return wok_timeout_result(&timeout, r);
}

int wok_pg_script(wok_pg_conn *conn, const char *sql)
{
	return wok__pg_simple(conn, sql, NULL);
}
