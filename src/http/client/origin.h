/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_ORIGIN_H
#define WOK_HTTP_CLIENT_ORIGIN_H
/* Where connections of a pool lead to, found by hash. Parts of the pool. */
#include "http/client/pool.h"

struct wok__origin {
	struct wok__origin *next; /* in its bucket */
	uint64_t hash;
	size_t open; /* connections, and rights to make one */
	size_t n_idle;
	struct wok__list idle;         /* the one used last in front */
	struct wok__list shared;       /* connections that take several requests at once */
	struct wok__connection *first; /* is being made, and may turn out to be shared; NULL */
	bool plain;                    /* none was shared so far */
	struct wok__list waiters;      /* for a connection of this origin to end or become idle */
	size_t in_line;                /* of this origin, in the session's queue */
	size_t n_waiting;              /* in both queues, or on the way out: they hold the origin */
	struct wok__route route;       /* its texts lie behind */
	char texts[];
};

/* The origin of a route, made if need be; NULL without memory. */
struct wok__origin *wok__pool_find_origin(struct wok__pool *pool, const struct wok__route *route);

/* An origin that nothing belongs to any more goes: a crawler meets many. */
void wok__pool_forget_if_unused(struct wok__pool *pool, struct wok__origin *origin);

/* Whether a request has to wait for what it will not be alone on, and was made behind another. */
static inline bool wok__origin_waits_for_shared(const struct wok__origin *origin, uint64_t after)
{
	struct wok__node *newest = wok__list_first(&origin->shared);

	return origin->first ||
	       (newest &&
		WOK__CONTAINER(newest, struct wok__connection, in_origin)->number > after);
}

static inline bool wok__origin_is_full(const struct wok__pool *pool,
				       const struct wok__origin *origin)
{
	return origin->open >= pool->limits.per_host;
}
#endif
