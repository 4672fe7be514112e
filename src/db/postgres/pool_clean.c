/* SPDX-License-Identifier: MIT */
/*
 * Putting a connection in order that came back: see db/postgres/pool.h.
 *
 * The task that does it runs at once, up to its first wait: by then the reset has been appended to
 * what is sent, so whatever the next user sends comes after it, and the connection can go on to him
 * without waiting for the answer. Where this cannot be (a hook comes first, or the caller must not
 * wait) the connection goes on when it is done.
 */
#include <wok/error.h>
#include <wok/timeout.h>

#include "db/postgres/pool.h"
#include "loop/report.h"
#include "task/park.h"

/* Not DISCARD ALL: that would also drop the prepared statements, and must not stand in a script. */
#define UNDO                                                                                       \
	"SELECT pg_catalog.pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; "                      \
	"RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP"

static const char *sql_for(const wok_pg_pool *pool, bool in_transaction)
{
	if (pool->reset_sql)
		return pool->reset_sql;
	if (pool->options.reset_mode == WOK_PG_RESET_TRANSACTION)
		return in_transaction ? "ROLLBACK" : NULL;
	return in_transaction ? "ROLLBACK; " UNDO : UNDO;
}

static int run_reset(struct wok__pg_member *member)
{
	wok_pg_pool *pool = member->pool;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, pool->options.check_timeout) {
		/* The application's own may be one that no transaction bears. */
		if (pool->reset_sql && member->in_transaction)
			r = pool->ops->reset(member->conn, "ROLLBACK");
		if (r >= 0 && member->sql)
			r = pool->ops->reset(member->conn, member->sql);
	}
	return wok_timeout_result(&timeout, r);
}

/* What is to be done with it depends on where it has got to meanwhile. */
static void failed(struct wok__pg_member *member, wok_pg_pool_reason reason)
{
	if (member->state == WOK__PG_IDLE || member->state == WOK__PG_CLEANING)
		wok__pg_member_discard(member, reason);
}

static void succeeded(struct wok__pg_member *member)
{
	member->proved = wok_now();
	if (member->state != WOK__PG_CLEANING || member->attended > 0)
		return;
	member->queries = member->pool->ops->queries(member->conn);
	wok__pg_pool_supply(member);
}

/* Its next user must not go on in what is not his; nor must the server, for him. */
static void cut_off(struct wok__pg_member *member)
{
	const struct wok__pg_pool_ops *ops = member->pool->ops;

	if (!ops->cut(member->conn))
		return;
	WOK_SHIELD (WOK_FOREVER) {
		ops->stop(member->conn);
	}
}

/* The end of a task that has attended to a member. */
static int finish(struct wok__pg_member *member, int r, wok_pg_pool_reason reason)
{
	wok_pg_pool *pool = member->pool;

	if (r < 0 && member->state == WOK__PG_LEASED)
		cut_off(member);
	if (wok__pg_member_leave(member)) {
		if (r < 0)
			failed(member, reason);
		else
			succeeded(member);
	}
	wok__pg_pool_pump(pool);
	return 0;
}

static int reset(void *arg)
{
	struct wok__pg_member *member = arg;

	member->begun = true;
	int r = run_reset(member);
	if (member->ended)
		*member->ended = true;
	member->ended = NULL;
	return finish(member, r, WOK_PG_POOL_UNCLEAN);
}

/*
 * Wait until a cancelled statement has ended. The signal that ends it may come late, and hit the
 * question instead: then it is asked again, and what comes after the answer cannot be hit.
 */
static int wait_out(struct wok__pg_member *member)
{
	const struct wok__pg_pool_ops *ops = member->pool->ops;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = -EAGAIN;

	WOK_TIMEOUT (&timeout, member->pool->options.check_timeout) {
		for (int i = 0; i < 3 && r < 0 && r != -ECANCELED; i++)
			r = ops->ping(member->conn);
	}
	return wok_timeout_result(&timeout, r);
}

static int run_hook(struct wok__pg_member *member)
{
	const wok_pg_pool_options *options = &member->pool->options;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (!options->reset)
		return 0;
	WOK_TIMEOUT (&timeout, options->check_timeout) {
		r = options->reset(member->conn, options->hook_arg);
	}
	return wok_timeout_result(&timeout, r);
}

/* What comes before the reset: the rest of the last statement, and the hook. */
static int clean(void *arg)
{
	struct wok__pg_member *member = arg;
	wok_pg_pool *pool = member->pool;
	wok_pg_pool_reason reason = WOK_PG_POOL_UNCLEAN;

	int r = member->in_doubt ? wait_out(member) : 0;
	if (r >= 0) {
		reason = WOK_PG_POOL_HOOK;
		r = run_hook(member);
	}
	if (r >= 0) {
		reason = WOK_PG_POOL_UNCLEAN;
		member->in_transaction =
			pool->ops->fitness(member->conn, member->attended - 1) != WOK__PG_FIT;
		member->sql = sql_for(pool, member->in_transaction);
		r = run_reset(member);
	}
	return finish(member, r, reason);
}

static void tell_of_transaction(wok_pg_pool *pool)
{
	if (pool->told_of_transaction)
		return;
	pool->told_of_transaction = true;
	wok__report(0, NULL, NULL,
		    "wok_pg_pool_release: a connection came back within a transaction, which was "
		    "rolled back (told once a pool)");
}

void wok__pg_pool_clean(struct wok__pg_member *member, enum wok__pg_fitness fitness)
{
	wok_pg_pool *pool = member->pool;
	const bool in_transaction = fitness != WOK__PG_FIT;
	const bool alone = !pool->options.reset && fitness != WOK__PG_IN_DOUBT;
	const bool pipelined = alone && !(in_transaction && pool->reset_sql);
	const wok_task_options eager = {.eager = pipelined};
	bool ended = false;

	if (fitness == WOK__PG_IN_TRANSACTION)
		tell_of_transaction(pool);
	member->in_transaction = in_transaction;
	member->sql = sql_for(pool, in_transaction);
	member->in_doubt = fitness == WOK__PG_IN_DOUBT;
	member->begun = false;
	if (!member->sql && alone) {
		member->queries = pool->ops->queries(member->conn);
		wok__pg_pool_supply(member);
		return;
	}
	wok__pg_member_set(member, WOK__PG_CLEANING);
	wok__pg_member_attend(member);
	member->ended = pipelined ? &ended : NULL;
	/* A pool that closes lets a reset go on: somebody may use the connection already. */
	const int r = alone ? wok_scope_spawn_with(pool->closers, reset, member, &eager)
			    : wok_scope_spawn(pool->tasks, clean, member);
	if (r < 0) {
		member->ended = NULL;
		(void) finish(member, r, WOK_PG_POOL_UNCLEAN);
		return;
	}
	if (ended)
		return;
	member->ended = NULL;
	/* It waits for the answer now: the connection need not, if all is well with it still. */
	if (pipelined && member->begun && member->state == WOK__PG_CLEANING) {
		member->queries = pool->ops->queries(member->conn);
		wok__pg_pool_supply(member);
	}
}
