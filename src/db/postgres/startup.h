/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_STARTUP_H
#define WOK_DB_POSTGRES_STARTUP_H
/* The conversation that opens a connection: up to the first ReadyForQuery. */
#include "db/postgres/dialer.h"

/* Over conn's stream, that the dialer's way has led to. As wok_pg_connect(). */
int wok__pg_startup(wok_pg_conn *conn, struct wok__pg_dialer *dialer);
#endif
