/* SPDX-License-Identifier: MIT */
/* The connections of a session: see http/client/pool.h. */
#include "http/client/pool.h"

#include <assert.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/age.h"
#include "http/client/origin.h"
#include "http/client/wire.h"

/* How long a request waits for busy shared connections of other hosts, before one has to end. */
#define PATIENCE WOK_SECOND

/* A request that queues; it lies on its task's stack. */
struct waiter {
	struct wok__node link;
	struct wok__origin *origin;
	uint64_t number;                    /* of its turn: there are several queues */
	wok_time since;                     /* it waits */
	uint64_t after;                     /* the number of the connection that failed it; 0 */
	bool in_line;                       /* in the session's queue */
	struct wok__connection *connection; /* what it got */
	int error;
	wok_event granted;
};

static void take_out_of_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	if (connection->watched)
		wok__io_cancel(pool->loop, &connection->watch);
	if (!connection->shared)
		wok__list_remove(&connection->in_origin);
	wok__list_remove(&connection->in_pool);
	connection->is_idle = false;
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
	wok__pool_end_age(connection);
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
void wok__pool_evict(struct wok__pool *pool, struct wok__connection *connection)
{
	take_out_of_idle(pool, connection);
	struct wok__origin *origin = hang_up(pool, connection);
	if (wok__list_empty(&origin->waiters) || pool->closed)
		wok__pool_forget_if_unused(pool, origin);
	else
		place_freed(pool, origin);
}

static struct wok__connection *take_idle(struct wok__pool *pool, struct wok__origin *origin)
{
	struct wok__node *first;

	while ((first = wok__list_first(&origin->idle))) {
		struct wok__connection *connection =
			WOK__CONTAINER(first, struct wok__connection, in_origin);
		take_out_of_idle(pool, connection);
		if (wok__pool_is_kept(connection) && !wok__pool_is_worn(pool, connection) &&
		    wok__pool_is_fresh(connection))
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

static struct waiter *first_of(const struct wok__list *queue)
{
	struct wok__node *first = wok__list_first(queue);

	return first ? WOK__CONTAINER(first, struct waiter, link) : NULL;
}

/* Whether a busy one ends with what it has: one in a second, for each takes its time. */
static bool must_yield(struct wok__pool *pool, const struct wok__connection *connection)
{
	const struct waiter *longest = first_of(&pool->waiters);

	if (!longest || longest->origin == connection->origin || connection->users == 0 ||
	    wok_now() - longest->since < PATIENCE || wok_now() - pool->yielded < PATIENCE)
		return false;
	pool->yielded = wok_now();
	return true;
}

/* A shared connection of an origin that has room, and was made behind another. */
static struct wok__connection *find_shared(struct wok__pool *pool, struct wok__origin *origin,
					   uint64_t after)
{
	WOK__LIST_EACH (node, &origin->shared) {
		struct wok__connection *connection =
			WOK__CONTAINER(node, struct wok__connection, in_origin);
		if (wok__pool_is_worn(pool, connection)) {
			retire(connection);
			if (connection->users == 0) {
				take_out_of_idle(pool, connection);
				(void) hang_up(pool, connection);
			}
		} else if (must_yield(pool, connection)) {
			retire(connection);
		} else if (connection->number > after && has_room(connection)) {
			return connection;
		}
	}
	return NULL;
}

/* The same, unless somebody waits for it already. */
static struct wok__connection *take_shared(struct wok__pool *pool, struct wok__origin *origin,
					   uint64_t after)
{
	struct wok__connection *connection =
		wok__list_empty(&origin->waiters) ? find_shared(pool, origin, after) : NULL;

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
	wok__pool_evict(pool, WOK__CONTAINER(oldest, struct wok__connection, in_pool));
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
	connection->number = ++pool->numbers;
	connection->made = wok_now();
	pool->open++;
	origin->open++;
	if (origin->route.may_share && !origin->plain && !origin->first)
		origin->first = connection;
	return connection;
}

/* Stand at the end of a queue: that of the session, or else of the origin. */
static void queue_up(struct wok__pool *pool, struct waiter *waiter, bool in_line)
{
	wok__list_push_back(in_line ? &pool->waiters : &waiter->origin->waiters, &waiter->link);
	waiter->in_line = in_line;
	waiter->origin->in_line += in_line;
}

static void leave_queue(struct waiter *waiter)
{
	wok__list_remove(&waiter->link);
	waiter->origin->in_line -= waiter->in_line;
}

static void grant(struct wok__pool *pool, struct waiter *waiter, struct wok__connection *connection,
		  int error)
{
	leave_queue(waiter);
	pool->n_waiting--;
	waiter->connection = connection;
	waiter->error = error;
	wok_event_set(&waiter->granted);
}

static void grant_shared(struct wok__pool *pool, struct wok__origin *origin);

/* Give a place to the first of a queue who may use it; false if there is none. */
static bool grant_place(struct wok__pool *pool, struct wok__list *queue)
{
	struct waiter *waiter;

	while ((waiter = first_of(queue)) && pool->open < pool->limits.connections) {
		if (!wok__origin_is_full(pool, waiter->origin) &&
		    !wok__origin_waits_for_shared(waiter->origin, waiter->after)) {
			struct wok__connection *made = new_connection(pool, waiter->origin);
			grant(pool, waiter, made, made ? 0 : -ENOMEM);
			return true;
		}
		if (queue == &waiter->origin->waiters)
			return false;
		/* Its turn in the pool has come, but its host's has not. */
		leave_queue(waiter);
		queue_up(pool, waiter, false);
		if (!wok__list_empty(&waiter->origin->shared))
			grant_shared(pool, waiter->origin);
	}
	return false;
}

/*
 * The queue of an origin or that of the session, whose first has waited for longer: or else hosts
 * with a queue of their own would pass the places on among themselves.
 */
static struct wok__list *longer_wait(struct wok__pool *pool, struct wok__origin *origin)
{
	const struct waiter *own = first_of(&origin->waiters), *other = first_of(&pool->waiters);

	return own && (!other || own->number < other->number) ? &origin->waiters : &pool->waiters;
}

/* Whether an origin has as many connections as it may, or requests in line for them. */
static bool has_its_share(const struct wok__pool *pool, const struct wok__origin *origin)
{
	return wok__origin_waits_for_shared(origin, first_of(&origin->waiters)->after) ||
	       origin->open + origin->in_line >= pool->limits.per_host;
}

/* Who waits for nothing of its own origin's any more waits for what any other gives up. */
static void stand_in_line(struct wok__pool *pool, struct wok__origin *origin)
{
	while (!wok__list_empty(&origin->waiters) && !has_its_share(pool, origin)) {
		struct waiter *waiter = first_of(&origin->waiters);
		leave_queue(waiter);
		queue_up(pool, waiter, true);
	}
}

/*
 * A place has become free: give it to who may use it, and has waited for the longest. An origin
 * that has lost one to another has to stand in line for the next.
 */
static void place_freed(struct wok__pool *pool, struct wok__origin *origin)
{
	bool granted = true;

	while (granted && pool->open < pool->limits.connections) {
		struct wok__list *queue = longer_wait(pool, origin);
		granted = grant_place(pool, queue) ||
			  grant_place(pool,
				      queue == &pool->waiters ? &origin->waiters : &pool->waiters);
	}
	stand_in_line(pool, origin);
	wok__pool_forget_if_unused(pool, origin);
}

static int wait_in(struct wok__pool *pool, struct wok__origin *origin, bool in_line, uint64_t after,
		   struct wok__connection **ret_connection)
{
	struct waiter waiter = {.origin = origin,
				.number = ++pool->turns,
				.since = wok_now(),
				.after = after,
				.granted = WOK_EVENT_INIT};

	queue_up(pool, &waiter, in_line);
	origin->n_waiting++;
	pool->n_waiting++;
	int r = wok_event_wait(&waiter.granted);
	origin->n_waiting--;
	if (r < 0) {
		/* Nothing was granted, for the wait would have ended with it. */
		leave_queue(&waiter);
		pool->n_waiting--;
	} else {
		r = waiter.error;
	}
	if (r < 0) {
		place_freed(pool, origin); /* its place in the queue */
		return r;
	}
	*ret_connection = waiter.connection;
	return 0;
}

int wok__pool_acquire(struct wok__pool *pool, const struct wok__route *route, uint64_t after,
		      struct wok__connection **ret_connection)
{
	if (pool->closed)
		return wok_fail(-ESHUTDOWN, "the session is closed");
	struct wok__origin *origin = wok__pool_find_origin(pool, route);
	if (!origin)
		return -ENOMEM;
	if (wok__origin_is_full(pool, origin))
		after = 0; /* what there is must do */
	struct wok__connection *connection = take_shared(pool, origin, after);
	if (!connection && after == 0)
		connection = take_idle(pool, origin);
	if (!connection) {
		/* Who was here before goes first. */
		if (wok__origin_is_full(pool, origin) ||
		    wok__origin_waits_for_shared(origin, after))
			return wait_in(pool, origin, false, after, ret_connection);
		origin->n_waiting++; /* making room may close the last connection of this origin */
		bool room = make_room(pool);
		origin->n_waiting--;
		if (!room || !wok__list_empty(&pool->waiters))
			return wait_in(pool, origin, true, after, ret_connection);
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

/* Who has waited for the longest, if that is for this origin. */
static struct waiter *next_in_line(struct wok__pool *pool, struct wok__origin *origin)
{
	struct waiter *waiter = first_of(longer_wait(pool, origin));

	return waiter && waiter->origin == origin ? waiter : NULL;
}

static void keep_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	connection->idle_since = wok_now();
	connection->is_idle = true;
	wok__list_push_back(&pool->idle, &connection->in_pool);
	connection->origin->n_idle++;
	pool->n_idle++;
	wok__pool_begin_idle(pool, connection);
}

void wok__pool_release(struct wok__pool *pool, struct wok__connection *connection)
{
	struct wok__origin *origin = connection->origin;
	struct waiter *waiter = next_in_line(pool, origin);
	bool worn = wok__pool_is_worn(pool, connection);

	if (waiter && !worn && wok__pool_is_fresh(connection)) {
		grant(pool, waiter, connection, 0);
		return;
	}
	/* Another host waits for the place, or nothing is to be kept. */
	if (worn || waiter || !wok__list_empty(&pool->waiters) || pool->closed ||
	    !wok__pool_watch(pool, connection)) {
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
	struct waiter *first;

	while ((first = first_of(&origin->waiters)) &&
	       (connection = find_shared(pool, origin, first->after))) {
		use_shared(pool, connection);
		grant(pool, first, connection, 0);
	}
	while (grant_place(pool, &origin->waiters))
		;
	stand_in_line(pool, origin);
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
		struct waiter *waiter = WOK__CONTAINER(node, struct waiter, link);
		if (waiter->origin != origin)
			continue;
		leave_queue(waiter);
		queue_up(pool, waiter, false);
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
	if (connection->retired || pool->closed || wok__pool_is_worn(pool, connection) ||
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
		wok__pool_evict(pool, WOK__CONTAINER(first, struct wok__connection, in_pool));
}
