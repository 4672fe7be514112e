/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_RUN_H
#define WOK_DB_POSTGRES_RUN_H
/* The parts of running a statement, for whoever runs many or in pieces. */
#include "db/postgres/connection.h"

/* The SQL and the number of parameters are possible: 0; -EINVAL. */
int wok__pg_check_call(const char *sql, const wok_args *args);

/* A prepared statement, found or made; *ret_prepared: the server had to parse it. */
int wok__pg_statement_ready(wok_pg_conn *conn, const char *sql, const wok_args *args, bool whole,
			    struct wok__pg_statement **ret_statement, bool *ret_prepared);

/*
 * After an operation that failed, and before which nothing was done: if it failed for what its
 * statement was prepared for, forget that. whole: it was sent with its parsing.
 * 1: run it again; 0: what it came to stands; WOK_ERETRY: the transaction has ended with it.
 */
enum { WOK__PG_HEAL_MAX = 3 };
int wok__pg_heal(wok_pg_conn *conn, struct wok__pg_statement *statement,
		 const struct wok__pg_op *op, bool whole);

/* How many parameters were given: 0; -EINVAL. */
int wok__pg_check_count(const struct wok__pg_statement *statement, const wok_args *args);

/* Append a Bind. binary: all columns so, whatever the statement's shape says. After a failure what
 * was appended has to be taken back. */
int wok__pg_send_bind(wok_pg_conn *conn, const char *portal, struct wok__pg_statement *statement,
		      const wok_args *args, bool binary);

/* Take back what was appended from mark on. Returns r, or what went wrong with appending. */
int wok__pg_take_back(wok_pg_conn *conn, size_t mark, int r);

/* Run SQL by a simple query. ret_result: of the last statement; NULL. */
int wok__pg_simple(wok_pg_conn *conn, const char *sql, wok_db_result *ret_result);
#endif
