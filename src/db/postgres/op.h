/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_OP_H
#define WOK_DB_POSTGRES_OP_H
/*
 * Operations: what was sent to the server, and whose answers are still to come. They stand in the
 * connection's queue in the order in which they were sent, and the first one gets the answers.
 *
 * An operation says by its steps which answers it expects, a letter each:
 *     p  ParseComplete          d  ParameterDescription     r  RowDescription or NoData
 *     b  BindComplete           x  rows, and how it ended   c  CloseComplete
 *     q  all of a simple query, ReadyForQuery included      z  ReadyForQuery
 *     m  back to the begin as often as it was executed, then on (see many.c)
 * After an error the server skips all it got up to the next Sync; so do the steps, through as many
 * operations as came before it.
 *
 * Mostly an operation lies on the stack of the task that waits for it. If that task cannot stay, it
 * leaves a copy behind (wok__pg_op_abandon), and the answers are dropped.
 */
#include <wok/event.h>

#include "base/list.h"
#include "db/postgres/protocol.h"
#include "db/postgres/shape.h"

struct wok_pg_conn;
struct wok__pg_waiter;

/* What becomes of rows. */
enum wok__pg_sink {
	WOK__PG_DROP,
	WOK__PG_KEEP,   /* all of them, in rows */
	WOK__PG_STREAM, /* a batch of them, in rows; then nothing more is read until they are used
			 */
	WOK__PG_COPY,   /* CopyData, both ways: see copy.c */
};

struct wok__pg_op {
	struct wok__node link;
	const char *steps; /* those that are left */
	const char *begin; /* where 'm' goes back to */
	size_t repeats;    /* how often it still may */
	enum wok__pg_sink sink;
	struct wok__pg_statement *statement; /* filled by 'd' and 'r'; borrowed; NULL */
	struct wok__pg_shape *shape;         /* of the rows; a reference; NULL: none come */
	bool own_shape;                      /* 'r' tells of this execution, not of a statement */
	bool all_binary;                     /* the rows of a statement that 'r' tells of now */
	wok_rows *rows;
	size_t limit; /* bytes of rows */
	size_t most;  /* rows that are kept: those behind them are dropped as they come */
	size_t taken; /* of a stream's batch */
	size_t batch_bytes;
	bool synced;    /* behind 'm': its Sync was sent */
	bool full;      /* a stream's batch waits to be used: reading has stopped */
	bool suspended; /* a portal has more rows */
	bool copying;   /* the server has said CopyIn or CopyOut */
	char copy_type; /* which: G or H */
	bool done;
	bool started;   /* an answer has come */
	bool abandoned; /* its task has left */
	bool alone;     /* its task holds the connection's gate */
	wok_db_result result;
	size_t tag_size; /* of the last tag with its NUL, which result.status has; 0: not whole */
	int64_t tag_changes; /* that it tells of */
	size_t n_rows;
	size_t bytes_in;
	size_t size;      /* bytes sent, until it is done */
	size_t bytes_out; /* the same, for good */
	int failed;       /* a code; WOK_EDB: error has what the server said */
	char *why;        /* the message of another code, for the task that waits; NULL */
	char *error;      /* the body of its ErrorResponse, from wok_alloc() */
	size_t error_size;
	uint64_t cancels; /* of the connection when it was sent */
	wok_time asked;   /* of an abandoned one: when the server was first asked to stop it; 0 */
	wok_time again;   /* when it is asked once more */
	const void *task; /* of a stream's reader */
	struct wok__pg_waiter *waiter;
	void (*copy_data)(struct wok__pg_op *op, const char *data, size_t size);
	void (*finished)(struct wok__pg_op *op); /* nobody waits for it: it goes */
};

/* Why an operation was not run at all: one before it failed, in the same group. */
#define WOK__PG_SKIPPED (-8191)

void wok__pg_op_init(struct wok__pg_op *op, const char *steps);

/* Release what it holds; it is in no queue. */
void wok__pg_op_clear(struct wok__pg_op *op);

/* Put it into the queue: its messages were just appended to what is sent, from mark on. */
void wok__pg_op_queue(struct wok_pg_conn *conn, struct wok__pg_op *op, size_t mark);

/* Its last answer has come. */
void wok__pg_op_done(struct wok_pg_conn *conn, struct wok__pg_op *op);

/* Leave it to the connection: true, and it has been copied; false without memory. */
bool wok__pg_op_abandon(struct wok__pg_op *op);

/* It has failed, as the message of this task says: another may be the one who waits for it. */
void wok__pg_op_fail(struct wok__pg_op *op, int code);

/* What it came to, with the message left in this task: 0, or its error. */
int wok__pg_op_result(struct wok_pg_conn *conn, const struct wok__pg_op *op);

/* The five characters of its error; "" if it has none. */
void wok__pg_op_sqlstate(const struct wok__pg_op *op, char sqlstate[6]);
#endif
