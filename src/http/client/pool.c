/* SPDX-License-Identifier: MIT */
/* The connections of a session: see http/client/pool.h. */
#include "http/client/pool.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/client/wire.h"

struct wok__origin {
	struct wok__origin *next; /* in its bucket */
	uint64_t hash;
	size_t open;              /* connections, and rights to make one */
	struct wok__list idle;    /* the one used last in front */
	struct wok__list waiters; /* for a connection of this origin to end or become idle */
	size_t n_waiting;         /* in both queues, or on the way out: they hold the origin */
	uint16_t port;
	size_t host_size;
	char host[];
};

/* A request that queues; it lies on its task's stack. */
struct waiter {
	struct wok__node link;
	struct wok__origin *origin;
	struct wok__connection *connection; /* what it got */
	int error;
	wok_event granted;
};

enum { BUCKETS_FIRST = 16 };

void wok__pool_open(struct wok__pool *pool, size_t limit, size_t limit_per_host,
		    wok_time keep_alive)
{
	*pool = (struct wok__pool){
		.limit = limit,
		.limit_per_host = limit_per_host,
		.keep_alive = keep_alive,
	};
	wok__list_init(&pool->idle);
	wok__list_init(&pool->waiters);
}

/* FNV-1a of the host in lower case, and the port. */
static uint64_t hash_of(const struct wok__url *url)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ url->port;

	for (size_t i = 0; i < url->host.size; i++) {
		unsigned char c = (unsigned char) url->host.data[i];
		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static bool is_origin_of(const struct wok__origin *origin, const struct wok__url *url,
			 uint64_t hash)
{
	return origin->hash == hash && origin->port == url->port &&
	       origin->host_size == url->host.size &&
	       strncasecmp(origin->host, url->host.data, url->host.size) == 0;
}

static int grow_buckets(struct wok__pool *pool)
{
	size_t n = pool->n_buckets ? pool->n_buckets * 2 : BUCKETS_FIRST;
	struct wok__origin **buckets = wok__alloc_zeroed(n * sizeof(struct wok__origin *));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n_buckets; i++) {
		while (pool->buckets[i]) {
			struct wok__origin *origin = pool->buckets[i];
			pool->buckets[i] = origin->next;
			origin->next = buckets[origin->hash & (n - 1)];
			buckets[origin->hash & (n - 1)] = origin;
		}
	}
	wok_free(pool->buckets);
	pool->buckets = buckets;
	pool->n_buckets = n;
	return 0;
}

static struct wok__origin *add_origin(struct wok__pool *pool, const struct wok__url *url,
				      uint64_t hash)
{
	if (pool->n_origins >= pool->n_buckets && grow_buckets(pool) < 0)
		return NULL;
	struct wok__origin *origin = wok__alloc_zeroed(sizeof(*origin) + url->host.size);
	if (!origin)
		return NULL;
	origin->hash = hash;
	origin->port = url->port;
	origin->host_size = url->host.size;
	memcpy(origin->host, url->host.data, url->host.size);
	wok__list_init(&origin->idle);
	wok__list_init(&origin->waiters);
	struct wok__origin **bucket = &pool->buckets[hash & (pool->n_buckets - 1)];
	origin->next = *bucket;
	*bucket = origin;
	pool->n_origins++;
	return origin;
}

static struct wok__origin *find_origin(struct wok__pool *pool, const struct wok__url *url)
{
	uint64_t hash = hash_of(url);
	struct wok__origin *origin =
		pool->n_buckets ? pool->buckets[hash & (pool->n_buckets - 1)] : NULL;

	while (origin && !is_origin_of(origin, url, hash))
		origin = origin->next;
	return origin ? origin : add_origin(pool, url, hash);
}

/* An origin that nothing belongs to any more goes: a crawler meets many. */
static void forget_if_unused(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__origin **at = &pool->buckets[origin->hash & (pool->n_buckets - 1)];

	if (origin->open > 0 || origin->n_waiting > 0)
		return;
	for (; *at != origin; at = &(*at)->next)
		assert(*at);
	*at = origin->next;
	pool->n_origins--;
	wok_free(origin);
}

static void take_out_of_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	wok__list_remove(&connection->in_origin);
	wok__list_remove(&connection->in_pool);
	pool->n_idle--;
}

/* Close a connection and give its place back, to nobody yet. */
static struct wok__origin *close_connection(struct wok__pool *pool,
					    struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;

	if (connection->wire && connection->wire->close)
		connection->wire->close(connection);
	wok_stream_free(connection->stream);
	wok_free(connection);
	pool->open--;
	origin->open--;
	return origin;
}

static void evict(struct wok__pool *pool, struct wok__connection *connection)
{
	take_out_of_idle(pool, connection);
	forget_if_unused(pool, close_connection(pool, connection));
}

/*
 * Whether an idle connection is still there: the server may have closed it, and bytes that nobody
 * asked for must not be taken for the next answer.
 */
static bool is_fresh(const struct wok__connection *connection)
{
	char byte;
	int fd = wok_stream_fd(connection->stream);

	return fd < 0 || (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
			  (errno == EAGAIN || errno == EINTR));
}

static struct wok__connection *take_idle(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__node *first;

	while ((first = wok__list_first(&origin->idle))) {
		struct wok__connection *connection =
			WOK__CONTAINER(first, struct wok__connection, in_origin);
		take_out_of_idle(pool, connection);
		if (is_fresh(connection))
			return connection;
		close_connection(pool, connection);
	}
	return NULL;
}

static bool origin_full(const struct wok__pool *pool, const struct wok__origin *origin)
{
	return origin->open >= pool->limit_per_host;
}

/* Make room in the pool by closing the connection that was idle for the longest. */
static bool make_room(struct wok__pool *pool)
{
	if (pool->open < pool->limit)
		return true;
	struct wok__node *oldest = wok__list_first(&pool->idle);
	if (!oldest)
		return false;
	evict(pool, WOK__CONTAINER(oldest, struct wok__connection, in_pool));
	return true;
}

/* A connection to be made: it counts from now on. */
static struct wok__connection *new_connection(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__connection *connection = wok__alloc_zeroed(sizeof(*connection));
	if (!connection)
		return NULL;
	connection->origin = origin;
	pool->open++;
	origin->open++;
	return connection;
}

static void grant(struct wok__pool *pool, struct waiter *waiter, struct wok__connection *connection,
		  int error)
{
	wok__list_remove(&waiter->link);
	pool->n_waiting--;
	waiter->connection = connection;
	waiter->error = error;
	wok_event_set(&waiter->granted);
}

/* A place has become free: give it to who may use it. */
static void grant_place(struct wok__pool *pool, struct wok__list *queue)
{
	struct wok__node *first;

	while ((first = wok__list_first(queue)) && pool->open < pool->limit) {
		struct waiter *waiter = WOK__CONTAINER(first, struct waiter, link);
		if (origin_full(pool, waiter->origin)) {
			if (queue == &waiter->origin->waiters)
				return;
			/* Its turn in the pool has come, but its host's has not. */
			wok__list_remove(&waiter->link);
			wok__list_push_back(&waiter->origin->waiters, &waiter->link);
			continue;
		}
		struct wok__connection *connection = new_connection(pool, waiter->origin);
		grant(pool, waiter, connection, connection ? 0 : -ENOMEM);
	}
}

static void place_freed(struct wok__pool *pool, struct wok__origin *origin)
{
	grant_place(pool, &origin->waiters);
	grant_place(pool, &pool->waiters);
	forget_if_unused(pool, origin);
}

static int wait_in(struct wok__pool *pool, struct wok__origin *origin, struct wok__list *queue,
		   struct wok__connection **ret_connection)
{
	struct waiter waiter = {.origin = origin, .granted = WOK_EVENT_INIT};

	wok__list_push_back(queue, &waiter.link);
	origin->n_waiting++;
	pool->n_waiting++;
	int r = wok_event_wait(&waiter.granted);
	origin->n_waiting--;
	if (r < 0) {
		/* Nothing was granted, for the wait would have ended with it. */
		wok__list_remove(&waiter.link);
		pool->n_waiting--;
	} else {
		r = waiter.error;
	}
	if (r < 0) {
		forget_if_unused(pool, origin);
		return r;
	}
	*ret_connection = waiter.connection;
	return 0;
}

int wok__pool_acquire(struct wok__pool *pool, const struct wok__url *url, bool fresh,
		      struct wok__connection **ret_connection)
{
	if (pool->closed)
		return wok_fail(-ESHUTDOWN, "the session is closed");
	struct wok__origin *origin = find_origin(pool, url);
	if (!origin)
		return -ENOMEM;
	struct wok__connection *connection = fresh ? NULL : take_idle(pool, origin);
	if (!connection) {
		/* Who was here before goes first. */
		if (origin_full(pool, origin))
			return wait_in(pool, origin, &origin->waiters, ret_connection);
		origin->n_waiting++; /* making room may close the last connection of this origin */
		bool room = make_room(pool);
		origin->n_waiting--;
		if (!room || !wok__list_empty(&pool->waiters))
			return wait_in(pool, origin, &pool->waiters, ret_connection);
		connection = new_connection(pool, origin);
	}
	if (!connection) {
		forget_if_unused(pool, origin);
		return -ENOMEM;
	}
	*ret_connection = connection;
	return 0;
}

void wok__pool_discard(struct wok__pool *pool, struct wok__connection *connection)
{
	place_freed(pool, close_connection(pool, connection));
}

/* The first of a queue that waits for this origin, if it is the first of all. */
static struct waiter *next_in_line(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__node *first = wok__list_first(&origin->waiters);

	if (!first)
		first = wok__list_first(&pool->waiters);
	struct waiter *waiter = first ? WOK__CONTAINER(first, struct waiter, link) : NULL;
	return waiter && waiter->origin == origin ? waiter : NULL;
}

static void arm_expiry(struct wok__pool *pool);

static int expire(void *arg)
{
	struct wok__pool *pool = arg;
	struct wok__node *oldest;

	while ((oldest = wok__list_first(&pool->idle))) {
		struct wok__connection *connection =
			WOK__CONTAINER(oldest, struct wok__connection, in_pool);
		if (wok__time_add(connection->idle_since, pool->keep_alive) > wok_now())
			break;
		evict(pool, connection);
	}
	pool->expiry = (wok_callback){0};
	arm_expiry(pool);
	return 0;
}

/* One callback for all: it is due when the oldest idle connection is. */
static void arm_expiry(struct wok__pool *pool)
{
	struct wok__node *oldest = wok__list_first(&pool->idle);

	if (pool->expiry.id != 0 || !oldest || pool->keep_alive == WOK_FOREVER)
		return;
	wok_time since = WOK__CONTAINER(oldest, struct wok__connection, in_pool)->idle_since;
	pool->expiry = wok_call_at(wok__time_add(since, pool->keep_alive), expire, pool);
}

void wok__pool_release(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;
	struct waiter *waiter = next_in_line(pool, origin);

	if (waiter && is_fresh(connection)) {
		grant(pool, waiter, connection, 0);
		return;
	}
	/* Another host waits for the place, or nothing is to be kept. */
	if (waiter || !wok__list_empty(&pool->waiters) || pool->closed) {
		wok__pool_discard(pool, connection);
		return;
	}
	connection->idle_since = wok_now();
	wok__list_push_front(&origin->idle, &connection->in_origin);
	wok__list_push_back(&pool->idle, &connection->in_pool);
	pool->n_idle++;
	arm_expiry(pool);
}

static void refuse_all(struct wok__pool *pool, struct wok__list *queue)
{
	struct wok__node *first;

	while ((first = wok__list_first(queue)))
		grant(pool, WOK__CONTAINER(first, struct waiter, link), NULL, -ESHUTDOWN);
}

void wok__pool_close(struct wok__pool *pool)
{
	struct wok__node *first;

	pool->closed = true;
	wok_callback_cancel(pool->expiry);
	refuse_all(pool, &pool->waiters);
	for (size_t i = 0; i < pool->n_buckets; i++)
		for (struct wok__origin *origin = pool->buckets[i]; origin; origin = origin->next)
			refuse_all(pool, &origin->waiters);
	while ((first = wok__list_first(&pool->idle)))
		evict(pool, WOK__CONTAINER(first, struct wok__connection, in_pool));
}

void wok__pool_free(struct wok__pool *pool)
{
	for (size_t i = 0; i < pool->n_buckets; i++) {
		while (pool->buckets[i]) {
			struct wok__origin *origin = pool->buckets[i];
			pool->buckets[i] = origin->next;
			wok_free(origin);
		}
	}
	wok_free(pool->buckets);
}
