/* SPDX-License-Identifier: MIT */
/*
 * One statement with many sets of parameters. It is one operation, whose steps begin anew for each
 * set that was sent ('m'), up to the one Sync at the end. If the server refuses the first set as
 * the tables have changed since the statement was prepared, nothing was done: it is run again.
 */
#include <wok/timeout.h>

#include "db/postgres/group.h"
#include "db/postgres/run.h"

struct many {
	wok_pg_conn *conn;
	struct wok__pg_statement *statement;
	const wok_args *const *args;
	size_t n;
	struct wok__pg_op op;
};

/* Count what was appended from mark on, as a queue would have. */
static void count(struct many *many, size_t mark)
{
	const size_t size = many->conn->out.size - mark;

	many->op.size += size;
	many->op.bytes_out += size;
	many->conn->in_flight += size;
}

static void expect_one_more(struct wok__pg_op *op)
{
	if (*op->steps == 'm')
		op->steps = op->begin;
	else
		op->repeats++;
}

static int send_one(struct many *many, const wok_args *args)
{
	wok_pg_conn *conn = many->conn;
	const size_t mark = conn->out.size;
	int r = wok__pg_check_count(many->statement, args);

	if (r == 0)
		r = wok__pg_send_bind(conn, "", many->statement, args, false);
	wok__pg_send_execute(&conn->out, "", 0);
	if (r < 0 || conn->out.error < 0)
		return wok__pg_take_back(conn, mark, r);
	count(many, mark);
	if (many->op.failed == 0 && !many->op.done)
		expect_one_more(&many->op);
	return wok__pg_group_push(conn);
}

/* The first is on its way already, from the queue. */
static int send_rest(struct many *many)
{
	int r = 0;

	for (size_t i = 1; i < many->n && r == 0 && many->op.failed == 0; i++)
		r = send_one(many, many->args[i]);
	return r;
}

static int begin(struct many *many)
{
	wok_pg_conn *conn = many->conn;
	const size_t mark = conn->out.size;
	const bool nameless = !many->statement->name[0];
	int r = wok__pg_check_count(many->statement, many->args[0]);

	if (nameless)
		wok__pg_send_parse(&conn->out, "", many->statement->sql, many->statement->types,
				   many->statement->n_types);
	if (r == 0)
		r = wok__pg_send_bind(conn, "", many->statement, many->args[0], false);
	wok__pg_send_execute(&conn->out, "", 0);
	if (r < 0 || conn->out.error < 0)
		return wok__pg_take_back(conn, mark, r);
	wok__pg_op_init(&many->op, nameless ? "pbxmz" : "bxmz");
	many->op.begin = nameless ? many->op.steps + 1 : many->op.steps;
	many->op.alone = true;
	wok__pg_op_queue(conn, &many->op, mark);
	return 0;
}

/* The end is sent whatever has happened: the others' statements come behind it. */
static int end(struct many *many, bool give_up)
{
	struct wok__pg_op *op = &many->op;
	const size_t mark = many->conn->out.size;

	if (many->conn->dead)
		return wok__pg_dead(many->conn);
	WOK_TRY(wok__pg_group_end(many->conn, give_up && op->failed == 0));
	count(many, mark);
	op->synced = true;
	if (give_up && op->failed == 0)
		expect_one_more(op);
	else if (*op->steps == 'm')
		op->steps++;
	return 0;
}

static int run_group(struct many *many)
{
	WOK_TRY(begin(many));
	int r = send_rest(many);
	const int ended = end(many, r < 0);

	if (ended < 0 && !many->op.done)
		wok__pg_break(many->conn, ended, NULL);
	if (r == -ECANCELED && !many->op.done)
		wok__pg_cancel(many->conn, &many->op);
	const int finished = wok__pg_finish(many->conn, &many->op);
	if (r < 0)
		return r; /* what the server says then is the refusal that we asked for */
	return finished < 0 ? finished : wok__pg_op_result(many->conn, &many->op);
}

static int run_once(struct many *many, wok_db_result *ret_result, bool may_heal)
{
	wok_pg_conn *conn = many->conn;
	struct wok__pg_op *op = &many->op;
	int r = wok__pg_enter_alone(conn);

	if (r == 0) {
		r = run_group(many);
		wok__pg_leave_alone(conn);
	}
	if (r == 0 && ret_result)
		*ret_result = op->result;
	if (r == WOK_EDB && op->error && may_heal) {
		const int healed = wok__pg_heal(conn, many->statement, op, false);
		const bool done_before = op->result.status[0] != '\0';

		r = healed == 0 || (healed == 1 && done_before) ? r : healed;
	}
	if (many->statement->temporary && !conn->dead && wok__pg_enter(conn) == 0)
		wok__pg_statement_drop(conn, many->statement, true);
	return r;
}

static int run(struct many *many, const char *sql, wok_db_result *ret_result)
{
	for (int tries = 0;; tries++) {
		bool prepared;

		wok__pg_op_init(&many->op, "");
		WOK_TRY(wok__pg_statement_ready(many->conn, sql, many->args[0], false,
						&many->statement, &prepared));
		const int r = run_once(many, ret_result, tries < WOK__PG_HEAL_MAX);
		wok__pg_op_clear(&many->op);
		wok__pg_statement_unref(many->statement);
		if (r <= 0)
			return r;
	}
}

int wok_pg_execute_many(wok_pg_conn *conn, const char *sql, const wok_args *const *args, size_t n,
			wok_db_result *ret_result)
{
	struct many many = {.conn = conn, .args = args, .n = n};
	const wok_time limit = conn->options.command_timeout;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TRY(wok__pg_check_call(sql, NULL));
	if (n == 0) {
		WOK_TRY(wok__pg_enter(conn));
		if (ret_result)
			*ret_result = (wok_db_result){0};
		return 0;
	}
	WOK_TIMEOUT (&timeout, limit) {
		r = run(&many, sql, ret_result);
	}
	return wok_timeout_result(&timeout, r);
}
