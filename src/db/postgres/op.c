/* SPDX-License-Identifier: MIT */
/* Operations: see op.h. */
#include "db/postgres/op.h"

#include "base/memory.h"
#include "db/postgres/connection.h"

void wok__pg_op_init(struct wok__pg_op *op, const char *steps)
{
	*op = (struct wok__pg_op){
		.steps = steps,
		.begin = steps,
		.limit = WOK_UNLIMITED,
		.most = WOK_UNLIMITED,
	};
	wok__list_init_node(&op->link);
}

void wok__pg_op_clear(struct wok__pg_op *op)
{
	wok_rows_free(WOK_TAKE(op->rows));
	wok__pg_shape_unref(WOK_TAKE(op->shape));
	wok_free(WOK_TAKE(op->why));
	wok_free(WOK_TAKE(op->error));
	if (op->statement)
		wok__pg_statement_unref(WOK_TAKE(op->statement));
}

/* Behind a group that failed nothing runs up to the group's Sync. */
static void skip(wok_pg_conn *conn, struct wok__pg_op *op)
{
	const char *sync = strchr(op->steps, 'z');

	op->failed = WOK__PG_SKIPPED;
	if (sync) {
		op->steps = sync;
		conn->skipping = false;
	} else {
		wok__pg_op_done(conn, op);
	}
}

void wok__pg_op_queue(struct wok_pg_conn *conn, struct wok__pg_op *op, size_t mark)
{
	op->size = op->bytes_out = conn->out.size - mark;
	op->cancels = conn->cancels;
	conn->queries++;
	conn->in_flight += op->size;
	wok__list_push_back(&conn->ops, &op->link);
	if (conn->skipping)
		skip(conn, op);
}

/* Who waits for room is not the one who reads, nor perhaps next: a listener may read for ever. */
static void tell_of_room(struct wok_pg_conn *conn)
{
	WOK__LIST_EACH (node, &conn->waiters) {
		struct wok__pg_waiter *waiter = WOK__CONTAINER(node, struct wok__pg_waiter, link);

		if (!waiter->op)
			wok_event_set(&waiter->wake);
	}
}

void wok__pg_op_done(struct wok_pg_conn *conn, struct wok__pg_op *op)
{
	const bool full = conn->in_flight >= conn->options.max_in_flight;

	wok__list_remove(&op->link);
	conn->in_flight -= op->size;
	if (full && conn->in_flight < conn->options.max_in_flight)
		tell_of_room(conn);
	op->size = 0;
	op->done = true;
	if (op->waiter)
		wok_event_set(&op->waiter->wake);
	if (op->finished)
		op->finished(op);
}

static void free_copy(struct wok__pg_op *op)
{
	wok__pg_op_clear(op);
	wok_free(op);
}

bool wok__pg_op_abandon(struct wok__pg_op *op)
{
	struct wok__pg_op *copy = wok_alloc(sizeof(*copy));

	if (!copy)
		return false;
	*copy = *op;
	wok__list_insert_before(&op->link, &copy->link);
	wok__list_remove(&op->link);
	copy->waiter = NULL;
	copy->sink = copy->sink == WOK__PG_COPY ? WOK__PG_COPY : WOK__PG_DROP;
	copy->copy_data = NULL;
	copy->full = false;
	copy->abandoned = true;
	copy->finished = free_copy;
	wok_rows_free(WOK_TAKE(copy->rows));
	op->rows = NULL;
	op->shape = NULL;
	op->why = NULL;
	op->error = NULL;
	op->statement = NULL;
	op->done = true;
	return true;
}

void wok__pg_op_sqlstate(const struct wok__pg_op *op, char sqlstate[6])
{
	const struct wok__pg_message message = {'E', op->error, op->error_size};
	wok_db_error error;

	sqlstate[0] = '\0';
	if (op->error && wok__pg_read_error(&message, &error) == 0)
		memcpy(sqlstate, error.sqlstate, 6);
}

void wok__pg_op_fail(struct wok__pg_op *op, int code)
{
	op->failed = code;
	if (!op->why)
		op->why = wok__strdup(wok_errmsg(code));
}

int wok__pg_op_result(struct wok_pg_conn *conn, const struct wok__pg_op *op)
{
	if (op->error)
		return wok__pg_fail(op->error, op->error_size, false);
	if (op->failed == WOK__PG_SKIPPED)
		return wok_fail(WOK_EDB, "not run: a statement before it in the group failed");
	if (op->failed == WOK_ECONNLOST)
		return wok__pg_dead(conn);
	if (op->failed < 0 && op->why)
		return wok_fail(op->failed, "%s", op->why);
	if (op->failed < 0)
		return op->failed;
	return 0;
}
