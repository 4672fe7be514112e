/* SPDX-License-Identifier: MIT */
/*
 * How long connections of a pool are kept: see http/client/age.h.
 *
 * The session's limit is one for all, so one callback does for the pool: it is due when the oldest
 * idle connection is. What a server says of itself differs, and such a connection has a callback of
 * its own. That stays while the connection is used, and looks at the time anew when it runs: so a
 * request sets no timer, and a busy connection has one in as many seconds as the server names.
 */
#include "http/client/age.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/time.h"

bool wok__pool_is_worn(const struct wok__pool *pool, const struct wok__connection *connection)
{
	return connection->requests >= pool->limits.max_requests ||
	       (pool->limits.max_age != WOK_FOREVER &&
		wok_now() - connection->made >= pool->limits.max_age);
}

static ssize_t peek(const struct wok__io *watch)
{
	ssize_t n = recv(watch->fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

bool wok__pool_is_fresh(const struct wok__connection *connection)
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
		wok__pool_evict(connection->pool, connection);
}

bool wok__pool_watch(struct wok__pool *pool, struct wok__connection *connection)
{
	int fd = wok_stream_fd(connection->stream);

	if (fd < 0)
		return true;
	connection->watch = (struct wok__io){
		.kind = WOK__IO_CALL_TO_READ, .fd = fd, .call = peek, .done = on_watch};
	connection->watched = !wok__io_start(pool->loop, &connection->watch);
	return connection->watched;
}

/* When the server hangs up, or soon does; WOK_FOREVER if it has not said. */
static wok_time announced_end(const struct wok__connection *connection)
{
	return connection->keep_alive == 0
		       ? WOK_FOREVER
		       : wok__time_add(connection->idle_since, connection->keep_alive);
}

bool wok__pool_is_kept(const struct wok__connection *connection)
{
	return announced_end(connection) > wok_now();
}

static void arm_announced(struct wok__connection *connection);

static int expire_announced(void *arg)
{
	struct wok__connection *connection = arg;

	connection->expiry = (wok_callback){0};
	if (connection->is_idle && !wok__pool_is_kept(connection))
		wok__pool_evict(connection->pool, connection);
	else if (connection->is_idle)
		arm_announced(connection);
	return 0;
}

static void arm_announced(struct wok__connection *connection)
{
	wok_time end = announced_end(connection);

	if (connection->keep_alive == 0 ||
	    connection->keep_alive >= connection->pool->limits.keep_alive)
		return;
	if (connection->expiry.id != 0 && connection->expiry_at <= end)
		return;
	wok_callback_cancel(connection->expiry);
	connection->expiry = wok_call_at(end, expire_announced, connection);
	connection->expiry_at = end;
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
		wok__pool_evict(pool, connection);
	}
	pool->expiry = (wok_callback){0};
	arm_expiry(pool);
	return 0;
}

static void arm_expiry(struct wok__pool *pool)
{
	struct wok__node *oldest = wok__list_first(&pool->idle);

	if (pool->expiry.id != 0 || !oldest || pool->limits.keep_alive == WOK_FOREVER)
		return;
	wok_time since = WOK__CONTAINER(oldest, struct wok__connection, in_pool)->idle_since;
	pool->expiry = wok_call_at(wok__time_add(since, pool->limits.keep_alive), expire, pool);
}

void wok__pool_begin_idle(struct wok__pool *pool, struct wok__connection *connection)
{
	arm_expiry(pool);
	arm_announced(connection);
}

void wok__pool_end_age(struct wok__connection *connection)
{
	wok_callback_cancel(connection->expiry);
}
