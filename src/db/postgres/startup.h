/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_STARTUP_H
#define WOK_DB_POSTGRES_STARTUP_H
/* The conversation that opens a connection: up to the first ReadyForQuery. */
#include "db/postgres/connection.h"

/* The pairs of a startup message: "user", "postgres", ..., NULL. */
int wok__pg_startup(wok_pg_conn *conn, const char *const *pairs);
#endif
