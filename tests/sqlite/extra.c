/* SPDX-License-Identifier: MIT */
/* Functions, hooks, backups, blobs. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <wok/sqlite_backup.h>
#include <wok/sqlite_blob.h>
#include <wok/sqlite_function.h>

#include "check.h"
#include "db/sqlite/connection.h"

static _Atomic(pthread_t) called_on;

static int twice(wok_sqlite_function_call *call, const wok_args *args, void *arg)
{
	int64_t n;

	atomic_store(&called_on, pthread_self());
	++*(int *) arg;
	WOK_TRY(wok_value_get_int(&args->values[0], &n));
	if (n == 13)
		return wok_fail(-EINVAL, "thirteen is unlucky");
	return wok_sqlite_return(call, wok_value_int(2 * n));
}

static int join_step(wok_sqlite_function_call *call, const wok_args *args, void *arg)
{
	char *text = wok_sqlite_state(call, 100);
	wok_view view;

	(void) arg;
	if (!text)
		return -ENOMEM;
	WOK_TRY(wok_value_get_view(&args->values[0], &view));
	strncat(text, view.data, view.size);
	return 0;
}

static int join_finish(wok_sqlite_function_call *call, void *arg)
{
	const char *text = wok_sqlite_state(call, 100);

	(void) arg;
	return text ? wok_sqlite_return(call, wok_value_text(text)) : -ENOMEM;
}

static int by_length(void *arg, wok_view a, wok_view b)
{
	(void) arg;
	return a.size < b.size ? -1 : a.size > b.size;
}

static void note_freed(void *arg)
{
	++*(int *) arg;
}

TEST_TASK(sql_calls_functions_of_c, "sqlite-25", "sqliterow-13")
{
	int calls = 0, freed = 0;
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_sqlite_add_function(
		db, &(wok_sqlite_function){
			    .name = "twice", .n_args = 1, .call = twice, .arg = &calls}));
	ASSERT_OK(wok_sqlite_add_function(db, &(wok_sqlite_function){.name = "join_all",
								     .n_args = 1,
								     .step = join_step,
								     .finish = join_finish,
								     .arg = &freed,
								     .arg_free = note_freed}));
	ASSERT_OK(wok_sqlite_add_collation(db, "by_length", by_length, &freed, note_freed));
	ASSERT_EQ(one_int(db, "SELECT twice(21)"), 42);
	ASSERT_EQ(calls, 1);
	ASSERT(!pthread_equal(atomic_load(&called_on), pthread_self()));
	ASSERT(pthread_equal(atomic_load(&called_on), db->thread));
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT twice(13)", NULL), WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "thirteen is unlucky");
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT twice('x')", NULL), WOK_EDB);
	ASSERT_EQ(wok_sqlite_fetch_row(db,
				       "SELECT join_all(v) FROM (SELECT value AS v FROM "
				       "json_each('[\"ccc\", \"a\", \"bb\"]') ORDER BY v COLLATE "
				       "by_length)",
				       NULL, &rows),
		  1);
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "abbccc");
	ASSERT_ERR(wok_sqlite_add_function(db, &(wok_sqlite_function){.name = "none"}), -EINVAL);
	ASSERT_OK(wok_sqlite_close(db));
	ASSERT_EQ(freed, 2);
}

static atomic_bool in_function;

static int slow(wok_sqlite_function_call *call, const wok_args *args, void *arg)
{
	(void) args;
	(void) arg;
	atomic_store(&in_function, true);
	while (!wok_sqlite_stops(call))
		usleep(100);
	return -ECANCELED;
}

static int call_slow(void *db)
{
	return wok_sqlite_execute(db, "SELECT slow()", NULL);
}

static int sum_step(wok_sqlite_function_call *call, const wok_args *args, void *arg)
{
	int64_t *sum = wok_sqlite_state(call, sizeof(*sum)), n = 0;

	if (!sum)
		return -ENOMEM;
	WOK_TRY(wok_value_get_int(&args->values[0], &n));
	*sum += n * *(const int64_t *) arg;
	return 0;
}

static int sum_inverse(wok_sqlite_function_call *call, const wok_args *args, void *arg)
{
	const int64_t back = -*(const int64_t *) arg;

	return sum_step(call, args, (void *) &back);
}

static int sum_value(wok_sqlite_function_call *call, void *arg)
{
	const int64_t *sum = wok_sqlite_state(call, sizeof(*sum));

	(void) arg;
	return sum ? wok_sqlite_return(call, wok_value_int(*sum)) : -ENOMEM;
}

TEST_TASK(a_window_function_sees_rows_come_and_go, "sqliterow-13")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	int64_t factor = 10;
	const wok_sqlite_function sum = {.name = "ten_times",
					 .n_args = 1,
					 .step = sum_step,
					 .finish = sum_value,
					 .value = sum_value,
					 .inverse = sum_inverse,
					 .arg = &factor};
	wok_sqlite_function half = sum;

	half.inverse = NULL;
	ASSERT_ERR(wok_sqlite_add_function(db, &half), -EINVAL);
	ASSERT_OK(wok_sqlite_add_function(db, &sum));
	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); INSERT INTO t VALUES(1), (2), (3), "
					"(4); CREATE TABLE u(x); INSERT INTO u VALUES('no')"));
	WOK_AUTO(wok_rows) *rows = NULL;
	ASSERT_OK(wok_sqlite_fetch(
		db, "SELECT ten_times(x) OVER (ORDER BY x ROWS 1 PRECEDING) FROM t", NULL, &rows));
	ASSERT_EQ(wok_rows_count(rows), 4);
	for (size_t i = 0; i < 4; i++)
		ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, i), 0), i ? 20 * (int) i + 10 : 10);
	ASSERT_EQ(one_int(db, "SELECT ten_times(x) FROM t"), 100);
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT ten_times(x) OVER (ORDER BY x) FROM u", NULL),
		   WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "text, not an integer");
}

TEST_TASK(a_slow_function_can_be_cancelled, "sqlite-25")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();

	atomic_store(&in_function, false);
	ASSERT_OK(
		wok_sqlite_add_function(db, &(wok_sqlite_function){.name = "slow", .call = slow}));
	WOK_AUTO(wok_task) *task = wok_create_task(call_slow, db);
	while (!atomic_load(&in_function))
		ASSERT_OK(wok_yield());
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
}

struct seen {
	int updates, preupdates, commits, rollbacks, statements, asked, progress;
	bool refuse;
};

static void on_update(void *arg, wok_sqlite_change change, const char *schema, const char *table,
		      int64_t id)
{
	(void) schema;
	if (change == WOK_SQLITE_INSERT && strcmp(table, "t") == 0 && id == 1)
		((struct seen *) arg)->updates++;
}

static void on_preupdate(void *arg, struct sqlite3 *handle, wok_sqlite_change change,
			 const char *schema, const char *table, int64_t old_id, int64_t new_id)
{
	(void) handle;
	(void) schema;
	(void) table;
	(void) old_id;
	(void) new_id;
	((struct seen *) arg)->preupdates += change == WOK_SQLITE_DELETE;
}

static int on_commit(void *arg)
{
	((struct seen *) arg)->commits++;
	return ((struct seen *) arg)->refuse;
}

static void on_rollback(void *arg)
{
	((struct seen *) arg)->rollbacks++;
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *schema,
		     const char *trigger)
{
	(void) b;
	(void) schema;
	(void) trigger;
	((struct seen *) arg)->asked++;
	return action == SQLITE_READ && a && strcmp(a, "secret") == 0 ? SQLITE_DENY : SQLITE_OK;
}

static void on_statement(void *arg, const char *sql, wok_time took)
{
	((struct seen *) arg)->statements += sql[0] == 'I' && took >= 0;
}

static int on_progress(void *arg)
{
	return ++((struct seen *) arg)->progress > 100;
}

TEST_TASK(hooks_are_told, "sqliterow-14")
{
	struct seen seen = {0};
	wok_sqlite_hooks hooks = {on_update, on_preupdate, on_commit,   on_rollback,
				  authorize, on_statement, on_progress, &seen};
	WOK_AUTO(wok_sqlite) *db = in_memory();

	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); CREATE TABLE secret(x)"));
	int r = wok_sqlite_set_hooks(db, &hooks);
	if (r == -EOPNOTSUPP) {
		hooks.on_preupdate = NULL;
		r = wok_sqlite_set_hooks(db, &hooks);
		seen.preupdates = 1;
	}
	ASSERT_OK(r);
	ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL));
	ASSERT_OK(wok_sqlite_execute(db, "DELETE FROM t WHERE x = 1", NULL));
	ASSERT_EQ(seen.updates, 1);
	ASSERT_EQ(seen.preupdates, 1);
	ASSERT_EQ(seen.commits, 2);
	ASSERT_EQ(seen.statements, 1);
	ASSERT(seen.asked > 0);
	ASSERT_ERR(wok_sqlite_execute(db, "SELECT * FROM secret", NULL), WOK_EDB);
	ASSERT_NUMBER(SQLITE_AUTH);
	seen.refuse = true;
	ASSERT_ERR(wok_sqlite_execute(db, "INSERT INTO t VALUES(2)", NULL), WOK_EDB);
	ASSERT_NUMBER(SQLITE_CONSTRAINT_COMMITHOOK);
	ASSERT_EQ(seen.rollbacks, 1);
	ASSERT_ERR(
		wok_sqlite_execute(db,
				   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
				   "n) SELECT max(i) FROM n",
				   NULL),
		WOK_EDB);
	ASSERT_NUMBER(SQLITE_INTERRUPT);
	ASSERT_OK(wok_sqlite_set_hooks(db, NULL));
	ASSERT_OK(wok_sqlite_execute(db, "SELECT * FROM secret", NULL));
	ASSERT_EQ(seen.updates, 2); /* the refused one, too: it came before the commit */
}

struct watch {
	wok_sqlite *db;
	int calls, total;
	int stop_at;
};

/* It may wait, and write. */
static int on_step(void *arg, int left, int total)
{
	struct watch *watch = arg;

	ASSERT(left <= total);
	watch->total = total;
	if (++watch->calls == watch->stop_at)
		return -EINTR;
	return wok_sqlite_execute(watch->db, "INSERT INTO log VALUES(1)", NULL);
}

static int start_backup(void *arg)
{
	struct watch *watch = ((void **) arg)[0];

	return wok_sqlite_backup(
		watch->db, ((void **) arg)[1],
		&(wok_sqlite_backup_options){.pages = 500, .progress = on_step, .arg = watch});
}

TEST_TASK(a_database_is_copied_while_it_is_written, "sqlite-26", "sqliterow-15")
{
	char path[PATH_SIZE], copy[PATH_SIZE + 8];

	if (test_seed() > 1)
		return; /* a hundred megabytes each time */
	new_path(path);
	snprintf(copy, sizeof(copy), "%s.copy", path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL);
		struct watch watch = {.db = db};
		void *both[] = {&watch, copy};

		ASSERT_OK(wok_sqlite_script(
			db, "CREATE TABLE t(x); CREATE TABLE log(x); INSERT INTO t WITH RECURSIVE "
			    "n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) SELECT "
			    "zeroblob(1000000) FROM n"));
		ASSERT_OK(start_backup(both));
		ASSERT(watch.total > 24000 && watch.calls > 40);
		{
			WOK_AUTO(wok_sqlite) *other = open_file(copy, NULL);
			ASSERT_EQ(one_int(other, "SELECT sum(length(x)) FROM t"), 100000000);
			/* What was written meanwhile is in it, but for what came with the end. */
			ASSERT_EQ(one_int(other, "SELECT count(*) FROM log"), watch.calls - 1);
		}
		watch.calls = 0;
		watch.stop_at = 3;
		ASSERT_ERR(start_backup(both), -EINTR);
		watch.calls = 0;
		watch.stop_at = 0;
		WOK_AUTO(wok_task) *task = wok_create_task(start_backup, both);
		while (watch.calls < 3)
			ASSERT_OK(wok_yield());
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT(wok__list_empty(&db->held));
		ASSERT_ERR(wok_sqlite_backup(db, "/nowhere/at/all", NULL), WOK_EDB);
		ASSERT_NUMBER(SQLITE_CANTOPEN);
	}
	remove_database(path);
}

TEST_TASK(a_database_becomes_bytes_and_back, "sqliterow-15")
{
	WOK_AUTO(wok_sqlite) *db = in_memory(), *other = in_memory();
	void *data;
	size_t size;

	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); INSERT INTO t VALUES(7)"));
	ASSERT_OK(wok_sqlite_serialize(db, &data, &size));
	ASSERT(size >= 8192);
	ASSERT_OK(wok_sqlite_deserialize(other, data, size));
	wok_free(data);
	ASSERT_OK(wok_sqlite_execute(other, "INSERT INTO t VALUES(8)", NULL));
	ASSERT_EQ(one_int(other, "SELECT sum(x) FROM t"), 15);
	ASSERT_EQ(one_int(db, "SELECT sum(x) FROM t"), 7);
	ASSERT_OK(wok_sqlite_deserialize(other, "no database", 11));
	ASSERT_ERR(wok_sqlite_execute(other, "SELECT * FROM t", NULL), WOK_EDB);
}

TEST_TASK(a_blob_is_read_and_written_in_pieces, "sqliterow-16")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_blob) *blob = NULL;
	char data[10] = "";

	ASSERT_OK(wok_sqlite_script(db,
				    "CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(100000)), "
				    "(x'414243')"));
	ASSERT_OK(wok_sqlite_blob_open(db, "t", "x", 1, true, &blob));
	ASSERT_EQ(wok_sqlite_blob_size(blob), 100000);
	ASSERT_OK(wok_sqlite_blob_write(blob, 50000, "hello", 5));
	ASSERT_EQ(wok_sqlite_blob_read(blob, 49999, data, 7), 7);
	ASSERT_MEM(data, "\0hello\0", 7);
	ASSERT_EQ(wok_sqlite_blob_read(blob, 99998, data, 7), 2);
	ASSERT_EQ(wok_sqlite_blob_read(blob, 200000, data, 7), 0);
	ASSERT_ERR(wok_sqlite_blob_write(blob, 99998, "hello", 5), -EFBIG);
	ASSERT_OK(wok_sqlite_blob_move(blob, 2));
	ASSERT_EQ(wok_sqlite_blob_size(blob), 3);
	ASSERT_EQ(wok_sqlite_blob_read(blob, 0, data, sizeof(data)), 3);
	ASSERT_MEM(data, "ABC", 3);
	ASSERT_OK(wok_sqlite_execute(db, "DELETE FROM t WHERE rowid = 2", NULL));
	ASSERT_ERR(wok_sqlite_blob_read(blob, 0, data, 1), WOK_EDB);
	ASSERT_NUMBER(SQLITE_ABORT);
	wok_sqlite_blob_free(WOK_TAKE(blob));
	ASSERT_ERR(wok_sqlite_blob_open(db, "t", "y", 1, false, &blob), WOK_EDB);
	ASSERT_OK(wok_sqlite_blob_open(db, "t", "x", 1, false, &blob));
	ASSERT_OK(wok_sqlite_close(db));
	ASSERT_ERR(wok_sqlite_blob_read(blob, 0, data, 1), -EBADF);
}

/* A blob into a blob, as an upload or a download would go. */
static size_t pump(wok_stream *from, wok_stream *to)
{
	char chunk[5000];
	size_t sum = 0;
	ssize_t n;

	while ((n = wok_stream_read(from, chunk, sizeof(chunk))) > 0) {
		ASSERT_OK(wok_stream_write_all(to, chunk, (size_t) n));
		sum += (size_t) n;
	}
	ASSERT_EQ(n, 0);
	return sum;
}

static wok_stream *stream_of(wok_sqlite *db, int64_t id, bool write)
{
	wok_sqlite_blob *blob;
	wok_stream *stream;

	ASSERT_OK(wok_sqlite_blob_open(db, "t", "x", id, write, &blob));
	ASSERT_OK(wok_sqlite_blob_stream(blob, &stream));
	return stream;
}

TEST_TASK(a_blob_is_a_stream, "sqliterow-16")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	char data[4] = "";

	ASSERT_OK(wok_sqlite_script(db,
				    "CREATE TABLE t(x); INSERT INTO t VALUES(randomblob(100000)), "
				    "(zeroblob(100000)), (x'')"));
	{
		WOK_AUTO(wok_stream) *from = stream_of(db, 1, false), *to = stream_of(db, 2, true);
		ASSERT_EQ(pump(from, to), 100000);
		ASSERT_ERR(wok_stream_write_all(to, "x", 1), -EFBIG);
		/* What was written can be read: the places are two. */
		ASSERT_OK(wok_stream_read_exactly(to, data, sizeof(data), NULL));
		WOK_AUTO(wok_stream) *empty = stream_of(db, 3, false);
		ASSERT_EQ(wok_stream_read(empty, data, sizeof(data)), 0);
		ASSERT_ERR(wok_stream_write_all(from, "x", 1), WOK_EDB); /* was opened to read */
		ASSERT_NUMBER(SQLITE_READONLY);
	}
	ASSERT_EQ(one_int(db, "SELECT count(DISTINCT x) FROM t"), 2);
	ASSERT_EQ(one_int(db, "SELECT substr(x, 1, 4) = (SELECT substr(x, 1, 4) FROM t WHERE "
			      "rowid = 1) FROM t WHERE rowid = 2"),
		  1);
}

static int read_one(void *stream)
{
	char byte;

	return (int) wok_stream_read(stream, &byte, 1);
}

TEST_TASK(a_blob_stream_can_be_closed_and_cancelled_under_who_reads)
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	char data[4];

	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); INSERT INTO t VALUES(x'41424344')"));
	WOK_AUTO(wok_stream) *stream = stream_of(db, 1, false);
	struct ask slow = {.db = db, .sql = endless};
	WOK_AUTO(wok_task) *busy = wok_create_task(ask, &slow);
	wait_until_it_runs(db);
	WOK_AUTO(wok_task) *reader = wok_create_task(read_one, stream);
	test_settle();
	cancel_and_await(reader);
	cancel_and_await(busy);
	ASSERT_OK(wok_stream_read_exactly(stream, data, 4, NULL)); /* no byte was lost */
	ASSERT_MEM(data, "ABCD", 4);
	WOK_AUTO(wok_task) *again = wok_create_task(ask, &slow);
	wait_until_it_runs(db);
	WOK_AUTO(wok_task) *late = wok_create_task(read_one, stream);
	test_settle();
	ASSERT_OK(wok_stream_close(stream));
	cancel_and_await(again);
	ASSERT_ERR(wok_await(late), -EBADF);
}

TEST_TASK(extensions_are_loaded_if_that_was_allowed, "sqliterow-17")
{
	const wok_sqlite_options allowed = {.load_extensions = true};
	WOK_AUTO(wok_sqlite) *db = in_memory(), *other = NULL;

	ASSERT_OK(wok_sqlite_open(":memory:", &allowed, &other));
	ASSERT_ERR(wok_sqlite_load_extension(db, "libsqlite3.so.0", "sqlite3_initialize"), -EPERM);
	/* A library that is there, and a function of it that takes nothing and returns 0. */
	ASSERT_OK(wok_sqlite_load_extension(other, "libsqlite3.so.0", "sqlite3_initialize"));
	ASSERT_ERR(wok_sqlite_load_extension(other, "/nowhere/at/all.so", NULL), WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "/nowhere/at/all.so");
	/* Not by SQL. */
	ASSERT_ERR(wok_sqlite_execute(other, "SELECT load_extension('libsqlite3.so.0')", NULL),
		   WOK_EDB);
	ASSERT_MESSAGE(WOK_EDB, "not authorized");
}
