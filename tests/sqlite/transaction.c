/* SPDX-License-Identifier: MIT */
/* Transactions, between tasks and between connections. */
#include "check.h"
#include "db/sqlite/connection.h"
#include "platform/clock.h"

struct worker {
	wok_sqlite *db;
	int who;
	int result;
};

static int insert(wok_sqlite *db, int who, int what)
{
	return wok_sqlite_execute(db, "INSERT INTO t(who, what) VALUES(?, ?)", WOK_ARGS(who, what));
}

static int pairs(void *arg)
{
	const struct worker *worker = arg;

	for (int i = 0; i < 20; i++) {
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

		WOK_TRY(wok_sqlite_transaction_begin(worker->db, NULL, &tx));
		WOK_TRY(insert(worker->db, worker->who, 2 * i));
		WOK_TRY(wok_yield());
		WOK_TRY(insert(worker->db, worker->who, 2 * i + 1));
		if (i % 5 == 4)
			continue; /* rolled back */
		WOK_TRY(wok_sqlite_transaction_commit(tx));
	}
	return 0;
}

static int singles(void *arg)
{
	const struct worker *worker = arg;

	for (int i = 0; i < 40; i++) {
		WOK_TRY(insert(worker->db, worker->who, -1));
		WOK_TRY(wok_yield());
	}
	return 0;
}

TEST_TASK(transactions_of_tasks_do_not_mix, "sqlite-6")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	struct worker a = {db, 1, 0}, b = {db, 2, 0}, c = {db, 3, 0};

	ASSERT_OK(wok_sqlite_execute(
		db, "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, who, what)", NULL));
	{
		WOK_AUTO(wok_scope) *scope = NULL;
		ASSERT_OK(wok_scope_new(&scope));
		ASSERT_OK(wok_scope_spawn(scope, pairs, &a));
		ASSERT_OK(wok_scope_spawn(scope, pairs, &b));
		ASSERT_OK(wok_scope_spawn(scope, singles, &c));
		ASSERT_OK(wok_scope_join(scope));
	}
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t WHERE who = 3"), 40);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t WHERE who < 3"), 2 * 2 * 16);
	/* The second of a pair stands behind its first. */
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t a JOIN t b ON b.id = a.id + 1 AND "
			      "b.who = a.who AND b.what = a.what + 1 WHERE a.what % 2 = 0 AND "
			      "a.who < 3"),
		  2 * 16);
}

TEST_TASK(who_has_no_transaction_waits_for_its_end, "sqlite-6")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
	struct ask single = {.db = db, .sql = "INSERT INTO t VALUES(3, 0)"};

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
	ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &single);
	test_settle();
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
	ASSERT(!wok_task_done(task));
	ASSERT_OK(wok_sqlite_transaction_rollback(tx));
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 1);
}

TEST_TASK(a_transaction_within_one_is_a_savepoint, "sqliterow-9")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
	{
		WOK_AUTO(wok_sqlite_transaction) *outer = NULL;
		ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &outer));
		ASSERT_OK(insert(db, 1, 1));
		{
			WOK_AUTO(wok_sqlite_transaction) *inner = NULL;
			ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &inner));
			ASSERT_OK(insert(db, 2, 2));
			ASSERT_ERR(wok_sqlite_transaction_commit(outer), -EINVAL);
		}
		ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 1);
		{
			WOK_AUTO(wok_sqlite_transaction) *inner = NULL;
			ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &inner));
			ASSERT_OK(insert(db, 3, 3));
			ASSERT_OK(wok_sqlite_transaction_commit(inner));
			ASSERT_ERR(wok_sqlite_transaction_commit(inner), -EINVAL);
		}
		ASSERT_OK(wok_sqlite_transaction_commit(outer));
	}
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 2);
}

TEST_TASK(a_transaction_takes_its_lock_at_once, "sqliterow-8", "sqliterow-7")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		const wok_sqlite_options hasty = {.busy_timeout = 1};
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL), *other = open_file(path, &hasty);
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL, *second = NULL;
		WOK_AUTO(wok_rows) *rows = NULL;

		ASSERT_EQ(one_int(db, "PRAGMA foreign_keys"), 1);
		ASSERT_EQ(one_int(db, "PRAGMA synchronous"), 1);
		ASSERT_EQ(wok_sqlite_fetch_row(db, "PRAGMA journal_mode", NULL, &rows), 1);
		ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "wal");
		ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
		ASSERT_ERR(wok_sqlite_transaction_begin(other, NULL, &second), WOK_EDB);
		ASSERT_NUMBER(SQLITE_BUSY);
		ASSERT_OK(wok_sqlite_transaction_begin(
			other, &(wok_sqlite_transaction_options){WOK_SQLITE_DEFERRED}, &second));
	}
	{
		const wok_sqlite_options own = {
			.journal_mode = "delete", .synchronous = "full", .no_foreign_keys = true};
		WOK_AUTO(wok_sqlite) *db = open_file(path, &own);
		WOK_AUTO(wok_rows) *rows = NULL;

		ASSERT_EQ(one_int(db, "PRAGMA foreign_keys"), 0);
		ASSERT_EQ(one_int(db, "PRAGMA synchronous"), 2);
		ASSERT_EQ(wok_sqlite_fetch_row(db, "PRAGMA journal_mode", NULL, &rows), 1);
		ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "delete");
	}
	remove_database(path);
}

TEST_TASK(an_old_snapshot_cannot_be_written_to, "sqlite-8")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL), *other = open_file(path, NULL);
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
		ASSERT_OK(wok_sqlite_transaction_begin(
			db, &(wok_sqlite_transaction_options){WOK_SQLITE_DEFERRED}, &tx));
		ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
		ASSERT_OK(insert(other, 1, 1));
		const wok_time since = wok__clock_now();
		ASSERT_ERR(insert(db, 2, 2), WOK_ERETRY);
		ASSERT(wok__clock_now() - since < 4 * WOK_SECOND); /* and not the busy timeout */
		ASSERT_NUMBER(517);
		ASSERT(wok_db_last_error()->retry);
		ASSERT_OK(wok_sqlite_transaction_rollback(tx));
		ASSERT_OK(insert(db, 2, 2));
	}
	remove_database(path);
}

static int begin_and_leave(void *arg)
{
	struct worker *worker = arg;
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	worker->result = wok_sqlite_transaction_begin(worker->db, NULL, &tx);
	WOK_TRY(worker->result);
	return insert(worker->db, worker->who, 1);
}

TEST_TASK(a_begin_that_is_cancelled_leaves_nothing_open, "sqliterow-10", "sqliterow-9")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL), *other = open_file(path, NULL);

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
		for (int i = 0; i < 30; i++) {
			WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
			struct worker worker = {db, 1, 0};

			ASSERT_OK(wok_sqlite_transaction_begin(other, NULL, &tx));
			WOK_AUTO(wok_task) *task = wok_create_task(begin_and_leave, &worker);
			for (int n = i; n > 0; n--)
				ASSERT_OK(wok_yield());
			if (i % 2)
				ASSERT_OK(wok_sqlite_transaction_commit(tx));
			wok_cancel(task);
			WOK_IGNORE(wok_await(task));
			ASSERT(!wok_lock_held(&db->lease));
			/* Had a transaction been left open, this would be in it. */
			ASSERT_OK(wok_sqlite_transaction_rollback(tx));
			ASSERT_OK(insert(db, 3, i));
			ASSERT_EQ(one_int(other, "SELECT count(*) FROM t"), i + 1);
		}
	}
	remove_database(path);
}

static int commit_one(void *arg)
{
	struct worker *worker = arg;
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(worker->db, NULL, &tx));
	WOK_TRY(insert(worker->db, worker->who, 1));
	return worker->result = wok_sqlite_transaction_commit(tx);
}

/* Without the log a commit waits for readers. */
TEST_TASK(a_commit_that_is_cancelled_has_rolled_back, "sqlite-5", "sqliterow-10")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		const wok_sqlite_options plain = {.journal_mode = "delete"};
		WOK_AUTO(wok_sqlite) *db = open_file(path, &plain),
				     *other = open_file(path, &plain);
		WOK_AUTO(wok_sqlite_transaction) *reading = NULL;
		struct worker worker = {db, 1, 1};

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
		ASSERT_OK(wok_sqlite_transaction_begin(
			other, &(wok_sqlite_transaction_options){WOK_SQLITE_DEFERRED}, &reading));
		ASSERT_EQ(one_int(other, "SELECT count(*) FROM t"), 0);
		WOK_AUTO(wok_task) *task = wok_create_task(commit_one, &worker);
		for (int i = 0; i < 1000 && worker.result == 1; i++)
			ASSERT_OK(wok_yield());
		ASSERT_EQ(worker.result, 1); /* it waits */
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT(worker.result == -ECANCELED || worker.result == 1);
		ASSERT_OK(wok_sqlite_transaction_rollback(reading));
		ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
		ASSERT(sqlite3_get_autocommit(db->handle));
		ASSERT_OK(commit_one(&worker));
		ASSERT_EQ(one_int(other, "SELECT count(*) FROM t"), 1);
	}
	remove_database(path);
}

TEST_TASK(what_sqlite_has_rolled_back_does_not_go_on)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who UNIQUE, what)", NULL));
	ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
	ASSERT_OK(insert(db, 1, 1));
	ASSERT_ERR(wok_sqlite_execute(db, "INSERT OR ROLLBACK INTO t VALUES(1, 2)", NULL), WOK_EDB);
	ASSERT_ERR(insert(db, 2, 2), WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "begin it again");
	ASSERT_OK(wok_sqlite_transaction_rollback(tx));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}

TEST_TASK(a_cursor_of_another_task_is_waited_for)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	struct worker worker = {db, 1, 1};
	const wok_row *row;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
	ASSERT_OK(wok_sqlite_query(db, "INSERT INTO t VALUES(7, 7), (8, 8) RETURNING who", NULL,
				   &cursor));
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
	WOK_AUTO(wok_task) *task = wok_create_task(begin_and_leave, &worker);
	for (int i = 0; i < 20; i++)
		ASSERT_OK(wok_yield());
	ASSERT_EQ(worker.result, 1);
	wok_sqlite_cursor_free(WOK_TAKE(cursor));
	ASSERT_OK(wok_await(task)); /* it rolls back; what the cursor did stays */
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 2);
}

static int two_rows(wok_db *db, void *arg)
{
	WOK_TRY(wok_db_execute(db, "INSERT INTO t VALUES($1, $2)", WOK_ARGS(1, 2), NULL));
	WOK_TRY(wok_db_script(db, "INSERT INTO t VALUES(3, 4)"));
	return *(const int *) arg;
}

TEST_TASK(the_common_face_has_transactions)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	int good = 5, bad = -EIO;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(who, what)", NULL));
	ASSERT_ERR(wok_db_transaction(wok_sqlite_db(db), two_rows, &bad), -EIO);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
	ASSERT_EQ(wok_db_transaction(wok_sqlite_db(db), two_rows, &good), 5);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 2);
}
