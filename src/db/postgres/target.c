/* SPDX-License-Identifier: MIT */
/* Whether a server is what target_session_attrs wants: see dialer.h. */
#include "db/postgres/dialer.h"

/* A setting that servers since 14 tell of; others are asked. 1; 0. */
static int is_on(wok_pg_conn *conn, const char *parameter, const char *sql)
{
	const char *value = wok_pg_parameter(conn, parameter);
	int64_t answer = 0;

	if (value)
		return strcmp(value, "on") == 0;
	WOK_TRY(wok_pg_fetch_int(conn, sql, NULL, &answer));
	return answer != 0;
}

static int is_standby(wok_pg_conn *conn)
{
	return is_on(conn, "in_hot_standby", "SELECT pg_catalog.pg_is_in_recovery()::int");
}

static int is_read_only(wok_pg_conn *conn)
{
	int r = is_standby(conn);

	return r != 0 ? r
		      : is_on(conn, "default_transaction_read_only",
			      "SELECT (pg_catalog.current_setting('default_transaction_read_only') "
			      "= 'on')::int");
}

/* what: 0 and 1: what the server is, in words. */
static int judge(int is, int wanted, const char *const what[2])
{
	if (is < 0 || is == wanted)
		return is < 0 ? is : 1;
	(void) wok_fail(-EHOSTUNREACH, "it is %s, which target_session_attrs does not want",
			what[is]);
	return 0;
}

int wok__pg_check_target(wok_pg_conn *conn, enum wok__pg_target target)
{
	static const char *const roles[] = {"a primary", "a standby"};
	static const char *const modes[] = {"read-write", "read-only"};

	switch (target) {
	case WOK__PG_READ_WRITE:
	case WOK__PG_READ_ONLY:
		return judge(is_read_only(conn), target == WOK__PG_READ_ONLY, modes);
	case WOK__PG_PRIMARY:
	case WOK__PG_STANDBY:
	case WOK__PG_PREFER_STANDBY:
		return judge(is_standby(conn), target != WOK__PG_PRIMARY, roles);
	default:
		return 1;
	}
}
