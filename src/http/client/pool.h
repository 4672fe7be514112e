/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_POOL_H
#define WOK_HTTP_CLIENT_POOL_H
/*
 * The connections of a session. An origin (host and port) is found by hash; it keeps its idle
 * connections with the one used last in front, so the warmest is reused and the others age. A
 * request that finds none, and no room for a new one, queues: for its origin if that one is full,
 * else for the session. What becomes free is handed to the longest waiter that can use it.
 */
#include <wok/event.h>
#include <wok/loop.h>
#include <wok/stream.h>

#include "base/list.h"
#include "http/url.h"

struct wok__origin;
struct wok__wire;

struct wok__connection {
	wok_stream *stream;
	const struct wok__wire *wire; /* set with the stream; NULL before */
	void *wire_state;             /* the wire's own */
	struct wok__origin *origin;
	struct wok__node in_origin; /* idle: in its origin's list */
	struct wok__node in_pool;   /* idle: in the pool's list, the longest idle in front */
	wok_time idle_since;
	uint64_t requests; /* that were sent over it */
};

struct wok__pool {
	struct wok__origin **buckets;
	size_t n_buckets;
	size_t n_origins;
	struct wok__list idle;
	struct wok__list waiters; /* for any connection to end */
	size_t limit;
	size_t limit_per_host;
	wok_time keep_alive;
	wok_callback expiry;
	size_t open;
	size_t n_idle;
	size_t n_waiting;
	uint64_t created;
	uint64_t reused;
	bool closed;
};

void wok__pool_open(struct wok__pool *pool, size_t limit, size_t limit_per_host,
		    wok_time keep_alive);

/* Close the idle connections, and refuse who waits and who comes. */
void wok__pool_close(struct wok__pool *pool);

/* Release the rest; nothing is open any more. */
void wok__pool_free(struct wok__pool *pool);

/*
 * Wait for a connection to an origin: an idle one (unless fresh is wanted), or the right to make
 * one, whose stream is NULL then. Returns 0; -ESHUTDOWN, -ENOMEM, -ECANCELED. A checkpoint if it
 * waits.
 */
int wok__pool_acquire(struct wok__pool *pool, const struct wok__url *url, bool fresh,
		      struct wok__connection **ret_connection);

/* A connection can serve the next request. */
void wok__pool_release(struct wok__pool *pool, struct wok__connection *connection);

/* Close a connection (or give the right to make one back). */
void wok__pool_discard(struct wok__pool *pool, struct wok__connection *connection);
#endif
