/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_GROUP_H
#define WOK_DB_POSTGRES_GROUP_H
/*
 * A group of statements with one Sync at its end: what happens to one happens to all. While it is
 * sent, nobody else sends anything. It goes out in pieces, so that it takes no memory to speak of.
 */
#include "db/postgres/connection.h"

/* After each statement: write if there is a piece. -ECANCELED. */
int wok__pg_group_push(wok_pg_conn *conn);

/*
 * Append the end: a Sync, and, if the group is not to be, before it what makes the server give all
 * of it up: nothing of it has been committed then. -ENOMEM: the connection is broken.
 */
int wok__pg_group_end(wok_pg_conn *conn, bool give_up);
#endif
