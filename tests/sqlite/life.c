/* SPDX-License-Identifier: MIT */
/* From open to close, and what comes in between. */
#include <dirent.h>
#include <sys/wait.h>
#include <wok/sqlite_pool.h>

#include "check.h"
#include "db/sqlite/connection.h"
#include "harness/another_loop.h"
#include "harness/reports.h"
#include "platform/clock.h"

static int close_it(void *db)
{
	return wok_sqlite_close(db);
}

TEST_TASK(a_close_waits_for_what_runs, "sqlite-23")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	struct ask slow = {.db = db,
			   .sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				  "LIMIT 100000) SELECT max(i) FROM n",
			   .result = 1};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &slow);

	wait_until_it_runs(db);
	ASSERT_OK(wok_sqlite_close(db));
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(slow.result, 0);
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT 1", NULL), -EBADF);
	ASSERT_MESSAGE(-EBADF, "is closed");
	ASSERT_OK(wok_sqlite_close(db));
}

TEST_TASK(a_shutdown_interrupts_what_runs, "sqlite-23")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	struct ask slow = {.db = db, .sql = endless}, behind = {.db = db, .sql = "SELECT 1"};
	WOK_AUTO(wok_task) *first = wok_create_task(ask, &slow);

	wait_until_it_runs(db);
	WOK_AUTO(wok_task) *second = wok_create_task(ask, &behind);
	WOK_AUTO(wok_task) *closer = wok_create_task(close_it, db);
	test_settle();
	ASSERT(!wok_task_done(closer));
	ASSERT_OK(wok_sqlite_shutdown(db)); /* a close that waits is made to hurry */
	ASSERT_OK(wok_await(closer));
	ASSERT_ERR(wok_await(first), -ESHUTDOWN);
	WOK_IGNORE(wok_await(second));
	ASSERT(behind.result == -ESHUTDOWN || behind.result == -EBADF);
}

struct count {
	wok_sqlite *db;
	int done, shut, other;
};

static int one_of_many(void *arg)
{
	struct count *count = arg;
	const int r = wok_sqlite_execute(count->db, "INSERT INTO t VALUES(1)", NULL);

	if (r == 0)
		count->done++;
	else if (r == -ESHUTDOWN)
		count->shut++;
	else
		count->other++;
	return 0;
}

enum { MANY = TEST_FEW_STACKS ? 1000 : 10000 };

TEST_TASK(each_queued_statement_ends_once, "sqlite-30")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL);
		struct count count = {.db = db};
		WOK_AUTO(wok_scope) *scope = NULL;

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
		ASSERT_OK(wok_scope_new(&scope));
		for (int i = 0; i < MANY; i++)
			ASSERT_OK(wok_scope_spawn(scope, one_of_many, &count));
		for (int i = 0; i < 3; i++)
			ASSERT_OK(wok_yield());
		ASSERT_OK(wok_sqlite_shutdown(db));
		ASSERT_OK(wok_scope_join(scope));
		ASSERT_EQ(count.done + count.shut, MANY);
		WOK_AUTO(wok_sqlite) *again = open_file(path, NULL);
		ASSERT_EQ(one_int(again, "SELECT count(*) FROM t"), count.done);
	}
	remove_database(path);
}

static int always(void *arg)
{
	(void) arg;
	return 1;
}

/* SQLite asks whether to go on even after a statement's end, when it is committed. */
TEST_TASK(what_is_committed_is_not_said_to_be_interrupted, "sqlite-30")
{
	const wok_sqlite_hooks hooks = {.on_progress = always};
	WOK_AUTO(wok_sqlite) *db = in_memory();
	int done = 0;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	ASSERT_OK(wok_sqlite_set_hooks(db, &hooks));
	for (int i = 0; i < 5000; i++)
		done += wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL) == 0;
	ASSERT_OK(wok_sqlite_set_hooks(db, NULL));
	ASSERT(done < 5000); /* some were stopped in time */
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), done);
}

static int threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	ASSERT(dir != NULL);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int leave_open(void *arg)
{
	wok_sqlite **db = arg;

	WOK_TRY(wok_sqlite_open(":memory:", NULL, db));
	return wok_sqlite_execute(*db, "CREATE TABLE t(x)", NULL);
}

static void *no_work(void *unused)
{
	return unused;
}

TEST(a_connection_that_nobody_closes_is_reported_and_joined, "sqlite-22", "sqliterow-20")
{
	struct test_reports reports;
	wok_sqlite *db;
	pthread_t first;

	/* A sanitizer has a thread of its own from the first one on. */
	ASSERT_EQ(pthread_create(&first, NULL, no_work, NULL), 0);
	ASSERT_EQ(pthread_join(first, NULL), 0);
	const int before = threads();
	const wok_time since = wok__clock_now();

	ASSERT_OK(test_run_reporting(&reports, leave_open, &db));
	ASSERT(wok__clock_now() - since < WOK_SECOND);
	/* A thread that was joined may be listed a moment longer. */
	for (int i = 0; i < 1000 && threads() != before; i++)
		usleep(1000);
	ASSERT_EQ(threads(), before);
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "was not closed");
	ASSERT(reports.kept[0].line > 0);
	wok_sqlite_free(db);
}

struct ours {
	wok_sqlite *db;
	wok_sqlite_pool *pool;
	wok_sqlite_cursor *cursor;
	struct test_reports reports;
};

static int use_foreign(void *arg)
{
	struct ours *ours = arg;
	wok_sqlite_transaction *tx;
	wok_sqlite *reader;
	const wok_row *row;

	ASSERT_ERR(wok_sqlite_execute(ours->db, "SELECT 1", NULL), -EINVAL);
	ASSERT_MESSAGE(-EINVAL, "another loop");
	ASSERT_ERR(wok_sqlite_cursor_next(ours->cursor, &row), -EINVAL);
	ASSERT_ERR(wok_sqlite_transaction_begin(ours->db, NULL, &tx), -EINVAL);
	ASSERT_ERR(wok_sqlite_pool_acquire(ours->pool, &reader), -EINVAL);
	ASSERT_ERR(wok_sqlite_pool_execute(ours->pool, "SELECT 1", NULL), -EINVAL);
	ASSERT_ERR(wok_sqlite_pool_close(ours->pool), -EINVAL);
	ASSERT_ERR(wok_sqlite_close(ours->db), -EINVAL);
	wok_sqlite_cursor_free(ours->cursor);
	wok_sqlite_pool_free(ours->pool);
	wok_sqlite_free(ours->db);
	return 0;
}

static int lend(void *arg)
{
	struct ours *ours = arg;
	const wok_row *row;

	ours->db = in_memory();
	ASSERT_OK(wok_sqlite_pool_open(":memory:", NULL, &ours->pool));
	ASSERT_OK(wok_sqlite_query(ours->db, "SELECT 7", NULL, &ours->cursor));
	test_in_another_loop(use_foreign, ours);
	ASSERT_EQ(wok_sqlite_cursor_next(ours->cursor, &row), 1);
	ASSERT_EQ(wok_row_int_at(row, 0), 7);
	wok_sqlite_cursor_free(ours->cursor);
	ASSERT_OK(wok_sqlite_pool_execute(ours->pool, "CREATE TABLE t(x)", NULL));
	wok_sqlite_pool_free(ours->pool);
	wok_sqlite_free(ours->db);
	return 0;
}

TEST(a_connection_of_another_loop_is_refused)
{
	struct ours ours = {.db = NULL};

	ASSERT_OK(test_run_reporting(&ours.reports, lend, &ours));
	ASSERT(ours.reports.n >= 3); /* what is released is always told */
	ASSERT_REPORT(&ours.reports, ours.reports.n - 1, "wok_sqlite_free did nothing");
}

/* Exit status: what went wrong; 0 nothing. */
static int in_child(wok_sqlite *db)
{
	if (wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL) != -ECHILD)
		return 1;
	return strstr(wok_errmsg(-ECHILD), "before a fork") ? 0 : 2;
}

TEST_TASK(a_forked_child_is_refused, "sqlite-32")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	int status;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	const pid_t child = fork();
	if (child == 0)
		_exit(in_child(db));
	ASSERT(child > 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFEXITED(status));
	ASSERT_EQ(WEXITSTATUS(status), 0);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}

TEST_TASK(an_idle_thread_ends_and_comes_back)
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	bool ended = false;

	ASSERT_OK(wok_sqlite_open(":memory:", &(wok_sqlite_options){.idle_timeout = WOK_MS}, &db));
	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	while (!ended) {
		pthread_mutex_lock(&db->mutex);
		ended = !db->thread_runs;
		pthread_mutex_unlock(&db->mutex);
		ASSERT_OK(wok_yield());
	}
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}

TEST_TASK(options_that_make_no_sense_are_refused)
{
	wok_sqlite *db;

	ASSERT_ERR(wok_sqlite_open("", NULL, &db), -EINVAL);
	ASSERT_ERR(wok_sqlite_open(":memory:", &(wok_sqlite_options){.journal_mode = "wal; DROP"},
				   &db),
		   -EINVAL);
	ASSERT_ERR(wok_sqlite_open(
			   ":memory:", &(wok_sqlite_options){.on_loop = true, .group_commit = true},
			   &db),
		   -EINVAL);
	ASSERT_ERR(wok_sqlite_open("/nowhere/at/all.db", NULL, &db), WOK_EDB);
	ASSERT_NUMBER(SQLITE_CANTOPEN);
	ASSERT_MESSAGE(WOK_EDB, "/nowhere/at/all.db");
}

static int no_memory(void *arg)
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_rows) *rows = NULL;
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
	const wok_row *row;

	(void) arg;
	WOK_TRY(wok_sqlite_open(":memory:", NULL, &db));
	WOK_TRY(wok_sqlite_script(db, "CREATE TABLE t(x); INSERT INTO t VALUES(1)"));
	WOK_TRY(wok_sqlite_transaction_begin(db, NULL, &tx));
	WOK_TRY(wok_sqlite_execute(db, "INSERT INTO t VALUES($1)", WOK_ARGS("text")));
	WOK_TRY(wok_sqlite_fetch(db, "SELECT * FROM t", NULL, &rows));
	WOK_TRY(wok_sqlite_query(db, "SELECT * FROM t", NULL, &cursor));
	while (wok_sqlite_cursor_next(cursor, &row) > 0)
		;
	WOK_TRY(wok_sqlite_transaction_commit(tx));
	return wok_sqlite_close(db);
}

TEST(without_memory_nothing_is_lost)
{
	ASSERT_OK(wok_test_run_allocations(no_memory, NULL, NULL));
}
