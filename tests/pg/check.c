/* SPDX-License-Identifier: MIT */
/* See check.h. */
#include "pg/check.h"

wok_pg_conn *pg_check_connect(const wok_pg_options *options)
{
	wok_pg_conn *conn;

	ASSERT_OK(wok_pg_connect_with(pg_cluster_dsn(), options, &conn));
	return conn;
}

int64_t pg_check_int(wok_pg_conn *conn, const char *sql)
{
	int64_t value;

	ASSERT_EQ(wok_pg_fetch_int(conn, sql, NULL, &value), 1);
	return value;
}

void pg_check_wait(wok_pg_conn *conn, const char *sql, int64_t wanted)
{
	const wok_time end = wok_now() + 10 * WOK_SECOND;

	while (pg_check_int(conn, sql) != wanted) {
		if (wok_now() > end)
			FAIL("after ten seconds it is still not %lld: %s", (long long) wanted, sql);
		ASSERT_OK(wok_sleep(5 * WOK_MS));
	}
}
