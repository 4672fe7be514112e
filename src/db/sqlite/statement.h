/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_SQLITE_STATEMENT_H
#define WOK_DB_SQLITE_STATEMENT_H
/*
 * Prepared statements, on the connection's thread. Those that are kept stand in a list, the hottest
 * first; one that is in use stands in none, so that nobody else gets it: the same SQL is then
 * prepared once more.
 */
#include "db/sqlite/connection.h"

struct wok__sqlite_statement {
	struct wok__node link;
	sqlite3_stmt *handle; /* NULL: there is nothing in it but a comment */
	uint32_t hash;
	size_t size;      /* of the SQL */
	uint32_t *places; /* which value each parameter is; NULL: the n-th is the n-th */
	int n_parameters;
	size_t n_values;              /* that they need */
	struct wok__columns *columns; /* NULL before the first row was looked for */
	int prepared;                 /* how often SQLite had prepared it by then */
	bool bound;                   /* it points to texts of a caller */
	bool controls;                /* BEGIN, COMMIT and their like */
	char sql[];
};

/* SQL behind blanks, comments and semicolons. */
const char *wok__sqlite_skip_blanks(const char *sql);

/* Whether it begins, or ends, a whole transaction: savepoints do not count. */
bool wok__sqlite_controls(const char *sql);

/* A statement for one run; 0, or an error that is kept in the job. */
int wok__sqlite_prepare(struct wok__sqlite_job *job, const char *sql,
			struct wok__sqlite_statement **ret_statement);

/* The same from the front of a script: ret_rest is what stands behind it. Not to be kept. */
int wok__sqlite_prepare_next(struct wok__sqlite_job *job, const char *sql, const char **ret_rest,
			     struct wok__sqlite_statement **ret_statement);

/* Reset it, and keep it for the next. NULL does nothing. */
void wok__sqlite_release(wok_sqlite *db, struct wok__sqlite_statement *statement);

/* Release what is kept. */
void wok__sqlite_forget_statements(wok_sqlite *db);

/* Give it its parameters, borrowed until it is released, or copied. */
int wok__sqlite_bind(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
		     const wok_args *args, bool copy);

/* The columns as they are now, after the first step. The statement's reference. */
int wok__sqlite_columns(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			struct wok__columns **ret_columns);

/* Add the row that the statement stands on. */
int wok__sqlite_add_row(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			wok_rows *rows);

/* One value, as SQLite's and as ours: also for functions. */
wok_value wok__sqlite_value(sqlite3_stmt *handle, int column);
#endif
