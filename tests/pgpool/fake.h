/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PGPOOL_FAKE_H
#define TESTS_PGPOOL_FAKE_H
/*
 * Connections that are made up, to a server that is: so the pool's logic runs on the virtual clock,
 * and in every order. Each wait of theirs takes as long as the test says.
 */
#include <wok/lock.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "db/postgres/pool.h"
#include "harness/test.h"

struct server {
	wok_time dial_time, ping_time, reset_time, close_time;
	int dial_error;    /* what dialing gives; 0 */
	bool error_stays;  /* it is one that does not pass */
	int reset_error;   /* what a reset gives */
	bool deaf;         /* pings are not answered */
	size_t open, most; /* connections now; at most so far */
	int dials, pings, resets, closes, drops, stops;
	int numbers;          /* given to connections */
	struct fake *all[64]; /* by their numbers; NULL: closed, or never made */
	char log[400];        /* what ran: "reset1 query1 " */
};

struct fake {
	struct server *server;
	struct wok__pg_member *owner;
	int number;
	bool broken;   /* known to its user */
	bool gone;     /* the server has closed it: who looks sees that */
	bool noisy;    /* something came unasked */
	bool in_doubt; /* a cancelled statement is still to end */
	char status;
	uint64_t queries;
	int running;
	wok_lock turn; /* one after the other, as they came */
	wok_event cut;
};

extern const struct wok__pg_pool_ops fake_ops;

/* A pool of such connections; with options. */
wok_pg_pool *fake_pool(struct server *server, const wok_pg_pool_options *options);

static inline struct fake *fake_of(wok_pg_conn *conn)
{
	return (struct fake *) (void *) conn;
}

/* A statement that takes so long. */
int fake_query(wok_pg_conn *conn, wok_time duration);

/* Take one; the test fails if that does. */
wok_pg_conn *take(wok_pg_pool *pool);

/* Take one in a task, keep it for that long, using it, and give it back. */
struct user {
	wok_pg_pool *pool;
	wok_time keep;
	int number; /* of what it got */
	wok_time waited;
	int result;
	int order; /* who came when: counts from 1 */
	int *counter;
};
int use_one(void *user);

#define ASSERT_SAYS(code, word)                                                                    \
	do {                                                                                       \
		const char *message__ = wok_errmsg(code);                                          \
		if (!strstr(message__, (word)))                                                    \
			FAIL("\"%s\" does not say \"%s\"", message__, (word));                     \
	} while (0)

#define ASSERT_POOL(pool, want_size, want_idle, want_in_use, want_waiting)                         \
	do {                                                                                       \
		wok_pg_pool_stats stats__;                                                         \
		wok_pg_pool_get_stats((pool), &stats__);                                           \
		if (stats__.size != (size_t) (want_size) ||                                        \
		    stats__.idle != (size_t) (want_idle) ||                                        \
		    stats__.in_use != (size_t) (want_in_use) ||                                    \
		    stats__.waiting != (size_t) (want_waiting))                                    \
			FAIL("size %zu, %zu idle, %zu in use, %zu waiting", stats__.size,          \
			     stats__.idle, stats__.in_use, stats__.waiting);                       \
	} while (0)

#define ASSERT_CLOSED(pool, reason, n)                                                             \
	do {                                                                                       \
		wok_pg_pool_stats stats__;                                                         \
		wok_pg_pool_get_stats((pool), &stats__);                                           \
		ASSERT_EQ(stats__.closed[reason], (n));                                            \
	} while (0)
#endif
