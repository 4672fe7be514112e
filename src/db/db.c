/* SPDX-License-Identifier: MIT */
/* One face over any database: see wok/db.h. */
#include <wok/db.h>

const char *wok_db_kind(const wok_db *db)
{
	return db->ops->kind;
}

int wok_db_execute(wok_db *db, const char *sql, const wok_args *args, wok_db_result *ret_result)
{
	return db->ops->execute(db, sql, args, ret_result);
}

int wok_db_fetch(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return db->ops->fetch(db, sql, args, ret_rows);
}

int wok_db_script(wok_db *db, const char *sql)
{
	return db->ops->script(db, sql);
}

int wok_db_transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg)
{
	return db->ops->transaction(db, fn, arg);
}
