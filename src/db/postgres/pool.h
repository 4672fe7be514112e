/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_POOL_H
#define WOK_DB_POSTGRES_POOL_H
/*
 * A pool from the inside. It knows connections only by a table of functions, so that its logic is
 * tested over ones that are made up.
 *
 * Each connection has a member record, which is in one state at a time; size is how many records
 * there are. A place is taken when a connection begins to be made, and free again when it is
 * closed: so the server never sees more than max, however many are cancelled, broken or closed.
 *
 *     dialing -> idle <-> leased -> closing
 *     idle -> checking -> idle         leased -> cleaning -> idle
 *
 * Everything that waits (dialing, checking, cleaning, closing) is done by tasks of the pool's, one
 * a member. Who wants a connection queues, on its own stack; what becomes free is handed to the
 * first in the queue and to nobody else. wok__pg_pool_pump() sees to it that for each in the queue
 * one connection is on its way, as far as max allows.
 *
 * Putting in order costs no wait: the reset is sent by a task of the pool's before the connection
 * goes on, and its answer comes before the next user's. If it fails, the connection is cut off.
 */
#include <wok/event.h>
#include <wok/loop.h>
#include <wok/pg_pool.h>
#include <wok/scope.h>

#include "base/list.h"

enum wok__pg_fitness {
	WOK__PG_FIT,
	WOK__PG_IN_TRANSACTION,
	WOK__PG_IN_DOUBT, /* a cancelled statement is still to end: perhaps in one */
	WOK__PG_BUSY,     /* somebody still runs something on it */
	WOK__PG_BROKEN,
};

struct wok__pg_member;

/* What a pool has to know about connections. "Waits": in a task of the pool's, and may fail. */
struct wok__pg_pool_ops {
	int (*dial)(void *context, wok_pg_conn **ret_conn); /* waits */
	bool (*is_temporary)(int code); /* of dial's errors: it may work in a while */
	struct wok__pg_member **(*owner)(wok_pg_conn *conn); /* where to keep whose it is */
	/* own: so many of the pool's own resets may be under way. */
	enum wok__pg_fitness (*fitness)(wok_pg_conn *conn, unsigned own);
	/* 0: nothing came unasked; 1: something did; negative: it is gone. Never waits. */
	int (*peek)(wok_pg_conn *conn);
	int (*ping)(wok_pg_conn *conn); /* waits */
	/* Waits; but first, if the connection is fit, it sends, so that what others send is later.
	 */
	int (*reset)(wok_pg_conn *conn, const char *sql);
	uint64_t (*queries)(const wok_pg_conn *conn); /* run so far */
	/* All that waits on it fails; never waits. Whether the server may still run something. */
	bool (*cut)(wok_pg_conn *conn);
	void (*stop)(wok_pg_conn *conn);  /* after that: have the server stop, too: waits */
	void (*close)(wok_pg_conn *conn); /* says goodbye, and frees it: waits */
	void (*drop)(wok_pg_conn *conn);  /* frees it; never waits */
	void (*context_free)(void *context);
};

enum wok__pg_member_state {
	WOK__PG_DIALING,
	WOK__PG_CHECKING,
	WOK__PG_CLEANING,
	WOK__PG_IDLE,
	WOK__PG_LEASED,
	WOK__PG_CLOSING,
	WOK__PG_STATES,
};

struct wok__pg_member {
	struct wok__node in_all;
	struct wok__node in_idle;
	struct wok_pg_pool *pool;
	wok_pg_conn *conn; /* NULL: dialing */
	enum wok__pg_member_state state;
	uint64_t generation;
	wok_time dies_at;
	wok_time idle_since;
	wok_time proved;      /* when it was last known to live */
	uint64_t queries;     /* had been run when it was put in order */
	const char *sql;      /* to reset it with */
	bool in_doubt;        /* a cancelled statement was still to end then */
	bool begun;           /* its reset has */
	bool in_transaction;  /* was, when it came back */
	unsigned attended;    /* tasks that reset or stop it now, whatever its state is */
	wok_event unattended; /* set while there are none */
	bool *ended;          /* told when the reset has ended at once */
	bool orphan;          /* nobody closes it: the last of these tasks does */
};

/* Who waits for a connection; it lies on its task's stack. */
struct wok__pg_waiter_for_one {
	struct wok__node link;
	struct wok__pg_member *member; /* what it got */
	int error;
	bool done;
	wok_event granted;
};

struct wok_pg_pool {
	wok_db face; /* see wok_pg_pool_db() */
	const struct wok__pg_pool_ops *ops;
	void *context; /* for dial */
	wok_pg_pool_options options;
	char *reset_sql; /* the application's, or NULL */
	wok_loop *loop;
	unsigned fork;      /* the process that it belongs to */
	wok_scope *tasks;   /* that dial, check, run hooks: until the pool is closed */
	wok_scope *closers; /* that close, stop, reset: to their end */
	struct wok__list all;
	struct wok__list idle; /* what was used last in front */
	struct wok__list waiters;
	size_t size;
	size_t count[WOK__PG_STATES];
	size_t waiting;
	uint64_t generation;
	wok_time suspect;     /* what has not been proved since may be gone */
	wok_time pause_until; /* no dialing before, after one failed */
	wok_time pause;       /* how long the last one was */
	bool pause_all;       /* nor for those who wait */
	int fatal;            /* why the last dial failed, if trying again is of no use */
	int dial_error;
	char dial_message[256];
	wok_callback timer;
	wok_time timer_at;
	wok_event changed; /* set and cleared: a connection stands, or one failed */
	wok_event drained; /* nothing is left but what is leased for good */
	bool closed;
	bool cut;       /* what was leased has been cut off */
	bool freed;     /* by its owner: it goes with the last member and holder */
	size_t holders; /* calls that are under way */
	bool told_of_transaction;
	uint64_t random;
	wok_pg_pool_stats stats; /* the counters of it */
};

/* use.c: the functions of the view. */
extern const wok_db_ops wok__pg_pool_db_ops;

/* context: taken over, also if it fails. */
int wok__pg_pool_new(const struct wok__pg_pool_ops *ops, void *context,
		     const wok_pg_pool_options *options, wok_pg_pool **ret_pool);

/* 0 if the pool can be used here and now. call: whose error it would be */
int wok__pg_pool_check(const wok_pg_pool *pool, const char *call);

/* For each who waits have one on its way, and min of them: after any change. */
void wok__pg_pool_pump(wok_pg_pool *pool);

/* An idle one that can be given out without asking it; taken out of the idle ones; NULL. */
struct wok__pg_member *wok__pg_pool_take(wok_pg_pool *pool);

/* A connection in order is there: for the first who waits, or idle. */
void wok__pg_pool_supply(struct wok__pg_member *member);

/* The first in the queue gets this, or the error. */
void wok__pg_pool_grant(wok_pg_pool *pool, struct wok__pg_member *member, int error);

/* member.c: a record for a connection to be made; NULL. */
struct wok__pg_member *wok__pg_member_new(wok_pg_pool *pool);
void wok__pg_member_set(struct wok__pg_member *member, enum wok__pg_member_state state);
void wok__pg_member_free(struct wok__pg_member *member);
void wok__pg_member_attend(struct wok__pg_member *member);
bool wok__pg_member_leave(struct wok__pg_member *member); /* false: it is gone */
void wok__pg_member_drop(struct wok__pg_member *member);  /* its connection, too; at once */
void wok__pg_member_discard(struct wok__pg_member *member, wok_pg_pool_reason reason);

/* Why it should be closed, though it works: false: it should not. */
bool wok__pg_member_is_worn(struct wok__pg_member *member, wok_pg_pool_reason *ret_reason);

/* A span of time, at random, below another. */
wok_time wok__pg_pool_draw(wok_pg_pool *pool, wok_time below);

/* Something has shown that the server may be gone: the idle ones are looked at. */
void wok__pg_pool_suspect(wok_pg_pool *pool);

/* clean.c: a connection came back; it is neither broken nor busy. */
void wok__pg_pool_clean(struct wok__pg_member *member, enum wok__pg_fitness fitness);

/* age.c: have the timer come at the latest then. */
void wok__pg_pool_wake_at(wok_pg_pool *pool, wok_time when);

/* When an idle one is due to be looked at. */
wok_time wok__pg_member_due(const struct wok__pg_member *member);

/* life.c: a call that may wait keeps the pool's record; the last one out releases it. */
void wok__pg_pool_hold(wok_pg_pool *pool);
void wok__pg_pool_let_go(wok_pg_pool *pool);
#endif
