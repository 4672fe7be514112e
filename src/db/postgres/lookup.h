/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_LOOKUP_H
#define WOK_DB_POSTGRES_LOOKUP_H
/* Types that are not built in are asked for once a connection: see types/catalog.h. */
#include "db/postgres/connection.h"

/*
 * After a statement was described: look up the types that nobody knows, and read its rows by them.
 * What the server does not tell of stays text. 0; -ENOMEM; a broken connection; -ECANCELED.
 */
int wok__pg_look_up(wok_pg_conn *conn, struct wok__pg_statement *statement);

/* A command may have changed types, as its tag tells: "DROP TYPE". */
void wok__pg_look_at_tag(wok_pg_conn *conn, const char *tag);

/* Before the next statement: forget them then, and the statements that were read by them. */
void wok__pg_forget_types(wok_pg_conn *conn);
#endif
