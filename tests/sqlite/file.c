/* SPDX-License-Identifier: MIT */
/* Files that are bad, full, locked, or somebody else's. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "db/sqlite/connection.h"

TEST_TASK(a_full_disk_rolls_back, "sqlite-18")
{
	WOK_AUTO(wok_sqlite) *db = in_memory();
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	/* The limit of pages gives the same error as a disk. */
	ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); PRAGMA max_page_count = 20"));
	ASSERT_OK(wok_sqlite_transaction_begin(db, NULL, &tx));
	ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL));
	ASSERT_ERR(wok_sqlite_execute(db, "INSERT INTO t VALUES(zeroblob(200000))", NULL), WOK_EDB);
	ASSERT_NUMBER(SQLITE_FULL);
	ASSERT_MESSAGE(WOK_EDB, "max_page_count");
	ASSERT_OK(wok_sqlite_transaction_rollback(tx));
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), 0);
	ASSERT_OK(wok_sqlite_script(db, "PRAGMA max_page_count = 1000"));
	ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(zeroblob(200000))", NULL));
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ASSERT(file != NULL);
	fputs(text, file);
	ASSERT_EQ(fclose(file), 0);
}

TEST_TASK(what_is_no_database_is_refused, "sqlite-20")
{
	char path[PATH_SIZE];
	wok_sqlite *db;

	new_path(path);
	write_file(path, "This is a text, and it is longer than the header of a database would be, "
			 "which has a hundred bytes: now it is.");
	ASSERT_ERR(wok_sqlite_open(path, NULL, &db), WOK_EDB);
	ASSERT_NUMBER(SQLITE_NOTADB);
	remove_database(path);
}

static void copy_file(const char *from, const char *to, off_t less)
{
	char command[3 * PATH_SIZE];
	struct stat status;

	snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
	ASSERT_EQ(system(command), 0);
	ASSERT_EQ(stat(to, &status), 0);
	ASSERT_EQ(truncate(to, status.st_size - less), 0);
}

/* The log loses its end: the last transaction is not there, those before are. */
TEST_TASK(a_truncated_log_is_recovered, "sqlite-20")
{
	char path[PATH_SIZE], other[PATH_SIZE], from[PATH_SIZE + 8], to[PATH_SIZE + 8];

	new_path(path);
	new_path(other);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL);

		ASSERT_OK(wok_sqlite_execute(db, "CREATE TABLE t(x)", NULL));
		for (int i = 0; i < 10; i++)
			ASSERT_OK(wok_sqlite_execute(db, "INSERT INTO t VALUES(?)", WOK_ARGS(i)));
		copy_file(path, other, 0);
		snprintf(from, sizeof(from), "%s-wal", path);
		snprintf(to, sizeof(to), "%s-wal", other);
		copy_file(from, to, 100);
		WOK_AUTO(wok_sqlite) *mended = open_file(other, NULL);
		ASSERT_EQ(one_int(mended, "SELECT count(*) FROM t"), 9);
	}
	remove_database(path);
	remove_database(other);
}

struct life {
	const char *path;
	int to;
	bool group;
};

static int insert_and_tell(void *arg)
{
	struct life *life = ((void **) arg)[0];
	wok_sqlite *db = ((void **) arg)[1];
	static int64_t next;

	for (;;) {
		const int64_t id = next++;

		WOK_TRY(wok_sqlite_execute(db, "INSERT INTO t VALUES(?, ?)", WOK_ARGS(id, -id)));
		if (write(life->to, &id, sizeof(id)) != sizeof(id))
			return -EPIPE;
	}
}

static int insert_for_ever(void *arg)
{
	struct life *life = arg;
	WOK_AUTO(wok_sqlite) *db = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	void *both[2];

	WOK_TRY(wok_sqlite_open(life->path, &(wok_sqlite_options){.group_commit = life->group},
				&db));
	WOK_TRY(wok_sqlite_execute(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x)", NULL));
	both[0] = life;
	both[1] = db;
	WOK_TRY(wok_scope_new(&scope));
	for (int i = 0; i < 8; i++)
		WOK_TRY(wok_scope_spawn(scope, insert_and_tell, both));
	return wok_scope_join(scope);
}

static int check_acknowledged(void *arg)
{
	const int64_t *acknowledged = ((void **) arg)[1];
	WOK_AUTO(wok_sqlite) *db = open_file(((void **) arg)[0], NULL);
	WOK_AUTO(wok_rows) *rows = NULL;
	int64_t there;

	ASSERT_OK(wok_sqlite_fetch(db, "PRAGMA integrity_check", NULL, &rows));
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "ok");
	for (; *acknowledged >= 0; acknowledged++) {
		ASSERT_EQ(wok_sqlite_fetch_int(db, "SELECT x FROM t WHERE id = ?",
					       WOK_ARGS(*acknowledged), &there),
			  1);
		ASSERT_EQ(there, -*acknowledged);
	}
	return 0;
}

/* A process that dies at any moment has what it was told was done. */
static void kill_and_check(bool group)
{
	static int64_t acknowledged[2000];
	char path[PATH_SIZE];
	int ends[2], status, n = 0;

	new_path(path);
	ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
	const pid_t child = fork();
	if (child == 0) {
		struct life life = {path, ends[1], group};

		_exit(wok_run(insert_for_ever, &life) < 0);
	}
	close(ends[1]);
	while (n < 1500 &&
	       read(ends[0], &acknowledged[n], sizeof(acknowledged[0])) == sizeof(acknowledged[0]))
		n++;
	ASSERT_EQ(n, 1500);
	ASSERT_EQ(kill(child, SIGKILL), 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	close(ends[0]);
	acknowledged[n] = -1;
	void *both[] = {path, acknowledged};
	ASSERT_OK(wok_run(check_acknowledged, both));
	remove_database(path);
}

TEST(a_killed_process_has_lost_nothing, "sqlite-20")
{
	kill_and_check(false);
}

TEST(a_killed_group_commit_has_lost_nothing, "sqlite-27")
{
	kill_and_check(true);
}

TEST_TASK(a_file_that_is_read_only_says_so)
{
	char path[PATH_SIZE];

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *db = open_file(path, NULL);
		ASSERT_OK(wok_sqlite_script(db, "CREATE TABLE t(x); INSERT INTO t VALUES(5)"));
		WOK_AUTO(wok_sqlite) *reader =
			open_file(path, &(wok_sqlite_options){.read_only = true});
		ASSERT_EQ(one_int(reader, "SELECT x FROM t"), 5);
		ASSERT_ERR(wok_sqlite_execute(reader, "DELETE FROM t", NULL), WOK_EDB);
		ASSERT_NUMBER(SQLITE_READONLY);
	}
	remove_database(path);
}

static int write_some(void *arg)
{
	wok_sqlite *db = arg;

	for (int i = 0; i < 50; i++)
		WOK_TRY(wok_sqlite_execute(db, "INSERT INTO t VALUES(1)", NULL));
	return 0;
}

TEST_TASK(two_connections_and_another_program_share_a_file, "sqlite-31")
{
	char path[PATH_SIZE], command[PATH_SIZE + 200];
	int programs = 0;

	new_path(path);
	{
		WOK_AUTO(wok_sqlite) *a = open_file(path, NULL), *b = open_file(path, NULL);
		WOK_AUTO(wok_scope) *scope = NULL;

		ASSERT_OK(wok_sqlite_execute(a, "CREATE TABLE t(x)", NULL));
		snprintf(command, sizeof(command),
			 "for i in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' '%s' 'INSERT INTO t "
			 "VALUES(2)' || exit 1; done",
			 path);
		if (system("command -v sqlite3 >/dev/null") == 0)
			programs = 5;
		FILE *program = programs ? popen(command, "re") : NULL;
		ASSERT_OK(wok_scope_new(&scope));
		ASSERT_OK(wok_scope_spawn(scope, write_some, a));
		ASSERT_OK(wok_scope_spawn(scope, write_some, b));
		ASSERT_OK(wok_scope_join(scope));
		if (program)
			ASSERT_EQ(pclose(program), 0);
		ASSERT_EQ(one_int(a, "SELECT count(*) FROM t"), 100 + programs);
	}
	remove_database(path);
}
