/* SPDX-License-Identifier: MIT */
/*
 * What each message from the server means to the operation that it is for: see op.h. A server that
 * says what does not stand next in the operation's steps is not believed another word.
 */
#include <stdlib.h>
#include <wok/memory.h>

#include "db/postgres/connection.h"
#include "db/postgres/copy.h"
#include "db/postgres/data_row.h"
#include "db/postgres/lookup.h"

/* A batch of a stream's rows. */
enum { BATCH_ROWS = 256, BATCH_BYTES = 64 << 10 };

static int unexpected(const struct wok__pg_op *op, const struct wok__pg_message *message)
{
	return wok_fail(WOK_EPEER, "PostgreSQL sent a message '%c' (0x%02x) %s", message->type,
			(unsigned char) message->type,
			op ? "that is no answer to what was asked" : "though nothing was asked");
}

static void step(wok_pg_conn *conn, struct wok__pg_op *op)
{
	op->steps++;
	if (*op->steps == 'm' && op->repeats > 0) {
		op->repeats--;
		op->steps = op->begin;
	} else if (*op->steps == 'm' && op->synced) {
		op->steps++;
	}
	if (!*op->steps)
		wok__pg_op_done(conn, op);
}

/* Move a group that failed to its Sync; what comes later does that when it is queued. */
static void skip_to_sync(wok_pg_conn *conn, struct wok__pg_op *op)
{
	struct wok__node *node = &op->link;
	bool found = false;

	while (!found && node != &conn->ops.head) {
		struct wok__pg_op *each = WOK__CONTAINER(node, struct wok__pg_op, link);
		const char *sync = strchr(each->steps, 'z');

		node = node->next;
		found = sync != NULL;
		if (each != op)
			each->failed = WOK__PG_SKIPPED;
		if (sync)
			each->steps = sync;
		else
			wok__pg_op_done(conn, each);
	}
	conn->skipping = !found;
}

/* The server's last words, before it closes the connection. */
static void note_cause(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	wok_db_error error;

	if (wok__pg_read_error(message, &error) < 0 || conn->cause_size ||
	    !wok__pg_is_fatal(&error))
		return;
	conn->cause = wok_alloc(message->size);
	if (conn->cause) {
		memcpy(conn->cause, message->body, message->size);
		conn->cause_size = message->size;
	}
}

static int take_error(wok_pg_conn *conn, struct wok__pg_op *op,
		      const struct wok__pg_message *message)
{
	wok_db_error error;

	WOK_TRY(wok__pg_read_error(message, &error));
	note_cause(conn, message);
	if (!op)
		return conn->cause_size ? 0 : unexpected(op, message);
	if (op->failed == 0 && !op->error) {
		op->failed = WOK_EDB;
		op->error = wok_alloc(message->size);
		op->error_size = message->size;
		if (op->error)
			memcpy(op->error, message->body, message->size);
		else
			op->failed = -ENOMEM;
	}
	op->copying = false;
	if (*op->steps != 'q' && *op->steps != 'z')
		skip_to_sync(conn, op);
	return 0;
}

static int take_ready(wok_pg_conn *conn, struct wok__pg_op *op,
		      const struct wok__pg_message *message)
{
	const char status = (char) (message->size == 1 ? message->body[0] : '\0');

	if ((*op->steps != 'z' && *op->steps != 'q') ||
	    (status != 'I' && status != 'T' && status != 'E'))
		return unexpected(op, message);
	conn->status = status;
	op->copying = false;
	step(conn, op);
	return 0;
}

/* Of many executions the sum; of a script the last. */
static void add_changes(struct wok__pg_op *op)
{
	const bool many = op->begin[0] == 'b';

	op->result.changes = many ? op->result.changes + op->tag_changes : op->tag_changes;
}

static int take_tag(struct wok__pg_op *op, const struct wok__pg_message *message)
{
	const char *tag = message->body;
	size_t size = message->size;

	/* The executions of a batch mostly end alike. */
	if (size > 0 && size == op->tag_size && memcmp(tag, op->result.status, size) == 0) {
		add_changes(op);
		return 0;
	}
	if (size == 0 || memchr(tag, '\0', size) != tag + size - 1)
		return unexpected(op, message);
	op->tag_size = size <= sizeof(op->result.status) ? size : 0;
	size--;
	op->tag_changes = wok__pg_tag_changes(tag, size);
	add_changes(op);
	if (size >= sizeof(op->result.status))
		size = sizeof(op->result.status) - 1;
	memcpy(op->result.status, tag, size);
	op->result.status[size] = '\0';
	return 0;
}

/* What adding rows came to: no memory and the limit fail the operation, not the connection. */
static int added(struct wok__pg_op *op, int r)
{
	if (r == 0 || r == WOK_EPEER)
		return r;
	wok__pg_op_fail(op, r);
	/* A stream's reader may hold one of those before it. */
	if (op->sink != WOK__PG_STREAM)
		wok_rows_free(WOK_TAKE(op->rows));
	op->sink = WOK__PG_DROP;
	return 0;
}

static int take_row(struct wok__pg_op *op, const struct wok__pg_message *message)
{
	op->n_rows++;
	op->batch_bytes += message->size;
	if (*op->steps == 'q' || op->sink == WOK__PG_DROP || op->sink == WOK__PG_COPY)
		return 0;
	if (!op->shape || !op->rows)
		return unexpected(op, message);
	if (op->failed < 0 || op->rows->count >= op->most)
		return 0;
	return added(op, wok__pg_data_row(op->shape, message, op->rows));
}

static int take_described(wok_pg_conn *conn, struct wok__pg_op *op,
			  const struct wok__pg_message *message)
{
	const enum wok__pg_formats formats = op->own_shape ? WOK__PG_SAID : WOK__PG_BEST;
	struct wok__pg_shape *shape = NULL;
	int r = 0;

	if (message->type == 'T')
		r = wok__pg_shape_new(conn->types, message, formats, &shape);
	else if (message->type != 'n')
		return unexpected(op, message);
	if (r == WOK_EPEER)
		return r;
	if (r == 0 && op->statement && !op->own_shape) {
		wok__pg_shape_unref(op->statement->shape);
		op->statement->shape = wok__pg_shape_ref(shape);
	}
	if (shape && op->all_binary && !shape->all_binary) {
		wok__pg_shape_unref(WOK_TAKE(shape));
		r = wok__pg_shape_new(conn->types, message, WOK__PG_BINARY, &shape);
	}
	wok__pg_shape_unref(op->shape);
	op->shape = shape;
	if (r == 0 && shape && op->sink == WOK__PG_KEEP && !op->rows)
		r = wok__rows_new(shape->columns, op->limit, &op->rows);
	if (r < 0) {
		op->failed = r;
		op->sink = WOK__PG_DROP;
	}
	step(conn, op);
	return 0;
}

static int take_parameters(wok_pg_conn *conn, struct wok__pg_op *op,
			   const struct wok__pg_message *message)
{
	struct wok__pg_reader reader = wok__pg_read(message);
	const size_t n = wok__pg_read_int16(&reader);

	if (reader.failed || reader.left != n * 4)
		return unexpected(op, message);
	if (op->statement) {
		int r = wok__pg_statement_set_types(op->statement, reader.at, n);

		if (r < 0 && op->failed == 0)
			op->failed = r;
	}
	step(conn, op);
	return 0;
}

/* What may come between the begin of an execution and its end. */
static int take_execution(wok_pg_conn *conn, struct wok__pg_op *op,
			  const struct wok__pg_message *message)
{
	switch (message->type) {
	case 'D':
		return take_row(op, message);
	case 'C':
		WOK_TRY(take_tag(op, message));
		wok__pg_look_at_tag(conn, message->body);
		break;
	case 's':
		op->suspended = true;
		break;
	case 'I':
		break;
	case 'G':
	case 'H':
	case 'W':
	case 'd':
	case 'c':
		return wok__pg_copy_message(conn, op, message);
	default:
		return unexpected(op, message);
	}
	if (*op->steps == 'x')
		step(conn, op);
	return 0;
}

/* One that only says that something was done. */
static int take_bare(wok_pg_conn *conn, struct wok__pg_op *op,
		     const struct wok__pg_message *message, char wanted)
{
	if (message->type != wanted || message->size > 0)
		return unexpected(op, message);
	step(conn, op);
	return 0;
}

static int take_answer(wok_pg_conn *conn, struct wok__pg_op *op,
		       const struct wok__pg_message *message)
{
	switch (*op->steps) {
	case 'x':
		return take_execution(conn, op, message);
	case 'q':
		return message->type == 'T' ? 0 : take_execution(conn, op, message);
	case 'd':
		return message->type == 't' ? take_parameters(conn, op, message)
					    : unexpected(op, message);
	case 'r':
		return take_described(conn, op, message);
	case 'p':
		return take_bare(conn, op, message, '1');
	case 'b':
		return take_bare(conn, op, message, '2');
	case 'c':
		return take_bare(conn, op, message, '3');
	default:
		return unexpected(op, message);
	}
}

/* A batch is used before more is read: from here on the server waits. */
static bool batch_is_full(const struct wok__pg_op *op)
{
	return op->sink == WOK__PG_STREAM && op->rows &&
	       (wok_rows_count(op->rows) >= BATCH_ROWS || op->batch_bytes >= BATCH_BYTES);
}

static void note_full(struct wok__pg_op *op)
{
	op->full = true;
	if (op->waiter)
		wok_event_set(&op->waiter->wake);
}

static struct wok__pg_op *first_op(wok_pg_conn *conn)
{
	struct wok__node *first = wok__list_first(&conn->ops);

	return first ? WOK__CONTAINER(first, struct wok__pg_op, link) : NULL;
}

/* Rows that are whole; that which goes over the end of a batch is left to take_row(). */
ssize_t wok__pg_dispatch_rows(wok_pg_conn *conn, const char *data, size_t size)
{
	struct wok__pg_op *op = first_op(conn);
	size_t done;

	if (!op || *op->steps != 'x' || op->full || !op->shape || !op->rows || op->failed < 0)
		return 0;
	const bool stream = op->sink == WOK__PG_STREAM;
	const size_t count = op->rows->count, most = stream ? BATCH_ROWS : op->most;
	if (stream && size > BATCH_BYTES - op->batch_bytes)
		size = BATCH_BYTES - op->batch_bytes;
	int r = wok__pg_data_rows(op->shape, data, size, conn->options.max_message, most - count,
				  op->rows, &done);
	const size_t n = op->rows->count - count;
	op->n_rows += n;
	op->batch_bytes += done - n * WOK__PG_HEAD;
	op->started |= done > 0;
	op->bytes_in += done;
	r = added(op, r);
	if (batch_is_full(op))
		note_full(op);
	return r < 0 ? r : (ssize_t) done;
}

int wok__pg_dispatch(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	struct wok__pg_op *op = first_op(conn);

	switch (message->type) {
	case 'S':
		return wok__pg_parameter_status(conn, message);
	case 'N':
		return wok__pg_notice(conn, message);
	case 'A':
		return wok__pg_notification(conn, message);
	case 'E':
		return take_error(conn, op, message);
	default:
		break;
	}
	if (!op)
		return unexpected(op, message);
	if (op->full && (message->type == 'D' || message->type == 'd'))
		return 1;
	op->started = true;
	op->bytes_in += WOK__PG_HEAD + message->size;
	if (message->type == 'Z')
		return take_ready(conn, op, message);
	int r = take_answer(conn, op, message);
	if (r == 0 && message->type == 'D' && batch_is_full(op))
		note_full(op);
	return r;
}
