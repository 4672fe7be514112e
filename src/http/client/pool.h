/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_POOL_H
#define WOK_HTTP_CLIENT_POOL_H
/*
 * The connections of a session. An origin (host, port, and how to get there) is found by hash; it
 * keeps its idle connections with the one used last in front, so the warmest is reused and the
 * others age. A request that finds none, and no room for a new one, queues: for its origin if that
 * one is full, else for the session. What becomes free is handed to the longest waiter that can use
 * it, whichever queue it is in.
 *
 * A wire that carries several requests at once has its connection shared: as many hold it as it has
 * room for, and more queue; it takes no new ones when another host has waited for a while for some
 * connection to end. While the first connection of an origin is made, of which nobody knows
 * yet what it will speak, other requests wait for that.
 *
 * The loop watches the idle ones: what the server closes, or sends without having been asked, is
 * closed at once. That costs a request no system call, for a socket whose last read was short is
 * waited for without another try.
 */
#include <wok/event.h>
#include <wok/loop.h>
#include <wok/stream.h>

#include "base/list.h"
#include "http/h1.h"
#include "loop/io.h"

struct wok__origin;
struct wok__wire;

/* Where to, and all that two requests must agree in to share a connection. Borrowed texts. */
struct wok__route {
	struct wok__h1_span host;
	uint16_t port;
	bool secure;
	bool h1_only;            /* HTTP/2 will not do: the protocol is to be changed */
	bool may_share;          /* what it will speak is not known before it is made */
	const char *unix_path;   /* these three may be NULL */
	const char *proxy;       /* its URL, with what it is told of who asks */
	const char *server_name; /* for TLS, in place of the host */
};

struct wok__connection {
	wok_stream *stream;
	const struct wok__wire *wire; /* set with the stream; NULL before */
	void *wire_state;             /* the wire's own */
	struct wok__pool *pool;
	struct wok__origin *origin;
	struct wok__node in_origin; /* idle: in its origin's list */
	struct wok__node in_pool;   /* idle: in the pool's list, the longest idle in front */
	struct wok__io watch;       /* idle: for its end */
	bool watched;
	bool is_idle;
	wok_callback expiry; /* of keep_alive, or none: age.c */
	wok_time expiry_at;
	uint64_t number; /* in the order in which they were made; from 1 on */
	wok_time made;
	wok_time idle_since;
	wok_time keep_alive; /* what the server said last of how long it will keep it; 0: nothing */
	uint64_t requests;   /* that were sent over it */
	/* Shared ones; in_origin is then in the origin's list of those. */
	bool shared;
	bool retired;   /* takes no more, and is in no list of its origin's */
	size_t users;   /* requests that hold it */
	size_t pending; /* of them, those that have not begun */
};

/* How many, and for how long. */
struct wok__pool_limits {
	size_t connections;
	size_t per_host;
	wok_time keep_alive;
	wok_time max_age;
	uint64_t max_requests;
};

struct wok__pool {
	struct wok__origin **buckets;
	size_t n_buckets;
	size_t n_origins;
	struct wok__list idle;
	struct wok__list waiters; /* for any connection to end */
	struct wok__pool_limits limits;
	wok_loop *loop;
	wok_callback expiry;
	uint64_t turns;   /* that were given to who waits */
	uint64_t numbers; /* that connections have got */
	size_t open;
	size_t n_idle;
	size_t n_waiting;
	wok_time yielded; /* when a shared connection last had to end for who waits */
	uint64_t created;
	uint64_t reused;
	bool closed;
};

/* No limit is zero. */
void wok__pool_open(struct wok__pool *pool, const struct wok__pool_limits *limits);

/* Close the idle connections, and refuse who waits and who comes. */
void wok__pool_close(struct wok__pool *pool);

/* Release the rest; nothing is open any more. */
void wok__pool_free(struct wok__pool *pool);

/*
 * Wait for a connection to an origin: an idle one, or the right to make one, whose stream is NULL
 * then. after: the number of one that has failed this request; then it is one that was made behind
 * that, if the limits allow, and none that was idle; 0: none has. Returns 0; -ESHUTDOWN, -ENOMEM,
 * -ECANCELED. A checkpoint if it waits.
 */
int wok__pool_acquire(struct wok__pool *pool, const struct wok__route *route, uint64_t after,
		      struct wok__connection **ret_connection);

/* A connection can serve the next request. */
void wok__pool_release(struct wok__pool *pool, struct wok__connection *connection);

/* Close a connection (or give the right to make one back). */
void wok__pool_discard(struct wok__pool *pool, struct wok__connection *connection);

/* A connection that was made can be shared; the caller is its first user. */
void wok__pool_share(struct wok__pool *pool, struct wok__connection *connection);

/* A connection that was made serves one request after the other. */
void wok__pool_not_shared(struct wok__pool *pool, struct wok__connection *connection);

/* A request begins on a shared connection: from now on the wire counts it. */
void wok__pool_begun(struct wok__connection *connection);

/* A request is done with a shared connection. */
void wok__pool_leave(struct wok__pool *pool, struct wok__connection *connection);

/* What wire->room() says of a shared connection has changed. */
void wok__pool_room_changed(struct wok__pool *pool, struct wok__connection *connection);

/* What there is of one origin. */
struct wok__origin_info {
	const char *host; /* with a NUL */
	uint16_t port;
	bool secure;
	size_t open, idle, waiting;
};

/* The origins, in no order, one after the other: *position is 0 first. False behind the last. */
bool wok__pool_next_origin(const struct wok__pool *pool, size_t *position,
			   struct wok__origin_info *ret_info);
#endif
