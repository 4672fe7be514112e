/* SPDX-License-Identifier: MIT */
/* Every call of wok/sqlite.h is a checkpoint if it says so, and refused in a cancelled scope. */
#include <wok/sqlite_backup.h>
#include <wok/sqlite_blob.h>
#include <wok/sqlite_function.h>
#include <wok/sqlite_pool.h>

#include "check.h"

struct things {
	wok_sqlite *db;
	wok_sqlite_pool *pool;
	wok_sqlite_cursor *cursor;
	wok_sqlite_blob *blob;
	wok_rows *rows;
	int64_t n;
	char byte;
};

static int nothing(struct sqlite3 *handle, void *arg)
{
	(void) handle;
	(void) arg;
	return 0;
}

static int execute(struct things *it)
{
	return wok_sqlite_execute(it->db, "SELECT 1", NULL);
}

static int script(struct things *it)
{
	return wok_sqlite_script(it->db, "SELECT 1; SELECT 2");
}

static int fetch(struct things *it)
{
	wok_rows_free(WOK_TAKE(it->rows));
	return wok_sqlite_fetch(it->db, "SELECT 1", NULL, &it->rows);
}

static int fetch_int(struct things *it)
{
	return wok_sqlite_fetch_int(it->db, "SELECT 1", NULL, &it->n);
}

static int query(struct things *it)
{
	wok_sqlite_cursor_free(WOK_TAKE(it->cursor));
	return wok_sqlite_query(it->db, "SELECT 1 UNION ALL SELECT 2", NULL, &it->cursor);
}

static int next(struct things *it)
{
	const wok_row *row;

	return wok_sqlite_cursor_next(it->cursor, &row);
}

static int transaction(struct things *it)
{
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(it->db, NULL, &tx));
	return wok_sqlite_transaction_commit(tx);
}

static int many(struct things *it)
{
	const wok_args *lists[] = {WOK_ARGS(1)};

	return wok_sqlite_execute_many(it->db, "SELECT ?", lists, 1, NULL);
}

static int batch(struct things *it)
{
	wok_sqlite_statement statement = {.sql = "SELECT 1"};

	return wok_sqlite_batch(it->db, &statement, 1);
}

static int closure(struct things *it)
{
	return wok_sqlite_run(it->db, nothing, NULL);
}

static int blob_open(struct things *it)
{
	wok_sqlite_blob_free(WOK_TAKE(it->blob));
	return wok_sqlite_blob_open(it->db, "t", "x", 1, false, &it->blob);
}

static int blob_read(struct things *it)
{
	return (int) wok_sqlite_blob_read(it->blob, 0, &it->byte, 1);
}

static int hooks(struct things *it)
{
	return wok_sqlite_set_hooks(it->db, NULL);
}

static int checkpoint(struct things *it)
{
	return wok_sqlite_checkpoint(it->db, WOK_SQLITE_PASSIVE, NULL, NULL);
}

static int pool_execute(struct things *it)
{
	return wok_sqlite_pool_execute(it->pool, "SELECT 1", NULL);
}

static int pool_fetch(struct things *it)
{
	wok_rows_free(WOK_TAKE(it->rows));
	return wok_sqlite_pool_fetch(it->pool, "SELECT 1", NULL, &it->rows);
}

static int pool_acquire(struct things *it)
{
	wok_sqlite *reader;

	WOK_TRY(wok_sqlite_pool_acquire(it->pool, &reader));
	wok_sqlite_pool_release(it->pool, reader);
	return 0;
}

static int open_one(struct things *it)
{
	WOK_AUTO(wok_sqlite) *db = NULL;

	(void) it;
	return wok_sqlite_open(":memory:", NULL, &db);
}

/* The checkpoint first: a blob that is open is in its way. */
static int (*const calls[])(struct things *it) = {
	checkpoint, execute,     script,       fetch,      fetch_int,    query,
	next,       transaction, many,         batch,      closure,      blob_open,
	blob_read,  hooks,       pool_execute, pool_fetch, pool_acquire, open_one,
};

static int call_all(void *arg)
{
	struct things *it = arg;

	/* The scope around is cancelled. */
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] != query && calls[i] != blob_open)
			ASSERT_ERR(calls[i](it), -ECANCELED);
	return 0;
}

static void in_a_cancelled_scope(struct things *it)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	wok_scope_cancel(scope, "a test");
	ASSERT_OK(call_all(it));
}

TEST_TASK(every_call_is_a_checkpoint)
{
	char path[PATH_SIZE];

	new_path(path);
	for (int on_loop = 0; on_loop < 2; on_loop++) {
		const wok_sqlite_pool_options options = {.connection.on_loop = on_loop};
		struct things it = {0};

		ASSERT_OK(wok_sqlite_pool_open(path, &options, &it.pool));
		it.db = wok_sqlite_pool_writer(it.pool);
		ASSERT_OK(wok_sqlite_script(it.db, "CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t "
						   "VALUES(x'00')"));
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
			WOK_ASSERT_CHECKPOINT(ASSERT_OK(calls[i](&it)));
		in_a_cancelled_scope(&it);
		WOK_ASSERT_NO_CHECKPOINT(wok_sqlite_cursor_free(it.cursor));
		WOK_ASSERT_NO_CHECKPOINT(wok_sqlite_blob_free(it.blob));
		wok_sqlite_pool_free(it.pool);
		wok_rows_free(it.rows);
	}
	remove_database(path);
}
