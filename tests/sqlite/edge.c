/* SPDX-License-Identifier: MIT */
/* What goes wrong between two: a close and who waits, a shutdown and a group, words and state. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <wok/sqlite_backup.h>
#include <wok/sqlite_function.h>
#include <wok/sqlite_pool.h>

#include "check.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/pool.h"
#include "harness/reports.h"

TEST_TASK(a_connection_can_be_freed_under_who_waits)
{
	wok_sqlite *db = in_memory();
	struct ask slow = {.db = db, .sql = endless}, behind = {.db = db, .sql = "SELECT 1"};
	WOK_AUTO(wok_task) *first = wok_create_task(ask, &slow);

	wait_until_it_runs(db);
	WOK_AUTO(wok_task) *second = wok_create_task(ask, &behind);
	test_settle();
	wok_sqlite_free(db);
	ASSERT_ERR(wok_await(first), -ESHUTDOWN);
	ASSERT_ERR(wok_await(second), -ESHUTDOWN);
}

static int begin_and_hold(void *db)
{
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(db, NULL, &tx));
	WOK_TRY(wok_sleep(WOK_SECOND));
	return wok_sqlite_transaction_commit(tx);
}

static int begin_too(void *db)
{
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	return wok_sqlite_transaction_begin(db, NULL, &tx);
}

TEST_TASK(a_connection_can_be_freed_under_who_waits_for_a_transaction)
{
	wok_sqlite *db = in_memory();
	struct ask behind = {.db = db, .sql = "SELECT 1"};
	WOK_AUTO(wok_task) *holder = wok_create_task(begin_and_hold, db);

	test_settle();
	WOK_AUTO(wok_task) *second = wok_create_task(begin_too, db);
	WOK_AUTO(wok_task) *third = wok_create_task(ask, &behind);
	test_settle();
	wok_sqlite_free(db);
	const int r = wok_await(holder); /* its commit was queued, or came later */
	ASSERT(r == -EBADF || r == -ESHUTDOWN);
	ASSERT_ERR(wok_await(second), -EBADF);
	ASSERT_ERR(wok_await(third), -EBADF);
}

TEST_TASK(on_the_loop_a_connection_can_be_freed_under_who_waits_for_a_lock)
{
	char path[PATH_SIZE];

	new_path(path);
	{
		const wok_sqlite_options options = {.on_loop = true};
		WOK_AUTO(wok_sqlite) *other = open_file(path, &options);
		wok_sqlite *db = open_file(path, &options);
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
		struct ask waiting = {.db = db, .sql = "CREATE TABLE t(x)"};

		ASSERT_OK(wok_sqlite_transaction_begin(other, NULL, &tx));
		WOK_AUTO(wok_task) *task = wok_create_task(ask, &waiting);
		test_settle();
		ASSERT(!wok_task_done(task));
		wok_sqlite_free(db);
		ASSERT_ERR(wok_await(task), -ESHUTDOWN);
	}
	remove_database(path);
}

static int hold_thread(sqlite3 *handle, void *arg)
{
	(void) handle;
	while (!atomic_load((atomic_bool *) arg))
		usleep(100);
	return 0;
}

struct hold {
	wok_sqlite *db;
	atomic_bool *go;
};

static int hold(void *arg)
{
	const struct hold *held = arg;

	return wok_sqlite_run(held->db, hold_thread, held->go);
}

static int count_commit(void *arg)
{
	++*(int *) arg;
	return 0;
}

/* Statements that wait while the thread is held, and then are one group. */
enum { GROUP = 50 };

TEST_TASK(a_group_is_one_transaction, "sqlite-27")
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	atomic_bool go = false;
	int commits = 0;
	struct ask asked[GROUP];
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_sqlite_open(":memory:", &(wok_sqlite_options){.group_commit = true}, &db));
	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	ASSERT_OK(wok_sqlite_set_hooks(
		db, &(wok_sqlite_hooks){.on_commit = count_commit, .arg = &commits}));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, hold, &(struct hold){db, &go}));
	wait_until_it_runs(db);
	for (int i = 0; i < GROUP; i++) {
		asked[i] = (struct ask){.db = db, .sql = "INSERT INTO t VALUES(1)"};
		ASSERT_OK(wok_scope_spawn(scope, ask, &asked[i]));
	}
	test_settle();
	atomic_store(&go, true);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(commits, 1);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), GROUP);
}

#define ENDLESS_INSERT                                                                             \
	"INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) "               \
	"SELECT i FROM n WHERE i > 1"

TEST_TASK(a_shutdown_interrupts_a_group, "sqlite-23")
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	atomic_bool go = false;
	struct ask asked[3] = {{.sql = "INSERT INTO t VALUES(1)"},
			       {.sql = ENDLESS_INSERT},
			       {.sql = ENDLESS_INSERT}};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_sqlite_open(":memory:", &(wok_sqlite_options){.group_commit = true}, &db));
	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, hold, &(struct hold){db, &go}));
	wait_until_it_runs(db);
	wok_task *tasks[3];
	for (int i = 0; i < 3; i++) {
		asked[i].db = db;
		tasks[i] = wok_create_task(ask, &asked[i]);
	}
	test_settle();
	atomic_store(&go, true);
	ASSERT_OK(wok_scope_join(scope)); /* the group is at work, or about to begin */
	ASSERT_OK(wok_sqlite_shutdown(db));
	for (int i = 0; i < 3; i++) {
		WOK_IGNORE(wok_await(tasks[i]));
		wok_task_free(tasks[i]);
	}
	ASSERT(asked[0].result == 0 || asked[0].result == -ESHUTDOWN);
	ASSERT_EQ(asked[1].result, -ESHUTDOWN);
	ASSERT_EQ(asked[2].result, -ESHUTDOWN);
}

TEST_TASK(words_that_end_a_transaction_are_refused_within_one)
{
	static const char *const words[] = {"COMMIT", " -- now\nend", "ROLLBACK;",
					    "rollback transaction", "/* x */ BEGIN IMMEDIATE"};
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	/* In the cache, too. */
	ASSERT_ERR(wok_sqlite_execute(db, "COMMIT", NULL), WOK_EDB);
	ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
	ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ASSERT_ERR(wok_sqlite_execute(db, words[i], NULL), -EINVAL);
		ASSERT_MESSAGE(-EINVAL, "leave out");
	}
	ASSERT_ERR(wok_sqlite_script(db, "INSERT INTO t VALUES(2); COMMIT; SELECT 1"), -EINVAL);
	ASSERT_MESSAGE(-EINVAL, "statement 2");
	ASSERT_OK(wok_sqlite_script(db, "SAVEPOINT a; INSERT INTO t VALUES(3); "
					"ROLLBACK TRANSACTION TO a; ROLLBACK TO SAVEPOINT a; "
					"RELEASE a; ANALYZE"));
	ASSERT_OK(wok_sqlite_transaction_rollback(tx));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}

TEST_TASK(a_batch_is_not_committed_by_a_word_in_it, "sqliterow-5")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	wok_sqlite_statement batch[] = {{.sql = "INSERT INTO t VALUES(1)"},
					{.sql = "COMMIT"},
					{.sql = "INSERT INTO t VALUES(2)"}};

	ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
	ASSERT_ERR(wok_sqlite_batch(db, batch, 3), -EINVAL);
	ASSERT_EQ(batch[1].result, -EINVAL);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
}

struct script {
	wok_sqlite *db;
	const char *sql;
	size_t done;
};

static int run_script(void *arg)
{
	struct script *script = arg;

	return wok_sqlite_script_done(script->db, script->sql, &script->done);
}

/* None of them is long enough for SQLite to ask. */
TEST_TASK(a_long_script_of_short_statements_can_be_cancelled)
{
	enum { MANY = 200000 };
	WOK_AUTO(wok_sqlite) *db = in_memory();
	char *sql = malloc(10 * MANY + 1), *at = sql;

	ASSERT(sql != NULL);
	for (int i = 0; i < MANY; i++)
		at = stpcpy(at, "SELECT 1; ");
	struct script script = {.db = db, .sql = sql};
	WOK_AUTO(wok_task) *task = wok_create_task(run_script, &script);
	wait_until_it_runs(db);
	cancel_and_await(task);
	ASSERT(script.done < MANY);
	free(sql);
}

TEST_TASK(rows_without_texts_have_a_limit, "sqliterow-18")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_rows) *rows = NULL;
	const wok_sqlite_call_options small = {.max_result = 100000};

	ASSERT_ERR(wok_sqlite_fetch_with(db,
					 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
					 "FROM n LIMIT 4000) SELECT i FROM n",
					 NULL, &small, &rows),
		   WOK_ELIMIT);
	ASSERT_MESSAGE(WOK_ELIMIT, "max_result");
	ASSERT_EQ(one_int(db, "SELECT 1"), 1);
}

TEST_TASK(the_bytes_of_a_database_with_a_log_can_be_used, "sqliterow-15")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL), *other = in_memory();
		void *data;
		size_t size;

		ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); INSERT INTO t VALUES(7)"));
		ASSERT_OK(wok_sqlite_serialize(db, &data, &size));
		ASSERT_OK(wok_sqlite_deserialize(other, data, size));
		wok_free(data);
		ASSERT_OK(wok_sqlite_execute(other, "INSERT INTO t VALUES(8)", NULL));
		ASSERT_EQ(one_int(other, "SELECT sum(x) FROM t"), 15);
	}
	remove_database(path);
}

TEST_TASK(an_idle_thread_stays_while_a_transaction_is_open)
{
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	ASSERT_OK(wok_sqlite_open(":memory:", &(wok_sqlite_options){.idle_timeout = 1}, &db));
	ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
	for (int i = 0; i < 20; i++) {
		usleep(1000);
		pthread_mutex_lock(&db->mutex);
		ASSERT(db->thread_runs);
		pthread_mutex_unlock(&db->mutex);
	}
}

/* The parent's thread may have held the mutex: the child touches none. */
TEST_TASK(a_forked_child_can_free_what_it_has, "sqlite-32")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	wok_sqlite_cursor *cursor;
	int status;

	ASSERT_OK(wok_sqlite_query(db, "SELECT 1", NULL, &cursor));
	pthread_mutex_lock(&db->mutex);
	const pid_t child = fork();
	if (child == 0) {
		alarm(10);
		wok_sqlite_cursor_free(cursor);
		_exit(0);
	}
	pthread_mutex_unlock(&db->mutex);
	ASSERT(child > 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFEXITED(status));
	wok_sqlite_cursor_free(cursor);
}

TEST_TASK(an_error_of_the_file_says_which_file_and_what_to_do, "sqlite-18")
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL);

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
		WOK_AUTO(wok_sqlite) *reader =
			open_file(path, &(wok_sqlite_options){.read_only = true});
		ASSERT_ERR(wok_sqlite_execute(reader, "INSERT INTO t VALUES(1)", NULL), WOK_EDB);
		ASSERT_NUMBER(SQLITE_READONLY);
		ASSERT_MESSAGE(WOK_EDB, path);
		ASSERT_MESSAGE(WOK_EDB, "hint: the connection was opened to read only");
		WOK_AUTO(wok_sqlite) *hasty =
			open_file(path, &(wok_sqlite_options){.busy_timeout = 1});
		WOK_AUTO(wok_sqlite_transaction) *tx = NULL;
		ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
		ASSERT_ERR(wok_sqlite_execute(hasty, "INSERT INTO t VALUES(1)", NULL), WOK_EDB);
		ASSERT_MESSAGE(WOK_EDB, path);
		ASSERT_MESSAGE(WOK_EDB, "busy_timeout");
		ASSERT_ERR(wok_sqlite_execute(db, "INSERT INTO nowhere VALUES(1)", NULL), WOK_EDB);
		ASSERT(!strstr(wok_errmsg(WOK_EDB), path)); /* that is the statement's fault */
	}
	remove_database(path);
}

static int give_back_wrongly(void *arg)
{
	WOK_AUTO(wok_sqlite_pool) *pool = NULL;
	const wok_sqlite_pool_options options = {.readers = 1, .acquire_timeout = WOK_MS};
	const wok_sqlite_transaction_options snapshot = {WOK_SQLITE_DEFERRED};
	wok_sqlite_transaction *tx;
	wok_sqlite *reader, *again;

	WOK_TRY(wok_sqlite_pool_open(arg, &options, &pool));
	WOK_TRY(wok_sqlite_pool_acquire(pool, &reader));
	ASSERT_ERR(wok_sqlite_pool_acquire(pool, &again), -ETIMEDOUT);
	ASSERT_MESSAGE(-ETIMEDOUT, "no reader became free");
	ASSERT_OK(wok_sqlite_transaction_begin(reader, &snapshot, &tx));
	wok_sqlite_pool_release(pool, reader);
	wok_sqlite_pool_release(pool, reader);
	wok_sqlite_pool_release(pool, NULL);
	wok_sqlite_transaction_free(tx);
	ASSERT_OK(wok_sqlite_pool_acquire(pool, &again));
	ASSERT(again == reader);
	ASSERT(!reader->in_transaction);
	ASSERT_ERR(wok_sqlite_pool_acquire(pool, &again), -ETIMEDOUT);
	wok_sqlite_pool_release(pool, reader);
	return 0;
}

TEST(a_reader_that_is_given_back_wrongly_is_reported, "sqliterow-6")
{
	struct test_reports reports;
	char path[PATH_SIZE];

	new_path(path);
	ASSERT_OK(test_run_reporting(&reports, give_back_wrongly, path));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "with a transaction open");
	ASSERT_REPORT(&reports, 1, "nobody has this reader");
	remove_database(path);
}

struct pool_ask {
	wok_sqlite_pool *pool;
	int result;
};

static int fetch_endlessly(void *arg)
{
	struct pool_ask *asked = arg;
	int64_t value;

	return asked->result = wok_sqlite_pool_fetch_int(asked->pool, endless, NULL, &value);
}

TEST_TASK(a_pool_can_be_freed_under_who_waits)
{
	char path[PATH_SIZE];
	wok_sqlite_pool *pool;

	new_path(path);
	ASSERT_OK(wok_sqlite_pool_open(path, NULL, &pool));
	struct pool_ask asked = {.pool = pool};
	WOK_AUTO(wok_task) *task = wok_create_task(fetch_endlessly, &asked);
	while (pool->n_readers == 0)
		ASSERT_OK(wok_yield());
	wait_until_it_runs(pool->readers[0]);
	wok_sqlite_pool_free(pool);
	ASSERT_ERR(wok_await(task), -ESHUTDOWN);
	remove_database(path);
}
