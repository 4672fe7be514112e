/* SPDX-License-Identifier: MIT */
/* Migrations, on SQLite: see wok/migrate.h. tests/pg/migrate.c has them on PostgreSQL. */
#include <wok/migrate.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wok/sqlite.h>
#include <wok/wok.h>

#include "harness/at_once.h"
#include "harness/test.h"

static const wok_migration three[] = {
	{1, "users",
	 "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
	 "CREATE INDEX users_name ON users (name);"},
	{2, "one", "INSERT INTO users (name) VALUES ('semi;colon')"},
	{3, "two", "INSERT INTO users (name) VALUES ('second'); -- the end"},
};

static wok_sqlite *open_memory(void)
{
	wok_sqlite *db;

	ASSERT_OK(wok_sqlite_open(":memory:", &(wok_sqlite_options){.on_loop = true}, &db));
	return db;
}

static int64_t count(wok_sqlite *db, const char *sql)
{
	int64_t value;

	ASSERT_OK(wok_sqlite_fetch_int(db, sql, NULL, &value));
	return value;
}

TEST_TASK(each_migration_runs_once)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();

	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 2, NULL), 2);
	ASSERT_EQ(count(db, "SELECT count(*) FROM users"), 1);
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 2, NULL), 0);
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, NULL), 1);
	ASSERT_EQ(count(db, "SELECT count(*) FROM users"), 2);
	ASSERT_EQ(count(db, "SELECT count(*) FROM wok_migrations WHERE run_at > '2000'"), 3);
}

TEST_TASK(a_migration_that_fails_has_done_nothing_and_those_before_it_stay)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();
	const wok_migration broken[] = {
		three[0],
		{2, "half",
		 "INSERT INTO users (name) VALUES ('a'); INSERT INTO nowhere VALUES (1)"},
	};

	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), broken, 2, NULL), WOK_EDB);
	ASSERT(strstr(wok_errmsg(WOK_EDB), "migration 2 (half)"));
	ASSERT(strstr(wok_errmsg(WOK_EDB), "nowhere"));
	ASSERT_EQ(count(db, "SELECT count(*) FROM users"), 0);
	ASSERT_EQ(count(db, "SELECT max(number) FROM wok_migrations"), 1);
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, NULL), 2);
}

TEST_TASK(a_migration_that_was_changed_later_is_refused)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();
	wok_migration list[3] = {three[0], three[1], three[2]};

	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 2, NULL), 2);
	list[1].sql = "INSERT INTO users (name) VALUES ('other')";
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), list, 3, NULL), -ESTALE);
	ASSERT(strstr(wok_errmsg(-ESTALE), "migration 2 (one)"));
	ASSERT_EQ(count(db, "SELECT count(*) FROM users"), 1);

	/* A checkout may have other line ends; and a name is only a name. */
	list[1] = (wok_migration){2, "renamed", three[1].sql};
	list[0].sql = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\r\n"
		      "CREATE INDEX users_name ON users (name);";
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), list, 3, NULL), 1);
}

TEST_TASK(a_database_that_is_newer_than_the_program_is_refused)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();

	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, NULL), 3);
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), three, 2, NULL), -ESTALE);
	ASSERT(strstr(wok_errmsg(-ESTALE), "newer"));
	ASSERT_OK(wok_sqlite_execute(db, "DELETE FROM wok_migrations WHERE number = 2", NULL));
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), three, 3, NULL), -ESTALE);
	ASSERT(strstr(wok_errmsg(-ESTALE), "not 2"));
}

TEST_TASK(a_list_with_a_gap_or_a_wrong_option_is_refused_before_anything_runs)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();
	const wok_migration gap[] = {three[0], three[2]};
	const wok_migration twice[] = {three[0], three[0]};
	const wok_migration empty[] = {{1, "x", NULL}};

	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), gap, 2, NULL), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "number 3 (two)"));
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), twice, 2, NULL), -EINVAL);
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), empty, 1, NULL), -EINVAL);
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), three, 3, &(wok_migrate_options){.up_to = 4}),
		   -EINVAL);
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), three, 3,
			       &(wok_migrate_options){.table = "x; DROP TABLE users"}),
		   -EINVAL);
	ASSERT_EQ(count(db, "SELECT count(*) FROM sqlite_master"), 0);
}

static int note(const wok_migration *migration, void *arg)
{
	*(int64_t *) arg = *(int64_t *) arg * 10 + migration->number;
	return 0;
}

static int refuse(const wok_migration *migration, void *arg)
{
	(void) arg;
	return migration->number == 2 ? -EPERM : 0;
}

TEST_TASK(it_stops_where_it_was_told_and_a_dry_run_only_tells)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();
	int64_t seen = 0;
	wok_migrate_options options = {.dry_run = true, .each = note, .arg = &seen};

	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, &options), 3);
	ASSERT_EQ(seen, 123);
	ASSERT_EQ(count(db, "SELECT count(*) FROM sqlite_master"), 0);

	options = (wok_migrate_options){.up_to = 1, .each = note, .arg = &seen};
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, &options), 1);
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, &options), 0);
	options = (wok_migrate_options){.dry_run = true};
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, &options), 2);
	options = (wok_migrate_options){.each = refuse};
	ASSERT_ERR(wok_migrate(wok_sqlite_db(db), three, 3, &options), -EPERM);
	ASSERT_EQ(count(db, "SELECT count(*) FROM users"), 0);
}

/* --- files ------------------------------------------------------------------------------------ */

static void put(const char *folder, const char *name, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	ASSERT(file);
	fputs(text, file);
	fclose(file);
}

static int in_folder(void *arg)
{
	char *folder = arg;
	WOK_AUTO(wok_sqlite) *db = open_memory();

	put(folder, "0002_more.sql", "INSERT INTO t VALUES (1)");
	put(folder, "0001_table.sql", "CREATE TABLE t (x)");
	put(folder, "10-last.sql", "INSERT INTO t VALUES (2)");
	put(folder, "README", "no SQL");
	put(folder, ".0003_hidden.sql", "no SQL either");
	ASSERT_ERR(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), -EINVAL); /* a gap */
	ASSERT(strstr(wok_errmsg(-EINVAL), "number 10 (last)"));
	put(folder, "3_three.sql", "INSERT INTO t VALUES (3)");
	ASSERT_EQ(wok_migrate_folder(wok_sqlite_db(db), folder, &(wok_migrate_options){.up_to = 2}),
		  -EINVAL);
	char *command;
	ASSERT(asprintf(&command, "rm %s/10-last.sql", folder) > 0);
	ASSERT_EQ(system(command), 0);
	free(command);
	ASSERT_EQ(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), 3);
	ASSERT_EQ(count(db, "SELECT sum(x) FROM t"), 4);

	put(folder, "add_column.sql", "");
	ASSERT_ERR(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "\"add_column.sql\""));
	ASSERT_ERR(wok_migrate_folder(wok_sqlite_db(db), "/nonexistent", NULL), -ENOENT);
	return 0;
}

static void remove_folder(const char *folder)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ASSERT_EQ(system(command), 0);
}

TEST(files_are_taken_in_the_order_of_their_numbers)
{
	char folder[] = "/tmp/wok-migrate-XXXXXX";

	ASSERT(mkdtemp(folder));
	ASSERT_OK(wok_run(in_folder, folder));
	remove_folder(folder);
}

/* As editors and other systems leave them. */
static int in_odd_folder(void *arg)
{
	const char *folder = arg;
	WOK_AUTO(wok_sqlite) *db = open_memory();

	put(folder, "1_bom.sql",
	    "\xef\xbb\xbf"
	    "CREATE TABLE t (x);\r\n-- the; end\r\n");
	put(folder, "2_nothing.sql", "");
	put(folder, "3_comment.sql", "/* nothing; yet */\r\n;;");
	put(folder, "4_trigger.sql",
	    "CREATE TRIGGER twice AFTER INSERT ON t BEGIN SELECT 1; END; INSERT INTO u VALUES (1)");
	ASSERT_ERR(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), WOK_EDB);
	ASSERT_EQ(count(db, "SELECT max(number) FROM wok_migrations"), 3);
	ASSERT_EQ(count(db, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"), 0);
	put(folder, "4_trigger.sql",
	    "CREATE TRIGGER twice AFTER INSERT ON t WHEN NEW.x = 'a;b' BEGIN\n"
	    "  INSERT INTO t VALUES ('it''s; done'); INSERT INTO t VALUES ('x;');\nEND;\n"
	    "INSERT INTO t VALUES ('a;b')");
	ASSERT_EQ(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), 1);
	ASSERT_EQ(count(db, "SELECT count(*) FROM t"), 3);
	/* The mark and line ends may come and go. */
	put(folder, "1_bom.sql", "CREATE TABLE t (x);\n-- the; end\n");
	ASSERT_EQ(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), 0);
	put(folder, "2_nothing.sql", "SELECT 1");
	ASSERT_ERR(wok_migrate_folder(wok_sqlite_db(db), folder, NULL), -ESTALE);
	return 0;
}

TEST(files_may_have_marks_other_line_ends_and_nothing_in_them)
{
	char folder[] = "/tmp/wok-migrate-XXXXXX";

	ASSERT(mkdtemp(folder));
	ASSERT_OK(wok_run(in_odd_folder, folder));
	remove_folder(folder);
}

TEST_TASK(a_migration_cannot_end_its_transaction)
{
	static const char *const texts[] = {
		"INSERT INTO users (name) VALUES ('a'); COMMIT",
		"INSERT INTO users (name) VALUES ('a'); COMMIT; SELECT 1; BEGIN",
		"INSERT INTO users (name) VALUES ('a'); ROLLBACK; BEGIN",
	};
	WOK_AUTO(wok_sqlite) *db = open_memory();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const wok_migration list[] = {three[0], {2, "ends", texts[i]}};

		ASSERT_ERR(wok_migrate(wok_sqlite_db(db), list, 2, NULL), -EINVAL);
		ASSERT(strstr(wok_errmsg(-EINVAL), "migration 2 (ends)"));
		ASSERT_EQ(count(db, "SELECT count(*) FROM users"), 0);
		ASSERT_EQ(count(db, "SELECT max(number) FROM wok_migrations"), 1);
	}
}

TEST_TASK(the_table_may_be_in_an_attached_database)
{
	WOK_AUTO(wok_sqlite) *db = open_memory();
	const wok_migrate_options options = {.table = "side.done"};
	const wok_migrate_options dry = {.table = "side.done", .dry_run = true};

	ASSERT_OK(wok_sqlite_execute(db, "ATTACH ':memory:' AS side", NULL));
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 2, &options), 2);
	ASSERT_EQ(count(db, "SELECT count(*) FROM side.done"), 2);
	ASSERT_EQ(wok_migrate(wok_sqlite_db(db), three, 3, &dry), 1);
}

/* --- several at once -------------------------------------------------------------------------- */

enum { RUNNERS = 4, MANY = 20 };

struct runner {
	const char *path;
	int ran;
};

static int migrate_many(void *arg)
{
	struct runner *runner = arg;
	wok_migration list[MANY];
	WOK_AUTO(wok_sqlite) *db = NULL;

	for (int i = 0; i < MANY; i++)
		list[i] = (wok_migration){i + 1, "more",
					  i == 0 ? "CREATE TABLE t (x INTEGER)"
						 : "INSERT INTO t SELECT count(*) FROM t"};
	WOK_TRY(wok_sqlite_open(runner->path, NULL, &db));
	runner->ran = wok_migrate(wok_sqlite_db(db), list, MANY, NULL);
	if (runner->ran < 0)
		return runner->ran;
	ASSERT_EQ(count(db, "SELECT count(*) FROM t"), MANY - 1);
	return 0;
}

static int migrate_at_once(void *arg)
{
	struct runner runners[RUNNERS];
	int sum = 0;

	for (int i = 0; i < RUNNERS; i++)
		runners[i] = (struct runner){.path = arg};
	ASSERT_OK(wok_for_each(migrate_many, runners, RUNNERS, WOK_UNLIMITED, 0));
	for (int i = 0; i < RUNNERS; i++)
		sum += runners[i].ran;
	ASSERT_EQ(sum, MANY);
	return 0;
}

TEST(of_several_that_migrate_at_once_each_migration_is_run_by_one)
{
	char folder[] = "/tmp/wok-migrate-XXXXXX";
	char path[60];

	ASSERT(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/one.db", folder);
	ASSERT_OK(wok_run(migrate_at_once, path));
	remove_folder(folder);
}

/* How many it has run. */
static int migrate_as_program(void *path)
{
	struct runner runner = {.path = path};
	const int r = wok_run(migrate_many, &runner);

	return r < 0 ? r : runner.ran;
}

TEST(of_several_programs_that_migrate_at_once_each_migration_is_run_by_one)
{
	for (int i = 0; i < 5; i++) {
		char folder[] = "/tmp/wok-migrate-XXXXXX";
		char path[60];

		ASSERT(mkdtemp(folder));
		snprintf(path, sizeof(path), "%s/one.db", folder);
		ASSERT_EQ(test_at_once(RUNNERS, migrate_as_program, path), MANY);
		remove_folder(folder);
	}
}
