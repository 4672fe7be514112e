/* SPDX-License-Identifier: MIT */
/* A connection as wok/db.h has it. */
#include <wok/error.h>

#include "db/sqlite/connection.h"

static wok_sqlite *connection_of(wok_db *db)
{
	return WOK__CONTAINER(db, wok_sqlite, face);
}

static int execute(wok_db *db, const char *sql, const wok_args *args, wok_db_result *ret_result)
{
	return wok_sqlite_execute_with(connection_of(db), sql, args, NULL, ret_result);
}

static int fetch(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return wok_sqlite_fetch(connection_of(db), sql, args, ret_rows);
}

static int script(wok_db *db, const char *sql)
{
	return wok_sqlite_script(connection_of(db), sql);
}

static int transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg)
{
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(connection_of(db), NULL, &tx));
	const int r = fn(db, arg);
	if (r < 0)
		return r;
	WOK_TRY(wok_sqlite_transaction_commit(tx));
	return r;
}

static bool in_transaction(wok_db *db)
{
	return wok__sqlite_owns(connection_of(db));
}

static const wok_db_ops ops = {"sqlite", execute, fetch, script, transaction, in_transaction};

void wok__sqlite_face(wok_sqlite *db)
{
	db->face.ops = &ops;
}

wok_db *wok_sqlite_db(wok_sqlite *db)
{
	return &db->face;
}
