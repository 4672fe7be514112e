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

/* What a connection knows of the database, and may have to learn anew. */
enum wok__pg_outdated {
	WOK__PG_OUTDATED_TYPES = 1,      /* its types, and the statements that were read by them */
	WOK__PG_OUTDATED_STATEMENTS = 2, /* all statements: tables have changed */
};

/* Before the next statement: forget what is outdated. */
void wok__pg_forget(wok_pg_conn *conn);

/* pool_wire.c: the connections of the same pool, this one too, learn it anew. */
void wok__pg_outdate(wok_pg_conn *conn, enum wok__pg_outdated what);
#endif
