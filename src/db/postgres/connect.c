/* SPDX-License-Identifier: MIT */
/* Connecting: see wok/pg.h. */
#include "db/postgres/dialer.h"
#include "db/postgres/startup.h"

int wok_pg_connect_with(const char *dsn, const wok_pg_options *options, wok_pg_conn **ret_conn)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;

	WOK_TRY(wok__pg_conn_new(options, &conn));
	WOK_TRY(wok__pg_dialer_new(dsn, &conn->dialer));
	WOK_TRY(wok__pg_dialer_dial(conn->dialer, &conn->stream));
	WOK_TRY(wok__pg_startup(conn, (const char *const[]){
					      "user",
					      wok__pg_dialer_user(conn->dialer),
					      "database",
					      wok__pg_dialer_database(conn->dialer),
					      "client_encoding",
					      "UTF8",
					      NULL,
				      }));
	*ret_conn = WOK_TAKE(conn);
	return 0;
}

int wok_pg_connect(const char *dsn, wok_pg_conn **ret_conn)
{
	return wok_pg_connect_with(dsn, NULL, ret_conn);
}
