/* SPDX-License-Identifier: MIT */
/*
 * The members of a pool: see db/postgres/pool.h. A member goes when its connection is closed and no
 * task of the pool's uses it any more; until then its place is taken.
 */
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "db/postgres/pool.h"

/* What was looked at so recently need not be looked at again. */
#define SWEEP_PAUSE (10 * WOK_MS)

wok_time wok__pg_pool_draw(wok_pg_pool *pool, wok_time below)
{
	pool->random = pool->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (wok_time) ((pool->random >> 11) % (uint64_t) below);
}

/* Up to a tenth less, so that connections made together do not end together. */
static wok_time jittered(wok_pg_pool *pool, wok_time span)
{
	if (span == WOK_FOREVER)
		return span;
	return span - wok__pg_pool_draw(pool, span / 10 + 1);
}

struct wok__pg_member *wok__pg_member_new(wok_pg_pool *pool)
{
	struct wok__pg_member *member = wok__alloc_zeroed(sizeof(*member));

	if (!member)
		return NULL;
	member->pool = pool;
	member->state = WOK__PG_DIALING;
	member->generation = pool->generation;
	member->dies_at = wok__time_add(wok_now(), jittered(pool, pool->options.max_lifetime));
	wok__list_init_node(&member->in_idle);
	wok__list_push_back(&pool->all, &member->in_all);
	pool->count[WOK__PG_DIALING]++;
	pool->size++;
	return member;
}

void wok__pg_member_set(struct wok__pg_member *member, enum wok__pg_member_state state)
{
	wok_pg_pool *pool = member->pool;

	pool->count[member->state]--;
	pool->count[state]++;
	member->state = state;
	wok__list_remove(&member->in_idle);
	if (state == WOK__PG_IDLE)
		wok__list_push_front(&pool->idle, &member->in_idle);
}

/* Its place is free again. */
void wok__pg_member_free(struct wok__pg_member *member)
{
	wok_pg_pool *pool = member->pool;

	pool->count[member->state]--;
	pool->size--;
	wok__list_remove(&member->in_idle);
	wok__list_remove(&member->in_all);
	wok_free(member);
	if (pool->closed && pool->size == 0)
		wok_event_set(&pool->drained);
}

bool wok__pg_member_is_worn(struct wok__pg_member *member, wok_pg_pool_reason *ret_reason)
{
	const wok_pg_pool *pool = member->pool;

	if (pool->closed)
		*ret_reason = WOK_PG_POOL_CLOSED;
	else if (member->generation != pool->generation)
		*ret_reason = WOK_PG_POOL_EXPIRED;
	else if (member->dies_at <= wok_now())
		*ret_reason = WOK_PG_POOL_OLD;
	else if (pool->options.max_queries != WOK_UNLIMITED &&
		 pool->ops->queries(member->conn) >= pool->options.max_queries)
		*ret_reason = WOK_PG_POOL_WORN;
	else
		return false;
	return true;
}

void wok__pg_member_drop(struct wok__pg_member *member)
{
	member->pool->ops->drop(member->conn);
	wok__pg_member_free(member);
}

void wok__pg_member_attend(struct wok__pg_member *member)
{
	member->attended++;
	wok_event_clear(&member->unattended);
}

bool wok__pg_member_leave(struct wok__pg_member *member)
{
	if (--member->attended > 0)
		return true;
	wok_event_set(&member->unattended);
	if (!member->orphan)
		return true;
	wok__pg_member_drop(member);
	return false;
}

static int close_one(void *arg)
{
	struct wok__pg_member *member = arg;
	wok_pg_pool *pool = member->pool;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	/* Its reset still looks at it; that has a limit of its own. */
	WOK_SHIELD (WOK_FOREVER) {
		while (member->attended)
			WOK_IGNORE(wok_event_wait(&member->unattended));
		WOK_TIMEOUT (&timeout, pool->options.check_timeout) {
			pool->ops->close(member->conn);
			member->conn = NULL;
		}
	}
	if (member->conn)
		pool->ops->drop(member->conn);
	wok__pg_member_free(member);
	wok__pg_pool_pump(pool);
	return 0;
}

void wok__pg_member_discard(struct wok__pg_member *member, wok_pg_pool_reason reason)
{
	wok_pg_pool *pool = member->pool;

	pool->stats.closed[reason]++;
	wok__pg_member_set(member, WOK__PG_CLOSING);
	*pool->ops->owner(member->conn) = NULL;
	if (pool->closers && wok_scope_spawn(pool->closers, close_one, member) == 0)
		return;
	/* There is no memory for a task, or the pool was freed. */
	if (member->attended) {
		member->orphan = true;
		(void) pool->ops->cut(member->conn); /* so its reset ends */
		return;
	}
	wok__pg_member_drop(member);
}

void wok__pg_pool_suspect(wok_pg_pool *pool)
{
	const wok_time now = wok_now();
	const bool swept = pool->suspect != INT64_MIN && now - pool->suspect < SWEEP_PAUSE;

	pool->suspect = now;
	if (swept)
		return;
	WOK__LIST_EACH (node, &pool->idle) {
		struct wok__pg_member *member =
			WOK__CONTAINER(node, struct wok__pg_member, in_idle);
		if (!member->attended && pool->ops->peek(member->conn) < 0)
			wok__pg_member_discard(member, WOK_PG_POOL_GONE);
	}
}
