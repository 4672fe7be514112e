/* SPDX-License-Identifier: MIT */
/*
 * Taking connections and giving them back: see db/postgres/pool.h.
 *
 * A waiter's record is filled exactly once, by wok__pg_pool_grant(), which takes it out of the
 * queue. A waiter that is cancelled or out of time finds either its record filled, and then it has
 * a connection all the same, or takes it out itself: so no connection is granted to nobody.
 */
#include "db/postgres/pool.h"

#include <stdio.h>
#include <wok/error.h>
#include <wok/timeout.h>

#include "base/message.h"
#include "base/time.h"
#include "loop/fork.h"
#include "loop/report.h"
#include "task/park.h"

int wok__pg_pool_check(const wok_pg_pool *pool, const char *call)
{
	if (pool->fork != wok__fork_generation())
		return wok_fail(-ECHILD,
				"%s: this is a fork of the process that the pool belongs to: make "
				"another pool here",
				call);
	if (pool->loop != wok_current_loop())
		return wok_fail(-EINVAL, "%s: the pool belongs to another loop", call);
	return 0;
}

void wok__pg_pool_grant(wok_pg_pool *pool, struct wok__pg_member *member, int error)
{
	struct wok__pg_waiter_for_one *waiter =
		WOK__CONTAINER(wok__list_pop(&pool->waiters), struct wok__pg_waiter_for_one, link);

	pool->waiting--;
	if (member)
		wok__pg_member_set(member, WOK__PG_LEASED);
	waiter->member = member;
	waiter->error = error;
	waiter->done = true;
	wok_event_set(&waiter->granted);
}

void wok__pg_pool_supply(struct wok__pg_member *member)
{
	wok_pg_pool *pool = member->pool;
	wok_pg_pool_reason reason;

	if (wok__pg_member_is_worn(member, &reason)) {
		wok__pg_member_discard(member, reason);
	} else if (!wok__list_empty(&pool->waiters)) {
		wok__pg_pool_grant(pool, member, 0);
	} else {
		member->idle_since = wok_now();
		wok__pg_member_set(member, WOK__PG_IDLE);
		wok__pg_pool_wake_at(pool, wok__pg_member_due(member));
	}
	wok_event_set(&pool->changed);
	wok_event_clear(&pool->changed);
}

static void record(wok_pg_pool *pool, wok_time wait)
{
	size_t step = 0;

	for (wok_time limit = 10 * WOK_US; wait >= limit && step < WOK_PG_POOL_WAIT_STEPS - 1;
	     limit *= 10)
		step++;
	pool->stats.acquired++;
	pool->stats.wait_histogram[step]++;
	pool->stats.wait_total = wok__time_add(pool->stats.wait_total, wait);
	if (wait > pool->stats.wait_max)
		pool->stats.wait_max = wait;
}

static int out_of_time(wok_pg_pool *pool)
{
	const size_t *count = pool->count;

	pool->stats.timed_out++;
	return wok_fail(
		-ETIMEDOUT,
		"wok_pg_pool_acquire: no connection became free in %.3g s: of %zu at most "
		"%zu are in use, %zu being made, %zu closed or put in order; %zu more tasks "
		"wait%s%s",
		(double) pool->options.acquire_timeout / (double) WOK_SECOND, pool->options.max,
		count[WOK__PG_LEASED], count[WOK__PG_DIALING],
		count[WOK__PG_CLOSING] + count[WOK__PG_CHECKING] + count[WOK__PG_CLEANING],
		pool->waiting, pool->dial_error ? "; the last try to connect: " : "",
		pool->dial_error ? pool->dial_message : "");
}

/* What a waiter got. r: what its wait gave. */
static int outcome(wok_pg_pool *pool, struct wok__pg_waiter_for_one *waiter, int r)
{
	if (!waiter->done) {
		wok__list_remove(&waiter->link);
		pool->waiting--;
		if (r == -ETIMEDOUT)
			return out_of_time(pool);
		pool->stats.canceled += r == -ECANCELED;
		return r;
	}
	if (waiter->error == -ESHUTDOWN)
		return wok_fail(-ESHUTDOWN, "wok_pg_pool_acquire: the pool is closed");
	if (waiter->error < 0 && waiter->error == pool->dial_error)
		return wok_fail(waiter->error, "%s", pool->dial_message);
	return waiter->error;
}

static int wait_for_one(wok_pg_pool *pool, struct wok__pg_member **ret_member)
{
	struct wok__pg_waiter_for_one waiter = {.granted = WOK_EVENT_INIT};
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (pool->waiting >= pool->options.max_waiting) {
		pool->stats.refused++;
		return wok_fail(WOK_ELIMIT,
				"wok_pg_pool_acquire: %zu tasks wait for a connection, which is "
				"max_waiting",
				pool->waiting);
	}
	wok__list_push_back(&pool->waiters, &waiter.link);
	pool->waiting++;
	wok__pg_pool_pump(pool);
	if (!waiter.done) {
		WOK_TIMEOUT (&timeout, pool->options.acquire_timeout) {
			r = wok_event_wait(&waiter.granted);
		}
		r = wok_timeout_result(&timeout, r);
	}
	WOK_TRY(outcome(pool, &waiter, r));
	*ret_member = waiter.member;
	return 0;
}

/* The setup hook runs in the caller's task: the connection is taken already. */
static int set_up(wok_pg_pool *pool, struct wok__pg_member *member)
{
	int r = pool->options.setup ? pool->options.setup(member->conn, pool->options.hook_arg) : 0;

	if (r < 0) {
		wok__pg_member_discard(member, WOK_PG_POOL_HOOK);
		wok__pg_pool_pump(pool);
	}
	return r;
}

static int acquire(wok_pg_pool *pool, wok_pg_conn **ret_conn)
{
	const wok_time start = wok_now();
	struct wok__pg_member *member = NULL;

	WOK_TRY(wok__checkpoint());
	if (pool->closed)
		return wok_fail(-ESHUTDOWN, "wok_pg_pool_acquire: the pool is closed");
	/* Who was here before goes first. */
	if (wok__list_empty(&pool->waiters))
		member = wok__pg_pool_take(pool);
	if (member)
		wok__pg_member_set(member, WOK__PG_LEASED);
	else
		WOK_TRY(wait_for_one(pool, &member));
	record(pool, wok_now() - start);
	WOK_TRY(set_up(pool, member));
	*ret_conn = member->conn;
	return 0;
}

int wok_pg_pool_acquire(wok_pg_pool *pool, wok_pg_conn **ret_conn)
{
	WOK_TRY(wok__pg_pool_check(pool, "wok_pg_pool_acquire"));
	wok__pg_pool_hold(pool);
	int r = acquire(pool, ret_conn);
	wok__pg_pool_let_go(pool);
	return r;
}

/* The record of a connection that is taken from this pool; NULL, which is reported. */
static struct wok__pg_member *find(wok_pg_pool *pool, wok_pg_conn *conn, const char *call)
{
	int r = wok__pg_pool_check(pool, call);

	if (r < 0) {
		wok__report(r, NULL, NULL, "%s", wok_errmsg(r));
		return NULL;
	}
	struct wok__pg_member *member = *pool->ops->owner(conn);
	if (member && member->pool == pool && member->state == WOK__PG_LEASED)
		return member;
	wok__report(-EINVAL, NULL, NULL, "%s: the connection was not taken from this pool", call);
	return NULL;
}

/* Whether what came back cannot be used any more, and why. */
static bool is_unfit(struct wok__pg_member *member, enum wok__pg_fitness fitness,
		     wok_pg_pool_reason *ret_reason)
{
	if (fitness == WOK__PG_BROKEN)
		*ret_reason = WOK_PG_POOL_BROKEN;
	else if (fitness == WOK__PG_BUSY)
		*ret_reason = WOK_PG_POOL_BUSY;
	else
		return wok__pg_member_is_worn(member, ret_reason);
	return true;
}

void wok_pg_pool_release(wok_pg_pool *pool, wok_pg_conn *conn)
{
	struct wok__pg_member *member = conn ? find(pool, conn, "wok_pg_pool_release") : NULL;
	wok_pg_pool_reason reason;

	if (!member)
		return;
	const struct wok__saved_error saved = wok__error_save();
	wok__pg_pool_hold(pool);
	const bool touched = pool->ops->queries(conn) != member->queries;
	const enum wok__pg_fitness fitness = pool->ops->fitness(conn, member->attended);
	if (is_unfit(member, fitness, &reason)) {
		if (reason == WOK_PG_POOL_BROKEN && !pool->closed)
			wok__pg_pool_suspect(pool);
		wok__pg_member_discard(member, reason);
	} else {
		if (touched && !member->attended)
			member->proved = wok_now();
		if (touched || pool->options.reset)
			wok__pg_pool_clean(member, fitness);
		else
			wok__pg_pool_supply(member);
	}
	wok__pg_pool_pump(pool);
	wok__pg_pool_let_go(pool);
	wok__error_restore(saved);
}

void wok_pg_pool_discard(wok_pg_pool *pool, wok_pg_conn *conn)
{
	struct wok__pg_member *member = conn ? find(pool, conn, "wok_pg_pool_discard") : NULL;

	if (!member)
		return;
	wok__pg_pool_hold(pool);
	wok__pg_member_discard(member, pool->closed ? WOK_PG_POOL_CLOSED : WOK_PG_POOL_DISCARDED);
	wok__pg_pool_pump(pool);
	wok__pg_pool_let_go(pool);
}

static size_t standing(const wok_pg_pool *pool)
{
	return pool->count[WOK__PG_IDLE] + pool->count[WOK__PG_LEASED] +
	       pool->count[WOK__PG_CHECKING] + pool->count[WOK__PG_CLEANING];
}

/* Until min stand, or a dial failed for good. */
static int wait_until_ready(wok_pg_pool *pool)
{
	int r = 0;

	while (r == 0 && !pool->closed && !pool->fatal && standing(pool) < pool->options.min)
		r = wok_event_wait(&pool->changed);
	return r;
}

static int ready(wok_pg_pool *pool)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_pg_conn *conn = NULL;
	int r = 0;

	/* Whoever can take one has all errors told that there may be. */
	WOK_TRY(wok_pg_pool_acquire(pool, &conn));
	wok_pg_pool_release(pool, conn);
	WOK_TIMEOUT (&timeout, pool->options.acquire_timeout) {
		r = wait_until_ready(pool);
	}
	r = wok_timeout_result(&timeout, r);
	if (r == -ETIMEDOUT)
		return out_of_time(pool);
	if (r == 0 && pool->closed)
		return wok_fail(-ESHUTDOWN, "wok_pg_pool_ready: the pool is closed");
	if (r == 0 && pool->fatal)
		return wok_fail(pool->fatal, "%s", pool->dial_message);
	return r;
}

int wok_pg_pool_ready(wok_pg_pool *pool)
{
	WOK_TRY(wok__pg_pool_check(pool, "wok_pg_pool_ready"));
	wok__pg_pool_hold(pool);
	int r = ready(pool);
	wok__pg_pool_let_go(pool);
	return r;
}

void wok_pg_pool_get_stats(const wok_pg_pool *pool, wok_pg_pool_stats *ret_stats)
{
	const size_t *count = pool->count;

	*ret_stats = pool->stats;
	ret_stats->min = pool->options.min;
	ret_stats->max = pool->options.max;
	ret_stats->size = pool->size;
	ret_stats->idle = count[WOK__PG_IDLE];
	ret_stats->in_use = count[WOK__PG_LEASED];
	ret_stats->dialing = count[WOK__PG_DIALING];
	ret_stats->checking = count[WOK__PG_CHECKING] + count[WOK__PG_CLEANING];
	ret_stats->closing = count[WOK__PG_CLOSING];
	ret_stats->waiting = pool->waiting;
}
