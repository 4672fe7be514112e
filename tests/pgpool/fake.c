/* SPDX-License-Identifier: MIT */
/* Connections that are made up: see fake.h. */
#include "pgpool/fake.h"

#include <stdio.h>
#include <wok/memory.h>

static void note(struct fake *fake, const char *what)
{
	const size_t size = strlen(fake->server->log);

	snprintf(fake->server->log + size, sizeof(fake->server->log) - size, "%s%d ", what,
		 fake->number);
}

static int delay(struct fake *fake, wok_time duration)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, duration) {
		r = wok_event_wait(&fake->cut);
	}
	r = wok_timeout_result(&timeout, r);
	if (fake->broken)
		return WOK_ECONNLOST;
	return r == -ETIMEDOUT ? 0 : r;
}

/* In the order of the calls, as a server answers. */
static int run(struct fake *fake, wok_time duration, const char *what)
{
	if (fake->broken)
		return WOK_ECONNLOST;
	fake->running++;
	int r = wok_lock_acquire(&fake->turn);
	if (r == 0) {
		if (what)
			note(fake, what);
		r = delay(fake, duration);
		WOK_IGNORE(wok_lock_release(&fake->turn));
	}
	fake->running--;
	if (fake->gone)
		fake->broken = true;
	return fake->broken ? WOK_ECONNLOST : r;
}

int fake_query(wok_pg_conn *conn, wok_time duration)
{
	fake_of(conn)->queries++;
	return run(fake_of(conn), duration, "query");
}

static int dial(void *context, wok_pg_conn **ret_conn)
{
	struct server *server = context;

	server->dials++;
	/* The server has it from the begin: a place is taken. */
	if (++server->open > server->most)
		server->most = server->open;
	int r = wok_sleep(server->dial_time);
	if (r == 0 && server->dial_error)
		r = wok_fail(server->dial_error, "the server does not like it");
	struct fake *fake = r == 0 ? wok_alloc(sizeof(*fake)) : NULL;
	if (!fake) {
		server->open--;
		return r < 0 ? r : -ENOMEM;
	}
	*fake = (struct fake){.server = server,
			      .number = ++server->numbers,
			      .status = 'I',
			      .turn = WOK_LOCK_INIT,
			      .cut = WOK_EVENT_INIT};
	if (fake->number < (int) (sizeof(server->all) / sizeof(server->all[0])))
		server->all[fake->number] = fake;
	*ret_conn = (wok_pg_conn *) (void *) fake;
	return 0;
}

static bool is_temporary(int code)
{
	(void) code;
	return true;
}

static bool never_temporary(int code)
{
	(void) code;
	return false;
}

static struct wok__pg_member **owner(wok_pg_conn *conn)
{
	return &fake_of(conn)->owner;
}

static enum wok__pg_fitness fitness(wok_pg_conn *conn, unsigned own)
{
	const struct fake *fake = fake_of(conn);

	if (fake->broken)
		return WOK__PG_BROKEN;
	if (fake->in_doubt)
		return WOK__PG_IN_DOUBT;
	if (fake->running > (int) own)
		return WOK__PG_BUSY;
	return fake->status == 'I' ? WOK__PG_FIT : WOK__PG_IN_TRANSACTION;
}

static int peek(wok_pg_conn *conn)
{
	return fake_of(conn)->gone ? WOK_ECONNLOST : fake_of(conn)->noisy;
}

static int ping(wok_pg_conn *conn)
{
	struct server *server = fake_of(conn)->server;

	server->pings++;
	WOK_TRY(run(fake_of(conn), server->deaf ? WOK_FOREVER : server->ping_time, NULL));
	fake_of(conn)->noisy = false;
	if (fake_of(conn)->in_doubt) {
		fake_of(conn)->in_doubt = false;
		return WOK_EDB; /* the cancel has hit the question */
	}
	return 0;
}

static int reset(wok_pg_conn *conn, const char *sql)
{
	struct fake *fake = fake_of(conn);

	fake->server->resets++;
	if (strncmp(sql, "ROLLBACK", 8) == 0)
		note(fake, "rollback");
	WOK_TRY(run(fake, fake->server->reset_time, "reset"));
	if (fake->server->reset_error)
		return fake->server->reset_error;
	fake->status = 'I';
	return 0;
}

static uint64_t queries(const wok_pg_conn *conn)
{
	return ((const struct fake *) (const void *) conn)->queries;
}

static bool cut(wok_pg_conn *conn)
{
	fake_of(conn)->broken = true;
	wok_event_set(&fake_of(conn)->cut);
	return fake_of(conn)->running > 0;
}

static void stop(wok_pg_conn *conn)
{
	WOK_IGNORE(wok_sleep(WOK_MS));
	fake_of(conn)->server->stops++;
}

static void drop(wok_pg_conn *conn)
{
	struct fake *fake = fake_of(conn);
	struct server *server = fake->server;

	ASSERT_EQ(fake->running, 0);
	if (fake->number < (int) (sizeof(server->all) / sizeof(server->all[0])))
		server->all[fake->number] = NULL;
	server->open--;
	server->drops++;
	wok_free(fake);
}

static void say_goodbye(wok_pg_conn *conn)
{
	struct server *server = fake_of(conn)->server;

	WOK_IGNORE(wok_sleep(server->close_time));
	server->closes++;
	drop(conn);
	server->drops--;
}

#define OPS(temporary)                                                                             \
	{                                                                                          \
		.dial = dial, .is_temporary = temporary, .owner = owner, .fitness = fitness,       \
		.peek = peek, .ping = ping, .reset = reset, .queries = queries, .cut = cut,        \
		.stop = stop, .close = say_goodbye, .drop = drop                                   \
	}

const struct wok__pg_pool_ops fake_ops = OPS(is_temporary);
static const struct wok__pg_pool_ops strict_ops = OPS(never_temporary);

wok_pg_pool *fake_pool(struct server *server, const wok_pg_pool_options *options)
{
	wok_pg_pool *pool = NULL;

	ASSERT_OK(wok__pg_pool_new(server->error_stays ? &strict_ops : &fake_ops, server, options,
				   &pool));
	return pool;
}

wok_pg_conn *take(wok_pg_pool *pool)
{
	wok_pg_conn *conn = NULL;

	ASSERT_OK(wok_pg_pool_acquire(pool, &conn));
	return conn;
}

int use_one(void *arg)
{
	struct user *user = arg;
	const wok_time start = wok_now();
	wok_pg_conn *conn = NULL;

	user->result = wok_pg_pool_acquire(user->pool, &conn);
	if (user->result < 0)
		return user->result;
	if (user->counter)
		user->order = ++*user->counter;
	user->waited = wok_now() - start;
	user->number = fake_of(conn)->number;
	user->result = fake_query(conn, user->keep);
	wok_pg_pool_release(user->pool, conn);
	return user->result;
}
