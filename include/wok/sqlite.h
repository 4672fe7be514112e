/* SPDX-License-Identifier: MIT */
#ifndef WOK_SQLITE_H
#define WOK_SQLITE_H
#include <wok/db.h>

WOK_BEGIN_DECLS

/*
 * SQLite without holding up the loop: each connection has a thread of its own, which begins with
 * its first statement. By default a database has a write-ahead log (journal_mode=WAL), is synced
 * at checkpoints (synchronous=NORMAL), and enforces foreign keys.
 *
 *     WOK_AUTO(wok_sqlite) *db = NULL;
 *     WOK_TRY(wok_sqlite_open("app.db", NULL, &db));
 *     WOK_TRY(wok_sqlite_execute(db, "INSERT INTO users(name) VALUES (?)", WOK_ARGS("Ada")));
 *
 * Parameters are "?", or "$1", "$2" ..., which say which value they are. Statements of several
 * tasks run one after another, first in, first out. One that is cancelled is interrupted, without
 * harm to the others. In another loop than its own a connection is refused with -EINVAL, in a fork
 * of the process with -ECHILD.
 */
typedef struct wok_sqlite wok_sqlite;

/* SQLite's own handle, for closures: see wok_sqlite_run(). */
struct sqlite3;

/* How to open a database. Zero in a field means the default. */
typedef struct {
	bool read_only;
	bool no_create;           /* fail if the file is not there */
	bool uri;                 /* the path may be a URI: "file:app.db?vfs=..." */
	const char *journal_mode; /* "wal"; of a read-only one: as it is */
	const char *synchronous;  /* "normal" */
	bool no_foreign_keys;     /* do not enforce them */
	wok_time busy_timeout;    /* how long to wait for another's lock; 5 s; 1 for not at all */
	wok_time timeout;         /* of each call; none */
	size_t statement_cache;   /* how many prepared statements are kept; 64 */
	size_t max_result;        /* bytes of the rows of one result; 256 MiB */
	int max_sql;              /* bytes of one statement; SQLite's 1,000,000 */
	int max_value;            /* bytes of one value, and of a row; SQLite's 1,000,000,000 */
	/*
	 * No thread: statements run on the loop's own, on its big stack. For databases in memory
	 * and short statements: each holds up the loop for as long as it takes. A time limit
	 * interrupts it; nobody else can.
	 */
	bool on_loop;
	/*
	 * Statements of several tasks that stand in the queue together share one transaction, and
	 * return when it is committed. One that fails does not harm the others.
	 */
	bool group_commit;
	bool load_extensions;  /* allow wok_sqlite_load_extension() */
	bool query_only;       /* refuse to write */
	int checkpoint_pages;  /* of the log, when it is written back; 1000 */
	int log_warning;       /* when so many pages cannot be, that is reported; 8 times as many */
	wok_time idle_timeout; /* after which the thread ends, until it is needed; never */
	const char *vfs;       /* of SQLite; its default */
	/* Called on the connection's thread when it has been opened; SQLITE_OK (0) or its error. */
	int (*setup)(struct sqlite3 *handle, void *arg);
	void *setup_arg;
} wok_sqlite_options;

/* How to run one statement. Zero in a field means the connection's. */
typedef struct {
	wok_time timeout;
	size_t max_result;
} wok_sqlite_call_options;

/**
 * Open a database, which is created if it is not there. A macro, which notes the place for the
 * report of a connection that nobody closes.
 *
 * path:       of the file, from the folder that is the current one now; ":memory:" for one in
 *             memory
 * options:    NULL for the defaults; copied
 * ret_db:     to be freed with wok_sqlite_free()
 * Returns:    0; WOK_EDB: SQLite says no, see wok_db_last_error(); -EINVAL for options that make
 *             no sense, and outside of a loop; -ENOMEM; -EAGAIN without a thread; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
#define wok_sqlite_open(path, ...)                                                                 \
	wok_sqlite_open_at((path), __VA_ARGS__, WOK_SITE("wok_sqlite_open"))

/**
 * The function behind wok_sqlite_open().
 *
 * site:       where, for reports; kept by pointer
 * Returns:    as wok_sqlite_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_open_at(const char *path, const wok_sqlite_options *options, wok_sqlite **ret_db,
		       const wok_site *site) WOK_MUST_CHECK;

/**
 * Close a connection when all has run that waits for it; cursors on it end. The handle stays
 * valid, and all calls on it give -EBADF.
 *
 * Returns:    0, also when it is closed already; WOK_EDB
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_sqlite_close(wok_sqlite *db);

/**
 * Close a connection now: what runs is interrupted, what waits gets -ESHUTDOWN.
 *
 * Returns:    0, also when it is closed already; WOK_EDB
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_sqlite_shutdown(wok_sqlite *db);

/**
 * wok_sqlite_shutdown(), and release the connection. What hangs on it (cursors, blobs) may be freed
 * later.
 *
 * db:         NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_sqlite_free(wok_sqlite *db);
WOK_DEFINE_AUTO(wok_sqlite)

/**
 * Run one statement that gives no rows, or whose rows nobody wants.
 *
 * sql:        one statement; borrowed, as args, until the call returns
 * args:       the parameters: WOK_ARGS(1, "two"); NULL for none
 * Returns:    0; WOK_EDB: see wok_db_last_error(), whose number is SQLite's extended result code;
 *             WOK_ERETRY: another connection has written since the transaction's snapshot;
 *             -EINVAL for wrong parameters; -ETIMEDOUT; -ENOMEM; -EBADF after the close; -ESHUTDOWN
 *             if it was closed meanwhile; -ECANCELED: it had no effect
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_execute(wok_sqlite *db, const char *sql, const wok_args *args) WOK_MUST_CHECK;

/**
 * wok_sqlite_execute(), and what it did: taken on the connection's thread, so that nobody's
 * statement comes between.
 *
 * Returns:    as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_execute_result(wok_sqlite *db, const char *sql, const wok_args *args,
			      wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * wok_sqlite_execute_result() with options.
 *
 * options:    NULL for the connection's
 * ret_result: NULL if it does not matter
 * Returns:    as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_execute_with(wok_sqlite *db, const char *sql, const wok_args *args,
			    const wok_sqlite_call_options *options, wok_db_result *ret_result)
	WOK_MUST_CHECK;

/**
 * Run statements that ";" separates, in one go on the connection's thread. Within it, BEGIN and
 * COMMIT may be used; a transaction that is left open is rolled back.
 *
 * Returns:    0; as wok_sqlite_execute(), the message saying which statement failed: those before
 *             it have taken effect, unless a transaction is around
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_script(wok_sqlite *db, const char *sql) WOK_MUST_CHECK;

/**
 * wok_sqlite_script(), and how far it came.
 *
 * ret_done:   how many statements have run, also when the call fails: so the number, from 0, of the
 *             one that failed
 * Returns:    as wok_sqlite_script()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_script_done(wok_sqlite *db, const char *sql, size_t *ret_done) WOK_MUST_CHECK;

/**
 * Run one statement and keep its rows.
 *
 * ret_rows:   to be freed with wok_rows_free()
 * Returns:    as wok_sqlite_execute(); WOK_ELIMIT if there are more bytes than max_result
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_fetch(wok_sqlite *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * wok_sqlite_fetch() with options.
 *
 * options:    NULL for the connection's
 * Returns:    as wok_sqlite_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_fetch_with(wok_sqlite *db, const char *sql, const wok_args *args,
			  const wok_sqlite_call_options *options, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * The first row of a result. The statement is ended behind it.
 *
 * ret_rows:   holds the row, if there is one; to be freed with wok_rows_free()
 * Returns:    1 a row; 0 there is none, and ret_rows is as it was; as wok_sqlite_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_fetch_row(wok_sqlite *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * The integer in the first column of the first row: of SELECT count(*).
 *
 * Returns:    1; 0 if there is no row; as wok_sqlite_fetch(); -ENODATA for NULL; -EINVAL for what
 *             is no integer
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_fetch_int(wok_sqlite *db, const char *sql, const wok_args *args, int64_t *ret_value)
	WOK_MUST_CHECK;

/*
 * A result that is read row by row, in bounded memory: rows come in chunks of up to 256 or 64 KiB,
 * and the next is made while one is read. Until it is freed or at its end, it holds a snapshot of
 * the database: writers go on, but the log cannot be emptied.
 */
typedef struct wok_sqlite_cursor wok_sqlite_cursor;

/**
 * Run one statement, to read its rows one by one. With RETURNING, all changes are made before the
 * first row comes; they are committed with the last, or when the cursor is freed before.
 *
 * args:       copied
 * ret_cursor: to be freed with wok_sqlite_cursor_free()
 * Returns:    as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_query(wok_sqlite *db, const char *sql, const wok_args *args,
		     wok_sqlite_cursor **ret_cursor) WOK_MUST_CHECK;

/**
 * The next row.
 *
 * ret_row:    lives until the next call, and no longer than the cursor
 * Returns:    1 a row; 0 the end; as wok_sqlite_execute(): an error ends the cursor
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_cursor_next(wok_sqlite_cursor *cursor, const wok_row **ret_row) WOK_MUST_CHECK;

/**
 * End a result, wherever it is: the statement is interrupted, and its snapshot released before any
 * later statement of the connection.
 *
 * cursor:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_sqlite_cursor_free(wok_sqlite_cursor *cursor);
WOK_DEFINE_AUTO(wok_sqlite_cursor)

/* How a transaction begins. */
typedef enum {
	WOK_SQLITE_IMMEDIATE, /* takes the lock to write now, so that it cannot fail for it later */
	WOK_SQLITE_DEFERRED,  /* to read from one snapshot */
	WOK_SQLITE_EXCLUSIVE,
} wok_sqlite_begin;

/* Options of a transaction. Zero in a field means the default. */
typedef struct {
	wok_sqlite_begin begin;
} wok_sqlite_transaction_options;

/*
 * A transaction; within another one a savepoint. As long as the task that began it has it, only
 * this task's statements run on the connection; those of others wait.
 */
typedef struct wok_sqlite_transaction wok_sqlite_transaction;

/**
 * Begin a transaction, waiting until no other task has one, or a cursor, on this connection.
 *
 *     WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
 *     WOK_TRY(wok_sqlite_transaction_begin(db, NULL, &tx));
 *     WOK_TRY(wok_sqlite_execute(db, "UPDATE ...", NULL));
 *     WOK_TRY(wok_sqlite_transaction_commit(tx));
 *
 * options:    NULL for BEGIN IMMEDIATE; a savepoint has none
 * ret_tx:     to be freed with wok_sqlite_transaction_free(), by this task
 * Returns:    as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_transaction_begin(wok_sqlite *db, const wok_sqlite_transaction_options *options,
				 wok_sqlite_transaction **ret_tx) WOK_MUST_CHECK;

/**
 * Commit. After an error it was rolled back: it is never left open.
 *
 * Returns:    0; -EINVAL if one within it is open still, if it has ended, or from another task; as
 *             wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_transaction_commit(wok_sqlite_transaction *tx) WOK_MUST_CHECK;

/**
 * Roll back, with what was begun within it; nothing after the end.
 *
 * Returns:    0; WOK_EDB: the connection is of no use any more
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_sqlite_transaction_rollback(wok_sqlite_transaction *tx);

/**
 * wok_sqlite_transaction_rollback(), unless it has ended, and release it.
 *
 * tx:         NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's, in the task that began it
 */
void wok_sqlite_transaction_free(wok_sqlite_transaction *tx);
WOK_DEFINE_AUTO(wok_sqlite_transaction)

/**
 * Run one statement with each of several lists of parameters, in one go and in one transaction:
 * all or none take effect.
 *
 * args:       n of them
 * ret_result: the sum of the changes; NULL if it does not matter
 * Returns:    as wok_sqlite_execute(), the message saying which list failed
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_execute_many(wok_sqlite *db, const char *sql, const wok_args *const *args, size_t n,
			    wok_db_result *ret_result) WOK_MUST_CHECK;

/* A statement of a batch. */
typedef struct {
	const char *sql;
	const wok_args *args;  /* NULL for none */
	bool want_rows;        /* keep its rows */
	int result;            /* out: as wok_sqlite_execute(); -ECANCELED: it was not run */
	wok_db_result changes; /* out */
	wok_rows *rows;        /* out, if they are wanted; to be freed by the caller */
} wok_sqlite_statement;

/**
 * Run several statements in one go, in one transaction: all or none take effect.
 *
 * statements: n of them; after an error no rows are left in them
 * Returns:    0; as wok_sqlite_execute(), of the first that failed
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_batch(wok_sqlite *db, wok_sqlite_statement *statements, size_t n) WOK_MUST_CHECK;

/**
 * Call fn(handle, arg) on the connection's thread, with SQLite's own handle: many statements in one
 * go. It must not wait, close the handle, or leave a transaction or a statement open. If the caller
 * is cancelled, statements in it give SQLITE_INTERRUPT; it is always waited for.
 *
 * fn:         returns 0 or more, or a negative error code; wok_fail() works in it
 * Returns:    what fn returned; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_run(wok_sqlite *db, int (*fn)(struct sqlite3 *handle, void *arg), void *arg)
	WOK_MUST_CHECK;

/**
 * The view of it that wok/db.h describes.
 *
 * Returns:    the view, as long as the connection lives
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_db *wok_sqlite_db(wok_sqlite *db);

WOK_END_DECLS
#endif
