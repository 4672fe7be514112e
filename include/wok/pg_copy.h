/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_COPY_H
#define WOK_PG_COPY_H
#include <wok/pg.h>

WOK_BEGIN_DECLS

/*
 * COPY: many rows at once, in the form that the SQL says: text, CSV, binary. While one is open,
 * other tasks that use its connection wait.
 *
 *     WOK_AUTO(wok_pg_copy) *copy = NULL;
 *     WOK_TRY(wok_pg_copy_in(conn, "COPY users FROM STDIN (FORMAT csv)", &copy));
 *     WOK_TRY(wok_pg_copy_write(copy, line, size));
 *     WOK_TRY(wok_pg_copy_finish(copy, &result));
 */
typedef struct wok_pg_copy wok_pg_copy;

/**
 * Begin a COPY ... FROM STDIN.
 *
 * ret_copy:   to be freed with wok_pg_copy_free(), before the connection
 * Returns:    0; -EINVAL: the statement is none, and it has been run; as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_in(wok_pg_conn *conn, const char *sql, wok_pg_copy **ret_copy) WOK_MUST_CHECK;

/**
 * Send data: any piece of it, rows need not be whole.
 *
 * Returns:    0; -EINVAL: it is no wok_pg_copy_in(), or has ended; as wok_pg_execute(): an error
 *             of the server may come with any write, or with the end
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_write(wok_pg_copy *copy, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * End it: all data was sent, or, of a wok_pg_copy_out(), all was read.
 *
 * ret_result: changes is the number of rows; NULL if it does not matter
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_finish(wok_pg_copy *copy, wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * Begin a COPY ... TO STDOUT.
 *
 * Returns:    as wok_pg_copy_in()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_out(wok_pg_conn *conn, const char *sql, wok_pg_copy **ret_copy) WOK_MUST_CHECK;

/**
 * The next data: some rows, each whole, of text and CSV. The server waits while nobody reads.
 *
 * ret_data:   until the next call on the copy
 * Returns:    1; 0 at the end; -EINVAL: it is no wok_pg_copy_out(); as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_read(wok_pg_copy *copy, wok_view *ret_data) WOK_MUST_CHECK;

/**
 * Release it. One that has not ended is given up: nothing has been copied in.
 *
 * copy:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_copy_free(wok_pg_copy *copy);
WOK_DEFINE_AUTO(wok_pg_copy)

/* Gives data: how much, at most size; 0 at the end; an error, and then nothing is copied. */
typedef ssize_t wok_pg_copy_source(void *data, size_t size, void *arg);

/* Takes data: 0, or an error, and the rest is not asked for. */
typedef int wok_pg_copy_sink(const void *data, size_t size, void *arg);

/**
 * Copy in what a function gives.
 *
 * source:     may wait
 * Returns:    as wok_pg_copy_in(); what source returned, if that was negative
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_from(wok_pg_conn *conn, const char *sql, wok_pg_copy_source *source, void *arg,
		     wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * Copy in what is in memory.
 *
 * Returns:    as wok_pg_copy_in()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_from_memory(wok_pg_conn *conn, const char *sql, const void *data, size_t size,
			    wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * Copy in a file of this machine.
 *
 * Returns:    as wok_pg_copy_in() and wok_file_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_from_file(wok_pg_conn *conn, const char *sql, const char *path,
			  wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * Copy out to a function.
 *
 * sink:       may wait: then the server does
 * Returns:    as wok_pg_copy_out(); what sink returned, if that was negative
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_to(wok_pg_conn *conn, const char *sql, wok_pg_copy_sink *sink, void *arg,
		   wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * Copy out to a file of this machine, which is made or emptied.
 *
 * Returns:    as wok_pg_copy_out() and wok_file_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_copy_to_file(wok_pg_conn *conn, const char *sql, const char *path,
			wok_db_result *ret_result) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
