/* SPDX-License-Identifier: MIT */
/* The connections of a session: see http/client/pool.h. */
#include "http/client/pool.h"

#include <assert.h>
#include <sys/socket.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/client/origin.h"
#include "http/client/wire.h"

/* A request that queues; it lies on its task's stack. */
struct waiter {
	struct wok__node link;
	struct wok__origin *origin;
	struct wok__connection *connection; /* what it got */
	int error;
	wok_event granted;
};

void wok__pool_open(struct wok__pool *pool, const struct wok__pool_limits *limits)
{
	*pool = (struct wok__pool){.limits = *limits, .loop = wok_current_loop()};
	wok__list_init(&pool->idle);
	wok__list_init(&pool->waiters);
}

static void take_out_of_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	if (connection->watched)
		wok__io_cancel(pool->loop, &connection->watch);
	if (!connection->shared)
		wok__list_remove(&connection->in_origin);
	wok__list_remove(&connection->in_pool);
	connection->origin->n_idle--;
	pool->n_idle--;
}

/* Close a connection and give its place back, to nobody yet. */
static struct wok__origin *hang_up(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;

	if (origin->first == connection)
		origin->first = NULL;
	if (connection->shared)
		wok__list_remove(&connection->in_origin);
	if (connection->wire && connection->wire->close)
		connection->wire->close(connection);
	wok_stream_free(connection->stream);
	wok_free(connection);
	pool->open--;
	origin->open--;
	return origin;
}

static void place_freed(struct wok__pool *pool, struct wok__origin *origin);

/* Some may wait for a shared one that serves nobody: a server can say that it takes none. */
static void evict(struct wok__pool *pool, struct wok__connection *connection)
{
	take_out_of_idle(pool, connection);
	struct wok__origin *origin = hang_up(pool, connection);
	if (wok__list_empty(&origin->waiters) || pool->closed)
		wok__pool_forget_if_unused(pool, origin);
	else
		place_freed(pool, origin);
}

static ssize_t peek(const struct wok__io *watch)
{
	ssize_t n = recv(watch->fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

/*
 * Whether an idle connection is still there: the server may have closed it, and bytes that nobody
 * asked for must not be taken for the next answer.
 */
static bool is_fresh(const struct wok__connection *connection)
{
	const struct wok__io watch = {.fd = wok_stream_fd(connection->stream)};

	return watch.fd < 0 || peek(&watch) == -EAGAIN;
}

/* Something happened to an idle connection, or its watch ends. */
static void on_watch(struct wok__io *watch)
{
	struct wok__connection *connection = WOK__CONTAINER(watch, struct wok__connection, watch);

	connection->watched = false;
	if (watch->result != -ECANCELED)
		evict(connection->pool, connection);
}

/* Watch a connection that is idle now; false if that has ended already. */
static bool watch_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	int fd = wok_stream_fd(connection->stream);

	if (fd < 0)
		return true;
	connection->watch = (struct wok__io){
		.kind = WOK__IO_CALL_TO_READ, .fd = fd, .call = peek, .done = on_watch};
	connection->watched = !wok__io_start(pool->loop, &connection->watch);
	return connection->watched;
}

/* Whether the server, too, will keep an idle connection for a moment. */
static bool is_kept(const struct wok__connection *connection)
{
	return connection->keep_alive == 0 ||
	       wok__time_add(connection->idle_since, connection->keep_alive) > wok_now();
}

/* It has served for long enough. */
static bool is_worn(const struct wok__pool *pool, const struct wok__connection *connection)
{
	return connection->requests >= pool->limits.max_requests ||
	       (pool->limits.max_age != WOK_FOREVER &&
		wok_now() - connection->made >= pool->limits.max_age);
}

static struct wok__connection *take_idle(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__node *first;

	while ((first = wok__list_first(&origin->idle))) {
		struct wok__connection *connection =
			WOK__CONTAINER(first, struct wok__connection, in_origin);
		take_out_of_idle(pool, connection);
		if (is_kept(connection) && !is_worn(pool, connection) && is_fresh(connection))
			return connection;
		hang_up(pool, connection);
	}
	return NULL;
}

/* It takes no more requests; those that it has go on. */
static void retire(struct wok__connection *connection)
{
	connection->retired = true;
	wok__list_remove(&connection->in_origin);
}

static bool has_room(struct wok__connection *connection)
{
	ssize_t room = connection->wire->room(connection);

	return room > 0 && (size_t) room > connection->pending;
}

static void use_shared(struct wok__pool *pool, struct wok__connection *connection)
{
	if (connection->users++ == 0)
		take_out_of_idle(pool, connection);
	connection->pending++;
}

/* A shared connection of an origin that has room: unless somebody waits for it already. */
static struct wok__connection *find_shared(struct wok__pool *pool, struct wok__origin *origin)
{
	WOK__LIST_EACH (node, &origin->shared) {
		struct wok__connection *connection =
			WOK__CONTAINER(node, struct wok__connection, in_origin);
		if (is_worn(pool, connection)) {
			retire(connection);
			if (connection->users == 0) {
				take_out_of_idle(pool, connection);
				(void) hang_up(pool, connection);
			}
		} else if (has_room(connection)) {
			return connection;
		}
	}
	return NULL;
}

static struct wok__connection *take_shared(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__connection *connection =
		wok__list_empty(&origin->waiters) ? find_shared(pool, origin) : NULL;

	if (connection)
		use_shared(pool, connection);
	return connection;
}

/* Make room in the pool by closing the connection that was idle for the longest. */
static bool make_room(struct wok__pool *pool)
{
	if (pool->open < pool->limits.connections)
		return true;
	struct wok__node *oldest = wok__list_first(&pool->idle);
	if (!oldest)
		return false;
	evict(pool, WOK__CONTAINER(oldest, struct wok__connection, in_pool));
	return pool->open < pool->limits.connections;
}

/* A connection to be made: it counts from now on. */
static struct wok__connection *new_connection(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__connection *connection = wok__alloc_zeroed(sizeof(*connection));
	if (!connection)
		return NULL;
	connection->pool = pool;
	connection->origin = origin;
	connection->made = wok_now();
	pool->open++;
	origin->open++;
	if (origin->route.may_share && !origin->plain && !origin->first)
		origin->first = connection;
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

static void grant_shared(struct wok__pool *pool, struct wok__origin *origin);

/* A place has become free: give it to who may use it. */
static void grant_place(struct wok__pool *pool, struct wok__list *queue)
{
	struct wok__node *first;

	while ((first = wok__list_first(queue)) && pool->open < pool->limits.connections) {
		struct waiter *waiter = WOK__CONTAINER(first, struct waiter, link);
		if (wok__origin_is_full(pool, waiter->origin) ||
		    wok__origin_waits_for_shared(waiter->origin)) {
			if (queue == &waiter->origin->waiters)
				return;
			/* Its turn in the pool has come, but its host's has not. */
			wok__list_remove(&waiter->link);
			wok__list_push_back(&waiter->origin->waiters, &waiter->link);
			if (!wok__list_empty(&waiter->origin->shared))
				grant_shared(pool, waiter->origin);
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
	wok__pool_forget_if_unused(pool, origin);
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
		wok__pool_forget_if_unused(pool, origin);
		return r;
	}
	*ret_connection = waiter.connection;
	return 0;
}

int wok__pool_acquire(struct wok__pool *pool, const struct wok__route *route, bool fresh,
		      struct wok__connection **ret_connection)
{
	if (pool->closed)
		return wok_fail(-ESHUTDOWN, "the session is closed");
	struct wok__origin *origin = wok__pool_find_origin(pool, route);
	if (!origin)
		return -ENOMEM;
	struct wok__connection *connection = NULL;
	if (!fresh)
		connection = take_shared(pool, origin);
	if (!connection && !fresh)
		connection = take_idle(pool, origin);
	if (!connection) {
		/* Who was here before goes first. */
		if (wok__origin_is_full(pool, origin) ||
		    (!fresh && wok__origin_waits_for_shared(origin)))
			return wait_in(pool, origin, &origin->waiters, ret_connection);
		origin->n_waiting++; /* making room may close the last connection of this origin */
		bool room = make_room(pool);
		origin->n_waiting--;
		if (!room || !wok__list_empty(&pool->waiters))
			return wait_in(pool, origin, &pool->waiters, ret_connection);
		connection = new_connection(pool, origin);
	}
	if (!connection) {
		wok__pool_forget_if_unused(pool, origin);
		return -ENOMEM;
	}
	*ret_connection = connection;
	return 0;
}

void wok__pool_discard(struct wok__pool *pool, struct wok__connection *connection)
{
	place_freed(pool, hang_up(pool, connection));
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
		if (wok__time_add(connection->idle_since, pool->limits.keep_alive) > wok_now())
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

	if (pool->expiry.id != 0 || !oldest || pool->limits.keep_alive == WOK_FOREVER)
		return;
	wok_time since = WOK__CONTAINER(oldest, struct wok__connection, in_pool)->idle_since;
	pool->expiry = wok_call_at(wok__time_add(since, pool->limits.keep_alive), expire, pool);
}

static void keep_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	connection->idle_since = wok_now();
	wok__list_push_back(&pool->idle, &connection->in_pool);
	connection->origin->n_idle++;
	pool->n_idle++;
	arm_expiry(pool);
}

void wok__pool_release(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;
	struct waiter *waiter = next_in_line(pool, origin);
	bool worn = is_worn(pool, connection);

	if (waiter && !worn && is_fresh(connection)) {
		grant(pool, waiter, connection, 0);
		return;
	}
	/* Another host waits for the place, or nothing is to be kept. */
	if (worn || waiter || !wok__list_empty(&pool->waiters) || pool->closed ||
	    !watch_idle(pool, connection)) {
		wok__pool_discard(pool, connection);
		return;
	}
	wok__list_push_front(&origin->idle, &connection->in_origin);
	keep_idle(pool, connection);
}

/* Give what room there is to who waits for it. */
static void grant_shared(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__connection *connection;
	struct wok__node *first;

	while ((first = wok__list_first(&origin->waiters)) &&
	       (connection = find_shared(pool, origin))) {
		use_shared(pool, connection);
		grant(pool, WOK__CONTAINER(first, struct waiter, link), connection, 0);
	}
	if (first && !wok__origin_waits_for_shared(origin))
		grant_place(pool, &origin->waiters);
}

void wok__pool_share(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;

	connection->shared = true;
	connection->users = connection->pending = 1;
	wok__list_push_front(&origin->shared, &connection->in_origin);
	if (origin->first == connection)
		origin->first = NULL;
	/* They need no place in the pool any more. */
	WOK__LIST_EACH (node, &pool->waiters) {
		if (WOK__CONTAINER(node, struct waiter, link)->origin != origin)
			continue;
		wok__list_remove(node);
		wok__list_push_back(&origin->waiters, node);
	}
	grant_shared(pool, origin);
}

void wok__pool_not_shared(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;

	origin->plain = true;
	if (origin->first != connection)
		return;
	origin->first = NULL;
	place_freed(pool, origin);
}

void wok__pool_begun(struct wok__connection *connection)
{
	connection->pending--;
}

void wok__pool_leave(struct wok__pool *pool, struct wok__connection *connection)
{
	if (--connection->users > 0)
		return;
	if (connection->retired || pool->closed || is_worn(pool, connection) ||
	    !wok__list_empty(&pool->waiters)) {
		wok__pool_discard(pool, connection);
		return;
	}
	keep_idle(pool, connection);
	/* A request that was not sent in the end has held a place; the wire knew nothing of it. */
	grant_shared(pool, connection->origin);
}

void wok__pool_room_changed(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;

	if (connection->retired)
		return;
	if (connection->wire->room(connection) >= 0) {
		grant_shared(pool, origin);
		return;
	}
	retire(connection);
	if (connection->users == 0) {
		take_out_of_idle(pool, connection);
		wok__pool_discard(pool, connection);
	} else {
		place_freed(pool, origin); /* others need not wait for this one */
	}
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
