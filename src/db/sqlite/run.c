/* SPDX-License-Identifier: MIT */
/* One statement: see run.h and wok/sqlite.h. */
#include "db/sqlite/run.h"

#include <wok/error.h>
#include <wok/timeout.h>

int wok__sqlite_step(wok_sqlite *db, sqlite3_stmt *handle)
{
	db->stepped = handle;
	const int r = sqlite3_step(handle);
	db->stepped = NULL;
	return r;
}

static int step(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement)
{
	const int r = wok__sqlite_step(job->db, statement->handle);

	if (r == SQLITE_ROW || r == SQLITE_DONE)
		return r == SQLITE_ROW;
	return wok__sqlite_fail(job, r, NULL);
}

/* What the statements since a count of all changes have done. */
static wok_db_result result_since(sqlite3 *handle, int64_t before)
{
	return (wok_db_result){
		.changes =
			sqlite3_total_changes64(handle) == before ? 0 : sqlite3_changes64(handle),
		.last_id = sqlite3_last_insert_rowid(handle),
	};
}

int wok__sqlite_run_one(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			wok_db_result *ret_result)
{
	sqlite3 *handle = job->db->handle;
	const int64_t before = sqlite3_total_changes64(handle);
	int64_t n = 0;
	int r;

	if (!statement->handle)
		return 0;
	while ((r = step(job, statement)) == 1)
		n++;
	if (r < 0)
		return r;
	*ret_result = result_since(handle, before);
	if (sqlite3_stmt_readonly(statement->handle))
		ret_result->changes = n;
	return 0;
}

/* With RETURNING all changes are made by now, and this commits them. */
static int end_early(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement)
{
	const int r = sqlite3_reset(statement->handle);

	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

static int read_rows(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
		     size_t max_rows, wok_rows *rows, int r)
{
	for (; r == 1; r = step(job, statement)) {
		WOK_TRY(wok__sqlite_add_row(job, statement, rows));
		if (wok_rows_count(rows) == max_rows)
			return end_early(job, statement);
	}
	return r;
}

/* The result of a comment: no rows of no columns. */
static int no_rows(wok_rows **ret_rows)
{
	struct wok__columns *columns;

	WOK_TRY(wok__columns_new(NULL, NULL, 0, &columns));
	const int r = wok__rows_new(columns, 0, ret_rows);
	wok__columns_unref(columns);
	return r;
}

int wok__sqlite_run_rows(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			 size_t max_rows, size_t max_bytes, wok_rows **ret_rows)
{
	struct wok__columns *columns;
	WOK_AUTO(wok_rows) *rows = NULL;

	if (!statement->handle)
		return no_rows(ret_rows);
	const int first = step(job, statement);
	if (first < 0)
		return first;
	WOK_TRY(wok__sqlite_columns(job, statement, &columns));
	WOK_TRY(wok__rows_new(columns, max_bytes, &rows));
	WOK_TRY(read_rows(job, statement, max_rows, rows, first));
	*ret_rows = WOK_TAKE(rows);
	return 0;
}

int wok__sqlite_run_statement(struct wok__sqlite_job *job)
{
	struct wok__sqlite_run *run = WOK__CONTAINER(job, struct wok__sqlite_run, job);
	struct wok__sqlite_statement *statement;

	WOK_TRY(wok__sqlite_prepare(job, run->sql, &statement));
	int r = wok__sqlite_bind(job, statement, run->args, false);
	if (r == 0 && run->max_rows)
		r = wok__sqlite_run_rows(job, statement, run->max_rows, run->max_bytes, &run->rows);
	else if (r == 0)
		r = wok__sqlite_run_one(job, statement, &run->result);
	wok__sqlite_release(job->db, statement);
	return r;
}

int wok__sqlite_call_for(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run,
			 wok_time timeout)
{
	wok_timeout limit = WOK_TIMEOUT_INIT;
	int r = 0;

	timeout = timeout ? timeout : db->settings.options.timeout;
	if (!timeout || timeout == WOK_FOREVER)
		return wok__sqlite_call(db, job, run);
	WOK_TIMEOUT (&limit, timeout)
		r = wok__sqlite_call(db, job, run);
	return wok_timeout_result(&limit, r);
}

static const wok_sqlite_call_options no_options;

int wok_sqlite_execute_with(wok_sqlite *db, const char *sql, const wok_args *args,
			    const wok_sqlite_call_options *options, wok_db_result *ret_result)
{
	struct wok__sqlite_run run = {
		.job.may_share = wok__sqlite_may_share(db, sql),
		.sql = sql,
		.args = args,
	};

	options = options ? options : &no_options;
	WOK_TRY(wok__sqlite_call_for(db, &run.job, wok__sqlite_run_statement, options->timeout));
	if (ret_result)
		*ret_result = run.result;
	return 0;
}

int wok_sqlite_execute(wok_sqlite *db, const char *sql, const wok_args *args)
{
	return wok_sqlite_execute_with(db, sql, args, NULL, NULL);
}

int wok_sqlite_execute_result(wok_sqlite *db, const char *sql, const wok_args *args,
			      wok_db_result *ret_result)
{
	return wok_sqlite_execute_with(db, sql, args, NULL, ret_result);
}

static int fetch(wok_sqlite *db, const char *sql, const wok_args *args,
		 const wok_sqlite_call_options *options, size_t max_rows, wok_rows **ret_rows)
{
	options = options ? options : &no_options;
	struct wok__sqlite_run run = {
		.sql = sql,
		.args = args,
		.max_rows = max_rows,
		.max_bytes =
			options->max_result ? options->max_result : db->settings.options.max_result,
	};

	WOK_TRY(wok__sqlite_call_for(db, &run.job, wok__sqlite_run_statement, options->timeout));
	*ret_rows = run.rows;
	return 0;
}

int wok_sqlite_fetch_with(wok_sqlite *db, const char *sql, const wok_args *args,
			  const wok_sqlite_call_options *options, wok_rows **ret_rows)
{
	return fetch(db, sql, args, options, SIZE_MAX, ret_rows);
}

int wok_sqlite_fetch(wok_sqlite *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return fetch(db, sql, args, NULL, SIZE_MAX, ret_rows);
}

int wok_sqlite_fetch_row(wok_sqlite *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	WOK_TRY(fetch(db, sql, args, NULL, 1, &rows));
	if (wok_rows_count(rows) == 0)
		return 0;
	*ret_rows = WOK_TAKE(rows);
	return 1;
}

int wok__sqlite_first_int(const wok_rows *rows, int64_t *ret_value)
{
	const wok_value *value = wok_row_at(wok_rows_at(rows, 0), 0);

	if (!value)
		return wok_fail(-EINVAL, "the statement gives rows without columns");
	WOK_TRY(wok_value_get_int(value, ret_value));
	return 1;
}

int wok_sqlite_fetch_int(wok_sqlite *db, const char *sql, const wok_args *args, int64_t *ret_value)
{
	WOK_AUTO(wok_rows) *rows = NULL;
	const int r = wok_sqlite_fetch_row(db, sql, args, &rows);

	return r > 0 ? wok__sqlite_first_int(rows, ret_value) : r;
}
