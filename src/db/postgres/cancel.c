/* SPDX-License-Identifier: MIT */
/*
 * Cancelling what the server works on.
 *
 * A cancel request goes over a connection of its own, and the server closes that one when it has
 * signalled its process: from then on the signal cannot hit anything that is sent later, once the
 * process has answered something else in between: an empty query, the barrier. Statements of other
 * tasks that were sent before may be hit; those are sent again (run.c).
 *
 * A statement that still waits behind others of its connection does not run yet: it is left behind,
 * and whoever reads when its turn comes has it cancelled (wok__pg_cancel_left). A statement that
 * the server cannot be asked to stop, or that does not stop in time, costs the connection.
 */
#include <assert.h>
#include <wok/loop.h>
#include <wok/timeout.h>

#include "base/time.h"
#include "db/postgres/connection.h"
#include "db/postgres/dialer.h"

enum { CANCEL_CODE = 80877102 };

/* Between two requests to stop the same. */
#define FIRST_PAUSE (100 * WOK_MS)

int wok__pg_request_cancel(wok_pg_conn *conn)
{
	WOK_AUTO(wok_stream) *stream = NULL;
	char message[12 + sizeof(conn->key)], rest[16];
	const size_t size = 12 + conn->key_size;

	if (!conn->dialer || conn->key_size == 0)
		return wok_fail(-EOPNOTSUPP, "the server gave no key to cancel with");
	wok__pg_put32(message, (uint32_t) size);
	wok__pg_put32(message + 4, CANCEL_CODE);
	wok__pg_put32(message + 8, conn->process);
	memcpy(message + 12, conn->key, conn->key_size);
	WOK_TRY(wok__pg_dialer_dial(conn->dialer, &stream));
	conn->cancels++;
	WOK_TRY(wok_stream_write_all(stream, message, size));
	ssize_t n = wok_stream_read(stream, rest, sizeof(rest));
	/* With bytes it is still an answer: "too many clients", and it did not signal. */
	return n > 0 ? wok_fail(WOK_EPEER, "the server answered a cancel request")
		     : (int) (n == -ECONNRESET ? 0 : n);
}

static bool is_first(const wok_pg_conn *conn, const struct wok__pg_op *op)
{
	return wok__list_first(&conn->ops) == &op->link;
}

/* Of a group with one Sync the last operation is waited for, and the first one runs. */
static bool is_running(const wok_pg_conn *conn, const struct wok__pg_op *op)
{
	const struct wok__node *first = wok__list_first(&conn->ops);

	return is_first(conn, op) ||
	       (op->alone && first && WOK__CONTAINER(first, struct wok__pg_op, link)->alone);
}

static bool op_done(struct wok__pg_waiter *waiter)
{
	return waiter->op->done;
}

int wok__pg_wait_done(wok_pg_conn *conn, struct wok__pg_op *op)
{
	struct wok__pg_waiter waiter = {.ready = op_done, .op = op};

	op->waiter = &waiter;
	int r = wok__pg_wait(conn, &waiter);
	op->waiter = NULL;
	return r;
}

/* Nothing that is sent after its answer can be hit by the signal. */
static int barrier(wok_pg_conn *conn)
{
	struct wok__pg_op op;
	const size_t mark = conn->out.size;

	wok__pg_op_init(&op, "q");
	wok__pg_send_text(&conn->out, 'Q', "");
	if (conn->out.error < 0) {
		conn->out.size = mark;
		conn->out.error = 0;
		return -ENOMEM;
	}
	wok__pg_op_queue(conn, &op, mark);
	int r = wok__pg_push(conn);
	r = r < 0 ? r : wok__pg_wait_done(conn, &op);
	wok__list_remove(&op.link);
	wok__pg_op_clear(&op);
	return r;
}

/*
 * A request that comes before the statement has begun is lost: the server only looks for it while
 * it runs something. So it is asked again, at longer and longer intervals.
 */
static int ask_until_done(wok_pg_conn *conn, struct wok__pg_op *op)
{
	for (wok_time pause = FIRST_PAUSE; !op->done && !conn->dead; pause *= 2) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int r = 0;

		WOK_TRY(wok__pg_request_cancel(conn));
		WOK_TIMEOUT (&timeout, pause) {
			r = wok__pg_wait_done(conn, op);
		}
		r = wok_timeout_result(&timeout, r);
		if (r < 0 && r != -ETIMEDOUT)
			return r;
	}
	return 0;
}

/* Nobody wants what comes. A COPY that has not begun yet is refused when it does: a server that
 * waits for data does not look for requests to stop. */
static void drop_rest(struct wok__pg_op *op)
{
	wok_rows_free(WOK_TAKE(op->rows));
	if (!op->copying)
		op->sink = WOK__PG_DROP;
	op->full = false;
}

/* All of it: the request, the answer, the barrier. */
static int stop(wok_pg_conn *conn, struct wok__pg_op *op)
{
	drop_rest(op);
	if (is_running(conn, op))
		WOK_TRY(ask_until_done(conn, op));
	WOK_TRY(wok__pg_wait_done(conn, op));
	/* While another task sends what must stay together, nothing may come between. */
	const bool others = wok_semaphore_available(&conn->gate) == 0 && !op->alone;
	return conn->dead || others ? 0 : barrier(conn);
}

static int stop_in_time(wok_pg_conn *conn, struct wok__pg_op *op)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_SHIELD (2 * conn->options.cancel_timeout) {
		WOK_TIMEOUT (&timeout, conn->options.cancel_timeout) {
			r = stop(conn, op);
		}
		r = wok_timeout_result(&timeout, r);
	}
	return r;
}

void wok__pg_cancel(wok_pg_conn *conn, struct wok__pg_op *op)
{
	if (conn->dead || op->done)
		return;
	if (!is_first(conn, op) && !op->alone && wok__pg_op_abandon(op))
		return;
	int r = stop_in_time(conn, op);
	if (r < 0 && !conn->dead)
		wok__pg_break(conn, WOK_ECONNLOST,
			      "the connection was closed: a cancelled statement did not stop in "
			      "time");
	assert(op->done);
}

/* A statement that gives little more is cheaper read than cancelled. */
enum { DRAIN_TIME = 10 };

void wok__pg_abort(wok_pg_conn *conn, struct wok__pg_op *op)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	drop_rest(op);
	op->task = NULL;
	WOK_SHIELD (2 * conn->options.cancel_timeout) {
		WOK_TIMEOUT (&timeout, DRAIN_TIME * WOK_MS) {
			WOK_IGNORE(wok__pg_wait_done(conn, op));
		}
		wok__pg_cancel(conn, op);
	}
}

/* How long to wait for it now, before the next request. Longer each time. */
static wok_time next_pause(const wok_pg_conn *conn, const struct wok__pg_op *op)
{
	const wok_time end = wok__time_add(op->asked, conn->options.cancel_timeout);
	const wok_time pause = wok_now() - op->asked;

	return wok__time_min(pause > FIRST_PAUSE ? pause : FIRST_PAUSE, end - wok_now());
}

int wok__pg_cancel_left(wok_pg_conn *conn, struct wok__pg_op *op)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	const wok_time now = wok_now();
	int r = 0;

	if (op->asked && now < op->again)
		return 0;
	op->asked = op->asked ? op->asked : now;
	if (now - op->asked < conn->options.cancel_timeout) {
		WOK_TIMEOUT (&timeout, conn->options.cancel_timeout) {
			r = wok__pg_request_cancel(conn);
		}
		r = wok_timeout_result(&timeout, r);
	} else {
		r = -ETIMEDOUT;
	}
	if (conn->dead || r == -ECANCELED) /* only who reads just now: the next one asks */
		return r;
	if (r < 0) /* those behind it would wait for it as long as it likes to run */
		wok__pg_break(conn, WOK_ECONNLOST,
			      "the connection was closed: a cancelled statement could not be "
			      "stopped");
	else
		op->again = wok__time_add(wok_now(), next_pause(conn, op));
	return 0;
}

int wok__pg_finish(wok_pg_conn *conn, struct wok__pg_op *op)
{
	int r = wok__pg_push(conn);

	if (r == 0)
		r = wok__pg_wait_op(conn, op);
	if (r < 0 && !op->done)
		wok__pg_cancel(conn, op);
	return r;
}
