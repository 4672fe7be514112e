/* SPDX-License-Identifier: MIT */
/* What a pool knows of PostgreSQL's connections: see db/postgres/pool.h. */
#include <sys/socket.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "db/postgres/connection.h"
#include "db/postgres/dialer.h"
#include "db/postgres/lookup.h"
#include "db/postgres/pool.h"
#include "loop/report.h"

/* Certificates that were renewed are seen by connections that are made so much later. */
#define TLS_AGE (5 * WOK_MINUTE)

struct wire {
	wok_pg_options options;
	char *dsn;
	struct wok__pg_tls *tls; /* of the connections that are made now; NULL before the first */
};

static void give_back(wok_pg_conn *conn)
{
	if (conn->member) /* or it has been given back already */
		wok_pg_pool_release(conn->member->pool, conn);
}

static int dial(void *context, wok_pg_conn **ret_conn)
{
	struct wire *wire = context;
	struct wok__pg_dialer *dialer;

	if (wire->tls && wire->tls->context && wok_now() - wire->tls->made >= TLS_AGE)
		wok__pg_tls_unref(WOK_TAKE(wire->tls));
	if (!wire->tls)
		WOK_TRY(wok__pg_tls_new(&wire->tls));
	WOK_TRY(wok__pg_dialer_new(wire->dsn, &dialer));
	dialer->settings->tls = wok__pg_tls_ref(wire->tls);
	WOK_TRY(wok__pg_connect(dialer, &wire->options, ret_conn));
	(*ret_conn)->give_back = give_back;
	return 0;
}

/* What a server says that is full, starts or ends. */
static bool server_is_busy(void)
{
	static const char *const states[] = {"53", "57P01", "57P02", "57P03", "08"};
	const wok_db_error *error = wok_db_last_error();

	for (size_t i = 0; error && i < sizeof(states) / sizeof(states[0]); i++)
		if (strncmp(error->sqlstate, states[i], strlen(states[i])) == 0)
			return true;
	return false;
}

bool wok__pg_is_temporary(int code)
{
	switch (code) {
	case WOK_EDB:
		return server_is_busy();
	case WOK_ECONNLOST:
	case WOK_EEOF:
	case WOK_ENAME:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ECONNABORTED:
	case -EPIPE:
	case -ENOENT: /* of a Unix socket */
	case -EAGAIN: /* its queue is full */
	case -ETIMEDOUT:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ENETDOWN:
	case -EMFILE:
	case -ENFILE:
	case -EADDRNOTAVAIL:
		return true;
	default:
		return false;
	}
}

static struct wok__pg_member **owner(wok_pg_conn *conn)
{
	return &conn->member;
}

/* A task waits for notifications: its wait is for no operation. */
static bool is_listened_to(const wok_pg_conn *conn)
{
	for (const struct wok__node *node = conn->waiters.head.next; node != &conn->waiters.head;
	     node = node->next)
		if (!WOK__CONTAINER(node, struct wok__pg_waiter, link)->op)
			return true;
	return false;
}

static enum wok__pg_fitness fitness(wok_pg_conn *conn, unsigned own)
{
	size_t running = 0, abandoned = 0;

	if (conn->dead || conn->write_error < 0)
		return WOK__PG_BROKEN;
	for (const struct wok__node *node = conn->ops.head.next; node != &conn->ops.head;
	     node = node->next) {
		const struct wok__pg_op *op = WOK__CONTAINER(node, struct wok__pg_op, link);

		/* The Close of a statement is nobody's, and disturbs nobody. */
		if (op->abandoned)
			abandoned++;
		else if (!op->finished)
			running++;
	}
	if (running > own || wok_semaphore_available(&conn->gate) == 0 || is_listened_to(conn))
		return WOK__PG_BUSY;
	if (abandoned > 0)
		return WOK__PG_IN_DOUBT;
	return conn->status == 'I' ? WOK__PG_FIT : WOK__PG_IN_TRANSACTION;
}

static int peek(wok_pg_conn *conn)
{
	char byte;

	if (conn->dead)
		return wok__pg_dead(conn);
	if (wok_stream_buffered(conn->stream).size > 0)
		return 1;
	const int fd = wok_stream_fd(conn->stream);
	if (fd < 0)
		return 0;
	const ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		return 1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : WOK_ECONNLOST;
}

/* Its answer comes behind all that came unasked. */
static int ping(wok_pg_conn *conn)
{
	return wok_pg_script(conn, "");
}

static int reset(wok_pg_conn *conn, const char *sql)
{
	conn->savepoints = 0;
	wok__pg_notifications_clear(&conn->notifications);
	return wok_pg_script(conn, sql);
}

static uint64_t queries(const wok_pg_conn *conn)
{
	return conn->queries;
}

static bool cut(wok_pg_conn *conn)
{
	wok__pg_break(conn, WOK_ECONNLOST, "the pool has cut the connection off");
	/* A server that has said goodbye runs nothing. */
	return conn->cut_short && !conn->cause;
}

/* The server notices that its client is gone only when it wants to say something. */
static void stop(wok_pg_conn *conn)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	conn->cut_short = false;
	WOK_TIMEOUT (&timeout, conn->options.cancel_timeout) {
		WOK_IGNORE(wok__pg_request_cancel(conn));
	}
}

/* A task of its last user's is in a call on it: it has been given back too early. */
static bool is_entered(const wok_pg_conn *conn)
{
	return !wok__list_empty(&conn->waiters) || conn->writing || conn->filling ||
	       wok_semaphore_available(&conn->gate) == 0;
}

static void let_go(wok_pg_conn *conn)
{
	conn->give_back = NULL;
	if (is_entered(conn))
		wok__report(0, NULL, NULL,
			    "a connection that was given back to its pool is still in use by "
			    "another task: its memory is lost");
	else
		wok_pg_conn_free(conn);
}

static void drop(wok_pg_conn *conn)
{
	(void) cut(conn);
	let_go(conn);
}

static void say_goodbye(wok_pg_conn *conn)
{
	if ((conn->dead || is_entered(conn) || !wok__list_empty(&conn->ops)) && cut(conn))
		stop(conn);
	while (is_entered(conn) && wok_sleep(WOK_MS) == 0)
		;
	let_go(conn);
}

void wok__pg_outdate(wok_pg_conn *conn, enum wok__pg_outdated what)
{
	conn->outdated |= what;
	if (conn->member)
		WOK__LIST_EACH (node, &conn->member->pool->all) {
			const struct wok__pg_member *member =
				WOK__CONTAINER(node, struct wok__pg_member, in_all);

			if (member->conn)
				member->conn->outdated |= what;
		}
}

static void wire_free(void *context)
{
	struct wire *wire = context;

	wok__pg_tls_unref(wire->tls);
	wok_free(wire->dsn);
	wok_free(wire);
}

static const struct wok__pg_pool_ops ops = {
	.dial = dial,
	.is_temporary = wok__pg_is_temporary,
	.owner = owner,
	.fitness = fitness,
	.peek = peek,
	.ping = ping,
	.reset = reset,
	.queries = queries,
	.cut = cut,
	.stop = stop,
	.close = say_goodbye,
	.drop = drop,
	.context_free = wire_free,
};

/* A copy of a DSN that makes sense. */
static int take_dsn(const char *dsn, char **ret_dsn)
{
	struct wok__pg_dialer *dialer = NULL;

	WOK_TRY(wok__pg_dialer_new(dsn, &dialer));
	wok__pg_dialer_free(dialer);
	char *copy = wok__strdup(dsn);
	if (!copy)
		return -ENOMEM;
	wok_free(*ret_dsn);
	*ret_dsn = copy;
	return 0;
}

int wok_pg_pool_new(const char *dsn, const wok_pg_pool_options *options, wok_pg_pool **ret_pool)
{
	if (!wok_current_loop())
		return wok_fail(-EINVAL, "wok_pg_pool_new: this thread runs no loop");
	struct wire *wire = wok__alloc_zeroed(sizeof(*wire));
	if (!wire)
		return -ENOMEM;
	if (options && options->connection)
		wire->options = *options->connection;
	int r = take_dsn(dsn, &wire->dsn);
	if (r < 0) {
		wire_free(wire);
		return r;
	}
	return wok__pg_pool_new(&ops, wire, options, ret_pool);
}

int wok_pg_pool_set_dsn(wok_pg_pool *pool, const char *dsn)
{
	struct wire *wire = pool->context;

	WOK_TRY(wok__pg_pool_check(pool, "wok_pg_pool_set_dsn"));
	WOK_TRY(take_dsn(dsn, &wire->dsn));
	wok__pg_tls_unref(WOK_TAKE(wire->tls));
	wok_pg_pool_expire(pool);
	return 0;
}
