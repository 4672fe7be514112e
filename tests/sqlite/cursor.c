/* SPDX-License-Identifier: MIT */
/* Results that are read row by row. */
#include <stdlib.h>

#include "check.h"
#include "db/sqlite/connection.h"
#include <wok/sqlite_backup.h>

static const char million[] =
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
	"1000000) SELECT i, 'a text of a row' AS t FROM n";

static size_t memory(void)
{
	size_t pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	ASSERT(file && fscanf(file, "%zu %zu", &pages, &resident) == 2);
	fclose(file);
	return resident * (size_t) sysconf(_SC_PAGESIZE);
}

TEST_TASK(a_million_rows_take_little_memory, "sqlite-11", "sqliterow-3")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;
	int64_t n = 0;
	int r;

	if (test_seed() > 1)
		return; /* there is nothing to shuffle */
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
	const size_t before = memory(); /* what the query itself reads counts, too */
	ASSERT_OK(wok_sqlite_query(db, million, NULL, &cursor));
	const uint64_t trips = db->n_jobs;
	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0) {
		ASSERT_EQ(wok_row_int_at(row, 0), ++n);
		if (n == 500000 && !TEST_SANITIZED) /* they keep what is freed */
			ASSERT(memory() < before + (16U << 20));
	}
	ASSERT_EQ(r, 0);
	ASSERT_EQ(n, 1000000);
	/* One for each 256 rows. */
	ASSERT(db->n_jobs - trips <= 1000000 / 256 + 2);
}

TEST_TASK(large_rows_come_in_small_chunks, "sqliterow-3")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;

	ASSERT_OK(wok_sqlite_query(db,
				   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				   "LIMIT 100) SELECT zeroblob(40000) AS b FROM n",
				   NULL, &cursor));
	/* 64 KiB are two of them: the first chunk, and the one that is made meanwhile. */
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
		ASSERT_EQ(wok_row_view(row, "b").size, 40000);
	}
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 0);
	ASSERT(db->n_jobs >= 50);
}

TEST_TASK(an_abandoned_cursor_releases_its_snapshot, "sqlite-11")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db =
			open_file(path, &(wok_sqlite_options){.busy_timeout = 1});
		WOK_AUTO(wok_sqlite) *reader = open_file(path, NULL);
		WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
		const wok_row *row;
		int in_log;

		ASSERT_OK(wok_sqlite_script(
			db, "CREATE TABLE t(x); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 "
			    "UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i FROM n"));
		ASSERT_OK(wok_sqlite_query(reader, "SELECT x FROM t", NULL, &cursor));
		for (int i = 0; i < 10; i++)
			ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
		ASSERT_OK(wok_sqlite_execute(db, "DELETE FROM t", NULL));
		ASSERT_ERR(wok_sqlite_checkpoint(db, WOK_SQLITE_TRUNCATE, &in_log, NULL), WOK_EDB);
		ASSERT_NUMBER(SQLITE_BUSY);
		wok_sqlite_cursor_free(WOK_TAKE(cursor));
		ASSERT_EQ(one_int(reader, "SELECT count(*) FROM t"), 0);
		ASSERT_OK(wok_sqlite_checkpoint(db, WOK_SQLITE_TRUNCATE, &in_log, NULL));
		ASSERT_EQ(in_log, 0);
	}
	remove_database(path);
}

TEST_TASK(a_cursor_that_fails_has_ended)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;

	ASSERT_OK(wok_sqlite_query(db,
				   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				   "LIMIT 1000) SELECT CASE WHEN i < 999 THEN i ELSE "
				   "abs(-9223372036854775808) END FROM n",
				   NULL, &cursor));
	for (int i = 1; i <= 768; i++)
		ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
	ASSERT_ERR(wok_sqlite_cursor_next(cursor, &row), WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "integer overflow");
	ASSERT_ERR(wok_sqlite_cursor_next(cursor, &row), -EBADF);
	ASSERT_ERR(wok_sqlite_query(db, "SELECT nothing_here", NULL, &cursor), WOK_EDB);
}

static int read_all(void *arg)
{
	wok_sqlite_cursor *cursor = arg;
	const wok_row *row;
	int r;

	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
		;
	return r;
}

TEST_TASK(a_close_cuts_a_result_off)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;
	const wok_row *row;
	int n = 0, r;

	ASSERT_OK(wok_sqlite_query(db, million, NULL, &cursor));
	ASSERT_EQ(wok_sqlite_cursor_next(cursor, &row), 1);
	ASSERT_OK(wok_sqlite_close(db));
	/* What is there can be read; then it is not taken for the end. */
	while ((r = wok_sqlite_cursor_next(cursor, &row)) > 0)
		ASSERT(++n < 1000);
	ASSERT_ERR(r, -EBADF);
}

TEST_TASK(a_cancelled_reader_leaves_the_connection_as_it_was)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();

	for (int i = 0; i < 40; i++) {
		WOK_AUTO(wok_sqlite_cursor) *cursor = NULL;

		ASSERT_OK(wok_sqlite_query(db, million, NULL, &cursor));
		WOK_AUTO(wok_task) *task = wok_create_task(read_all, cursor);
		for (int n = i; n > 0; n--)
			ASSERT_OK(wok_yield());
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		if (i % 2)
			wok_sqlite_cursor_free(WOK_TAKE(cursor));
		ASSERT_EQ(one_int(db, "SELECT 1"), 1);
	}
}
