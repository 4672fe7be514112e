/* SPDX-License-Identifier: MIT */
/* A connection as wok/db.h has it. */
#include "db/postgres/connection.h"

static wok_pg_conn *connection_of(wok_db *db)
{
	return WOK__CONTAINER(db, wok_pg_conn, face);
}

static int execute(wok_db *db, const char *sql, const wok_args *args, wok_db_result *ret_result)
{
	return wok_pg_execute_with(connection_of(db), sql, args, NULL, ret_result);
}

static int fetch(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return wok_pg_fetch(connection_of(db), sql, args, ret_rows);
}

static int script(wok_db *db, const char *sql)
{
	return wok_pg_script(connection_of(db), sql);
}

static int transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg)
{
	WOK_AUTO(wok_pg_transaction) *tx = NULL;

	WOK_TRY(wok_pg_transaction_begin(connection_of(db), NULL, &tx));
	const int r = fn(db, arg);
	if (r < 0)
		return r;
	WOK_TRY(wok_pg_transaction_commit(tx));
	return r;
}

static bool in_transaction(wok_db *db)
{
	return wok__pg_in_transaction(connection_of(db));
}

const wok_db_ops wok__pg_db_ops = {
	"postgresql", execute, fetch, script, transaction, in_transaction,
};

wok_db *wok_pg_db(wok_pg_conn *conn)
{
	return &conn->face;
}
