/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_POOL_H
#define WOK_PG_POOL_H
#include <wok/pg.h>

WOK_BEGIN_DECLS

/*
 * Connections to PostgreSQL that tasks share: one takes a connection, uses it, and gives it back.
 *
 *     WOK_AUTO(wok_pg_pool) *pool = NULL;
 *     WOK_TRY(wok_pg_pool_new("postgresql:///shop", NULL, &pool));
 *     WOK_TRY(wok_pg_pool_fetch(pool, "SELECT name FROM dish", NULL, &rows));
 *
 * The pool makes the connections in tasks of its own, so nobody who waits for one and is cancelled
 * leaves half of one behind. Who waits longest is served first. A connection that comes back is
 * put in order before its next user sees it; one that is broken, worn or too old is replaced. While
 * the server is away those who wait go on waiting, and the pool tries again and again.
 *
 * Declare the pool before the connections that are taken from it.
 */
typedef struct wok_pg_pool wok_pg_pool;

/* What is done to a connection that comes back. In each case an open transaction is rolled back,
 * which is reported once. */
typedef enum {
	/*
	 * Advisory locks, cursors, LISTEN, temporary tables, SET ROLE and all other settings are
	 * undone. This is sent before the next user's first statement, and costs no waiting.
	 */
	WOK_PG_RESET_ALL,
	/* Nothing more: for those who change no session, and behind pgbouncer. */
	WOK_PG_RESET_TRANSACTION,
} wok_pg_reset_mode;

/* Called with a connection that nobody else sees. Negative: the connection is closed. */
typedef int wok_pg_pool_hook(wok_pg_conn *conn, void *hook_arg);

/* How to make a pool. Zero in a field means the default. Texts are copied. */
typedef struct {
	/* How its connections are; NULL for the defaults. */
	const wok_pg_options *connection;
	/* So many connections are made at the begin, and kept; 0. */
	size_t min;
	/* Never more than so many, those included that are being made or closed; 10. */
	size_t max;
	/* When so many tasks wait for one, others are refused; WOK_UNLIMITED. */
	size_t max_waiting;
	/* How long wok_pg_pool_acquire() waits; 30 s. */
	wok_time acquire_timeout;
	/* How long it may take to make a connection, init included; 30 s. */
	wok_time connect_timeout;
	/* One that was not used for so long is asked whether it lives, before it is given out; 5 s.
	 */
	wok_time check_after;
	/* How long that, putting in order, and closing may take, each; 5 s. */
	wok_time check_timeout;
	/* A connection is closed when it is so old, or up to a tenth younger; 1 h. */
	wok_time max_lifetime;
	/* Those above min are closed when nobody used them for so long; 10 min. */
	wok_time max_idle;
	/* A connection is closed after so many statements; WOK_UNLIMITED. */
	size_t max_queries;
	wok_pg_reset_mode reset_mode;
	/* Run this instead of what WOK_PG_RESET_ALL does; NULL. */
	const char *reset_sql;
	/*
	 * Who waits for a connection gets the error if one cannot be made, whatever it is. By
	 * default only errors that stay are told, as a wrong password; after others (nobody
	 * listens, the server is starting, it has too many connections) the pool tries again.
	 */
	bool no_retry;
	wok_pg_pool_hook *init;  /* once a connection, when it is new */
	wok_pg_pool_hook *setup; /* each time, in the task that takes it */
	wok_pg_pool_hook *reset; /* each time it comes back, before it is put in order */
	void *hook_arg;
} wok_pg_pool_options;

/**
 * Make a pool. It begins to make its min connections, and does not wait for them: for that there is
 * wok_pg_pool_ready().
 *
 * dsn:        as of wok_pg_connect()
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -EINVAL for a wrong dsn, outside of a loop, or if min is above max; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's; the pool belongs to it
 */
int wok_pg_pool_new(const char *dsn, const wok_pg_pool_options *options, wok_pg_pool **ret_pool)
	WOK_MUST_CHECK;

/**
 * Wait until the pool has its min connections, but one at least: to learn at the begin whether all
 * is as it should be.
 *
 * Returns:    0; as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_ready(wok_pg_pool *pool) WOK_MUST_CHECK;

/**
 * Take a connection; wait for one if need be. To give it back, free it.
 *
 * ret_conn:   the caller's until wok_pg_pool_release() or wok_pg_conn_free(), which do the same
 * Returns:    0; -ETIMEDOUT after acquire_timeout: the message says what the pool was busy with;
 *             why no connection can be made, as WOK_EDB; WOK_ELIMIT if max_waiting tasks wait;
 *             -ESHUTDOWN if the pool is closed; -ECHILD in a fork of the process; what setup
 *             returned; -ENOMEM; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_acquire(wok_pg_pool *pool, wok_pg_conn **ret_conn) WOK_MUST_CHECK;

/**
 * Give a connection back. Who waits longest has it next. If it is broken, or statements still run
 * on it, it is closed.
 *
 * conn:       of this pool; NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_pool_release(wok_pg_pool *pool, wok_pg_conn *conn);

/**
 * Give a connection back that shall not be used any more.
 *
 * conn:       of this pool; NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_pg_pool_discard(wok_pg_pool *pool, wok_pg_conn *conn);

/**
 * Replace all connections, those in use when they come back: after a fail-over, or a change of
 * roles or types.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_pg_pool_expire(wok_pg_pool *pool);

/**
 * Have new connections made otherwise, and replace all that there are: a new password, another
 * server.
 *
 * dsn:        as of wok_pg_connect()
 * Returns:    0; -EINVAL for a wrong dsn, -ENOMEM: all is as before
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_pg_pool_set_dsn(wok_pg_pool *pool, const char *dsn) WOK_MUST_CHECK;

/**
 * Close a pool: who waits, and who comes, gets -ESHUTDOWN; what is in use is waited for. What is
 * still in use when the limit has passed, or the caller is cancelled, is cut off: its statements
 * fail with WOK_ECONNLOST.
 *
 * limit:      nanoseconds; WOK_FOREVER; 0: cut all off at once
 * Returns:    0, also if it was closed before; -ETIMEDOUT if some had to be cut off; -ECANCELED
 *             likewise; -ECHILD in a fork of the process
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_close(wok_pg_pool *pool, wok_time limit);

/**
 * Close a pool at once, cut off what is in use, and release it. Connections that are still taken
 * can only be given back from then on.
 *
 * pool:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_pool_free(wok_pg_pool *pool);
WOK_DEFINE_AUTO(wok_pg_pool)

/* Why connections were closed. */
typedef enum {
	WOK_PG_POOL_BROKEN,    /* given back, it was found broken */
	WOK_PG_POOL_BUSY,      /* given back while statements ran on it */
	WOK_PG_POOL_GONE,      /* it did not live any more when it was wanted */
	WOK_PG_POOL_IDLE,      /* max_idle */
	WOK_PG_POOL_OLD,       /* max_lifetime */
	WOK_PG_POOL_WORN,      /* max_queries */
	WOK_PG_POOL_EXPIRED,   /* wok_pg_pool_expire(), wok_pg_pool_set_dsn() */
	WOK_PG_POOL_DISCARDED, /* wok_pg_pool_discard() */
	WOK_PG_POOL_UNCLEAN,   /* it could not be put in order */
	WOK_PG_POOL_HOOK,      /* setup or reset failed */
	WOK_PG_POOL_CLOSED,    /* the pool was */
	WOK_PG_POOL_REASONS,   /* how many there are */
} wok_pg_pool_reason;

/* How many steps wait_histogram has: below 10 us, 100 us, 1 ms ... 10 s, and all above. */
enum { WOK_PG_POOL_WAIT_STEPS = 8 };

/* What a pool says of itself. */
typedef struct {
	size_t min, max;
	size_t size;     /* connections, in whatever state: the sum of the next five */
	size_t idle;     /* can be taken */
	size_t in_use;   /* taken */
	size_t dialing;  /* being made */
	size_t checking; /* being asked whether they live, or being put in order */
	size_t closing;
	size_t waiting;     /* tasks in wok_pg_pool_acquire() */
	uint64_t acquired;  /* calls that got a connection */
	uint64_t timed_out; /* calls that did not, by acquire_timeout */
	uint64_t canceled;  /* calls that did not, by a cancel */
	uint64_t refused;   /* calls that did not, by max_waiting */
	uint64_t connected; /* connections made */
	uint64_t connect_errors;
	wok_time wait_max;   /* the longest wait of a call that got one, nanoseconds */
	wok_time wait_total; /* of all of them */
	uint64_t wait_histogram[WOK_PG_POOL_WAIT_STEPS]; /* these calls by their wait */
	uint64_t closed[WOK_PG_POOL_REASONS];            /* connections by wok_pg_pool_reason */
} wok_pg_pool_stats;

/**
 * Describe a pool.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_pg_pool_get_stats(const wok_pg_pool *pool, wok_pg_pool_stats *ret_stats);

/*
 * Short forms: take a connection, do this, give it back.
 */

/**
 * wok_pg_execute() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_execute(wok_pg_pool *pool, const char *sql, const wok_args *args) WOK_MUST_CHECK;

/**
 * wok_pg_execute_result() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_execute_result(wok_pg_pool *pool, const char *sql, const wok_args *args,
			       wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * wok_pg_execute_many() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_execute_many(wok_pg_pool *pool, const char *sql, const wok_args *const *args,
			     size_t n, wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * wok_pg_fetch() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_fetch(wok_pg_pool *pool, const char *sql, const wok_args *args, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * wok_pg_fetch_row() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_fetch_row(wok_pg_pool *pool, const char *sql, const wok_args *args,
			  wok_rows **ret_rows) WOK_MUST_CHECK;

/**
 * wok_pg_fetch_int() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_fetch_int(wok_pg_pool *pool, const char *sql, const wok_args *args,
			  int64_t *ret_value) WOK_MUST_CHECK;

/**
 * wok_pg_script() with a connection of the pool.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_script(wok_pg_pool *pool, const char *sql) WOK_MUST_CHECK;

/**
 * wok_pg_transaction_run() with a connection of the pool. Between two tries it has none.
 *
 * Returns:    as that, and as wok_pg_pool_acquire()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_pool_transaction(wok_pg_pool *pool, int (*fn)(wok_pg_conn *conn, void *arg), void *arg,
			    const wok_pg_transaction_run_options *options) WOK_MUST_CHECK;

/**
 * The pool as a database: each statement and each transaction has a connection of its own.
 *
 * Returns:    a view that lives as long as the pool
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_db *wok_pg_pool_db(wok_pg_pool *pool);

WOK_END_DECLS
#endif
