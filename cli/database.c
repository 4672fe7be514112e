/* SPDX-License-Identifier: MIT */
/* A database that the command line names: see database.h. */
#include "database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef WOK_CLI_POSTGRES
#include <wok/pg.h>
#endif
#ifdef WOK_CLI_SQLITE
#include <wok/sqlite.h>
#endif
#include <wok/wok.h>

struct database {
	wok_db *view;
#ifdef WOK_CLI_POSTGRES
	wok_pg_conn *server;
#endif
#ifdef WOK_CLI_SQLITE
	wok_sqlite *file;
#endif
};

bool database_is_server(const char *name)
{
	return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

const char *database_missing(const char *name)
{
	if (database_is_server(name)) {
#ifndef WOK_CLI_POSTGRES
		return "this build has no PostgreSQL: it was made without OpenSSL";
#endif
	} else {
#ifndef WOK_CLI_SQLITE
		return "this build has no SQLite";
#endif
	}
	return NULL;
}

static int open_server(struct database *database, const char *name)
{
#ifdef WOK_CLI_POSTGRES
	/* One is enough: what many tasks ask for is on its way together. */
	WOK_TRY(wok_pg_connect(name, &database->server));
	database->view = wok_pg_db(database->server);
	return 0;
#else
	(void) database;
	return wok_fail(-ENOTSUP, "%s", database_missing(name));
#endif
}

static int open_file(struct database *database, const char *name)
{
#ifdef WOK_CLI_SQLITE
	/* Each result is one small INSERT: those that come together share a transaction. */
	const wok_sqlite_options options = {.group_commit = true};

	WOK_TRY(wok_sqlite_open(name, &options, &database->file));
	database->view = wok_sqlite_db(database->file);
	return 0;
#else
	(void) database;
	return wok_fail(-ENOTSUP, "%s", database_missing(name));
#endif
}

int database_open(const char *name, struct database **ret_database)
{
	struct database *database = calloc(1, sizeof(*database));
	if (!database)
		return -ENOMEM;

	int r = database_is_server(name) ? open_server(database, name) : open_file(database, name);
	if (r < 0)
		free(database);
	else
		*ret_database = database;
	return r;
}

wok_db *database_view(struct database *database)
{
	return database->view;
}

int database_close(struct database *database)
{
	int r = 0;

	if (!database)
		return 0;
#ifdef WOK_CLI_POSTGRES
	if (database->server)
		r = wok_pg_close(database->server);
	wok_pg_conn_free(database->server);
#endif
#ifdef WOK_CLI_SQLITE
	if (database->file)
		r = wok_sqlite_close(database->file);
	wok_sqlite_free(database->file);
#endif
	free(database);
	return r;
}
