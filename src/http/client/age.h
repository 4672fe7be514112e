/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_AGE_H
#define WOK_HTTP_CLIENT_AGE_H
/* How long connections of a pool serve, and are kept while they are idle. Parts of the pool. */
#include "http/client/pool.h"

/* Whether a connection has served for long enough. */
bool wok__pool_is_worn(const struct wok__pool *pool, const struct wok__connection *connection);

/* Whether the server, too, will keep an idle connection for a moment. */
bool wok__pool_is_kept(const struct wok__connection *connection);

/*
 * Whether an idle connection is still there: the server may have closed it, and bytes that nobody
 * asked for must not be taken for the next answer.
 */
bool wok__pool_is_fresh(const struct wok__connection *connection);

/* Watch a connection that is idle now, to evict it then; false if it has ended already. */
bool wok__pool_watch(struct wok__pool *pool, struct wok__connection *connection);

/* A connection has become idle, and is in the pool's list: it is closed when its time is over. */
void wok__pool_begin_idle(struct wok__pool *pool, struct wok__connection *connection);

/* A connection ends. */
void wok__pool_end_age(struct wok__connection *connection);

/* Close one that is idle (pool.c). */
void wok__pool_evict(struct wok__pool *pool, struct wok__connection *connection);
#endif
