/* SPDX-License-Identifier: MIT */
#ifndef WOK_SQLITE_POOL_H
#define WOK_SQLITE_POOL_H
#include <wok/sqlite.h>

WOK_BEGIN_DECLS

/*
 * A database with one connection that writes and several that read: with a write-ahead log none of
 * them is in another's way. Readers are opened when they are needed, and refuse to write.
 *
 *     WOK_TRY(wok_sqlite_pool_open("app.db", NULL, &pool));
 *     WOK_TRY(wok_sqlite_pool_execute(pool, "INSERT ...", args));      // the writer
 *     WOK_TRY(wok_sqlite_pool_fetch(pool, "SELECT ...", args, &rows)); // a reader
 *
 * What a task reads while it has a transaction on the writer is read there, so that it sees what it
 * wrote. A database in memory has no readers: the writer does it all.
 */
typedef struct wok_sqlite_pool wok_sqlite_pool;

/* How to open one. Zero in a field means the default. */
typedef struct {
	wok_sqlite_options connection; /* of each; query_only and group_commit are set by role */
	size_t readers;                /* at most; wok_cpu_count(), but no more than 4 */
	wok_time acquire_timeout;      /* how long to wait for a reader; 30 s */
} wok_sqlite_pool_options;

/**
 * Open a database. A macro, as wok_sqlite_open().
 *
 * path:       of the file; ":memory:"
 * options:    NULL for the defaults; copied
 * ret_pool:   to be freed with wok_sqlite_pool_free()
 * Returns:    0; -EINVAL for readers of a database in memory; as wok_sqlite_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
#define wok_sqlite_pool_open(path, ...)                                                            \
	wok_sqlite_pool_open_at((path), __VA_ARGS__, WOK_SITE("wok_sqlite_pool_open"))

/**
 * The function behind wok_sqlite_pool_open().
 *
 * site:       where, for reports; kept by pointer
 * Returns:    as wok_sqlite_pool_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_open_at(const char *path, const wok_sqlite_pool_options *options,
			    wok_sqlite_pool **ret_pool, const wok_site *site) WOK_MUST_CHECK;

/**
 * Close all connections when what waits for them has run; see wok_sqlite_close(). Who waits for a
 * reader, and who comes, gets -ESHUTDOWN.
 *
 * Returns:    0, also when it is closed already; WOK_EDB
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_sqlite_pool_close(wok_sqlite_pool *pool);

/**
 * Close all connections now, as wok_sqlite_shutdown(), and release them. Cursors of the pool are to
 * be freed before.
 *
 * pool:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_sqlite_pool_free(wok_sqlite_pool *pool);
WOK_DEFINE_AUTO(wok_sqlite_pool)

/**
 * The connection that writes: for transactions, and all that wok/sqlite.h can do.
 *
 * Returns:    the connection, as long as the pool lives
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_sqlite *wok_sqlite_pool_writer(wok_sqlite_pool *pool);

/**
 * Take a reader for oneself: to read from one snapshot, in a WOK_SQLITE_DEFERRED transaction.
 *
 * ret_reader: to be given back with wok_sqlite_pool_release(); without readers, the writer
 * Returns:    0; -ETIMEDOUT after acquire_timeout; as wok_sqlite_open(); -ESHUTDOWN after
 *             the close
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_acquire(wok_sqlite_pool *pool, wok_sqlite **ret_reader) WOK_MUST_CHECK;

/**
 * Give a reader back; the longest waiter gets it. A transaction that is open on it is rolled back.
 *
 * reader:     of this pool; NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded; without an open transaction it does not wait
 * Threads:    the loop's
 */
void wok_sqlite_pool_release(wok_sqlite_pool *pool, wok_sqlite *reader);

/**
 * wok_sqlite_execute() with the writer.
 *
 * Returns:    as wok_sqlite_execute(); -ESHUTDOWN after the close, as all calls of a pool
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_execute(wok_sqlite_pool *pool, const char *sql, const wok_args *args)
	WOK_MUST_CHECK;

/**
 * wok_sqlite_execute_result() with the writer.
 *
 * Returns:    as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_execute_result(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
				   wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * wok_sqlite_fetch() with a reader; with the writer if the statement writes (RETURNING), or the
 * task has a transaction there.
 *
 * Returns:    as wok_sqlite_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_fetch(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			  wok_rows **ret_rows) WOK_MUST_CHECK;

/**
 * wok_sqlite_fetch_row(), as wok_sqlite_pool_fetch().
 *
 * Returns:    as wok_sqlite_fetch_row()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_fetch_row(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			      wok_rows **ret_rows) WOK_MUST_CHECK;

/**
 * wok_sqlite_fetch_int(), as wok_sqlite_pool_fetch().
 *
 * Returns:    as wok_sqlite_fetch_int()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_fetch_int(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			      int64_t *ret_value) WOK_MUST_CHECK;

/**
 * wok_sqlite_query(), as wok_sqlite_pool_fetch(). The cursor has the reader for itself until its
 * end.
 *
 * Returns:    as wok_sqlite_query()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_pool_query(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			  wok_sqlite_cursor **ret_cursor) WOK_MUST_CHECK;

/**
 * The view of it that wok/db.h describes: what it fetches is read as by wok_sqlite_pool_fetch(),
 * and the rest is the writer's.
 *
 * Returns:    the view, as long as the pool lives
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_db *wok_sqlite_pool_db(wok_sqlite_pool *pool);

WOK_END_DECLS
#endif
