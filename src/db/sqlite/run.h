/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_SQLITE_RUN_H
#define WOK_DB_SQLITE_RUN_H
/* Running one statement from its begin to its end, on the connection's thread. */
#include "db/sqlite/statement.h"

struct wok__sqlite_run {
	struct wok__sqlite_job job;
	const char *sql;
	const wok_args *args;
	size_t max_rows;  /* to keep; 0: none */
	size_t max_bytes; /* of them */
	wok_db_result result;
	wok_rows *rows;
};

/* The job of a struct wok__sqlite_run. */
wok__sqlite_fn wok__sqlite_run_statement;

/* A statement in a job that has several. rows: NULL, or where they are left. */
int wok__sqlite_run_one(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			wok_db_result *ret_result);
int wok__sqlite_run_rows(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			 size_t max_rows, size_t max_bytes, wok_rows **ret_rows);

/* For a result that has a row: 1, or an error, which is said. */
int wok__sqlite_first_int(const wok_rows *rows, int64_t *ret_value);

/* sqlite3_step() of a statement which, once it has taken effect, is not stopped any more. */
int wok__sqlite_step(wok_sqlite *db, sqlite3_stmt *handle);

/* wok__sqlite_call() under a limit of time; 0: the connection's. */
int wok__sqlite_call_for(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run,
			 wok_time timeout);
#endif
