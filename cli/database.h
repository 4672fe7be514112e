/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_DATABASE_H
#define WOK_CLI_DATABASE_H
#include <wok/db.h>

/* A database that the command line names: a file is SQLite's, postgresql://... is a server. */
struct database;

/* Whether a text is a server's; if not, it is a file's name. */
bool database_is_server(const char *name);

/* Why such a database cannot be had in this build; NULL: it can. */
const char *database_missing(const char *name);

int database_open(const char *name, struct database **ret_database);
wok_db *database_view(struct database *database);

/* What was written is in the database when this returns 0. NULL does nothing. */
int database_close(struct database *database);
#endif
