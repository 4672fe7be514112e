/* SPDX-License-Identifier: MIT */
/* A pool used as if it were a connection: take one, do this, give it back. See wok/pg_pool.h. */
#include "db/postgres/pool.h"
#include "db/retry.h"

/* To be run with a connection that is taken: a compound statement that sets r. */
#define WITH_ONE(pool, call)                                                                       \
	do {                                                                                       \
		wok_pg_conn *conn = NULL;                                                          \
		WOK_TRY(wok_pg_pool_acquire((pool), &conn));                                       \
		int r = (call);                                                                    \
		wok_pg_pool_release((pool), conn);                                                 \
		return r;                                                                          \
	} while (0)

int wok_pg_pool_execute(wok_pg_pool *pool, const char *sql, const wok_args *args)
{
	WITH_ONE(pool, wok_pg_execute(conn, sql, args));
}

int wok_pg_pool_execute_result(wok_pg_pool *pool, const char *sql, const wok_args *args,
			       wok_db_result *ret_result)
{
	WITH_ONE(pool, wok_pg_execute_result(conn, sql, args, ret_result));
}

int wok_pg_pool_execute_many(wok_pg_pool *pool, const char *sql, const wok_args *const *args,
			     size_t n, wok_db_result *ret_result)
{
	WITH_ONE(pool, wok_pg_execute_many(conn, sql, args, n, ret_result));
}

int wok_pg_pool_fetch(wok_pg_pool *pool, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	WITH_ONE(pool, wok_pg_fetch(conn, sql, args, ret_rows));
}

int wok_pg_pool_fetch_row(wok_pg_pool *pool, const char *sql, const wok_args *args,
			  wok_rows **ret_rows)
{
	WITH_ONE(pool, wok_pg_fetch_row(conn, sql, args, ret_rows));
}

int wok_pg_pool_fetch_int(wok_pg_pool *pool, const char *sql, const wok_args *args,
			  int64_t *ret_value)
{
	WITH_ONE(pool, wok_pg_fetch_int(conn, sql, args, ret_value));
}

int wok_pg_pool_script(wok_pg_pool *pool, const char *sql)
{
	WITH_ONE(pool, wok_pg_script(conn, sql));
}

struct transaction {
	wok_pg_pool *pool;
	int (*fn)(wok_pg_conn *conn, void *arg);
	void *arg;
	wok_pg_transaction_run_options options;
};

static int run_once(void *arg)
{
	const struct transaction *transaction = arg;

	WITH_ONE(transaction->pool, wok_pg_transaction_run(conn, transaction->fn, transaction->arg,
							   &transaction->options));
}

int wok_pg_pool_transaction(wok_pg_pool *pool, int (*fn)(wok_pg_conn *conn, void *arg), void *arg,
			    const wok_pg_transaction_run_options *options)
{
	struct transaction transaction = {pool, fn, arg, .options = {.retry = {0}}};

	if (options)
		transaction.options = *options;
	const wok_db_retry retry = transaction.options.retry;
	transaction.options.retry.tries = 1; /* with this connection */
	return wok__db_retry(&retry, run_once, &transaction);
}

static wok_pg_pool *pool_of(wok_db *db)
{
	return WOK__CONTAINER(db, wok_pg_pool, face);
}

static int execute(wok_db *db, const char *sql, const wok_args *args, wok_db_result *ret_result)
{
	WITH_ONE(pool_of(db), wok_pg_execute_with(conn, sql, args, NULL, ret_result));
}

static int fetch(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return wok_pg_pool_fetch(pool_of(db), sql, args, ret_rows);
}

static int script(wok_db *db, const char *sql)
{
	return wok_pg_pool_script(pool_of(db), sql);
}

static int transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg)
{
	WITH_ONE(pool_of(db), wok_db_transaction(wok_pg_db(conn), fn, arg));
}

const wok_db_ops wok__pg_pool_db_ops = {
	"postgresql", execute, fetch, script, transaction, NULL,
};

wok_db *wok_pg_pool_db(wok_pg_pool *pool)
{
	return &pool->face;
}
