/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_H
#define WOK_DB_H
#include <wok/row.h>

WOK_BEGIN_DECLS

/*
 * What is the same with each database, and a plain face over any of them, for code that should work
 * with whichever it is given: migrations, a store that one option moves from SQLite to PostgreSQL.
 * It has few functions by intent; what a database can do more is in its own header.
 *
 * Parameters are $1, $2 ... here, with SQLite too.
 */

/* What a statement did that gives no rows. */
typedef struct {
	int64_t changes; /* rows that it inserted, updated, deleted; or that it gave */
	int64_t last_id; /* SQLite: the id of the row inserted last; 0 with PostgreSQL: use
			    RETURNING */
	char status[64]; /* as the database says it: "INSERT 0 1"; "" with SQLite */
} wok_db_result;

/*
 * What the database said of a statement that failed. Texts are "" where it said nothing.
 */
typedef struct {
	int code;             /* what the call returned: WOK_EDB, WOK_ERETRY, WOK_ECONNLOST */
	int number;           /* SQLite: the extended result code, as 2067; 0 with PostgreSQL */
	char sqlstate[6];     /* PostgreSQL: "23505"; "" with SQLite */
	bool retry;           /* the same transaction, run again from its start, may succeed */
	int position;         /* in the SQL, in characters from 1; 0: it was not said */
	const char *severity; /* "ERROR", "FATAL", "PANIC" */
	const char *message;
	const char *detail;
	const char *hint;
	const char *context; /* where in functions of the server it happened */
	const char *schema;
	const char *table;
	const char *column;
	const char *type;
	const char *constraint;
	const char *routine; /* in the server's source */
} wok_db_error;

/**
 * What the database said of the statement that failed last in this task.
 *
 * Returns:    as long as no other statement fails in this task; NULL if none did
 * Checkpoint: never
 * Threads:    the loop's
 */
const wok_db_error *wok_db_last_error(void);

/* A database, whichever it is: a view that a connection or a pool hands out, and owns. */
typedef struct wok_db wok_db;

/* The extension face: what a database brings. Each is told of by the function below of its name. */
typedef struct {
	const char *kind;
	int (*execute)(wok_db *db, const char *sql, const wok_args *args,
		       wok_db_result *ret_result);
	int (*fetch)(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows);
	int (*script)(wok_db *db, const char *sql);
	int (*transaction)(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg);
	bool (*in_transaction)(wok_db *db); /* of this task; NULL: never */
} wok_db_ops;

struct wok_db {
	const wok_db_ops *ops;
};

/**
 * Which database it is.
 *
 * Returns:    "postgresql", "sqlite"
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_db_kind(const wok_db *db);

/**
 * Run one statement that gives no rows, or whose rows nobody wants.
 *
 * args:       what $1, $2 ... are; NULL for none
 * ret_result: NULL if it does not matter
 * Returns:    0; WOK_EDB, WOK_ERETRY, WOK_ECONNLOST: see wok_db_last_error(); -EINVAL; -ENOMEM;
 *             -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_db_execute(wok_db *db, const char *sql, const wok_args *args, wok_db_result *ret_result)
	WOK_MUST_CHECK;

/**
 * Run one statement and keep its rows.
 *
 * ret_rows:   to be freed with wok_rows_free()
 * Returns:    as wok_db_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_db_fetch(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * Run statements that ";" separates, without parameters.
 *
 * Returns:    as wok_db_execute(); those before the one that failed have taken effect, unless a
 *             transaction is around
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_db_script(wok_db *db, const char *sql) WOK_MUST_CHECK;

/**
 * Run fn in a transaction, which is committed if fn returns 0 or more, and rolled back otherwise.
 * Within a transaction it is a savepoint.
 *
 * fn:         is given the view to use: of the one connection that the transaction is on
 * Returns:    what fn returned, if that is negative, or the commit's error, or else fn's result
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_db_transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg) WOK_MUST_CHECK;

/* How long a transaction is run again and again. Zero in a field means the default. */
typedef struct {
	unsigned tries; /* all told; 5 */
	/* Before the second, about; then twice as long each time, up to a second; 10 ms. */
	wok_time pause;
	wok_time limit; /* none begins when so much time has passed; 30 s; WOK_FOREVER */
} wok_db_retry;

/**
 * wok_db_transaction(), run again from its start when the database says that it may then succeed:
 * WOK_ERETRY, for a deadlock or a conflict of serializable transactions. In between there is a
 * pause of random length, or those who met would meet again. Within a transaction it is run once:
 * it is the whole that has to be run again.
 *
 * fn:         may be called several times: what it does outside of the database, too, must bear
 *             that. It returns the error that it met
 * retry:      NULL for the defaults; borrowed for the call
 * Returns:    as wok_db_transaction(); WOK_ERETRY: of the last try
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_db_transaction_retry(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg,
			     const wok_db_retry *retry) WOK_MUST_CHECK;

WOK_END_DECLS
#endif
