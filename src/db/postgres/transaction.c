/* SPDX-License-Identifier: MIT */
/*
 * Transactions and savepoints: see wok/pg.h.
 *
 * What begins and ends them must not be in doubt: the answer is waited for in spite of a cancel. If
 * it does not come in time, the connection is closed.
 */
#include <stdio.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "db/postgres/run.h"
#include "db/retry.h"

struct wok_pg_transaction {
	wok_pg_conn *conn;
	unsigned level; /* 1: a transaction; above: a savepoint, wok_LEVEL */
	bool outer;     /* level 1 is a savepoint, too: the application had sent a BEGIN itself */
	bool ended;
};

enum { SQL_MAX = 100 };

static void begin_sql(const wok_pg_transaction_options *options, char sql[SQL_MAX])
{
	static const char *const levels[] = {
		"",
		" ISOLATION LEVEL READ COMMITTED",
		" ISOLATION LEVEL REPEATABLE READ",
		" ISOLATION LEVEL SERIALIZABLE",
	};
	const wok_pg_transaction_options none = {0}, *o = options ? options : &none;

	snprintf(sql, SQL_MAX, "BEGIN%s%s%s", levels[o->isolation],
		 o->read_only ? " READ ONLY" : "", o->deferrable ? " DEFERRABLE" : "");
}

static bool is_savepoint(const wok_pg_transaction *tx)
{
	return tx->level > 1 || tx->outer;
}

static void rollback_sql(const wok_pg_transaction *tx, char sql[SQL_MAX])
{
	if (is_savepoint(tx))
		snprintf(sql, SQL_MAX, "ROLLBACK TO SAVEPOINT wok_%u; RELEASE SAVEPOINT wok_%u",
			 tx->level, tx->level);
	else
		snprintf(sql, SQL_MAX, "ROLLBACK");
}

/* Queue a simple query; the caller has entered. */
static int queue_simple(wok_pg_conn *conn, const char *sql, struct wok__pg_op *op)
{
	const size_t mark = conn->out.size;

	wok__pg_op_init(op, "q");
	wok__pg_send_text(&conn->out, 'Q', sql);
	if (conn->out.error < 0)
		return wok__pg_take_back(conn, mark, 0);
	wok__pg_op_queue(conn, op, mark);
	return 0;
}

/*
 * Wait for the answer whatever happens: a cancel only bounds the time. The connection is closed if
 * it does not come. 0 if there is one.
 */
static int wait_surely(wok_pg_conn *conn, struct wok__pg_op *op)
{
	int r = wok__pg_push(conn);

	r = r < 0 ? r : wok__pg_wait_done(conn, op);
	if (r == -ECANCELED && !op->done) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;

		WOK_SHIELD (2 * conn->options.cancel_timeout) {
			WOK_TIMEOUT (&timeout, conn->options.cancel_timeout) {
				WOK_IGNORE(wok__pg_wait_done(conn, op));
			}
		}
	}
	if (!op->done)
		wok__pg_break(conn, WOK_ECONNLOST,
			      "the connection was closed: the end of a transaction was not "
			      "confirmed in time");
	return wok__pg_op_result(conn, op);
}

static int run_surely(wok_pg_conn *conn, const char *sql, wok_db_result *ret_result)
{
	struct wok__pg_op op;

	WOK_TRY(queue_simple(conn, sql, &op));
	int r = wait_surely(conn, &op);
	*ret_result = op.result;
	wok__pg_op_clear(&op);
	return r;
}

int wok_pg_transaction_begin(wok_pg_conn *conn, const wok_pg_transaction_options *options,
			     wok_pg_transaction **ret_tx)
{
	char sql[SQL_MAX];
	wok_db_result result;

	if (options && (unsigned) options->isolation > WOK_PG_SERIALIZABLE)
		return wok_fail(-EINVAL, "%d is no isolation level", options->isolation);
	WOK_TRY(wok__pg_enter(conn));
	wok_pg_transaction *tx = wok__alloc_zeroed(sizeof(*tx));
	if (!tx)
		return -ENOMEM;
	tx->conn = conn;
	tx->level = conn->savepoints + 1;
	tx->outer = tx->level == 1 && conn->status != 'I' && wok__list_empty(&conn->ops);
	begin_sql(options, sql);
	if (is_savepoint(tx))
		snprintf(sql, sizeof(sql), "SAVEPOINT wok_%u", tx->level);
	conn->savepoints++; /* at once: another task's comes behind it, as a savepoint */
	int r = run_surely(conn, sql, &result);
	if (r < 0) {
		conn->savepoints--;
		wok_free(tx);
		return r;
	}
	*ret_tx = tx;
	return 0;
}

static void end(wok_pg_transaction *tx)
{
	tx->ended = true;
	tx->conn->savepoints--;
}

bool wok__pg_in_transaction(const wok_pg_conn *conn)
{
	return conn->savepoints > 0 || conn->status != 'I';
}

/* A COMMIT would be answered as if it had done something. */
static bool was_ended_by_sql(const wok_pg_conn *conn)
{
	return !conn->dead && conn->status == 'I' && wok__list_empty(&conn->ops);
}

static int check_open(wok_pg_transaction *tx)
{
	const wok_pg_conn *conn = tx->conn;

	WOK_TRY(wok__pg_here(conn));
	if (tx->ended)
		return wok_fail(-EINVAL, "the transaction has ended already");
	if (tx->level != conn->savepoints)
		return wok_fail(-EINVAL, "a transaction within this one is still open");
	if (was_ended_by_sql(conn)) {
		end(tx);
		return wok_fail(-EINVAL,
				"the transaction has been ended by SQL already, as PREPARE "
				"TRANSACTION does");
	}
	return 0;
}

int wok_pg_transaction_commit(wok_pg_transaction *tx)
{
	wok_pg_conn *conn = tx->conn;
	char sql[SQL_MAX] = "COMMIT";
	wok_db_result result;

	WOK_TRY(check_open(tx));
	WOK_TRY(wok__pg_enter(conn));
	if (is_savepoint(tx))
		snprintf(sql, sizeof(sql), "RELEASE SAVEPOINT wok_%u", tx->level);
	int r = run_surely(conn, sql, &result);
	if (r < 0 && is_savepoint(tx) && !conn->dead)
		return r; /* it is there still, and can be rolled back */
	end(tx);
	if (r == 0 && strcmp(result.status, "ROLLBACK") == 0)
		return wok_fail(WOK_EDB, "the transaction was rolled back: a statement in it had "
					 "failed before");
	return r;
}

int wok_pg_transaction_rollback(wok_pg_transaction *tx)
{
	wok_pg_conn *conn = tx->conn;
	char sql[SQL_MAX];
	wok_db_result result;
	int r = 0;

	WOK_TRY(check_open(tx));
	rollback_sql(tx, sql);
	if (conn->dead) {
		end(tx);
		return wok__pg_dead(conn);
	}
	WOK_SHIELD (2 * conn->options.cancel_timeout) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;

		WOK_TIMEOUT (&timeout, conn->options.cancel_timeout) {
			r = wok__pg_enter(conn);
			if (r == 0)
				r = run_surely(conn, sql, &result);
		}
	}
	end(tx);
	/* If it could not even be sent, nobody can say what is open. */
	if (r < 0 && !conn->dead)
		wok__pg_break(conn, WOK_ECONNLOST,
			      "the connection was closed: a transaction could not be rolled back");
	return r;
}

/* Those within it that were left open, too: the server's rollback ends them as well. */
void wok_pg_transaction_free(wok_pg_transaction *tx)
{
	if (!tx || !wok__pg_is_here(tx->conn, "wok_pg_transaction_free"))
		return;
	if (!tx->ended && tx->level <= tx->conn->savepoints) {
		tx->conn->savepoints = tx->level;
		if (was_ended_by_sql(tx->conn))
			end(tx); /* the message is somebody else's */
		else
			WOK_IGNORE(wok_pg_transaction_rollback(tx));
	}
	wok_free(tx);
}

struct run {
	wok_pg_conn *conn;
	int (*fn)(wok_pg_conn *conn, void *arg);
	void *arg;
	const wok_pg_transaction_options *options;
};

static int run_once(void *arg)
{
	const struct run *run = arg;
	WOK_AUTO(wok_pg_transaction) *tx = NULL;

	WOK_TRY(wok_pg_transaction_begin(run->conn, run->options, &tx));
	const int r = run->fn(run->conn, run->arg);
	if (r < 0)
		return r;
	WOK_TRY(wok_pg_transaction_commit(tx));
	return r;
}

int wok_pg_transaction_run(wok_pg_conn *conn, int (*fn)(wok_pg_conn *conn, void *arg), void *arg,
			   const wok_pg_transaction_run_options *options)
{
	struct run run = {conn, fn, arg, options ? &options->transaction : NULL};

	if (wok__pg_in_transaction(conn))
		return run_once(&run);
	return wok__db_retry(options ? &options->retry : NULL, run_once, &run);
}
