/* SPDX-License-Identifier: MIT */
/* Several statements in one round trip, with one Sync: see wok/pg.h and group.h. */
#include <wok/timeout.h>

#include "base/memory.h"
#include "db/postgres/group.h"
#include "db/postgres/run.h"

struct item {
	struct wok__pg_op op;
	struct wok__pg_statement *statement;
};

struct batch {
	wok_pg_conn *conn;
	wok_pg_statement *statements;
	struct item *items; /* and one more, for the end */
	size_t n;
	size_t sent;
};

/* Each is prepared before any runs: an error in one's SQL is that one's, and nothing has happened.
 */
static int prepare_all(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		wok_pg_statement *statement = &batch->statements[i];
		struct item *item = &batch->items[i];
		bool prepared;
		int r = wok__pg_check_call(statement->sql, statement->args);

		if (r == 0)
			r = wok__pg_statement_ready(batch->conn, statement->sql, statement->args,
						    false, &item->statement, &prepared);
		if (r == 0)
			r = wok__pg_check_count(item->statement, statement->args);
		if (r < 0) {
			const wok_db_error *error = wok_db_last_error();

			statement->result = r;
			if (error && error->code == r)
				memcpy(statement->sqlstate, error->sqlstate, 6);
			return r;
		}
	}
	return 0;
}

/* While it waited for its turn, another task may have found out that the tables have changed. */
static bool all_stand(const struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i].statement->state != WOK__PG_READY)
			return false;
	return !batch->conn->outdated;
}

static int make_rows(const struct batch *batch, size_t i)
{
	struct wok__pg_op *op = &batch->items[i].op;

	if (!batch->statements[i].want_rows)
		return 0;
	op->shape = wok__pg_shape_ref(batch->items[i].statement->shape);
	op->sink = WOK__PG_KEEP;
	op->limit = batch->conn->options.max_result;
	return op->shape ? wok__rows_new(op->shape->columns, op->limit, &op->rows) : 0;
}

static int send_one(struct batch *batch, size_t i)
{
	wok_pg_conn *conn = batch->conn;
	struct item *item = &batch->items[i];
	const bool nameless = !item->statement->name[0];
	const size_t mark = conn->out.size;

	wok__pg_op_init(&item->op, nameless ? "pbx" : "bx");
	item->op.alone = true;
	int r = make_rows(batch, i);
	if (nameless)
		wok__pg_send_parse(&conn->out, "", item->statement->sql, item->statement->types,
				   item->statement->n_types);
	if (r == 0)
		r = wok__pg_send_bind(conn, "", item->statement, batch->statements[i].args, false);
	wok__pg_send_execute(&conn->out, "", 0);
	if (r < 0 || conn->out.error < 0) {
		r = wok__pg_take_back(conn, mark, r);
		batch->statements[i].result = r;
		return r;
	}
	wok__pg_op_queue(conn, &item->op, mark);
	batch->sent = i + 1;
	return wok__pg_group_push(conn);
}

static int send_end(struct batch *batch, bool give_up)
{
	struct wok__pg_op *op = &batch->items[batch->n].op;
	const size_t mark = batch->conn->out.size;

	wok__pg_op_init(op, give_up ? "bz" : "z");
	op->alone = true;
	if (batch->conn->dead)
		return wok__pg_dead(batch->conn);
	WOK_TRY(wok__pg_group_end(batch->conn, give_up));
	wok__pg_op_queue(batch->conn, op, mark);
	return 0;
}

/* A cancel stops what runs now; the rest of the group the server skips. */
static int wait_all(struct batch *batch)
{
	struct wok__pg_op *end = &batch->items[batch->n].op;
	int r = wok__pg_push(batch->conn);

	r = r < 0 ? r : wok__pg_wait_done(batch->conn, end);
	if (r < 0 && !end->done)
		wok__pg_cancel(batch->conn, end);
	return r;
}

static int run_group(struct batch *batch)
{
	int r = 0;

	for (size_t i = 0; i < batch->n && r == 0; i++)
		r = send_one(batch, i);
	int ended = send_end(batch, r < 0);
	if (ended == 0)
		ended = wait_all(batch);
	return r < 0 ? r : ended;
}

/* 0, or the first error; the message is its. */
static int collect(struct batch *batch)
{
	int first = 0;

	for (size_t i = batch->n; i-- > 0;) {
		wok_pg_statement *statement = &batch->statements[i];
		struct wok__pg_op *op = &batch->items[i].op;

		if (i >= batch->sent || !op->done)
			continue;
		statement->result = wok__pg_op_result(batch->conn, op);
		statement->changes = op->result;
		wok__pg_op_sqlstate(op, statement->sqlstate);
		if (statement->result < 0)
			first = statement->result;
	}
	const struct wok__pg_op *end = &batch->items[batch->n].op;
	return first < 0 || !end->done ? first : wok__pg_op_result(batch->conn, end);
}

static void clear(struct batch *batch)
{
	for (size_t i = 0; i <= batch->n; i++) {
		struct wok__pg_statement *statement = WOK_TAKE(batch->items[i].statement);

		wok__pg_op_clear(&batch->items[i].op);
		wok__pg_op_init(&batch->items[i].op, "");
		if (statement && statement->temporary && statement->state == WOK__PG_READY &&
		    !batch->conn->dead && wok__pg_enter(batch->conn) == 0)
			wok__pg_statement_drop(batch->conn, statement, true);
		if (statement)
			wok__pg_statement_unref(statement);
	}
	batch->sent = 0;
}

static void hand_over_rows(struct batch *batch)
{
	for (size_t i = 0; i < batch->sent; i++)
		if (batch->items[i].op.done && batch->statements[i].result == 0)
			batch->statements[i].rows = WOK_TAKE(batch->items[i].op.rows);
}

/* Whether the error of a later statement has undone all that one did. */
static bool is_undone(const struct wok__pg_op *op)
{
	static const char *const tags[] = {"INSERT ", "UPDATE ", "DELETE ", "MERGE "};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strncmp(op->result.status, tags[i], strlen(tags[i])) == 0)
			return true;
	return false;
}

/* 1: run all of it again; 0: what it came to stands. What was prepared before the tables changed
 * is all forgotten, or the next one would be refused the next time. */
static int heal(struct batch *batch)
{
	wok_pg_conn *conn = batch->conn;
	bool undone = true;
	size_t bad = 0;

	for (; bad < batch->sent && !batch->items[bad].op.error; bad++)
		undone = undone && is_undone(&batch->items[bad].op);
	if (conn->dead || bad == batch->sent)
		return 0;
	int r = wok__pg_heal(conn, batch->items[bad].statement, &batch->items[bad].op, false);
	for (size_t i = 0; i < batch->sent && r == 1; i++)
		if (batch->items[i].statement->state == WOK__PG_READY)
			wok__pg_statement_drop(conn, batch->items[i].statement, true);
	return r == 1 && !undone ? 0 : r;
}

/* What did not run says so. */
static void begin(wok_pg_statement *statements, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		statements[i].result = WOK_EDB;
		statements[i].sqlstate[0] = '\0';
		statements[i].changes = (wok_db_result){0};
		statements[i].rows = NULL;
	}
}

static int run_once(struct batch *batch, bool may_heal)
{
	begin(batch->statements, batch->n);
	WOK_TRY(prepare_all(batch));
	WOK_TRY(wok__pg_enter_alone(batch->conn));
	if (may_heal && !all_stand(batch)) {
		wok__pg_leave_alone(batch->conn);
		return 1;
	}
	int r = run_group(batch);
	wok__pg_leave_alone(batch->conn);
	const int failed = collect(batch);
	const int healed = r == 0 && may_heal ? heal(batch) : 0;
	if (healed == 1)
		return 1;
	hand_over_rows(batch);
	if (healed < 0)
		return healed;
	return r < 0 ? r : failed;
}

static int run(struct batch *batch)
{
	for (int tries = 0;; tries++) {
		const int r = run_once(batch, tries < WOK__PG_HEAL_MAX);

		if (r <= 0)
			return r;
		clear(batch);
	}
}

int wok_pg_batch(wok_pg_conn *conn, wok_pg_statement *statements, size_t n)
{
	struct batch batch = {.conn = conn, .statements = statements, .n = n};
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	begin(statements, n); /* without memory, too */
	batch.items = wok__alloc_array(n + 1, sizeof(*batch.items));
	if (!batch.items)
		return -ENOMEM;
	for (size_t i = 0; i <= n; i++) {
		wok__pg_op_init(&batch.items[i].op, "");
		batch.items[i].statement = NULL;
	}
	WOK_TIMEOUT (&timeout, conn->options.command_timeout) {
		r = run(&batch);
	}
	clear(&batch);
	wok_free(batch.items);
	return wok_timeout_result(&timeout, r);
}
