/* SPDX-License-Identifier: MIT */
/* One writer, several readers; and group commit. */
#include <sys/stat.h>
#include <wok/sqlite_pool.h>

#include "check.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/pool.h"
#include "harness/reports.h"

static wok_sqlite_pool *open_pool(const char *path, size_t readers)
{
	const wok_sqlite_pool_options options = {.readers = readers};
	wok_sqlite_pool *pool;

	ASSERT_OK(wok_sqlite_pool_open(path, &options, &pool));
	return pool;
}

static int64_t count(wok_sqlite_pool *pool)
{
	int64_t n;

	ASSERT_EQ(wok_sqlite_pool_fetch_int(pool, "SELECT count(*) FROM t", NULL, &n), 1);
	return n;
}

TEST_TASK(a_snapshot_is_old_and_the_next_read_is_new, "sqlite-7", "sqliterow-6")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite_pool) *pool = open_pool(path, 2);
		wok_sqlite *reader;

		ASSERT_OK(wok_sqlite_pool_execute(pool, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_sqlite_pool_acquire(pool, &reader));
		ASSERT(reader != wok_sqlite_pool_writer(pool));
		{
			WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
			ASSERT_OK(wok_sqlite_transaction_begin(
				reader, &(wok_sqlite_transaction_options){WOK_SQLITE_DEFERRED},
				&tx));
			ASSERT_EQ(one_int(reader, "SELECT count(*) FROM t"), 0);
			ASSERT_OK(wok_sqlite_pool_execute(pool, "INSERT INTO t VALUES(1)", NULL));
			ASSERT_EQ(one_int(reader, "SELECT count(*) FROM t"), 0);
			ASSERT_EQ(count(pool), 1);
		}
		ASSERT_EQ(one_int(reader, "SELECT count(*) FROM t"), 1);
		wok_sqlite_pool_release(pool, reader);
		ASSERT_EQ(pool->n_readers, 2);
	}
	remove_database(path);
}

TEST_TASK(a_reader_refuses_to_write, "sqlite-10", "sqliterow-6")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite_pool) *pool = open_pool(path, 1);
		WOK_AUTO(wok_rows) *rows = NULL;
		wok_sqlite *reader;

		ASSERT_OK(wok_sqlite_pool_execute(pool, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_sqlite_pool_acquire(pool, &reader));
		ASSERT_ERR(wok_sqlite_execute(reader, "INSERT INTO t VALUES(1)", NULL), WOK_EDB);
		ASSERT_NUMBER(SQLITE_READONLY);
		wok_sqlite_pool_release(pool, reader);
		/* The pool gives to the writer what writes, however it looks. */
		ASSERT_EQ(wok_sqlite_pool_fetch_row(pool, "INSERT INTO t VALUES(2) RETURNING x",
						    NULL, &rows),
			  1);
		wok_rows_free(WOK_TAKE(rows));
		ASSERT_OK(wok_db_fetch(wok_sqlite_pool_db(pool),
				       "WITH v(a) AS (SELECT 3) INSERT INTO t SELECT a FROM v "
				       "RETURNING x",
				       NULL, &rows));
		ASSERT_EQ(wok_row_int(wok_rows_at(rows, 0), "x"), 3);
		ASSERT_EQ(count(pool), 2);
	}
	remove_database(path);
}

TEST_TASK(a_task_sees_what_it_wrote_in_its_transaction)
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite_pool) *pool = open_pool(path, 2);
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

		ASSERT_OK(wok_sqlite_pool_execute(pool, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_sqlite_transaction_begin(wok_sqlite_pool_writer(pool), NULL, &tx));
		ASSERT_OK(wok_sqlite_pool_execute(pool, "INSERT INTO t VALUES(1)", NULL));
		ASSERT_EQ(count(pool), 1);
		ASSERT_OK(wok_sqlite_transaction_rollback(tx));
		ASSERT_EQ(count(pool), 0);
	}
	remove_database(path);
}

TEST_TASK(in_memory_there_is_one_database, "sqlite-21", "sqliterow-19")
{
	const wok_sqlite_pool_options readers = {.readers = 2};
	WOK_AUTO(wok_sqlite_pool) *pool = NULL;
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;

	ASSERT_ERR(wok_sqlite_pool_open(":memory:", &readers, &pool), -EINVAL);
	ASSERT_OK(wok_sqlite_pool_open(":memory:", NULL, &pool));
	ASSERT_OK(wok_sqlite_pool_execute(pool, "CREATE TABLE t(x)", NULL));
	ASSERT_OK(wok_sqlite_pool_execute(pool, "INSERT INTO t VALUES(1)", NULL));
	ASSERT_EQ(count(pool), 1);
	ASSERT_OK(wok_sqlite_pool_query(pool, "SELECT x FROM t", NULL, &cursor));
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 0);
}

static int read_once(void *arg)
{
	wok_sqlite_pool *pool = arg;
	int64_t n;
	const int r = wok_sqlite_pool_fetch_int(pool, "SELECT count(*) FROM t", NULL, &n);

	return r < 0 ? r : 0;
}

TEST_TASK(readers_are_handed_on_and_cancels_lose_none)
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite_pool) *pool = open_pool(path, 2);
		WOK_AUTO(wok_sqlite_cursor) *a = NULL, *b = NULL;

		ASSERT_OK(wok_sqlite_pool_execute(pool, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_sqlite_pool_execute(pool, "INSERT INTO t VALUES(1)", NULL));
		for (int i = 0; i < 100; i++) {
			WOK_AUTO(wok_task) *one = wok_create_task(read_once, pool);
			WOK_AUTO(wok_task) *two = wok_create_task(read_once, pool);
			WOK_AUTO(wok_task) *three = wok_create_task(read_once, pool);

			for (int n = i % 10; n > 0; n--)
				ASSERT_OK(wok_yield());
			wok_cancel(i % 2 ? one : three);
			WOK_IGNORE(wok_await(one));
			ASSERT_OK(wok_await(two));
			WOK_IGNORE(wok_await(three));
			ASSERT_EQ(wok_semaphore_available(&pool->permits), 2);
		}
		/* A cursor has its reader to its end. */
		ASSERT_OK(wok_sqlite_pool_query(pool, "SELECT x FROM t", NULL, &a));
		ASSERT_OK(wok_sqlite_pool_query(pool, "SELECT x FROM t", NULL, &b));
		WOK_AUTO(wok_task) *waiting = wok_create_task(read_once, pool);
		WOK_AUTO(wok_task) *closed = wok_create_task(read_once, pool);
		test_settle();
		ASSERT(!wok_task_done(waiting));
		wok_sqlite_cursor_free(WOK_TAKE(a));
		ASSERT_OK(wok_await(waiting));
		ASSERT_OK(wok_await(closed));
		ASSERT_OK(wok_sqlite_pool_query(pool, "SELECT x FROM t", NULL, &a));
		WOK_AUTO(wok_task) *late = wok_create_task(read_once, pool);
		test_settle();
		ASSERT_OK(wok_sqlite_pool_close(pool));
		ASSERT_ERR(wok_await(late), -ESHUTDOWN);
		ASSERT_ERR(read_once(pool), -ESHUTDOWN);
		ASSERT_ERR(wok_sqlite_pool_execute(pool, "SELECT 1", NULL), -ESHUTDOWN);
		ASSERT_ERR(wok_db_execute(wok_sqlite_pool_db(pool), "SELECT 1", NULL, NULL),
			   -ESHUTDOWN);
		wok_sqlite_cursor_free(WOK_TAKE(a));
		wok_sqlite_cursor_free(WOK_TAKE(b));
	}
	remove_database(path);
}

/* A folder's name need not be one for a URI. */
static void go_to(const char *path, const char *name)
{
	char folder[PATH_SIZE + 20];

	snprintf(folder, sizeof(folder), "%.*s/%s", (int) (strrchr(path, '/') - path), path, name);
	if (name[0])
		ASSERT_EQ(mkdir(folder, 0700), 0);
	ASSERT_EQ(chdir(folder), 0);
}

static void read_elsewhere(const char *path, const char *name, bool uri)
{
	const wok_sqlite_pool_options options = {.readers = 2, .connection.uri = uri};
	WOK_AUTO(wok_sqlite_pool) *pool = NULL;

	go_to(path, "a?b%c#d");
	ASSERT_OK(wok_sqlite_pool_open(name, &options, &pool));
	ASSERT_OK(wok_sqlite_pool_execute(pool, "CREATE TABLE t(x)", NULL));
	go_to(path, "");
	ASSERT_EQ(count(pool), 0);
	ASSERT_EQ(pool->n_readers, 1);
	wok_sqlite_pool_free(WOK_TAKE(pool));
	ASSERT_EQ(unlink("a?b%c#d/app.db"), 0);
	ASSERT_EQ(rmdir("a?b%c#d"), 0);
}

TEST_TASK(readers_open_the_same_file_wherever_the_process_has_gone)
{
	const wok_sqlite_options in_memory = {.uri = true};
	WOK_AUTO(wok_sqlite) *shared = NULL, *again = NULL;
	char path[PATH_SIZE];

	new_path(path);
	read_elsewhere(path, "app.db", false);
	read_elsewhere(path, "file:app.db", true);
	read_elsewhere(path, "file:app.db?vfs=unix-dotfile&x=/y", true);
	/* What is no file is left alone. */
	ASSERT_OK(wok_sqlite_open("file:one?mode=memory&cache=shared", &in_memory, &shared));
	ASSERT_OK(wok_sqlite_execute(shared, "CREATE TABLE t(x)", NULL));
	ASSERT_EQ(chdir("/"), 0);
	ASSERT_OK(wok_sqlite_open("file:one?mode=memory&cache=shared", &in_memory, &again));
	ASSERT_EQ(one_int(again, "SELECT count(*) FROM t"), 0);
	ASSERT(access("/one", F_OK) < 0);
	remove_database(path);
}

TEST_TASK(two_pools_share_a_file, "sqlite-31")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite_pool) *a = open_pool(path, 2), *b = open_pool(path, 2);

		ASSERT_OK(wok_sqlite_pool_execute(a, "CREATE TABLE t(x)", NULL));
		for (int i = 0; i < 20; i++) {
			ASSERT_OK(wok_sqlite_pool_execute(i % 2 ? a : b, "INSERT INTO t VALUES(1)",
							  NULL));
			ASSERT_EQ(count(i % 2 ? b : a), i + 1);
		}
		/* Who finds the other's lock waits for it. */
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
		struct ask late = {.db = wok_sqlite_pool_writer(b),
				   .sql = "INSERT INTO t VALUES(2)"};
		ASSERT_OK(wok_sqlite_transaction_begin(wok_sqlite_pool_writer(a), NULL, &tx));
		WOK_AUTO(wok_task) *task = wok_create_task(ask, &late);
		wait_until_it_runs(late.db);
		ASSERT_OK(wok_sqlite_transaction_commit(tx));
		ASSERT_OK(wok_await(task));
		ASSERT_EQ(count(a), 21);
	}
	remove_database(path);
}

struct insert {
	wok_sqlite *db;
	int value;
	int result;
	wok_db_result did;
};

static int insert_one(void *arg)
{
	struct insert *insert = arg;

	insert->result = wok_sqlite_execute_result(insert->db, "INSERT INTO t VALUES(?)",
						   WOK_ARGS(insert->value), &insert->did);
	return 0;
}

static int wait_a_little(sqlite3 *handle, void *arg)
{
	(void) handle;
	(void) arg;
	usleep(2000); /* on the connection's thread: so that the queue grows meanwhile */
	return 0;
}

static int hold(void *arg)
{
	return wok_sqlite_run(arg, wait_a_little, NULL);
}

static void hold_up(wok_sqlite *db)
{
	wok_task *task = wok_create_task(hold, db);

	wok_task_detach(&task);
	ASSERT_OK(wok_yield());
}

TEST_TASK(statements_of_a_group_do_not_harm_each_other, "sqlite-27")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		const wok_sqlite_options options = {.group_commit = true};
		WOK_AUTO(wok_sqlite) *db = open_file(path, &options);
		struct insert inserts[100];
		WOK_AUTO(wok_scope) *scope = NULL;

		ASSERT_OK(
			wok_sqlite_execute(db, "CREATE TABLE t(x UNIQUE ON CONFLICT ABORT)", NULL));
		hold_up(db);
		ASSERT_OK(wok_scope_new(&scope));
		for (int i = 0; i < 100; i++) {
			inserts[i] = (struct insert){.db = db, .value = i % 90};
			ASSERT_OK(wok_scope_spawn(scope, insert_one, &inserts[i]));
		}
		ASSERT_OK(wok_scope_join(scope));
		int failed = 0;
		for (int i = 0; i < 100; i++) {
			ASSERT(inserts[i].result == 0 || inserts[i].result == WOK_EDB);
			failed += inserts[i].result != 0;
			if (inserts[i].result == 0)
				ASSERT_EQ(inserts[i].did.changes, 1);
		}
		ASSERT_EQ(failed, 10);
		ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 90);
	}
	remove_database(path);
}

/* One of them rolls back the transaction that all share: each takes effect once all the same. */
static int roll_all_back(void *arg)
{
	struct insert *insert = arg;

	insert->result =
		wok_sqlite_execute(insert->db, "INSERT OR ROLLBACK INTO t VALUES(0)", NULL);
	return 0;
}

TEST_TASK(a_group_that_is_rolled_back_runs_again, "sqlite-27")
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	struct insert inserts[30];
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_sqlite_open(":memory:", &(wok_sqlite_options){.group_commit = true}, &db));
	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES(0)"));
	hold_up(db);
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 30; i++) {
		inserts[i] = (struct insert){.db = db, .value = i + 1};
		ASSERT_OK(
			wok_scope_spawn(scope, i == 15 ? roll_all_back : insert_one, &inserts[i]));
	}
	ASSERT_OK(wok_scope_join(scope));
	for (int i = 0; i < 30; i++)
		ASSERT_EQ(inserts[i].result, i == 15 ? WOK_EDB : 0);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 30);
}

static int starve(void *arg)
{
	const char *path = arg;
	const wok_sqlite_options options = {.checkpoint_pages = 10, .log_warning = 100};
	WOK_AUTO(wok_sqlite) *db = open_file(path, &options), *reader = open_file(path, NULL);
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	ASSERT_OK(wok_sqlite_transaction_begin(
		reader, &(wok_sqlite_transaction_options){WOK_SQLITE_DEFERRED}, &tx));
	ASSERT_EQ(one_int(reader, "SELECT count(*) FROM t"), 0);
	for (int i = 0; i < 300; i++)
		ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(?)", WOK_ARGS(i)));
	return 0;
}

TEST(a_log_that_readers_keep_from_being_emptied_is_reported, "sqlite-28")
{
	struct test_reports reports;
	char path[PATH_SIZE];

	new_path(path);
	ASSERT_OK(test_run_reporting(&reports, starve, path));
	ASSERT(reports.n >= 1 && reports.n <= 4); /* when it has doubled, not for each statement */
	ASSERT_REPORT(&reports, 0, "cannot be emptied");
	remove_database(path);
}

TEST_TASK(on_the_loop_it_is_the_same)
{
	char path[PATH_SIZE];

	new_path(path);
	{
		const wok_sqlite_options options = {.on_loop = true};
		WOK_AUTO(wok_sqlite) *db = open_file(path, &options);
		WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
		const wok_row *row;
		int n = 0, r;

		ASSERT(!db->has_thread);
		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
		for (int i = 0; i < 600; i++)
			ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(?)", WOK_ARGS(i)));
		ASSERT_OK(wok_sqlite_transaction_commit(tx));
		ASSERT_OK(wok_sqlite_query(db, "SELECT x FROM t", NULL, &cursor));
		while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
			ASSERT_EQ(wok_row_int_at(row, 0), n++);
		ASSERT_EQ(r, 0);
		ASSERT_EQ(n, 600);
		ASSERT(!db->has_thread);
	}
	remove_database(path);
}

/* The task waits, not the thread. */
TEST_TASK(on_the_loop_a_lock_is_waited_for)
{
	char path[PATH_SIZE];

	new_path(path);
	{
		const wok_sqlite_options options = {.on_loop = true};
		WOK_AUTO(wok_sqlite) *db = open_file(path, &options),
				     *other = open_file(path, &options);
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_sqlite_transaction_begin(other, NULL, &tx));
		const wok_time since = wok_now();
		ASSERT_ERR(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL), WOK_EDB);
		ASSERT_NUMBER(SQLITE_BUSY);
		ASSERT(wok_now() - since >= 5 * WOK_SECOND); /* of the virtual clock */
		ASSERT_OK(wok_sqlite_transaction_commit(tx));
		ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL));
	}
	remove_database(path);
}
