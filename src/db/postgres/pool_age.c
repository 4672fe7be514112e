/* SPDX-License-Identifier: MIT */
/*
 * What happens to a pool as time passes: see db/postgres/pool.h. One callback for all: it comes
 * when the first of the idle connections is due, or dialing may begin again. It may come too early,
 * as the connection that it was for has been taken since: then it finds nothing to do.
 */
#include "base/time.h"
#include "db/postgres/pool.h"

wok_time wok__pg_member_due(const struct wok__pg_member *member)
{
	const wok_time idle = wok__time_add(member->idle_since, member->pool->options.max_idle);

	/* With max_idle alone, those that stay because of min are looked at once more, at most. */
	return member->pool->size > member->pool->options.min ? wok__time_min(idle, member->dies_at)
							      : member->dies_at;
}

/* Close what is due; the oldest stand at the end. Returns when the next one is. */
static wok_time close_due(wok_pg_pool *pool)
{
	const wok_time now = wok_now();
	wok_time next = WOK_FOREVER;
	size_t left = pool->size - pool->count[WOK__PG_CLOSING];

	for (struct wok__node *node = pool->idle.head.prev, *before; node != &pool->idle.head;
	     node = before) {
		struct wok__pg_member *member =
			WOK__CONTAINER(node, struct wok__pg_member, in_idle);
		const wok_time tired = wok__time_add(member->idle_since, pool->options.max_idle);

		before = node->prev;
		if (member->dies_at <= now) {
			wok__pg_member_discard(member, WOK_PG_POOL_OLD);
			left--;
		} else if (tired <= now && left > pool->options.min) {
			wok__pg_member_discard(member, WOK_PG_POOL_IDLE);
			left--;
		} else {
			next = wok__time_min(next, member->dies_at);
			if (tired > now)
				next = wok__time_min(next, tired);
		}
	}
	return next;
}

static int on_time(void *arg)
{
	wok_pg_pool *pool = arg;

	pool->timer = (wok_callback){0};
	pool->timer_at = WOK_FOREVER;
	wok__pg_pool_wake_at(pool, close_due(pool));
	wok__pg_pool_pump(pool);
	return 0;
}

void wok__pg_pool_wake_at(wok_pg_pool *pool, wok_time when)
{
	if (pool->closed || when >= pool->timer_at)
		return;
	(void) wok_callback_cancel(pool->timer);
	pool->timer = wok_call_at(when, on_time, pool);
	pool->timer_at = pool->timer.id != 0 ? when : WOK_FOREVER;
}
