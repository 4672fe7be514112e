/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_CONNECTION_H
#define WOK_DB_POSTGRES_CONNECTION_H
/*
 * A connection from the inside. Any number of tasks use it at once: each appends its messages to
 * what is sent, whole, and puts an operation into the queue (op.h); the answers go to the
 * operations in order.
 *
 * Who reads: one of the tasks that wait, for all of them, and when it has what it waits for, the
 * next one. So a lone query costs no switch to another task, and an idle connection has no task at
 * all. Who writes: whoever appended while a reader waits for bytes; otherwise the next reader,
 * before it waits. So what tasks ask for in one tick goes out in one write.
 */
#include <wok/loop.h>
#include <wok/pg.h>
#include <wok/semaphore.h>
#include <wok/stream.h>

#include "db/postgres/notify.h"
#include "db/postgres/op.h"
#include "db/postgres/send.h"
#include "db/postgres/statement.h"

/* A task that waits for something that the server sends. */
struct wok__pg_waiter {
	struct wok__node link;
	wok_event wake;
	bool (*ready)(struct wok__pg_waiter *waiter);
	struct wok__pg_op *op; /* for ready */
	void *arg;             /* for ready */
};

struct wok__pg_parameter {
	struct wok__pg_parameter *next;
	char *value;
	char name[];
};

struct wok_pg_conn {
	wok_loop *loop;      /* that it belongs to; and in which process: */
	unsigned generation; /* of forks */
	wok_stream *stream;  /* NULL: closed */
	wok_pg_options options;
	struct wok__pg_dialer *dialer; /* how it was reached: for cancel requests */
	struct wok__pg_buffer out;     /* appended, not yet being written */
	struct wok__pg_buffer sending; /* being written, from sent on */
	size_t sent;
	bool writing;         /* a task does */
	int write_error;      /* nothing more can be written; what the server said may yet come */
	struct wok__list ops; /* sent, first answers first */
	struct wok__list waiters;
	struct wok__pg_waiter *reader; /* who reads; or has been woken to */
	bool filling;                  /* the reader waits for bytes */
	bool grown;                    /* the stream's buffer has held a large message */
	bool skipping;                 /* the server skips all up to the next Sync */
	size_t in_flight;              /* bytes sent by operations that are not done */
	wok_semaphore gate;            /* taken while nothing else may be sent */
	const void *gate_task;         /* whose it is */
	char status;                   /* of the last ReadyForQuery: 'I', 'T', 'E' */
	bool dead;                     /* broken, or closed */
	bool cut_short;                /* while operations ran: the server may still be at them */
	int code;                      /* dead: which error everybody gets */
	char *why;                     /* its message; NULL */
	char *cause;                   /* the body of the server's last words; NULL */
	size_t cause_size;
	uint64_t cancels; /* requests sent */
	uint32_t process; /* of the server */
	size_t key_size;
	char key[256];
	struct wok__pg_parameter *parameters;
	size_t n_parameters;
	struct wok__pg_statements statements;
	const struct wok_pg_types *types; /* what was looked up; NULL */
	unsigned outdated;                /* what may not be true any more: see lookup.h */
	unsigned savepoints;              /* open transactions of wok_pg_transaction_begin() */
	struct wok__pg_notifications notifications;
	wok_db face;
	uint64_t queries;                     /* operations so far */
	struct wok__pg_member *member;        /* of the pool that it is taken from */
	void (*give_back)(wok_pg_conn *conn); /* to that, instead of being freed; NULL */
};

/* db_face.c: its functions for wok/db.h. */
extern const wok_db_ops wok__pg_db_ops;

/* A connection over a stream that the server's startup is still to come on. */
int wok__pg_conn_new(const wok_pg_options *options, wok_pg_conn **ret_conn);

/* Whether it can be used here: 0; -EINVAL in another loop, -ECHILD in a fork of the process. */
int wok__pg_here(const wok_pg_conn *conn);

/* The same for what releases something: false: it must touch nothing, and that is reported, but
 * for a fork's child, which leaves all to its parent. */
bool wok__pg_is_here(const wok_pg_conn *conn, const char *call);

/* It cannot go on: all operations fail, all waiters wake. why: NULL: the current message. */
void wok__pg_break(wok_pg_conn *conn, int code, const char *why);

/* The error of who uses a connection that is dead. */
int wok__pg_dead(const wok_pg_conn *conn);

/* wire.c: send, and wait. 0 when the waiter is ready or the connection dead; -ECANCELED. */
int wok__pg_wait(wok_pg_conn *conn, struct wok__pg_waiter *waiter);
int wok__pg_wait_op(wok_pg_conn *conn, struct wok__pg_op *op);

/* Write what was appended. 0; -ECANCELED, and the connection may be dead: what was begun had to be
 * ended. A failure to write is told by the answers. */
int wok__pg_flush(wok_pg_conn *conn);

/* After operations were queued: write now if nobody else will. */
int wok__pg_push(wok_pg_conn *conn);

/*
 * Before anything is appended: 0 if the connection is alive, the task not cancelled, nobody holds
 * the gate, and not too much is in flight.
 */
int wok__pg_enter(wok_pg_conn *conn);

/* The same, and nobody else may send until the gate is released. */
int wok__pg_enter_alone(wok_pg_conn *conn);
void wok__pg_leave_alone(wok_pg_conn *conn);

/* dispatch.c: one message from the server. 0; 1: not now, a stream is full; or the connection has
 * to break with this error. */
int wok__pg_dispatch(wok_pg_conn *conn, const struct wok__pg_message *message);

/* The same for the rows that data begins with, if rows are what comes: they are the bulk, and what
 * stands for all of them is looked at once. How many bytes it has taken; a negative error. */
ssize_t wok__pg_dispatch_rows(wok_pg_conn *conn, const char *data, size_t size);

/* error.c: keep what the server said, and leave its message. Returns the code; lost: at least
 * WOK_ECONNLOST. */
int wok__pg_fail(const char *body, size_t size, bool lost);
bool wok__pg_is_fatal(const wok_db_error *error); /* the connection ends with it */
int wok__pg_notice(wok_pg_conn *conn, const struct wok__pg_message *message);

/* pool_wire.c: an error of connecting that may have passed in a while. */
bool wok__pg_is_temporary(int code);

/* transaction.c: whether one is open, as far as we know. */
bool wok__pg_in_transaction(const wok_pg_conn *conn);

/* parameters.c */
int wok__pg_parameter_status(wok_pg_conn *conn, const struct wok__pg_message *message);
void wok__pg_parameters_free(wok_pg_conn *conn);

/* cancel.c: ask the server to stop, and wait until it has signalled its process; also for one
 * that is dead. */
int wok__pg_request_cancel(wok_pg_conn *conn);

/* cancel.c: after a wait for an operation ended with -ECANCELED: ask the server to stop, and wait
 * for its answer, or leave the operation behind. Afterwards it is not the connection's any more. */
void wok__pg_cancel(wok_pg_conn *conn, struct wok__pg_op *op);

/* Nobody wants the rest of what an operation gives: read it, or cancel it. Shielded. */
void wok__pg_abort(wok_pg_conn *conn, struct wok__pg_op *op);

/* Wait until an operation has ended; nothing is cancelled. */
int wok__pg_wait_done(wok_pg_conn *conn, struct wok__pg_op *op);

/* The first operation was left behind by its task: ask the server to stop it, if it is time to; its
 * field again says until when its answer may be waited for then. 0, or the connection has died;
 * -ECANCELED. */
int wok__pg_cancel_left(wok_pg_conn *conn, struct wok__pg_op *op);

/* Wait for an operation's end; cancel it if the task is: then -ECANCELED. */
int wok__pg_finish(wok_pg_conn *conn, struct wok__pg_op *op);

/*
 * run.c: run a statement by the cache. op: with its sink, limit and finished set by the caller. It
 * has ended, or, of a stream, its first rows have come, or its end.
 */
int wok__pg_run(wok_pg_conn *conn, const char *sql, const wok_args *args,
		const wok_pg_query_options *options, struct wok__pg_op *op);
#endif
