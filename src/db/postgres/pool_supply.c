/* SPDX-License-Identifier: MIT */
/*
 * Where connections come from: idle ones, looked at first, and new ones. See db/postgres/pool.h.
 *
 * A connection is made for each task that waits, while there is room; but the task that makes it is
 * the pool's, and whoever is first in the queue when it stands gets it. When it cannot be made, the
 * pool pauses before it tries again, longer each time: those who wait do so until their own limit,
 * unless the error is one that stays.
 */
#include <stdio.h>
#include <wok/error.h>
#include <wok/timeout.h>

#include "base/time.h"
#include "db/postgres/pool.h"

#define FIRST_PAUSE (100 * WOK_MS)
#define LONGEST_PAUSE (5 * WOK_SECOND)

/* How many are on their way to those who wait. */
static size_t promised(const wok_pg_pool *pool)
{
	return pool->count[WOK__PG_DIALING] + pool->count[WOK__PG_CHECKING] +
	       pool->count[WOK__PG_CLEANING];
}

enum verdict { FRESH, STALE, BAD };

/* Whether an idle one can be given out: it may have to be asked first. */
static enum verdict look_at(struct wok__pg_member *member, wok_pg_pool_reason *ret_reason)
{
	const wok_pg_pool *pool = member->pool;

	if (wok__pg_member_is_worn(member, ret_reason))
		return BAD;
	*ret_reason = WOK_PG_POOL_GONE;
	if (pool->ops->fitness(member->conn, member->attended) == WOK__PG_BROKEN)
		return BAD;
	if (member->attended)
		return FRESH; /* what may have come is the answer to that */
	const int r = pool->ops->peek(member->conn);
	if (r < 0)
		return BAD;
	if (r > 0 || member->proved < pool->suspect ||
	    wok_now() - member->proved >= pool->options.check_after)
		return STALE;
	return FRESH;
}

/* The idle one that was used last; those that are no good any more go. */
static struct wok__pg_member *best_idle(wok_pg_pool *pool, enum verdict *ret_verdict)
{
	struct wok__node *first;

	while ((first = wok__list_first(&pool->idle))) {
		struct wok__pg_member *member =
			WOK__CONTAINER(first, struct wok__pg_member, in_idle);
		wok_pg_pool_reason reason;
		*ret_verdict = look_at(member, &reason);
		if (*ret_verdict != BAD)
			return member;
		wok__pg_member_discard(member, reason);
		if (reason == WOK_PG_POOL_GONE)
			wok__pg_pool_suspect(pool);
	}
	return NULL;
}

struct wok__pg_member *wok__pg_pool_take(wok_pg_pool *pool)
{
	enum verdict verdict;
	struct wok__pg_member *member = best_idle(pool, &verdict);

	return member && verdict == FRESH ? member : NULL;
}

static int check(void *arg)
{
	struct wok__pg_member *member = arg;
	wok_pg_pool *pool = member->pool;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, pool->options.check_timeout) {
		r = pool->ops->ping(member->conn);
	}
	r = wok_timeout_result(&timeout, r);
	if (r < 0) {
		wok__pg_member_discard(member, WOK_PG_POOL_GONE);
		if (r != -ECANCELED)
			wok__pg_pool_suspect(pool);
	} else {
		member->proved = wok_now();
		wok__pg_pool_supply(member);
	}
	wok__pg_pool_pump(pool);
	return 0;
}

/* For one who waits: an idle connection, at once or after it was asked. False: there is none. */
static bool use_idle(wok_pg_pool *pool)
{
	enum verdict verdict;
	struct wok__pg_member *member = best_idle(pool, &verdict);

	if (!member)
		return false;
	if (verdict == FRESH) {
		wok__pg_pool_grant(pool, member, 0);
		return true;
	}
	wok__pg_member_set(member, WOK__PG_CHECKING);
	if (wok_scope_spawn(pool->tasks, check, member) < 0)
		wok__pg_member_discard(member, WOK_PG_POOL_GONE);
	return true;
}

static void back_off(wok_pg_pool *pool, bool temporary)
{
	const wok_time now = wok_now();

	pool->pause_all = temporary;
	if (now < pool->pause_until)
		return; /* one of several that failed together */
	pool->pause =
		pool->pause == 0 ? FIRST_PAUSE : wok__time_min(2 * pool->pause, LONGEST_PAUSE);
	pool->pause_until = now + pool->pause / 2 + wok__pg_pool_draw(pool, pool->pause / 2);
}

/* Those whom no connection will come to get the error: all, if there is none. */
static void refuse(wok_pg_pool *pool, int error)
{
	const size_t standing =
		pool->size - pool->count[WOK__PG_DIALING] - pool->count[WOK__PG_CLOSING];
	size_t n = standing > 0 ? 1 : pool->waiting;

	while (n-- > 0 && !wok__list_empty(&pool->waiters))
		wok__pg_pool_grant(pool, NULL, error);
}

static void dial_failed(struct wok__pg_member *member, int error)
{
	wok_pg_pool *pool = member->pool;

	wok__pg_member_free(member);
	if (pool->closed)
		return;
	const bool temporary = !pool->options.no_retry && pool->ops->is_temporary(error);
	pool->stats.connect_errors++;
	pool->dial_error = error;
	(void) snprintf(pool->dial_message, sizeof(pool->dial_message), "%s", wok_errmsg(error));
	back_off(pool, temporary);
	if (!temporary) {
		pool->fatal = error;
		refuse(pool, error);
	}
	wok_event_set(&pool->changed);
	wok_event_clear(&pool->changed);
	wok__pg_pool_pump(pool);
}

static int connect_and_init(struct wok__pg_member *member)
{
	wok_pg_pool *pool = member->pool;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, pool->options.connect_timeout) {
		r = pool->ops->dial(pool->context, &member->conn);
		if (r >= 0 && pool->options.init)
			r = pool->options.init(member->conn, pool->options.hook_arg);
	}
	r = wok_timeout_result(&timeout, r);
	if (r == -ETIMEDOUT && wok_timeout_expired(&timeout))
		r = wok_fail(-ETIMEDOUT, "no connection stood after %.3g s",
			     (double) pool->options.connect_timeout / (double) WOK_SECOND);
	return r;
}

static int dial(void *arg)
{
	struct wok__pg_member *member = arg;
	wok_pg_pool *pool = member->pool;
	int r = connect_and_init(member);

	if (r < 0) {
		if (member->conn)
			pool->ops->drop(member->conn);
		dial_failed(member, r);
		return 0;
	}
	*pool->ops->owner(member->conn) = member;
	member->proved = wok_now();
	member->queries = pool->ops->queries(member->conn);
	pool->stats.connected++;
	pool->pause = pool->pause_until = 0;
	pool->pause_all = false;
	pool->fatal = pool->dial_error = 0;
	wok__pg_pool_supply(member);
	wok__pg_pool_pump(pool);
	return 0;
}

static int begin_to_dial(wok_pg_pool *pool)
{
	struct wok__pg_member *member = wok__pg_member_new(pool);

	if (!member)
		return -ENOMEM;
	int r = wok_scope_spawn(pool->tasks, dial, member);
	if (r < 0)
		wok__pg_member_free(member);
	return r;
}

/* After a failure nothing is dialed for a while. */
static bool may_dial(wok_pg_pool *pool, bool for_waiter)
{
	if (pool->size >= pool->options.max)
		return false;
	if (wok_now() >= pool->pause_until || (for_waiter && !pool->pause_all))
		return true;
	wok__pg_pool_wake_at(pool, pool->pause_until);
	return false;
}

void wok__pg_pool_pump(wok_pg_pool *pool)
{
	int r = 0;

	while (!pool->closed && pool->waiting > promised(pool)) {
		if (use_idle(pool))
			continue;
		if (!may_dial(pool, true))
			break;
		r = begin_to_dial(pool);
		if (r < 0)
			wok__pg_pool_grant(pool, NULL, r);
	}
	while (r == 0 && !pool->closed && pool->size < pool->options.min && may_dial(pool, false))
		r = begin_to_dial(pool);
}
