/* SPDX-License-Identifier: MIT */
/* Statements of a pool, each to the connection that it is for: see wok/sqlite_pool.h. */
#include <string.h>
#include <strings.h>
#include <wok/error.h>

#include "db/sqlite/pool.h"
#include "db/sqlite/run.h"

int wok_sqlite_pool_execute(wok_sqlite_pool *pool, const char *sql, const wok_args *args)
{
	WOK_TRY(wok__sqlite_pool_usable(pool));
	return wok_sqlite_execute(pool->writer, sql, args);
}

int wok_sqlite_pool_execute_result(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
				   wok_db_result *ret_result)
{
	WOK_TRY(wok__sqlite_pool_usable(pool));
	return wok_sqlite_execute_result(pool->writer, sql, args, ret_result);
}

/* Whether it may be for a reader; one that writes nevertheless is refused there. */
static bool looks_like_a_query(const char *sql)
{
	static const char *const words[] = {"SELECT", "WITH", "VALUES", "EXPLAIN"};

	sql += strspn(sql, " \t\r\n(");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static bool is_for_reader(const wok_sqlite_pool *pool, const char *sql)
{
	return pool->limit > 0 && !wok__sqlite_owns(pool->writer) && looks_like_a_query(sql);
}

/* It had no effect: it is for the writer. */
static bool was_refused(int r)
{
	const wok_db_error *error = r == WOK_EDB ? wok_db_last_error() : NULL;

	return error && (error->number & 0xff) == SQLITE_READONLY;
}

typedef int fetch_fn(wok_sqlite *db, const char *sql, const wok_args *args, wok_rows **ret_rows);

static int fetch_by(wok_sqlite_pool *pool, fetch_fn *fetch, const char *sql, const wok_args *args,
		    wok_rows **ret_rows)
{
	wok_sqlite *reader;

	WOK_TRY(wok__sqlite_pool_usable(pool));
	if (!is_for_reader(pool, sql))
		return fetch(pool->writer, sql, args, ret_rows);
	WOK_TRY(wok_sqlite_pool_acquire(pool, &reader));
	wok__sqlite_pool_ref(pool);
	int r = fetch(reader, sql, args, ret_rows);
	wok_sqlite_pool_release(pool, reader);
	if (was_refused(r))
		r = fetch(pool->writer, sql, args, ret_rows);
	wok__sqlite_pool_unref(pool);
	return r;
}

int wok_sqlite_pool_fetch(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			  wok_rows **ret_rows)
{
	return fetch_by(pool, wok_sqlite_fetch, sql, args, ret_rows);
}

int wok_sqlite_pool_fetch_row(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			      wok_rows **ret_rows)
{
	return fetch_by(pool, wok_sqlite_fetch_row, sql, args, ret_rows);
}

int wok_sqlite_pool_fetch_int(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			      int64_t *ret_value)
{
	WOK_AUTO(wok_rows) *rows = NULL;
	const int r = wok_sqlite_pool_fetch_row(pool, sql, args, &rows);

	return r > 0 ? wok__sqlite_first_int(rows, ret_value) : r;
}

static void release(void *pool, wok_sqlite *reader)
{
	wok_sqlite_pool_release(pool, reader);
}

int wok_sqlite_pool_query(wok_sqlite_pool *pool, const char *sql, const wok_args *args,
			  wok_sqlite_cursor **ret_cursor)
{
	wok_sqlite *reader;

	WOK_TRY(wok__sqlite_pool_usable(pool));
	if (!is_for_reader(pool, sql))
		return wok_sqlite_query(pool->writer, sql, args, ret_cursor);
	WOK_TRY(wok_sqlite_pool_acquire(pool, &reader));
	const int r = wok_sqlite_query(reader, sql, args, ret_cursor);
	if (r == 0) {
		wok__sqlite_cursor_then(*ret_cursor, release, pool);
		return 0;
	}
	wok_sqlite_pool_release(pool, reader);
	return was_refused(r) ? wok_sqlite_query(pool->writer, sql, args, ret_cursor) : r;
}

static wok_sqlite_pool *pool_of(wok_db *db)
{
	return WOK__CONTAINER(db, wok_sqlite_pool, face);
}

static int face_execute(wok_db *db, const char *sql, const wok_args *args,
			wok_db_result *ret_result)
{
	WOK_TRY(wok__sqlite_pool_usable(pool_of(db)));
	return wok_sqlite_execute_with(pool_of(db)->writer, sql, args, NULL, ret_result);
}

static int face_fetch(wok_db *db, const char *sql, const wok_args *args, wok_rows **ret_rows)
{
	return wok_sqlite_pool_fetch(pool_of(db), sql, args, ret_rows);
}

static int face_script(wok_db *db, const char *sql)
{
	WOK_TRY(wok__sqlite_pool_usable(pool_of(db)));
	return wok_sqlite_script(pool_of(db)->writer, sql);
}

static int face_transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg)
{
	WOK_TRY(wok__sqlite_pool_usable(pool_of(db)));
	return wok_db_transaction(wok_sqlite_db(pool_of(db)->writer), fn, arg);
}

static bool face_in_transaction(wok_db *db)
{
	return wok__sqlite_owns(pool_of(db)->writer);
}

static const wok_db_ops ops = {
	"sqlite", face_execute, face_fetch, face_script, face_transaction, face_in_transaction,
};

void wok__sqlite_pool_face(wok_sqlite_pool *pool)
{
	pool->face.ops = &ops;
}

wok_db *wok_sqlite_pool_db(wok_sqlite_pool *pool)
{
	return &pool->face;
}
