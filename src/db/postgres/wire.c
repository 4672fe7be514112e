/* SPDX-License-Identifier: MIT */
/*
 * Sending and receiving: see connection.h.
 *
 * What is written goes through two buffers: one is appended to while the other is being written,
 * perhaps for long. A task that is cancelled while it writes still has to end what it began, as the
 * bytes of others stand behind it: for that it has the time that a cancel may take.
 *
 * Whoever writes much also reads: a server whose answers nobody takes stops to read, and both would
 * wait for ever.
 */
#include <wok/loop.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "db/postgres/connection.h"
#include "io/stream.h"
#include "task/park.h"

/* The stream's buffer, unless a message is larger; what a write may be without reading along. */
enum { READ_SIZE = 64 << 10, SMALL_WRITE = 16 << 10, SMALL_FLIGHT = 64 << 10 };

static bool paused(const wok_pg_conn *conn)
{
	const struct wok__node *first = wok__list_first(&conn->ops);

	return first && WOK__CONTAINER(first, struct wok__pg_op, link)->full;
}

/* What the buffer holds, message by message. 1: some were handled; 0: none is complete. */
static int handle_buffered(wok_pg_conn *conn, size_t *ret_need)
{
	const wok_view bytes = wok_stream_buffered(conn->stream);
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < bytes.size) {
		struct wok__pg_message message;

		if (bytes.data[done] == 'D') {
			const ssize_t rows =
				wok__pg_dispatch_rows(conn, bytes.data + done, bytes.size - done);
			done += rows > 0 ? (size_t) rows : 0;
			r = rows < 0 ? (int) rows : 0;
			if (rows != 0)
				continue;
		}
		r = wok__pg_message_next(bytes.data + done, bytes.size - done,
					 conn->options.max_message, &message, ret_need);
		if (r <= 0)
			break;
		r = wok__pg_dispatch(conn, &message);
		if (r == 0)
			done += WOK__PG_HEAD + message.size;
	}
	if (done > 0)
		wok_stream_consume(conn->stream, done);
	return r < 0 ? r : done > 0;
}

static int fill(wok_pg_conn *conn, size_t need)
{
	wok_view bytes;

	if (need > READ_SIZE)
		conn->grown = true;
	else if (conn->grown && wok_stream_buffered(conn->stream).size == 0) {
		wok__stream_trim(conn->stream);
		conn->grown = false;
	}
	conn->filling = true;
	int r = wok_stream_fill(conn->stream, need > READ_SIZE ? need : READ_SIZE, &bytes);
	conn->filling = false;
	if (conn->dead)
		return 0;
	if (r == 0)
		r = wok_fail(WOK_ECONNLOST, "PostgreSQL closed the connection");
	return r;
}

/* Wait for more. What was left behind must not run on: it is stopped, before others are waited for.
 */
static int fill_or_stop(wok_pg_conn *conn, size_t need)
{
	struct wok__node *first = wok__list_first(&conn->ops);
	struct wok__pg_op *op = first ? WOK__CONTAINER(first, struct wok__pg_op, link) : NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (!op || !op->abandoned)
		return fill(conn, need);
	WOK_TRY(wok__pg_cancel_left(conn, op));
	if (conn->dead)
		return 0;
	WOK_TIMEOUT (&timeout, op->again - wok_now()) {
		r = fill(conn, need);
	}
	r = wok_timeout_result(&timeout, r);
	return r == -ETIMEDOUT ? 0 : r;
}

/* Handle what is there, or wait for more. */
static int read_once(wok_pg_conn *conn, struct wok__pg_waiter *self)
{
	size_t need = WOK__PG_HEAD;
	int r = handle_buffered(conn, &need);

	if (r == 0 && !paused(conn)) {
		/* Who writes does not read: meanwhile another may. */
		conn->reader = NULL;
		r = wok__pg_flush(conn);
		if (r == 0 && conn->reader && conn->reader != self)
			return 0;
		conn->reader = self;
		/* Not before: what was not sent cannot be cancelled. */
		if (r == 0 && !conn->dead)
			r = fill_or_stop(conn, need);
	}
	if (r < 0 && r != -ECANCELED && !conn->dead)
		wok__pg_break(conn, r, NULL);
	return r == -ECANCELED ? r : 0;
}

/* The next reader: the oldest waiter. Nobody can while a stream is full but who uses its rows. */
static void pass_on(wok_pg_conn *conn)
{
	struct wok__node *first = wok__list_first(&conn->waiters);

	conn->reader = NULL;
	if (!first || conn->dead || paused(conn))
		return;
	conn->reader = WOK__CONTAINER(first, struct wok__pg_waiter, link);
	wok_event_set(&conn->reader->wake);
}

static int wait_turn(wok_pg_conn *conn, struct wok__pg_waiter *waiter)
{
	if (!paused(conn) && (!conn->reader || conn->reader == waiter)) {
		conn->reader = waiter;
		return read_once(conn, waiter);
	}
	if (conn->reader == waiter)
		conn->reader = NULL;
	wok_event_clear(&waiter->wake);
	return wok_event_wait(&waiter->wake);
}

int wok__pg_wait(wok_pg_conn *conn, struct wok__pg_waiter *waiter)
{
	int r = 0;

	wok__list_push_back(&conn->waiters, &waiter->link);
	while (r == 0 && !conn->dead && !waiter->ready(waiter))
		r = wait_turn(conn, waiter);
	wok__list_remove(&waiter->link);
	if (conn->reader == waiter || !conn->reader)
		pass_on(conn);
	return waiter->ready(waiter) ? 0 : r;
}

static bool op_ready(struct wok__pg_waiter *waiter)
{
	const struct wok__pg_op *op = waiter->op;

	return op->done || op->copying ||
	       (op->rows && wok_rows_count(op->rows) > op->taken && op->sink == WOK__PG_STREAM);
}

int wok__pg_wait_op(wok_pg_conn *conn, struct wok__pg_op *op)
{
	struct wok__pg_waiter waiter = {.ready = op_ready, .op = op};

	op->waiter = &waiter;
	int r = wok__pg_wait(conn, &waiter);
	op->waiter = NULL;
	return r;
}

/* Write all of `sending`; what was written before a failure is counted. */
static int write_sending(wok_pg_conn *conn)
{
	while (conn->sent < conn->sending.size) {
		struct iovec part = {conn->sending.data + conn->sent,
				     conn->sending.size - conn->sent};
		size_t done;
		int r = wok_stream_write_parts(conn->stream, &part, 1, &done);

		conn->sent += done;
		if (r < 0)
			return r;
	}
	return 0;
}

/* A task that was cancelled ends what it began, or the connection is of no more use. */
static int write_to_end(wok_pg_conn *conn)
{
	int r = write_sending(conn);

	if (r != -ECANCELED)
		return r;
	WOK_SHIELD (conn->options.cancel_timeout) {
		r = write_sending(conn);
	}
	if (r == -ECANCELED && !conn->dead)
		wok__pg_break(conn, WOK_ECONNLOST,
			      "the connection was closed: a cancelled task could not send the rest "
			      "of its statement in time");
	return r == 0 ? -ECANCELED : r;
}

static bool never(struct wok__pg_waiter *waiter)
{
	(void) waiter;
	return false;
}

static int read_along(void *arg)
{
	struct wok__pg_waiter waiter = {.ready = never};

	return wok__pg_wait(arg, &waiter);
}

static int write_much(wok_pg_conn *conn)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, read_along, conn));
	int r = write_to_end(conn);
	wok_scope_cancel(scope, NULL);
	const int joined = wok_scope_join(scope);
	return r < 0 ? r : joined;
}

int wok__pg_flush(wok_pg_conn *conn)
{
	int r = 0;

	if (conn->writing)
		return 0; /* who writes takes what was appended meanwhile, too */
	conn->writing = true;
	while (r == 0 && !conn->dead && conn->write_error == 0 &&
	       (conn->sent < conn->sending.size || conn->out.size > 0)) {
		if (conn->sent == conn->sending.size) {
			struct wok__pg_buffer empty = conn->sending;

			empty.size = 0;
			conn->sending = conn->out;
			conn->out = empty;
			conn->sent = 0;
		}
		const bool much =
			conn->sending.size > SMALL_WRITE || conn->in_flight > SMALL_FLIGHT;

		r = much ? write_much(conn) : write_to_end(conn);
	}
	conn->writing = false;
	/* That is no end that the server sees: it would wait for the rest, and we for its answer.
	 */
	if (r == -ENOMEM && !conn->dead)
		wok__pg_break(conn, r, NULL);
	if (r < 0 && r != -ECANCELED && !conn->dead) {
		conn->write_error = r;
		r = 0;
	}
	return r;
}

int wok__pg_push(wok_pg_conn *conn)
{
	return conn->filling || conn->out.size > SMALL_WRITE ? wok__pg_flush(conn) : 0;
}

static bool has_room(struct wok__pg_waiter *waiter)
{
	const wok_pg_conn *conn = waiter->arg;

	return conn->in_flight < conn->options.max_in_flight;
}

/* A task whose own stream stands before would wait for itself. */
static int check_streams(const wok_pg_conn *conn)
{
	const void *self = NULL;

	for (const struct wok__node *node = conn->ops.head.next; node != &conn->ops.head;
	     node = node->next) {
		const struct wok__pg_op *op = WOK__CONTAINER(node, struct wok__pg_op, link);

		if (op->sink != WOK__PG_STREAM)
			continue;
		self = self ? self : wok_current_task();
		if (op->task == self)
			return wok_fail(-EDEADLK,
					"a cursor of this task is open on this connection: read it "
					"to its end or free it first, or open it with batch_rows "
					"in a transaction");
	}
	return 0;
}

static int check_gate(const wok_pg_conn *conn)
{
	if (wok_semaphore_available(&conn->gate) > 0 || conn->gate_task != wok_current_task())
		return 0;
	return wok_fail(-EDEADLK,
			"a COPY of this task is open on this connection: finish it first");
}

/*
 * Until it is our turn at the gate; then the next one's, who runs only when we wait again: what we
 * append stands before what he sends. To look again whether the gate is open would be wrong: two
 * who do would hand it to each other for ever.
 */
static int pass_gate(wok_pg_conn *conn)
{
	WOK_TRY(check_gate(conn));
	WOK_TRY(wok_semaphore_acquire(&conn->gate));
	wok__pg_leave_alone(conn);
	return 0;
}

int wok__pg_enter(wok_pg_conn *conn)
{
	WOK_TRY(wok__pg_here(conn));
	WOK_TRY(wok__check());
	WOK_TRY(check_streams(conn));
	for (bool passed = false; !conn->dead;) {
		struct wok__pg_waiter waiter = {.ready = has_room, .arg = conn};

		if (!passed && wok_semaphore_available(&conn->gate) == 0) {
			WOK_TRY(pass_gate(conn));
			passed = true;
		} else if (!has_room(&waiter)) {
			WOK_TRY(wok__pg_wait(conn, &waiter));
			passed = false;
		} else {
			break;
		}
	}
	return conn->dead ? wok__pg_dead(conn) : 0;
}

int wok__pg_enter_alone(wok_pg_conn *conn)
{
	WOK_TRY(wok__pg_here(conn));
	WOK_TRY(check_streams(conn));
	WOK_TRY(check_gate(conn));
	WOK_TRY(wok_semaphore_acquire(&conn->gate));
	conn->gate_task = wok_current_task();
	if (!conn->dead)
		return 0;
	wok__pg_leave_alone(conn);
	return wok__pg_dead(conn);
}

void wok__pg_leave_alone(wok_pg_conn *conn)
{
	conn->gate_task = NULL;
	WOK_IGNORE(wok_semaphore_release(&conn->gate));
}
