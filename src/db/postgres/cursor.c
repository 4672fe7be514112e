/* SPDX-License-Identifier: MIT */
/*
 * Rows one by one. Without batch_rows the statement's rows stream in, and reading stops while they
 * are not used. With it they come by a portal, in batches that are an operation each.
 */
#include <stdio.h>
#include <wok/loop.h>
#include <wok/task.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "db/postgres/run.h"
#include "task/park.h"

struct wok_pg_cursor {
	wok_pg_conn *conn;
	struct wok__pg_op op;
	size_t at;           /* in the batch */
	uint32_t batch_rows; /* 0: a stream */
	wok_time left;       /* to wait for the server, in all; WOK_FOREVER */
	char portal[24];
	struct wok__pg_shape *shape; /* of the portal's rows */
};

/* Send a part of the portal's life, and wait. */
static int portal_group(wok_pg_cursor *cursor, const char *steps, size_t mark)
{
	wok_pg_conn *conn = cursor->conn;
	struct wok__pg_op *op = &cursor->op;

	wok__pg_send_execute(&conn->out, cursor->portal, cursor->batch_rows);
	wok__pg_send_bare(&conn->out, 'S');
	if (conn->out.error < 0)
		return wok__pg_take_back(conn, mark, 0);
	op->steps = op->begin = steps;
	op->done = false;
	wok__pg_op_queue(conn, op, mark);
	int r = wok__pg_finish(conn, op);
	return r < 0 ? r : wok__pg_op_result(conn, op);
}

static int portal_rows(wok_pg_cursor *cursor)
{
	struct wok__pg_op *op = &cursor->op;
	const size_t limit = op->limit;

	wok__pg_op_clear(op);
	wok__pg_op_init(op, "");
	op->done = true; /* until it is in the queue */
	op->sink = WOK__PG_KEEP;
	op->limit = limit;
	op->shape = wok__pg_shape_ref(cursor->shape);
	cursor->at = 0;
	return op->shape ? wok__rows_new(op->shape->columns, limit, &op->rows) : 0;
}

static int open_portal(wok_pg_cursor *cursor, const char *sql, const wok_args *args)
{
	wok_pg_conn *conn = cursor->conn;
	struct wok__pg_statement *statement;
	bool prepared;

	WOK_TRY(wok__pg_check_call(sql, args));
	WOK_TRY(wok__pg_statement_ready(conn, sql, args, false, &statement, &prepared));
	const size_t mark = conn->out.size;
	int r = wok__pg_check_count(statement, args);

	if (r == 0 && conn->status != 'T')
		r = wok_fail(-EINVAL, "a cursor with batch_rows needs a transaction around it");
	cursor->shape = wok__pg_shape_ref(statement->shape);
	r = r < 0 ? r : portal_rows(cursor);
	snprintf(cursor->portal, sizeof(cursor->portal), "wok_%u", ++conn->statements.numbers);
	if (r == 0 && !statement->name[0])
		wok__pg_send_parse(&conn->out, "", statement->sql, statement->types,
				   statement->n_types);
	if (r == 0)
		r = wok__pg_send_bind(conn, cursor->portal, statement, args, false);
	r = r < 0 ? wok__pg_take_back(conn, mark, r)
		  : portal_group(cursor, statement->name[0] ? "bxz" : "pbxz", mark);
	wok__pg_statement_unref(statement);
	return r;
}

static int next_of_portal(wok_pg_cursor *cursor)
{
	wok_pg_conn *conn = cursor->conn;

	if (!cursor->op.suspended)
		return 0;
	WOK_TRY(wok__pg_enter(conn));
	WOK_TRY(portal_rows(cursor));
	return portal_group(cursor, "xz", conn->out.size);
}

/* More of the stream: what was handed out is used up. */
static int next_of_stream(wok_pg_cursor *cursor)
{
	struct wok__pg_op *op = &cursor->op;

	if (op->rows)
		wok__rows_clear(op->rows);
	cursor->at = op->taken = op->batch_bytes = 0;
	op->full = false;
	op->task = wok_current_task();
	int r = op->done ? 0 : wok__pg_wait_op(cursor->conn, op);
	if (r < 0)
		return r;
	return wok_rows_count(op->rows) > 0 ? 0 : wok__pg_op_result(cursor->conn, op);
}

struct opening {
	wok_pg_cursor *cursor;
	const char *sql;
	const wok_args *args;
	const wok_pg_query_options *options;
};

static int open_stream(const struct opening *opening)
{
	wok_pg_query_options options =
		opening->options ? *opening->options : (wok_pg_query_options){.timeout = 0};
	struct wok__pg_op *op = &opening->cursor->op;

	options.timeout = WOK_FOREVER; /* it is the cursor's, for all rows */
	op->done = false;
	op->sink = WOK__PG_STREAM;
	op->limit = WOK_UNLIMITED;
	op->task = wok_current_task();
	const int r = wok__pg_run(opening->cursor->conn, opening->sql, opening->args, &options, op);
	if (r < 0)
		op->done = true; /* or it never was in the queue */
	return r;
}

static int open_cursor(wok_pg_cursor *cursor, void *arg)
{
	const struct opening *opening = arg;

	return cursor->batch_rows ? open_portal(cursor, opening->sql, opening->args)
				  : open_stream(opening);
}

static int next_rows(wok_pg_cursor *cursor, void *unused)
{
	(void) unused;
	return cursor->batch_rows ? next_of_portal(cursor) : next_of_stream(cursor);
}

/* Wait for the server, within what is left: who reads may take his time. */
static int in_time(wok_pg_cursor *cursor, int (*step)(wok_pg_cursor *cursor, void *arg), void *arg)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (cursor->left == WOK_FOREVER)
		return step(cursor, arg);
	const wok_time begun = wok_now();
	WOK_TIMEOUT (&timeout, cursor->left) {
		r = step(cursor, arg);
	}
	const wok_time taken = wok_now() - begun;
	cursor->left = taken < cursor->left ? cursor->left - taken : 0;
	return wok_timeout_result(&timeout, r);
}

int wok_pg_query_with(wok_pg_conn *conn, const char *sql, const wok_args *args,
		      const wok_pg_query_options *options, wok_pg_cursor **ret_cursor)
{
	WOK_AUTO(wok_pg_cursor) *cursor = wok__alloc_zeroed(sizeof(*cursor));

	if (!cursor)
		return -ENOMEM;
	cursor->conn = conn;
	cursor->batch_rows = options ? options->batch_rows : 0;
	wok__pg_op_init(&cursor->op, "");
	cursor->op.done = true; /* until it is in the queue */
	cursor->op.limit =
		options && options->max_result ? options->max_result : conn->options.max_result;
	cursor->left =
		options && options->timeout ? options->timeout : conn->options.command_timeout;
	struct opening opening = {cursor, sql, args, options};
	WOK_TRY(in_time(cursor, open_cursor, &opening));
	*ret_cursor = WOK_TAKE(cursor);
	return 0;
}

int wok_pg_query(wok_pg_conn *conn, const char *sql, const wok_args *args,
		 wok_pg_cursor **ret_cursor)
{
	return wok_pg_query_with(conn, sql, args, NULL, ret_cursor);
}

int wok_pg_cursor_next(wok_pg_cursor *cursor, const wok_row **ret_row)
{
	struct wok__pg_op *op = &cursor->op;

	WOK_TRY(wok__pg_here(cursor->conn));
	WOK_TRY(wok__check());
	if (cursor->at < wok_rows_count(op->rows))
		wok__spend();
	else
		WOK_TRY(in_time(cursor, next_rows, NULL));
	if (cursor->at >= wok_rows_count(op->rows))
		return 0;
	*ret_row = wok_rows_at(op->rows, cursor->at++);
	op->taken = cursor->at;
	return 1;
}

/* The server keeps a portal to the end of the transaction: tell it that it need not. */
static void close_portal(wok_pg_cursor *cursor)
{
	wok_pg_conn *conn = cursor->conn;
	struct wok__pg_op op;

	WOK_SHIELD (conn->options.cancel_timeout) {
		if (wok__pg_enter(conn) < 0)
			return;
		const size_t mark = conn->out.size;

		wok__pg_op_init(&op, "cz");
		wok__pg_send_named(&conn->out, 'C', 'P', cursor->portal);
		wok__pg_send_bare(&conn->out, 'S');
		if (conn->out.error < 0) {
			wok__pg_take_back(conn, mark, 0);
			return;
		}
		wok__pg_op_queue(conn, &op, mark);
		WOK_IGNORE(wok__pg_finish(conn, &op));
		wok__pg_op_clear(&op);
	}
}

void wok_pg_cursor_free(wok_pg_cursor *cursor)
{
	if (!cursor)
		return;
	const bool begun = !cursor->op.done || cursor->op.statement || cursor->portal[0];
	if (begun && !wok__pg_is_here(cursor->conn, "wok_pg_cursor_free"))
		return;
	if (!cursor->op.done)
		wok__pg_abort(cursor->conn, &cursor->op);
	if (cursor->portal[0] && cursor->conn->status == 'T' && !cursor->conn->dead)
		close_portal(cursor);
	wok__pg_op_clear(&cursor->op);
	wok__pg_shape_unref(cursor->shape);
	wok_free(cursor);
}
