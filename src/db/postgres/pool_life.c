/* SPDX-License-Identifier: MIT */
/*
 * How a pool begins and ends: see db/postgres/pool.h. A connection that is leased when the pool is
 * freed keeps the pool's record alive until it is given back; it has been cut off by then.
 */
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/message.h"
#include "db/postgres/pool.h"
#include "loop/fork.h"

static const wok_pg_pool_options defaults = {
	.max = 10,
	.max_waiting = WOK_UNLIMITED,
	.acquire_timeout = 30 * WOK_SECOND,
	.connect_timeout = 30 * WOK_SECOND,
	.check_after = 5 * WOK_SECOND,
	.check_timeout = 5 * WOK_SECOND,
	.max_lifetime = 60 * WOK_MINUTE,
	.max_idle = 10 * WOK_MINUTE,
	.max_queries = WOK_UNLIMITED,
};

#define OR_DEFAULT(field) options->field = options->field ? options->field : defaults.field

static int settle(wok_pg_pool_options *options)
{
	OR_DEFAULT(max);
	OR_DEFAULT(max_waiting);
	OR_DEFAULT(acquire_timeout);
	OR_DEFAULT(connect_timeout);
	OR_DEFAULT(check_after);
	OR_DEFAULT(check_timeout);
	OR_DEFAULT(max_lifetime);
	OR_DEFAULT(max_idle);
	OR_DEFAULT(max_queries);
	if (options->min > options->max)
		return wok_fail(-EINVAL, "wok_pg_pool_new: min is %zu, above max, which is %zu",
				options->min, options->max);
	if (options->acquire_timeout < 0 || options->connect_timeout < 0 ||
	    options->check_after < 0 || options->check_timeout < 0 || options->max_lifetime < 0 ||
	    options->max_idle < 0)
		return wok_fail(-EINVAL, "wok_pg_pool_new: a time is below zero");
	if (options->reset_mode != WOK_PG_RESET_ALL &&
	    options->reset_mode != WOK_PG_RESET_TRANSACTION)
		return wok_fail(-EINVAL, "wok_pg_pool_new: there is no reset_mode %d",
				(int) options->reset_mode);
	return 0;
}

static void release(wok_pg_pool *pool)
{
	if (pool->ops->context_free)
		pool->ops->context_free(pool->context);
	wok_free(pool->reset_sql);
	wok_free(pool);
}

static int open_pool(wok_pg_pool *pool)
{
	const wok_scope_options background = {.background = true, .keep_going = true};

	WOK_TRY(settle(&pool->options));
	if (pool->options.reset_sql) {
		pool->reset_sql = wok__strdup(pool->options.reset_sql);
		if (!pool->reset_sql)
			return -ENOMEM;
	}
	WOK_TRY(wok_scope_new_with(&background, &pool->tasks));
	return wok_scope_new_with(&background, &pool->closers);
}

int wok__pg_pool_new(const struct wok__pg_pool_ops *ops, void *context,
		     const wok_pg_pool_options *options, wok_pg_pool **ret_pool)
{
	wok_pg_pool *pool = wok__alloc_zeroed(sizeof(*pool));

	if (!pool) {
		if (ops->context_free)
			ops->context_free(context);
		return -ENOMEM;
	}
	*pool = (wok_pg_pool){
		.face = {&wok__pg_pool_db_ops},
		.ops = ops,
		.context = context,
		.options = options ? *options : defaults,
		.loop = wok_current_loop(),
		.fork = wok__fork_generation(),
		.suspect = INT64_MIN,
		.timer_at = WOK_FOREVER,
		.random = (uint64_t) wok_now(),
	};
	wok__list_init(&pool->all);
	wok__list_init(&pool->idle);
	wok__list_init(&pool->waiters);
	int r = open_pool(pool);
	if (r < 0) {
		wok_scope_free(pool->tasks);
		release(pool);
		return r;
	}
	wok__pg_pool_pump(pool);
	*ret_pool = pool;
	return 0;
}

void wok_pg_pool_expire(wok_pg_pool *pool)
{
	if (wok__pg_pool_check(pool, "wok_pg_pool_expire") < 0)
		return;
	pool->generation++;
	pool->pause_until = 0; /* what failed may have been why */
	WOK__LIST_EACH (node, &pool->idle)
		wok__pg_member_discard(WOK__CONTAINER(node, struct wok__pg_member, in_idle),
				       WOK_PG_POOL_EXPIRED);
	wok__pg_pool_pump(pool);
}

/* Refuse who waits, and close what nobody uses. */
static void shut(wok_pg_pool *pool)
{
	if (pool->closed)
		return;
	pool->closed = true;
	(void) wok_callback_cancel(pool->timer);
	while (!wok__list_empty(&pool->waiters))
		wok__pg_pool_grant(pool, NULL, -ESHUTDOWN);
	WOK__LIST_EACH (node, &pool->idle)
		wok__pg_member_discard(WOK__CONTAINER(node, struct wok__pg_member, in_idle),
				       WOK_PG_POOL_CLOSED);
	wok_scope_cancel(pool->tasks, "the pool of connections is closed");
	wok_event_set(&pool->changed);
	if (pool->size == 0)
		wok_event_set(&pool->drained);
}

static int stop_one(void *arg)
{
	struct wok__pg_member *member = arg;

	WOK_SHIELD (WOK_FOREVER) {
		member->pool->ops->stop(member->conn);
	}
	(void) wok__pg_member_leave(member);
	return 0;
}

/* The server would go on with a statement whose client is gone. */
static void stop(struct wok__pg_member *member)
{
	wok__pg_member_attend(member);
	if (wok_scope_spawn(member->pool->closers, stop_one, member) < 0)
		(void) wok__pg_member_leave(member);
}

/* What is leased fails from now on; it stays until it is given back. */
static void cut_off(wok_pg_pool *pool)
{
	pool->cut = true;
	WOK__LIST_EACH (node, &pool->all) {
		struct wok__pg_member *member = WOK__CONTAINER(node, struct wok__pg_member, in_all);
		if (member->state == WOK__PG_LEASED && pool->ops->cut(member->conn))
			stop(member);
	}
}

/* Until all that the pool does by itself has ended. */
static void wait_for_tasks(wok_pg_pool *pool)
{
	WOK_SHIELD (WOK_FOREVER) {
		WOK_IGNORE(wok_scope_join(pool->tasks));
		WOK_IGNORE(wok_scope_join(pool->closers));
	}
}

static int close_within(wok_pg_pool *pool, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	shut(pool);
	if (pool->cut)
		return wok_yield();
	WOK_TIMEOUT (&timeout, limit) {
		r = wok_event_wait(&pool->drained);
	}
	r = wok_timeout_result(&timeout, r);
	const size_t left = pool->count[WOK__PG_LEASED];
	if (r < 0) {
		cut_off(pool);
		wait_for_tasks(pool);
	}
	if (r == -ETIMEDOUT && left == 0)
		r = 0; /* what was in use had come back in time */
	if (r == -ETIMEDOUT)
		return wok_fail(-ETIMEDOUT,
				"wok_pg_pool_close: %zu connections were still in use, and have "
				"been cut off",
				left);
	return r;
}

int wok_pg_pool_close(wok_pg_pool *pool, wok_time limit)
{
	WOK_TRY(wok__pg_pool_check(pool, "wok_pg_pool_close"));
	wok__pg_pool_hold(pool);
	int r = close_within(pool, limit);
	wok__pg_pool_let_go(pool);
	return r;
}

void wok__pg_pool_hold(wok_pg_pool *pool)
{
	pool->holders++;
}

void wok__pg_pool_let_go(wok_pg_pool *pool)
{
	if (--pool->holders == 0 && pool->freed && pool->size == 0)
		release(pool);
}

void wok_pg_pool_free(wok_pg_pool *pool)
{
	if (!pool || wok__pg_pool_check(pool, "wok_pg_pool_free") < 0)
		return;
	const struct wok__saved_error saved = wok__error_save();
	wok__pg_pool_hold(pool);
	shut(pool);
	cut_off(pool);
	wait_for_tasks(pool);
	wok_scope_free(WOK_TAKE(pool->tasks));
	wok_scope_free(WOK_TAKE(pool->closers));
	pool->freed = true;
	wok__pg_pool_let_go(pool);
	wok__error_restore(saved);
}
