/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_H
#define WOK_PG_H
#include <wok/db.h>

WOK_BEGIN_DECLS

/*
 * PostgreSQL. A connection may be used by any number of tasks at once: what they ask for is sent at
 * once and answered in order, without waiting for each other's answers. What belongs together, as a
 * transaction, is one task's business at a time.
 *
 *     WOK_AUTO(wok_pg_conn) *conn = NULL;
 *     WOK_AUTO(wok_rows) *rows = NULL;
 *     WOK_TRY(wok_pg_connect("postgresql://localhost/shop", &conn));
 *     WOK_TRY(wok_pg_fetch(conn, "SELECT id, name FROM users WHERE active = $1",
 *                          WOK_ARGS(true), &rows));
 *
 * A call that is cancelled has the server cancel its statement, and returns when that has stopped:
 * the connection can be used on. If the server does not answer in time, it is closed.
 *
 * In another loop than its own a connection is refused with -EINVAL, in a fork of the process with
 * -ECHILD.
 */
typedef struct wok_pg_conn wok_pg_conn;

/* What a statement took: see wok_pg_options. */
typedef struct {
	const char *sql;
	wok_time duration; /* from the call to the last answer */
	size_t rows;
	size_t bytes_sent;
	size_t bytes_received;
	int result;    /* 0, or the error; wok_db_last_error() says more */
	bool prepared; /* the server had to parse it first */
} wok_pg_query_info;

/* What a NOTIFY brought: see wok/pg_notify.h. */
typedef struct {
	const char *channel;
	const char *payload;
	uint32_t process; /* of the server, that sent it */
	/*
	 * Not 0: no notification, but the place where so many are missing; WOK_UNLIMITED: nobody
	 * knows how many.
	 */
	size_t lost;
} wok_pg_notification;

/* How a connection behaves. Zero in a field means the default. */
typedef struct {
	/* Statements that stay prepared; 256. WOK_UNLIMITED keeps none. */
	size_t statements;
	size_t statement_max_sql;    /* longer ones, in bytes, are not kept; 16 KiB */
	wok_time statement_lifetime; /* then they are prepared anew; 5 minutes; WOK_FOREVER */
	/* Prepare without names: what works behind pgbouncer in transaction mode. */
	bool no_statement_names;
	wok_time command_timeout; /* of each statement, all told; none */
	/* How long a cancelled statement may take to stop, before the connection is closed; 2 s. */
	wok_time cancel_timeout;
	size_t max_message;       /* bytes of one message from the server: a row; 1 GiB */
	size_t max_result;        /* bytes that wok_pg_fetch() keeps rows in; 256 MiB */
	size_t max_in_flight;     /* bytes sent and not answered, before others wait; 1 MiB */
	size_t max_notifications; /* that wait to be taken; 10,000 */
	/* That a server may ask of us for a password, before it is refused; 100,000. */
	uint32_t max_scram_iterations;
	/* Send a password as it is, if the server wants it so, over TCP without TLS, too. */
	bool allow_cleartext;
	/* A notice or warning of the server. Must not wait. */
	void (*on_notice)(const wok_db_error *notice, void *arg);
	/* After each statement. Must not wait. */
	void (*on_query)(const wok_pg_query_info *query, void *arg);
	/* A setting of the server changed, as "TimeZone". Must not wait. */
	void (*on_parameter)(const char *name, const char *value, void *arg);
	/* A notification, instead of wok_pg_notification_next(). Must not wait. */
	void (*on_notification)(const wok_pg_notification *notification, void *arg);
	void *arg; /* of these */
	/* For types that wok does not know: see wok/pg_codec.h. They outlive the connection. */
	const struct wok_pg_codec *codecs;
	size_t n_codecs;
} wok_pg_options;

/* How one statement is run. Zero in a field means the default. */
typedef struct {
	/* Instead of the connection's command_timeout; WOK_FOREVER. Of a cursor: of all waiting for
	 * its rows. */
	wok_time timeout;
	size_t max_result; /* instead of the connection's */
	/*
	 * A statement that is not prepared yet is sent whole, and answered in one round trip
	 * instead of two. For statements outside of transactions whose parameters all say their
	 * type (wok_value.type) or are texts, and whose columns are of built-in types.
	 */
	bool in_one_trip;
	/* A cursor: read so many rows at a time by a portal. Only in a transaction. */
	uint32_t batch_rows;
} wok_pg_query_options;

/**
 * Connect.
 *
 * dsn:        "postgresql://user@host/database" or "host=/run/postgresql dbname=shop", as libpq has
 *             it, with sslmode, target_session_attrs, several hosts ...; what it does not say comes
 *             from a service file and the environment (PGHOST ...), a password perhaps from
 *             ~/.pgpass; NULL: all of it. connect_timeout, for each host, is 30 s; 0 for none
 * Returns:    0; WOK_EDB: the server refused, see wok_db_last_error(); -ECONNREFUSED, -ENOENT ...;
 *             -ETIMEDOUT: the message says in which phase; WOK_ECERTIFICATE; -EPROTONOSUPPORT: it
 *             has no TLS, and should; -EACCES: it wants a password, or in a way that is not
 *             allowed; -ENOTSUP: in a way that is not built; -EHOSTUNREACH: there is no server of
 *             the kind that is wanted; -EINVAL: the DSN is wrong; WOK_EPEER: that is no PostgreSQL,
 *             or not the one that it should be; -ENOMEM; -ECANCELED. If several hosts or ways were
 *             tried, the message has what each said
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_connect(const char *dsn, wok_pg_conn **ret_conn) WOK_MUST_CHECK;

/**
 * wok_pg_connect() with options.
 *
 * options:    NULL for the defaults; copied
 * Returns:    as wok_pg_connect()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_connect_with(const char *dsn, const wok_pg_options *options, wok_pg_conn **ret_conn)
	WOK_MUST_CHECK;

/**
 * Say goodbye and close. Tasks that wait for answers get WOK_ECONNLOST.
 *
 * Returns:    0; -EBADF if it is closed or broken already
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_pg_close(wok_pg_conn *conn);

/**
 * Close a connection and release it; one of a pool is given back instead. No task may be in a call
 * on it.
 *
 * conn:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_conn_free(wok_pg_conn *conn);
WOK_DEFINE_AUTO(wok_pg_conn)

/**
 * Run one statement that gives no rows, or whose rows nobody wants.
 *
 * args:       what $1, $2 ... are; NULL for none
 * Returns:    0; WOK_EDB, WOK_ERETRY: see wok_db_last_error(); WOK_ECONNLOST; -EINVAL, -ERANGE,
 *             -EILSEQ: a parameter does not fit; -EDEADLK: a cursor of this task is open; -ENOMEM;
 *             -ETIMEDOUT: command_timeout; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_execute(wok_pg_conn *conn, const char *sql, const wok_args *args) WOK_MUST_CHECK;

/**
 * wok_pg_execute() that tells what it did.
 *
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_execute_result(wok_pg_conn *conn, const char *sql, const wok_args *args,
			  wok_db_result *ret_result) WOK_MUST_CHECK;

/**
 * wok_pg_execute() with options.
 *
 * options:    NULL for the defaults
 * ret_result: NULL if it does not matter
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_execute_with(wok_pg_conn *conn, const char *sql, const wok_args *args,
			const wok_pg_query_options *options, wok_db_result *ret_result)
	WOK_MUST_CHECK;

/**
 * Run one statement and keep its rows.
 *
 * ret_rows:   to be freed with wok_rows_free(); empty for a statement that gives none
 * Returns:    as wok_pg_execute(); WOK_ELIMIT: more than max_result
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_fetch(wok_pg_conn *conn, const char *sql, const wok_args *args, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * wok_pg_fetch() with options.
 *
 * Returns:    as wok_pg_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_fetch_with(wok_pg_conn *conn, const char *sql, const wok_args *args,
		      const wok_pg_query_options *options, wok_rows **ret_rows) WOK_MUST_CHECK;

/**
 * Run one statement and keep its first row. The others are dropped as they come, and do not count
 * against max_result; where there are many, "LIMIT 1" spares the server the work.
 *
 * ret_rows:   holds it: to be freed with wok_rows_free(); wok_rows_at(rows, 0) is the row
 * Returns:    1; 0 if there is no row, and ret_rows as it was; as wok_pg_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_fetch_row(wok_pg_conn *conn, const char *sql, const wok_args *args, wok_rows **ret_rows)
	WOK_MUST_CHECK;

/**
 * Run one statement and take the first field of its first row as an integer.
 *
 * Returns:    1; 0 if there is no row; as wok_pg_fetch() and wok_value_get_int()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_fetch_int(wok_pg_conn *conn, const char *sql, const wok_args *args, int64_t *ret_value)
	WOK_MUST_CHECK;

/**
 * Run statements that ";" separates, without parameters. If they do not begin a transaction
 * themselves, they are one together.
 *
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_script(wok_pg_conn *conn, const char *sql) WOK_MUST_CHECK;

/*
 * Rows one by one, with as much memory as a few of them take: while they are not asked for, the
 * server waits, and so does what other tasks ask of this connection.
 */
typedef struct wok_pg_cursor wok_pg_cursor;

/**
 * Run one statement and read its rows one by one.
 *
 * ret_cursor: to be freed with wok_pg_cursor_free(), before the connection
 * Returns:    as wok_pg_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_query(wok_pg_conn *conn, const char *sql, const wok_args *args,
		 wok_pg_cursor **ret_cursor) WOK_MUST_CHECK;

/**
 * wok_pg_query() with options. With batch_rows, in a transaction, the server keeps the rows, and
 * the connection is free for others between two batches.
 *
 * Returns:    as wok_pg_fetch(); -EINVAL: batch_rows without a transaction
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_query_with(wok_pg_conn *conn, const char *sql, const wok_args *args,
		      const wok_pg_query_options *options, wok_pg_cursor **ret_cursor)
	WOK_MUST_CHECK;

/**
 * The next row.
 *
 * ret_row:    until the next call on the cursor
 * Returns:    1; 0 at the end; as wok_pg_fetch()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_cursor_next(wok_pg_cursor *cursor, const wok_row **ret_row) WOK_MUST_CHECK;

/**
 * Release a cursor. If it was not read to its end, the server is told to stop.
 *
 * cursor:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_cursor_free(wok_pg_cursor *cursor);
WOK_DEFINE_AUTO(wok_pg_cursor)

/* How much a transaction sees of others. */
typedef enum {
	WOK_PG_DEFAULT_ISOLATION, /* the server's: read committed */
	WOK_PG_READ_COMMITTED,
	WOK_PG_REPEATABLE_READ,
	WOK_PG_SERIALIZABLE,
} wok_pg_isolation;

/* Options of a transaction. Zero in a field means the default; a savepoint has none. */
typedef struct {
	wok_pg_isolation isolation;
	bool read_only;
	bool deferrable; /* serializable, read only: waits for a moment without conflicts */
} wok_pg_transaction_options;

/*
 * What is done in it is done as a whole or not at all. A transaction within a transaction is a
 * savepoint. It is rolled back if it is freed without a commit: by an early return, or a cancel.
 */
typedef struct wok_pg_transaction wok_pg_transaction;

/**
 * Begin.
 *
 * options:    NULL for the defaults
 * ret_tx:     to be freed with wok_pg_transaction_free(), before the connection
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_transaction_begin(wok_pg_conn *conn, const wok_pg_transaction_options *options,
			     wok_pg_transaction **ret_tx) WOK_MUST_CHECK;

/**
 * Commit. A cancel that comes meanwhile waits for the answer: what is returned is what happened.
 *
 * Returns:    0; WOK_EDB, WOK_ERETRY: it was rolled back, or a statement of it had failed before;
 *             WOK_ECONNLOST: nobody knows; -EINVAL: it has ended, or one within it has not;
 *             -ECANCELED: nothing was sent, it is open still
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_transaction_commit(wok_pg_transaction *tx) WOK_MUST_CHECK;

/**
 * Roll back.
 *
 * Returns:    0; -EINVAL as wok_pg_transaction_commit(); WOK_ECONNLOST: then the server does it
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_pg_transaction_rollback(wok_pg_transaction *tx);

/**
 * Release a transaction: one that is open is rolled back.
 *
 * tx:         NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_transaction_free(wok_pg_transaction *tx);
WOK_DEFINE_AUTO(wok_pg_transaction)

/* How wok_pg_transaction_run() does it. Zero in a field means the default. */
typedef struct {
	wok_pg_transaction_options transaction;
	wok_db_retry retry;
} wok_pg_transaction_run_options;

/**
 * Run fn in a transaction, which is committed if fn returns 0 or more and rolled back otherwise;
 * and again from its start, as wok_db_transaction_retry() has it, after WOK_ERETRY. Within a
 * transaction it is a savepoint, and run once. A connection that is lost is no reason to try again:
 * nobody knows whether it was committed.
 *
 * fn:         as of wok_db_transaction_retry()
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    what fn returned, if that is negative, or the commit's error, or else fn's result; as
 *             wok_pg_transaction_begin()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_transaction_run(wok_pg_conn *conn, int (*fn)(wok_pg_conn *conn, void *arg), void *arg,
			   const wok_pg_transaction_run_options *options) WOK_MUST_CHECK;

/**
 * Run one statement for each of many sets of parameters, as one: if one fails, none has happened.
 * They are sent without waiting for each other's answers.
 *
 * args:       n pointers, each to as many parameters as the statement has
 * ret_result: changes is the sum; NULL if it does not matter
 * Returns:    as wok_pg_execute(). A failure in a transaction ends that, too
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_execute_many(wok_pg_conn *conn, const char *sql, const wok_args *const *args, size_t n,
			wok_db_result *ret_result) WOK_MUST_CHECK;

/* A statement of a batch. */
typedef struct {
	const char *sql;
	const wok_args *args;  /* NULL for none */
	bool want_rows;        /* keep its rows */
	int result;            /* out: as wok_pg_execute(); WOK_EDB too if one before it failed */
	char sqlstate[6];      /* out: of its own error; "" */
	wok_db_result changes; /* out */
	wok_rows *rows;        /* out, if they are wanted; to be freed by the caller */
} wok_pg_statement;

/**
 * Run several statements in one round trip (and one before it for those that are not prepared yet):
 * all happen or none, unless a transaction is around.
 *
 * statements: n, their outputs written whatever is returned
 * Returns:    0; the first error of one, and those behind it did not run; as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_batch(wok_pg_conn *conn, wok_pg_statement *statements, size_t n) WOK_MUST_CHECK;

/* A column of what a statement gives, or nothing: see wok_pg_describe(). */
typedef struct {
	const char *name;
	uint32_t type;    /* its OID */
	int32_t modifier; /* as of varchar(20); -1: none */
	uint32_t table;   /* the OID of the table that it comes from; 0: of none */
	int16_t number;   /* of the column there, from 1; 0 */
} wok_pg_column;

/* What the server says of a statement without running it. */
typedef struct {
	size_t n_parameters;
	const uint32_t *parameters; /* their OIDs */
	size_t n_columns;
	const wok_pg_column *columns;
} wok_pg_description;

/**
 * Prepare a statement and say what it takes and gives. It stays prepared, for who runs it next.
 *
 * ret_description: one allocation, to be released with wok_free()
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_describe(wok_pg_conn *conn, const char *sql, wok_pg_description **ret_description)
	WOK_MUST_CHECK;

/**
 * The connection as wok/db.h has it.
 *
 * Returns:    a view, the connection's
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_db *wok_pg_db(wok_pg_conn *conn);

/**
 * Whether a transaction is open, as the server said last.
 *
 * Returns:    'I' none; 'T' one is open; 'E' one is open, and has failed
 * Checkpoint: never
 * Threads:    the loop's
 */
char wok_pg_status(const wok_pg_conn *conn);

/**
 * A setting that the server tells of: "server_version", "TimeZone", "in_hot_standby" ...
 *
 * Returns:    its value, until it changes; NULL if the server did not tell of it
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_pg_parameter(const wok_pg_conn *conn, const char *name);

/**
 * The server's version, as 150008 for 15.8.
 *
 * Returns:    the number; 0 if it is not known
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_pg_server_version(const wok_pg_conn *conn);

/**
 * The number of the server's process for this connection: pg_backend_pid().
 *
 * Returns:    the number
 * Checkpoint: never
 * Threads:    the loop's
 */
uint32_t wok_pg_backend_pid(const wok_pg_conn *conn);

/**
 * Whether the connection can be used: it is neither closed nor known to be broken.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_pg_alive(const wok_pg_conn *conn);

WOK_END_DECLS
#endif
