/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_DIALER_H
#define WOK_DB_POSTGRES_DIALER_H
/* How a server was reached: kept with the connection, as a cancel request goes the same way. */
#include "db/postgres/connection.h"
#include "db/postgres/dial.h"

struct wok__pg_dialer {
	struct wok__pg_settings *settings;
	struct wok__pg_way way;
	bool encrypted;
};

/* Of a DSN; NULL: of what the environment says. As wok__pg_settings_read(). */
int wok__pg_dialer_new(const char *dsn, struct wok__pg_dialer **ret_dialer);
void wok__pg_dialer_free(struct wok__pg_dialer *dialer); /* NULL does nothing */

/* Another stream to the same server, ready for its first message; encrypted if the first was. */
int wok__pg_dialer_dial(const struct wok__pg_dialer *dialer, wok_stream **ret_stream);

/*
 * connect.c: go through the hosts and their ways until one is as it should be. dialer: the
 * connection's, or released. As wok_pg_connect().
 */
int wok__pg_connect(struct wok__pg_dialer *dialer, const wok_pg_options *options,
		    wok_pg_conn **ret_conn);

/* target.c: 1: the server is of the kind that target_session_attrs wants; 0: it is not, and the
 * message says what it is. */
int wok__pg_check_target(wok_pg_conn *conn, enum wok__pg_target target);
#endif
