/* SPDX-License-Identifier: MIT */
/* Statements that are cancelled, and those that are not. */
#include <stdatomic.h>
#include <time.h>

#include "check.h"
#include "db/sqlite/connection.h"
#include "platform/clock.h"

static wok_time thread_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * WOK_SECOND + now.tv_nsec;
}

/* What the loop itself spends between two looks: that the machine is busy does not count. */
static wok_time longest_step(int steps)
{
	wok_time longest = 0, before = thread_time();

	for (int i = 0; i < steps; i++) {
		ASSERT_OK(wok_yield());
		const wok_time now = thread_time();
		if (now - before > longest)
			longest = now - before;
		before = now;
	}
	return longest;
}

TEST_TASK(the_loop_goes_on_while_a_query_runs, "sqlite-1", "sqliterow-1")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	struct ask slow = {.db = db, .sql = endless};

	WOK_AUTO(wok_task) *task = wok_create_task(ask, &slow);
	wait_until_it_runs(db);
	ASSERT(TEST_SANITIZED || longest_step(20000) < WOK_MS);
	ASSERT(!wok_task_done(task));
	cancel_and_await(task);
	ASSERT_EQ(slow.result, -ECANCELED);
}

/* How long a cancel takes; the best of some, for the machine may be busy. */
static wok_time cancel_one(wok_sqlite *db)
{
	struct ask slow = {.db = db, .sql = endless};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &slow);

	wait_until_it_runs(db);
	const wok_time since = wok__clock_now();
	cancel_and_await(task);
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
	return wok__clock_now() - since;
}

TEST_TASK(a_cancelled_query_ends_at_once_and_alone, "sqlite-2", "sqliterow-11")
{
	WOK_AUTO(wok_sqlite) *db = in_memory(), *other = in_memory();
	struct ask untouched = {.db = other, .sql = endless};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &untouched);
	wok_time best = WOK_FOREVER;

	wait_until_it_runs(other);
	for (int i = 0; i < 5; i++) {
		const wok_time took = cancel_one(db);

		best = took < best ? took : best;
	}
	ASSERT(best < 50 * WOK_MS);
	ASSERT(!wok_task_done(task));
}

TEST_TASK(a_late_cancel_hits_nobody_else, "sqlite-3")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	for (int i = 0; i < 400; i++) {
		struct ask quick = {.db = db,
				    .sql = "INSERT INTO t SELECT 1 FROM "
					   "json_each('[1,2,3,4,5,6,7,8]') a, "
					   "json_each('[1,2,3,4,5,6,7,8]') b",
				    .result = 1};
		/* Long enough for SQLite to ask whether to go on. */
		struct ask next = {.db = db,
				   .sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
					  "FROM n LIMIT 300) SELECT max(i) FROM n"};
		WOK_AUTO(wok_task) *task = wok_create_task(ask, &quick);
		WOK_AUTO(wok_task) *behind = wok_create_task(ask, &next);

		for (int n = i % 40; n > 0; n--)
			ASSERT_OK(wok_yield());
		wok_cancel(task);
		ASSERT_OK(wok_await(behind));
		WOK_IGNORE(wok_await(task));
		ASSERT(quick.result == 0 || quick.result == -ECANCELED || quick.result == 1);
		/* All of it, or nothing. */
		ASSERT_EQ(one_int(db, "SELECT count(*) FROM t") % 64, 0);
		if (quick.result == 0)
			ASSERT(one_int(db, "SELECT count(*) FROM t") > 0);
	}
}

static int outlast(void *arg)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	const wok_sqlite_call_options shorter = {.timeout = 20 * WOK_MS};

	(void) arg;
	ASSERT_ERR(wok_sqlite_execute_with(db, endless, NULL, &shorter, NULL), -ETIMEDOUT);
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
	return 0;
}

/* On the machine's clock, for the virtual one stands still while a thread is at work. */
TEST(a_statement_that_takes_longer_is_interrupted, "sqliterow-12")
{
	ASSERT_OK(wok_run(outlast, NULL));
}

/* Its first rows come at once, and then no more. */
static void outlast_cursor(const wok_sqlite_options *options)
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;
	int r;

	ASSERT_OK(wok_sqlite_open(":memory:", options, &db));
	ASSERT_OK(
		wok_sqlite_query(db,
				 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
				 "SELECT i FROM n WHERE i <= 2000",
				 NULL, &cursor));
	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
		;
	ASSERT_ERR(r, -ETIMEDOUT);
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
}

static int outlast_on_loop(void *arg)
{
	const wok_sqlite_options options = {.on_loop = true, .timeout = 20 * WOK_MS};
	const wok_sqlite_call_options longer = {.timeout = WOK_FOREVER};
	wok_timeout limit = WOK_TIMEOUT_INIT;
	WOK_AUTO(wok_sqlite) *db = NULL;
	int r = 0;

	(void) arg;
	ASSERT_OK(wok_sqlite_open(":memory:", &options, &db));
	ASSERT_ERR(wok_sqlite_execute(db, endless, NULL), -ETIMEDOUT);
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
	/* Also one of the caller's. */
	WOK_TIMEOUT (&limit, 20 * WOK_MS)
		r = wok_sqlite_execute_with(db, endless, NULL, &longer, NULL);
	ASSERT_ERR(r, -ECANCELED);
	ASSERT_ERR(wok_timeout_result(&limit, r), -ETIMEDOUT);
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
	outlast_cursor(&options);
	return 0;
}

TEST(on_the_loop_a_time_limit_interrupts_a_statement, "sqliterow-12")
{
	ASSERT_OK(wok_run(outlast_on_loop, NULL));
}

/* Another connection sees only what is committed. */
static void return_and_look(wok_sqlite *db, wok_sqlite *other)
{
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	WOK_AUTO(wok_rows) *rows = NULL;
	const wok_row *row;

	/* More than are read in one piece. */
	ASSERT_OK(wok_sqlite_query(db,
				   "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
				   "SELECT i + 1 FROM n LIMIT 2000) SELECT i FROM n "
				   "RETURNING x * 2 AS y",
				   NULL, &cursor));
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
	ASSERT_EQ(wok_row_int(row, "y"), 2);
	/* Given up after its first row: all changes stay. */
	wok_sqlite_cursor_free(WOK_TAKE(cursor));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 2000);
	ASSERT_EQ(one_int(other, "SELECT count(*) FROM t"), 2000);
	ASSERT_EQ(wok_sqlite_fetch_row(db, "INSERT INTO t VALUES(4), (5) RETURNING x", NULL, &rows),
		  1);
	ASSERT_EQ(one_int(other, "SELECT count(*) FROM t"), 2002);
	/* Interrupted before: none does. */
	struct ask slow = {.db = db,
			   .sql = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
				  "1 FROM n) SELECT i FROM n WHERE i > 1 RETURNING x"};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &slow);
	wait_until_it_runs(db);
	cancel_and_await(task);
	ASSERT_EQ(one_int(other, "SELECT count(*) FROM t"), 2002);
}

TEST_TASK(returning_commits_what_it_changed_or_nothing, "sqlite-16", "sqliterow-22")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL), *other = open_file(path, NULL);

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
		return_and_look(db, other);
	}
	remove_database(path);
}

TEST_TASK(who_is_cancelled_in_the_queue_does_not_run)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	struct ask slow = {.db = db, .sql = endless};
	struct ask behind = {.db = db, .sql = "CREATE TABLE t(x)"};
	WOK_AUTO(wok_task) *first = wok_create_task(ask, &slow);

	wait_until_it_runs(db);
	WOK_AUTO(wok_task) *second = wok_create_task(ask, &behind);
	test_settle();
	cancel_and_await(second);
	ASSERT(!wok_task_done(first));
	cancel_and_await(first);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM sqlite_schema"), 0);
}
