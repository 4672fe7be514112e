/* SPDX-License-Identifier: MIT */
/* What the server says: errors and notices. */
#include "db/error.h"

#include "db/postgres/connection.h"
#include "task/park.h"

bool wok__pg_is_fatal(const wok_db_error *error)
{
	return error->severity &&
	       (strcmp(error->severity, "FATAL") == 0 || strcmp(error->severity, "PANIC") == 0);
}

/* Any function of a user's may raise any code: only after a fatal one the server goes. */
static int code_of(const wok_db_error *error, bool lost)
{
	const char *const state = error->sqlstate;

	if (lost || (wok__pg_is_fatal(error) && strncmp(state, "57P0", 4) == 0))
		return WOK_ECONNLOST;
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0)
		return WOK_ERETRY;
	return WOK_EDB;
}

int wok__pg_fail(const char *body, size_t size, bool lost)
{
	const struct wok__pg_message message = {'E', body, size};
	wok_db_error error;

	WOK_TRY(wok__pg_read_error(&message, &error));
	error.code = code_of(&error, lost);
	error.retry = error.code == WOK_ERETRY;
	return wok__db_fail(&error);
}

int wok__pg_notice(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	wok_db_error notice;

	WOK_TRY(wok__pg_read_error(message, &notice));
	if (conn->options.on_notice) {
		const char *before = wok__nowait_enter("a notice's callback");

		conn->options.on_notice(&notice, conn->options.arg);
		wok__nowait_leave(before);
	}
	return 0;
}
