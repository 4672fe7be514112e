/* SPDX-License-Identifier: MIT */
/* A connection's life: see connection.h. */
#include "db/postgres/connection.h"

#include <wok/timeout.h>

#include "base/memory.h"
#include "base/message.h"
#include "db/postgres/dialer.h"
#include "db/postgres/types/catalog.h"
#include "loop/fork.h"
#include "loop/report.h"
#include "task/park.h"

/* Twice of it is added up: "for ever" would be over at once. */
#define LONGEST_CANCEL (WOK_FOREVER / 4)

static void set_defaults(wok_pg_options *options)
{
	if (!options->statements)
		options->statements = 256;
	if (!options->statement_max_sql)
		options->statement_max_sql = 16 << 10;
	if (!options->statement_lifetime)
		options->statement_lifetime = 5 * WOK_MINUTE;
	if (!options->command_timeout)
		options->command_timeout = WOK_FOREVER;
	if (!options->cancel_timeout)
		options->cancel_timeout = 2 * WOK_SECOND;
	if (options->cancel_timeout > LONGEST_CANCEL)
		options->cancel_timeout = LONGEST_CANCEL;
	if (!options->max_message)
		options->max_message = (size_t) 1 << 30;
	if (!options->max_result)
		options->max_result = (size_t) 256 << 20;
	if (!options->max_in_flight)
		options->max_in_flight = (size_t) 1 << 20;
	if (!options->max_notifications)
		options->max_notifications = 10000;
}

int wok__pg_conn_new(const wok_pg_options *options, wok_pg_conn **ret_conn)
{
	wok_pg_conn *conn = wok__alloc_zeroed(sizeof(*conn));

	if (!conn)
		return -ENOMEM;
	if (options)
		conn->options = *options;
	set_defaults(&conn->options);
	conn->loop = wok_current_loop();
	conn->generation = wok__fork_generation();
	wok__list_init(&conn->ops);
	wok__list_init(&conn->waiters);
	wok__pg_statements_init(&conn->statements);
	wok__pg_notifications_init(&conn->notifications);
	conn->gate = (wok_semaphore) WOK_SEMAPHORE_INIT(1);
	conn->status = 'I';
	conn->face.ops = &wok__pg_db_ops;
	*ret_conn = conn;
	return 0;
}

int wok__pg_here(const wok_pg_conn *conn)
{
	const wok_loop *loop = wok_current_loop();

	if (conn->generation != wok__fork_generation())
		return wok_fail(-ECHILD, "this is a fork of the process that the connection "
					 "belongs to: open another one here");
	/* Without a loop nothing can wait: whoever does says so. */
	if (loop && loop != conn->loop)
		return wok__foreign(conn, "a PostgreSQL connection");
	return 0;
}

bool wok__pg_is_here(const wok_pg_conn *conn, const char *call)
{
	const struct wok__saved_error saved = wok__error_save();
	const int r = wok__pg_here(conn);

	if (r < 0 && r != -ECHILD)
		wok__report(r, NULL, NULL, "%s did nothing: %s", call, wok_errmsg(r));
	wok__error_restore(saved);
	return r == 0;
}

static void fail_all(wok_pg_conn *conn)
{
	struct wok__node *node;

	while ((node = wok__list_first(&conn->ops))) {
		struct wok__pg_op *op = WOK__CONTAINER(node, struct wok__pg_op, link);

		if (op->failed == 0)
			op->failed = WOK_ECONNLOST;
		wok__pg_op_done(conn, op);
	}
	WOK__LIST_EACH (each, &conn->waiters)
		wok_event_set(&WOK__CONTAINER(each, struct wok__pg_waiter, link)->wake);
}

void wok__pg_break(wok_pg_conn *conn, int code, const char *why)
{
	if (conn->dead)
		return;
	conn->dead = true;
	conn->cut_short = !wok__list_empty(&conn->ops);
	conn->code = code;
	conn->why = wok__strdup(why ? why : wok_errmsg(code));
	if (conn->stream)
		WOK_IGNORE(wok_stream_close(conn->stream));
	fail_all(conn);
}

/* A server that goes says why; a peer that broke the protocol is told apart from a broken line. */
int wok__pg_dead(const wok_pg_conn *conn)
{
	if (conn->cause)
		return wok__pg_fail(conn->cause, conn->cause_size, true);
	const int code = conn->code == WOK_EPEER || conn->code == WOK_ELIMIT ||
					 conn->code == -ENOMEM || conn->code == -EBADF
				 ? conn->code
				 : WOK_ECONNLOST;
	return wok_fail(code, "%s", conn->why ? conn->why : wok_strerror(code));
}

int wok_pg_close(wok_pg_conn *conn)
{
	static const char terminate[] = {'X', 0, 0, 0, 4};

	WOK_TRY(wok__pg_here(conn));
	if (conn->dead)
		return wok_fail(-EBADF, "the connection is closed already");
	if (!conn->writing && conn->sent == conn->sending.size)
		WOK_SHIELD (WOK_MS) {
			wok_timeout timeout = WOK_TIMEOUT_INIT;

			WOK_TIMEOUT (&timeout, 100 * WOK_MS) {
				WOK_IGNORE(wok_stream_write_all(conn->stream, terminate,
								sizeof(terminate)));
			}
		}
	wok__pg_break(conn, -EBADF, "the connection was closed");
	return 0;
}

void wok_pg_conn_free(wok_pg_conn *conn)
{
	if (!conn || !wok__pg_is_here(conn, "wok_pg_conn_free"))
		return;
	if (conn->give_back) {
		conn->give_back(conn);
		return;
	}
	if (!conn->dead && conn->stream)
		WOK_IGNORE(wok_pg_close(conn));
	wok__pg_statements_free(&conn->statements);
	wok__pg_types_unref(conn->types);
	wok__pg_parameters_free(conn);
	wok__pg_notifications_clear(&conn->notifications);
	wok__pg_dialer_free(conn->dialer);
	wok__pg_buffer_free(&conn->out);
	wok__pg_buffer_free(&conn->sending);
	wok_stream_free(conn->stream);
	wok_free(conn->cause);
	wok_free(conn->why);
	wok_free(conn);
}

char wok_pg_status(const wok_pg_conn *conn)
{
	return conn->status;
}

uint32_t wok_pg_backend_pid(const wok_pg_conn *conn)
{
	return conn->process;
}

bool wok_pg_alive(const wok_pg_conn *conn)
{
	return !conn->dead;
}
