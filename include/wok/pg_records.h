/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_RECORDS_H
#define WOK_PG_RECORDS_H
#include <wok/pg.h>

WOK_BEGIN_DECLS

/*
 * COPY of values: the fastest way for many rows into a table, and out of one. They go in binary
 * form, so each value must have one that is known here: for a column of a type that only the server
 * can read from text, use wok/pg_copy.h.
 *
 *     WOK_AUTO(wok_pg_records) *users = NULL;
 *     WOK_TRY(wok_pg_records_in(conn, "users", "id, name", &users));
 *     for (int i = 0; i < n; i++)
 *             WOK_TRY(wok_pg_records_add(users, WOK_ARGS(i, names[i])));
 *     WOK_TRY(wok_pg_records_finish(users, NULL));
 */
typedef struct wok_pg_records wok_pg_records;

/**
 * Begin to copy records into a table.
 *
 * table:      as SQL: users, public."my table" (see wok_pg_quote_identifier())
 * columns:    as SQL, commas between them; NULL: all, in the table's order, but those that the
 *             server computes (GENERATED ALWAYS AS ... STORED); an identity column is among them,
 *             and takes what is given
 * ret_records: to be freed with wok_pg_records_free(), before the connection
 * Returns:    as wok_pg_copy_in()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_records_in(wok_pg_conn *conn, const char *table, const char *columns,
		      wok_pg_records **ret_records) WOK_MUST_CHECK;

/**
 * Add a record. They are sent when there are enough of them.
 *
 * record:     a value for each column
 * Returns:    0; -EINVAL: not so many columns, or a value that has no binary form of the column's
 *             type; -ERANGE: a number that does not fit; -EILSEQ: what is no text; -EBUSY: another
 *             task's call waits until some of them were sent. After these it was not added, and
 *             others may be. As wok_pg_copy_write()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_records_add(wok_pg_records *records, const wok_args *record) WOK_MUST_CHECK;

/**
 * End it: all records have been added. Before, none of them is in the table.
 *
 * ret_result: changes is their number; NULL if it does not matter
 * Returns:    as wok_pg_copy_finish(); -EBUSY as wok_pg_records_add()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_records_finish(wok_pg_records *records, wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * Begin to copy records out of a table or a query. The server waits while nobody reads.
 *
 * source:     as SQL: users, or (SELECT ...) in its parentheses; of a table all columns
 * Returns:    as wok_pg_copy_out()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_records_out(wok_pg_conn *conn, const char *source, wok_pg_records **ret_records)
	WOK_MUST_CHECK;

/**
 * The next record.
 *
 * ret_row:    until the next call on records
 * Returns:    1; 0 at the end; WOK_EPEER: that is no binary COPY; as wok_pg_copy_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_records_next(wok_pg_records *records, const wok_row **ret_row) WOK_MUST_CHECK;

/**
 * Release it. What has not been finished is given up: nothing has been copied in.
 *
 * records:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_records_free(wok_pg_records *records);
WOK_DEFINE_AUTO(wok_pg_records)

WOK_END_DECLS
#endif
