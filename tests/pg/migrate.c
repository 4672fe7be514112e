/* SPDX-License-Identifier: MIT */
/* Migrations, on PostgreSQL: see wok/migrate.h. tests/db/migrate.c has what is the same on SQLite.
 */
#include <wok/migrate.h>

#include <stdio.h>
#include <stdlib.h>
#include <wok/pg.h>
#include <wok/wok.h>

#include "harness/at_once.h"
#include "harness/test.h"
#include "pg/cluster.h"

enum { RUNNERS = 6, MANY = 15 };

static const wok_migration three[] = {
	{1, "users",
	 "CREATE TABLE mig.users (id serial PRIMARY KEY, name text);"
	 "CREATE INDEX users_name ON mig.users (name)"},
	{2, "one", "INSERT INTO mig.users (name) VALUES ('semi;colon')"},
	{3, "broken", "INSERT INTO mig.users (name) VALUES ('two'); SELECT 1 / 0"},
};

static wok_pg_conn *connected(void)
{
	wok_pg_conn *conn;

	ASSERT_OK(wok_pg_connect(pg_cluster_dsn(), &conn));
	return conn;
}

static void make_schema(void)
{
	(void) pg_cluster_query("DROP SCHEMA IF EXISTS mig CASCADE; CREATE SCHEMA mig");
}

static int use_three(void *unused)
{
	const wok_migrate_options options = {.table = "mig.done"};
	WOK_AUTO(wok_pg_conn) *conn = connected();
	wok_db *db = wok_pg_db(conn);

	(void) unused;
	ASSERT_EQ(wok_migrate(db, three, 2,
			      &(wok_migrate_options){.table = "mig.done", .dry_run = true}),
		  2);
	ASSERT_STR(pg_cluster_query("SELECT to_regclass('mig.done') IS NULL"), "t");
	ASSERT_EQ(wok_migrate(db, three, 2, &options), 2);
	ASSERT_EQ(wok_migrate(db, three, 2, &options), 0);
	ASSERT_ERR(wok_migrate(db, three, 3, &options), WOK_EDB);
	ASSERT(strstr(wok_errmsg(WOK_EDB), "migration 3 (broken)"));
	ASSERT_STR(pg_cluster_query("SELECT count(*) FROM mig.users"), "1");
	ASSERT_STR(pg_cluster_query("SELECT max(number) FROM mig.done"), "2");
	ASSERT_EQ(wok_pg_status(conn), 'I');
	return 0;
}

TEST(migrations_run_once_each_in_a_transaction_of_postgresql)
{
	make_schema();
	ASSERT_OK(wok_run(use_three, NULL));
}

static int end_transaction(void *unused)
{
	const wok_migration list[] = {{1, "commits", "CREATE TABLE mig.x (y int); COMMIT"}};
	WOK_AUTO(wok_pg_conn) *conn = connected();

	(void) unused;
	ASSERT_ERR(
		wok_migrate(wok_pg_db(conn), list, 1, &(wok_migrate_options){.table = "mig.done"}),
		-EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "COMMIT"));
	return 0;
}

static int use_quotes(void *unused)
{
	const wok_migrate_options options = {.table = "mig.done"};
	const wok_migration list[] = {
		{1, "nothing", ""},
		{2, "comment", "-- nothing; yet\r\n/* nor; here */ ;;"},
		{3, "function",
		 "CREATE TABLE mig.t (x text);\r\n"
		 "CREATE FUNCTION mig.f() RETURNS text AS $body$\n"
		 "BEGIN\n  INSERT INTO mig.t VALUES ('it''s; done');\n  RETURN $$a;b$$;\nEND\n"
		 "$body$ LANGUAGE plpgsql;\nINSERT INTO mig.t VALUES (mig.f()), (E'\\';')"},
	};
	WOK_AUTO(wok_pg_conn) *conn = connected();
	int64_t n;

	(void) unused;
	ASSERT_EQ(wok_migrate(wok_pg_db(conn), list, 3, &options), 3);
	ASSERT_EQ(wok_migrate(wok_pg_db(conn), list, 3, &options), 0);
	ASSERT_EQ(wok_pg_fetch_int(conn, "SELECT count(*) FROM mig.t", NULL, &n), 1);
	ASSERT_EQ(n, 3);
	return 0;
}

TEST(semicolons_in_quotes_separate_no_statements_of_postgresql)
{
	make_schema();
	ASSERT_OK(wok_run(use_quotes, NULL));
}

TEST(a_migration_that_ends_its_transaction_is_refused)
{
	make_schema();
	ASSERT_OK(wok_run(end_transaction, NULL));
}

struct runner {
	const char *dsn;
	int ran;
};

static int migrate_many(void *arg)
{
	struct runner *runner = arg;
	wok_migration list[MANY];
	WOK_AUTO(wok_pg_conn) *conn = NULL;

	for (int i = 0; i < MANY; i++)
		list[i] = (wok_migration){i + 1, "more",
					  i == 0 ? "CREATE TABLE mig.t (x bigint)"
						 : "INSERT INTO mig.t SELECT count(*) FROM mig.t"};
	WOK_TRY(wok_pg_connect(runner->dsn, &conn));
	runner->ran = wok_migrate(wok_pg_db(conn), list, MANY,
				  &(wok_migrate_options){.table = "mig.done"});
	return runner->ran < 0 ? runner->ran : 0;
}

static int migrate_at_once(void *unused)
{
	struct runner runners[RUNNERS];
	int sum = 0;

	(void) unused;
	for (int i = 0; i < RUNNERS; i++)
		runners[i] = (struct runner){.dsn = pg_cluster_dsn()};
	ASSERT_OK(wok_for_each(migrate_many, runners, RUNNERS, WOK_UNLIMITED, 0));
	for (int i = 0; i < RUNNERS; i++)
		sum += runners[i].ran;
	ASSERT_EQ(sum, MANY);
	return 0;
}

TEST(of_several_that_migrate_at_once_each_migration_is_run_by_one)
{
	make_schema();
	ASSERT_OK(wok_run(migrate_at_once, NULL));
	ASSERT_STR(pg_cluster_query("SELECT count(*), max(x) FROM mig.t"), "14|13");
}

/* How many it has run. */
static int migrate_as_program(void *dsn)
{
	struct runner runner = {.dsn = dsn};
	const int r = wok_run(migrate_many, &runner);

	return r < 0 ? r : runner.ran;
}

TEST(of_several_programs_that_migrate_at_once_each_migration_is_run_by_one)
{
	for (int i = 0; i < 3; i++) {
		make_schema();
		ASSERT_EQ(test_at_once(RUNNERS, migrate_as_program, (void *) pg_cluster_dsn()),
			  MANY);
		ASSERT_STR(pg_cluster_query("SELECT count(*), max(x) FROM mig.t"), "14|13");
	}
}
