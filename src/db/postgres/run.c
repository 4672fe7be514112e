/* SPDX-License-Identifier: MIT */
/*
 * Running a statement: find it in the cache or prepare it, send Bind and Execute with a Sync of
 * their own, and wait. What the server says of a prepared statement that is no longer true is
 * healed here, where that is safe: outside of transactions, where a failed statement did nothing.
 */
#include <wok/loop.h>
#include <wok/timeout.h>

#include "db/postgres/lookup.h"
#include "db/postgres/run.h"
#include "db/postgres/types/encode_usual.h"
#include "platform/path.h"
#include "task/park.h"

enum { PARAMETERS_MAX = 65535 };

int wok__pg_check_call(const char *sql, const wok_args *args)
{
	if (!sql)
		return wok_fail(-EINVAL, "the SQL is NULL");
	if (args && args->count > PARAMETERS_MAX)
		return wok_fail(-EINVAL, "%zu parameters; PostgreSQL takes %d at most", args->count,
				PARAMETERS_MAX);
	return 0;
}

/* Take back what was appended, and say why. */
int wok__pg_take_back(wok_pg_conn *conn, size_t mark, int r)
{
	if (r == 0)
		r = conn->out.error;
	conn->out.size = mark;
	conn->out.error = 0;
	return r;
}

static void send_formats(struct wok__pg_buffer *out, const struct wok__pg_shape *shape, bool binary)
{
	if (binary || !shape || shape->all_binary) {
		wok__pg_buffer_int16(out, 1);
		wok__pg_buffer_int16(out, 1);
		return;
	}
	wok__pg_buffer_int16(out, (uint16_t) shape->count);
	for (size_t i = 0; i < shape->count; i++)
		wok__pg_buffer_int16(out, (uint16_t) shape->column[i].format);
}

/* A Bind up to its n values. Returns where their formats go, which stand before them. */
static size_t begin_bind(struct wok__pg_buffer *out, const char *portal,
			 const struct wok__pg_statement *statement, size_t n)
{
	const size_t names[] = {strlen(portal) + 1, statement->name_size + 1};
	char *at = wok__pg_buffer_room(out, WOK__PG_HEAD + names[0] + names[1] + 2 + 2 * n + 2);

	if (!at)
		return 0;
	*at = 'B';
	at = memcpy(at + WOK__PG_HEAD, portal, names[0]);
	at = memcpy(at + names[0], statement->name, names[1]);
	at += names[1];
	wok__pg_put16(at, (uint16_t) n);
	wok__pg_put16(at + 2 + 2 * n, (uint16_t) n);
	return (size_t) (at + 2 - out->data);
}

int wok__pg_send_bind(wok_pg_conn *conn, const char *portal, struct wok__pg_statement *statement,
		      const wok_args *args, bool binary)
{
	struct wok__pg_buffer *out = &conn->out;
	const size_t n = args ? args->count : 0, begun = out->size + 1;

	WOK_TRY(wok__pg_statement_find_types(conn, statement));
	const size_t formats = begin_bind(out, portal, statement, n);
	for (size_t i = 0; i < n && out->error == 0; i++) {
		const wok_value *value = &args->values[i];
		const struct wok__pg_type *type =
			statement->n_types > i ? statement->found[i]
					       : wok__pg_type_find(conn->types, value->type);
		int16_t format = 0;

		if (!wok__pg_add_usual(type, value, out, &format))
			WOK_TRY(wok__pg_encode(conn->types, (ssize_t) i + 1, type, value, out,
					       &format));
		wok__pg_put16(out->data + formats + 2 * i, (uint16_t) format);
	}
	send_formats(out, statement->shape, binary);
	wok__pg_send_end(out, begun);
	return out->error;
}

int wok__pg_check_count(const struct wok__pg_statement *statement, const wok_args *args)
{
	const size_t n = args ? args->count : 0;

	if (n == statement->n_types)
		return 0;
	return wok_fail(-EINVAL, "the statement has %zu parameters, and %zu were given",
			statement->n_types, n);
}

static void send_parse(wok_pg_conn *conn, const struct wok__pg_statement *statement)
{
	/* Without a name it is parsed each time, then with the types that it had at first. */
	const bool again = statement->types != NULL;

	wok__pg_send_parse(&conn->out, statement->name, statement->sql,
			   again ? statement->types : statement->declared,
			   again ? statement->n_types : statement->n_declared);
}

/* Nothing may be sent into the middle of what another task sends alone. */
static bool may_send(const wok_pg_conn *conn)
{
	return !conn->dead && wok_semaphore_available(&conn->gate) > 0;
}

/* What is not kept is closed after its first use, or when it could not be used. */
static void forget_temporary(wok_pg_conn *conn, struct wok__pg_statement *statement)
{
	if (statement->temporary && statement->state == WOK__PG_READY && may_send(conn))
		wok__pg_statement_drop(conn, statement, true);
}

/*
 * Whether the server still has what it was told to parse. refused: it said itself that it has not;
 * of what was cancelled nobody knows, and to close what is not there is no error.
 */
static void settle(wok_pg_conn *conn, struct wok__pg_statement *statement, bool good, bool refused)
{
	statement->state = good ? WOK__PG_READY : WOK__PG_NEW;
	if (!good)
		wok__pg_statement_drop(conn, statement, !refused && may_send(conn));
	wok_event_set(&statement->settled);
}

/* In a transaction the whole of it has to be run again: what failed has ended it. */
static int stale(const struct wok__pg_op *op)
{
	WOK_IGNORE(wok__pg_fail(op->error, op->error_size, false));
	return wok_fail(WOK_ERETRY,
			"%s: what was prepared is not true any more, as after tables changed; roll "
			"the transaction back and run it again",
			wok_errmsg(WOK_EDB));
}

static bool name_is_used(const struct wok__pg_op *op)
{
	char state[6];

	wok__pg_op_sqlstate(op, state);
	return strcmp(state, "42P05") == 0;
}

/* A cancel for somebody else's statement hit it. */
static bool was_hit(const wok_pg_conn *conn, const struct wok__pg_op *op)
{
	char state[6];

	wok__pg_op_sqlstate(op, state);
	return strcmp(state, "57014") == 0 && conn->cancels != op->cancels;
}

/* The server did not take a statement. 1: it may at the next try; r: that stands. */
static int heal_prepare(wok_pg_conn *conn, const struct wok__pg_op *op, int r)
{
	if (was_hit(conn, op))
		return conn->status == 'I' ? 1 : r;
	if (!name_is_used(op))
		return r;
	/* By a session before ours, behind a pooler: there are names enough. */
	WOK_IGNORE(
		wok__sys_random_bytes(&conn->statements.numbers, sizeof(conn->statements.numbers)));
	return conn->status == 'I' ? 1 : stale(op);
}

/* Have the server parse and describe a statement: a round trip of its own. 1: it has to be tried
 * again, if there are tries left. */
static int prepare(wok_pg_conn *conn, struct wok__pg_statement *statement, bool tries_left)
{
	const size_t mark = conn->out.size;
	struct wok__pg_op op;

	wok__pg_op_init(&op, "pdrz");
	op.statement = wok__pg_statement_ref(statement);
	send_parse(conn, statement);
	wok__pg_send_named(&conn->out, 'D', 'S', statement->name);
	wok__pg_send_bare(&conn->out, 'S');
	int r = conn->out.error;
	if (r < 0) {
		wok__pg_take_back(conn, mark, r);
	} else {
		statement->state = WOK__PG_PARSING;
		wok__pg_op_queue(conn, &op, mark);
		r = wok__pg_finish(conn, &op);
		r = r < 0 ? r : wok__pg_op_result(conn, &op);
		if (r == WOK_EDB && tries_left)
			r = heal_prepare(conn, &op, r);
	}
	settle(conn, statement, r == 0, op.error != NULL);
	wok__pg_op_clear(&op);
	return r;
}

/* Each of these ends with a Sync of its own, so that an error stays where it is. */
static const char *send_group(wok_pg_conn *conn, struct wok__pg_statement *statement,
			      const wok_args *args, bool whole, int *ret_result)
{
	const bool nameless = !statement->name[0];
	struct wok__pg_buffer *out = &conn->out;

	if (whole || nameless)
		send_parse(conn, statement);
	if (whole)
		wok__pg_send_named(out, 'D', 'S', statement->name);
	*ret_result = wok__pg_send_bind(conn, "", statement, args, whole);
	if (nameless && !whole)
		wok__pg_send_named(out, 'D', 'P', "");
	wok__pg_send_execute(out, "", 0);
	wok__pg_send_bare(out, 'S');
	if (whole)
		return "pdrbxz";
	return nameless ? "pbrxz" : "bxz";
}

static int make_rows(struct wok__pg_op *op, const struct wok__pg_statement *statement)
{
	op->shape = wok__pg_shape_ref(statement->shape);
	if (!op->shape || op->sink == WOK__PG_DROP || op->sink == WOK__PG_COPY)
		return 0;
	return wok__rows_new(op->shape->columns, op->limit, &op->rows);
}

/* Send it and wait. whole: with the parsing. */
static int run_once(wok_pg_conn *conn, struct wok__pg_statement *statement, const wok_args *args,
		    bool whole, struct wok__pg_op *op)
{
	const size_t mark = conn->out.size;
	int r = whole ? 0 : make_rows(op, statement);

	if (r == 0)
		op->steps = op->begin = send_group(conn, statement, args, whole, &r);
	if (r < 0 || conn->out.error < 0)
		return wok__pg_take_back(conn, mark, r);
	op->statement = wok__pg_statement_ref(statement);
	op->all_binary = whole;
	op->own_shape = !statement->name[0] && !whole;
	if (whole)
		statement->state = WOK__PG_PARSING;
	wok__pg_op_queue(conn, op, mark);
	/* Behind its own Sync: whatever it comes to, the server forgets it. */
	if (!whole)
		forget_temporary(conn, statement);
	r = wok__pg_finish(conn, op);
	if (whole)
		settle(conn, statement, statement->types != NULL && !conn->dead, true);
	return r;
}

/* What a failed operation says of its statement. */
enum heal {
	AS_IT_IS,
	AGAIN,        /* a cancel for somebody else's statement hit it */
	FORGET,       /* the server does not have it: prepare it anew */
	OUTDATED,     /* it has, but the tables have changed since: so it is with others */
	CLOSE,        /* it has, but of no use */
	NAME_IS_USED, /* of another session's statement: behind a pooler */
	BY_COLUMN,    /* not all columns have a binary form */
};

/* The server's own name for it: many other things are not supported as well. */
static bool is_outdated(const struct wok__pg_op *op)
{
	const struct wok__pg_message message = {'E', op->error, op->error_size};
	wok_db_error error;

	return wok__pg_read_error(&message, &error) == 0 && error.routine &&
	       strcmp(error.routine, "RevalidateCachedQuery") == 0;
}

static enum heal look_at(const wok_pg_conn *conn, const struct wok__pg_op *op, bool whole)
{
	char state[6];

	if (!op->error)
		return AS_IT_IS;
	wok__pg_op_sqlstate(op, state);
	if (was_hit(conn, op))
		return AGAIN;
	if (strcmp(state, "26000") == 0)
		return FORGET;
	if (name_is_used(op))
		return NAME_IS_USED;
	if (strcmp(state, "0A000") == 0 && !whole)
		return is_outdated(op) ? OUTDATED : CLOSE;
	if (strcmp(state, "08P01") == 0 && op->own_shape)
		return FORGET;
	if (strcmp(state, "42883") == 0 && whole && op->statement->types)
		return BY_COLUMN;
	return AS_IT_IS;
}

int wok__pg_heal(wok_pg_conn *conn, struct wok__pg_statement *statement,
		 const struct wok__pg_op *op, bool whole)
{
	const enum heal what = look_at(conn, op, whole);

	if (what == AS_IT_IS)
		return 0;
	if (what == OUTDATED)
		wok__pg_outdate(conn, WOK__PG_OUTDATED_STATEMENTS);
	if (what == FORGET || what == CLOSE || what == NAME_IS_USED) {
		WOK_TRY(wok__pg_enter(conn));
		if (statement->state != WOK__PG_GONE)
			wok__pg_statement_drop(conn, statement, what == CLOSE);
	}
	if (conn->status != 'I')
		return what == AGAIN || what == BY_COLUMN ? 0 : stale(op);
	return 1;
}

/* The answer's fields for a new try; what the caller has set stays. */
static void reset(struct wok__pg_op *op)
{
	const enum wok__pg_sink sink = op->sink;
	const size_t limit = op->limit, most = op->most;
	const void *const task = op->task;

	wok__pg_op_clear(op);
	wok__pg_op_init(op, "");
	op->sink = sink;
	op->limit = limit;
	op->most = most;
	op->task = task;
}

/* The statement, prepared; or, where it can go whole, new. */
int wok__pg_statement_ready(wok_pg_conn *conn, const char *sql, const wok_args *args, bool whole,
			    struct wok__pg_statement **ret_statement, bool *ret_prepared)
{
	for (int tries = 0;; tries++) {
		struct wok__pg_statement *statement;
		int r;

		WOK_TRY(wok__pg_enter(conn));
		wok__pg_forget(conn);
		WOK_TRY(wok__pg_statement_get(conn, sql, args, &statement));
		if (statement->state == WOK__PG_READY ||
		    (statement->state == WOK__PG_NEW && whole)) {
			*ret_statement = statement;
			return 0;
		}
		if (statement->state == WOK__PG_PARSING) {
			r = wok_event_wait(&statement->settled);
		} else {
			r = prepare(conn, statement, tries < WOK__PG_HEAL_MAX);
			if (r == 0 && !conn->dead)
				r = wok__pg_look_up(conn, statement);
			*ret_prepared = true;
			if (r == 0 && statement->temporary && !conn->dead) {
				*ret_statement = statement; /* it cannot be found again */
				return 0;
			}
		}
		wok__pg_statement_unref(statement);
		if (r < 0)
			return r;
	}
}

static bool all_typed(const wok_args *args)
{
	for (size_t i = 0; args && i < args->count; i++)
		if (args->values[i].type == 0 && args->values[i].kind != WOK_VALUE_TEXT &&
		    args->values[i].kind != WOK_VALUE_NULL)
			return false;
	return true;
}

static int run(wok_pg_conn *conn, const char *sql, const wok_args *args, bool one_trip,
	       struct wok__pg_op *op, bool *ret_prepared)
{
	for (int tries = 0;; tries++) {
		struct wok__pg_statement *statement;
		const bool may = one_trip && tries == 0 && conn->status == 'I' &&
				 wok__list_empty(&conn->ops) && all_typed(args);

		WOK_TRY(wok__pg_statement_ready(conn, sql, args, may, &statement, ret_prepared));
		const bool whole = statement->state == WOK__PG_NEW;
		int r = whole ? 0 : wok__pg_check_count(statement, args);
		if (r == 0)
			r = run_once(conn, statement, args, whole, op);
		if (r == 0 && op->failed == WOK_EDB && tries < WOK__PG_HEAL_MAX)
			r = wok__pg_heal(conn, statement, op, whole);
		forget_temporary(conn, statement);
		wok__pg_statement_unref(statement);
		if (r <= 0)
			return r < 0 ? r : wok__pg_op_result(conn, op);
		reset(op);
	}
}

static void log_query(const wok_pg_conn *conn, const char *sql, wok_time begun, int result,
		      const struct wok__pg_op *op, bool prepared, size_t sent)
{
	const wok_pg_query_info info = {
		.sql = sql,
		.duration = wok_now() - begun,
		.rows = op->n_rows,
		.bytes_sent = sent,
		.bytes_received = op->bytes_in,
		.result = result,
		.prepared = prepared,
	};
	const char *before = wok__nowait_enter("a query's callback");

	conn->options.on_query(&info, conn->options.arg);
	wok__nowait_leave(before);
}

int wok__pg_run(wok_pg_conn *conn, const char *sql, const wok_args *args,
		const wok_pg_query_options *options, struct wok__pg_op *op)
{
	const wok_time limit =
		options && options->timeout ? options->timeout : conn->options.command_timeout;
	const bool one_trip = options && options->in_one_trip, logs = conn->options.on_query;
	const wok_time begun = logs ? wok_now() : 0;
	bool prepared = false;
	int r = wok__pg_check_call(sql, args);

	if (r == 0 && limit == WOK_FOREVER) {
		r = run(conn, sql, args, one_trip, op, &prepared);
	} else if (r == 0) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;

		WOK_TIMEOUT (&timeout, limit) {
			r = run(conn, sql, args, one_trip, op, &prepared);
		}
		r = wok_timeout_result(&timeout, r);
	}
	if (logs)
		log_query(conn, sql, begun, r, op, prepared, op->bytes_out);
	return r;
}
