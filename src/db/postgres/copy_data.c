/* SPDX-License-Identifier: MIT */
/*
 * COPY in and out: see wok/pg_copy.h. It is one simple query, during which nobody else may send.
 * Out of the server the data is gathered up to a piece; then nothing is read until it has been
 * taken.
 */
#include <wok/pg_copy.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "db/postgres/copy.h"
#include "db/postgres/group.h"
#include "db/postgres/run.h"
#include "task/park.h"

enum { PIECE = 64 << 10, MOST_GIVEN = 4 * PIECE };

struct wok_pg_copy {
	wok_pg_conn *conn;
	struct wok__pg_op op;
	bool out;   /* out of the server */
	bool alone; /* the gate is ours */
	struct wok__pg_buffer gathered;
	struct wok__pg_buffer taken;
};

static void leave(wok_pg_copy *copy)
{
	if (copy->alone)
		wok__pg_leave_alone(copy->conn);
	copy->alone = false;
}

/* Its end, whatever it was. */
static int result(wok_pg_copy *copy, wok_db_result *ret_result)
{
	int r = wok__pg_op_result(copy->conn, &copy->op);

	leave(copy);
	if (r == 0 && ret_result)
		*ret_result = copy->op.result;
	return r;
}

static void gather(struct wok__pg_op *op, const char *data, size_t size)
{
	wok_pg_copy *copy = WOK__CONTAINER(op, wok_pg_copy, op);

	if (op->failed < 0)
		return;
	wok__pg_buffer_add(&copy->gathered, data, size);
	if (copy->gathered.error < 0)
		op->failed = copy->gathered.error;
	op->full = copy->gathered.size >= PIECE;
	if (op->waiter)
		wok_event_set(&op->waiter->wake);
}

static int start(wok_pg_copy *copy, const char *sql)
{
	wok_pg_conn *conn = copy->conn;
	const size_t mark = conn->out.size;

	wok__pg_send_text(&conn->out, 'Q', sql);
	if (conn->out.error < 0)
		return wok__pg_take_back(conn, mark, 0);
	copy->op.done = false;
	wok__pg_op_queue(conn, &copy->op, mark);
	WOK_TRY(wok__pg_finish(conn, &copy->op));
	WOK_TRY(wok__pg_op_result(conn, &copy->op));
	/* It may have ended already: little data comes all at once. */
	if (copy->op.copy_type != (copy->out ? 'H' : 'G'))
		return wok_fail(-EINVAL, "the statement is no COPY ... %s",
				copy->out ? "TO STDOUT" : "FROM STDIN");
	return 0;
}

static int begin(wok_pg_conn *conn, const char *sql, bool out, wok_pg_copy **ret_copy)
{
	WOK_TRY(wok__pg_check_call(sql, NULL));
	WOK_AUTO(wok_pg_copy) *copy = wok__alloc_zeroed(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	copy->conn = conn;
	copy->out = out;
	wok__pg_op_init(&copy->op, "q");
	copy->op.done = true; /* until it is in the queue */
	copy->op.sink = WOK__PG_COPY;
	copy->op.copy_data = out ? gather : NULL;
	copy->op.alone = true;
	WOK_TRY(wok__pg_enter_alone(conn));
	copy->alone = true;
	WOK_TRY(start(copy, sql));
	*ret_copy = WOK_TAKE(copy);
	return 0;
}

int wok_pg_copy_in(wok_pg_conn *conn, const char *sql, wok_pg_copy **ret_copy)
{
	return begin(conn, sql, false, ret_copy);
}

int wok_pg_copy_out(wok_pg_conn *conn, const char *sql, wok_pg_copy **ret_copy)
{
	return begin(conn, sql, true, ret_copy);
}

static void count(wok_pg_copy *copy, size_t size)
{
	copy->op.size += size;
	copy->op.bytes_out += size;
	copy->conn->in_flight += size;
}

static int send_piece(wok_pg_copy *copy, char type, const char *data, size_t size)
{
	wok_pg_conn *conn = copy->conn;
	const size_t mark = conn->out.size, begun = wok__pg_send_begin(&conn->out, type);

	wok__pg_buffer_add(&conn->out, data, size);
	wok__pg_send_end(&conn->out, begun);
	if (conn->out.error < 0)
		return wok__pg_take_back(conn, mark, 0);
	count(copy, conn->out.size - mark);
	return 0;
}

static int check(const wok_pg_copy *copy)
{
	WOK_TRY(wok__pg_here(copy->conn));
	return wok__check();
}

static int check_in(wok_pg_copy *copy)
{
	if (copy->out)
		return wok_fail(-EINVAL, "this COPY gives data, and takes none");
	if (copy->op.failed < 0 || copy->op.error) {
		/* The server has refused it, and skips the rest. */
		WOK_TRY(wok__pg_wait_done(copy->conn, &copy->op));
		return result(copy, NULL);
	}
	return copy->op.done ? wok_fail(-EINVAL, "the COPY has ended already") : 0;
}

int wok_pg_copy_write(wok_pg_copy *copy, const void *data, size_t size)
{
	const char *at = data;

	WOK_TRY(check(copy));
	WOK_TRY(check_in(copy));
	while (size > 0) {
		const size_t n = size < PIECE ? size : PIECE;

		WOK_TRY(send_piece(copy, 'd', at, n));
		WOK_TRY(wok__pg_group_push(copy->conn));
		WOK_TRY(check_in(copy));
		at += n;
		size -= n;
	}
	wok__spend();
	return 0;
}

int wok__pg_copy_give(wok_pg_copy *copy, struct wok__pg_buffer *data)
{
	wok_pg_conn *conn = copy->conn;
	const struct wok__pg_buffer mine = *data;

	data->size = 0;
	/* The server takes messages of 1 GB at most. */
	if (conn->out.size > 0 || mine.size > MOST_GIVEN)
		return wok_pg_copy_write(copy, mine.data + WOK__PG_HEAD, mine.size - WOK__PG_HEAD);
	WOK_TRY(check(copy));
	WOK_TRY(check_in(copy));
	mine.data[0] = 'd';
	wok__pg_put32(mine.data + 1, (uint32_t) (mine.size - 1));
	*data = conn->out;
	conn->out = mine;
	count(copy, mine.size);
	wok__spend();
	return mine.size < PIECE / 2 ? 0 : wok__pg_flush(conn);
}

static int finish_in(wok_pg_copy *copy, wok_db_result *ret_result)
{
	WOK_TRY(check(copy));
	WOK_TRY(check_in(copy));
	WOK_TRY(send_piece(copy, 'c', NULL, 0));
	copy->op.copying = false;
	int r = wok__pg_finish(copy->conn, &copy->op);
	if (r < 0) {
		leave(copy);
		return r;
	}
	return result(copy, ret_result);
}

static bool has_data(struct wok__pg_waiter *waiter)
{
	const wok_pg_copy *copy = waiter->arg;

	return copy->op.done || copy->gathered.size > 0;
}

int wok_pg_copy_read(wok_pg_copy *copy, wok_view *ret_data)
{
	struct wok__pg_waiter waiter = {.ready = has_data, .op = &copy->op, .arg = copy};
	const struct wok__pg_buffer used = copy->taken;
	int r;

	if (!copy->out)
		return wok_fail(-EINVAL, "this COPY takes data, and gives none");
	WOK_TRY(check(copy));
	if (copy->gathered.size == 0 && !copy->op.done) {
		copy->op.waiter = &waiter;
		r = wok__pg_wait(copy->conn, &waiter);
		copy->op.waiter = NULL;
		if (r < 0)
			return r;
	} else {
		wok__spend();
	}
	if (copy->gathered.size == 0)
		return result(copy, NULL);
	copy->taken = copy->gathered;
	copy->gathered = (struct wok__pg_buffer){.data = used.data, .capacity = used.capacity};
	copy->op.full = false;
	*ret_data = (wok_view){copy->taken.data, copy->taken.size};
	return 1;
}

static int finish_out(wok_pg_copy *copy, wok_db_result *ret_result)
{
	wok_view data;
	int r;

	while ((r = wok_pg_copy_read(copy, &data)) > 0)
		;
	return r < 0 ? r : result(copy, ret_result);
}

int wok_pg_copy_finish(wok_pg_copy *copy, wok_db_result *ret_result)
{
	return copy->out ? finish_out(copy, ret_result) : finish_in(copy, ret_result);
}

/* The server is told, and its answer waited for: then the connection can be used on. */
static void give_up(wok_pg_copy *copy)
{
	static const char why[] = "given up by the client";

	copy->op.copy_data = NULL;
	copy->op.full = false;
	if (copy->op.copying && copy->op.copy_type == 'G' &&
	    send_piece(copy, 'f', why, sizeof(why)) == 0)
		WOK_SHIELD (2 * copy->conn->options.cancel_timeout) {
			wok_timeout timeout = WOK_TIMEOUT_INIT;

			WOK_TIMEOUT (&timeout, copy->conn->options.cancel_timeout) {
				if (wok__pg_push(copy->conn) == 0)
					WOK_IGNORE(wok__pg_wait_done(copy->conn, &copy->op));
			}
		}
	if (!copy->op.done)
		wok__pg_abort(copy->conn, &copy->op);
}

void wok_pg_copy_free(wok_pg_copy *copy)
{
	if (!copy)
		return;
	const bool begun = !copy->op.done || copy->alone;
	if (begun && !wok__pg_is_here(copy->conn, "wok_pg_copy_free"))
		return;
	if (!copy->op.done)
		give_up(copy);
	leave(copy);
	wok__pg_op_clear(&copy->op);
	wok__pg_buffer_free(&copy->gathered);
	wok__pg_buffer_free(&copy->taken);
	wok_free(copy);
}
