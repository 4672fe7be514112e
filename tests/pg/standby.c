/* SPDX-License-Identifier: MIT */
/* A primary and a standby that streams from it: which of them target_session_attrs finds, and what
 * becomes of a pool when the standby is promoted. */
#include <stdlib.h>
#include <wok/pg_pool.h>

#include "pg/check.h"

/* The settings of both servers, in this order, or of one. */
enum order { PRIMARY_FIRST, STANDBY_FIRST, PRIMARY_ALONE, STANDBY_ALONE, ORDERS };

static const char *dsn_of(enum order order, const char *target)
{
	static char dsn[400];
	const struct pg_cluster *cluster = pg_cluster();
	const int first = order == PRIMARY_FIRST || order == PRIMARY_ALONE ? cluster->port
									   : cluster->standby_port;
	const int second = first == cluster->port ? cluster->standby_port : cluster->port;
	const bool alone = order >= PRIMARY_ALONE;
	char host[140], port[40];

	snprintf(host, sizeof(host), alone ? "%s" : "%s,%s", cluster->folder, cluster->folder);
	snprintf(port, sizeof(port), alone ? "%d" : "%d,%d", first, second);
	snprintf(dsn, sizeof(dsn),
		 "host=%s port=%s user=postgres dbname=postgres target_session_attrs=%s", host,
		 port, target);
	return dsn;
}

struct wanted {
	const char *target;
	char found[ORDERS + 1]; /* p: the primary; s: the standby; -: none */
};

/* 'p', 's', '-'. */
static char find(const char *dsn)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;
	const int r = wok_pg_connect(dsn, &conn);

	if (r < 0) {
		ASSERT_ERR(r, -EHOSTUNREACH);
		ASSERT(strstr(wok_errmsg(r), "which target_session_attrs does not want"));
		return '-';
	}
	return pg_check_int(conn, "SELECT pg_is_in_recovery()::int") ? 's' : 'p';
}

static void find_all(const struct wanted *wanted)
{
	for (int order = 0; order < ORDERS; order++) {
		const char found = find(dsn_of((enum order) order, wanted->target));

		if (found != wanted->found[order])
			FAIL("%s, order %d: found %c, not %c", wanted->target, order, found,
			     wanted->found[order]);
	}
}

static int look_for_each(void *unused)
{
	static const struct wanted all[] = {
		{"any", "psps"},     {"read-write", "ppp-"}, {"read-only", "ss-s"},
		{"primary", "ppp-"}, {"standby", "ss-s"},    {"prefer-standby", "ssps"},
	};
	static const struct wanted read_only[] = {
		{"read-write", "----"}, {"read-only", "psps"}, {"primary", "ppp-"}};

	(void) unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		find_all(&all[i]);
	/* A primary whose sessions only read is none to write to. */
	pg_cluster_set("default_transaction_read_only = on");
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
		find_all(&read_only[i]);
	return 0;
}

TEST(a_standby_and_its_primary_are_told_apart, "pgrow-3")
{
	pg_cluster_with_standby();
	ASSERT_OK(wok_run(look_for_each, NULL));
}

static int write_until_it_is_done(void *pool)
{
	int r;

	/* What was lost with its connection had no effect: nobody has said COMMIT. */
	while ((r = wok_pg_pool_execute(pool, "INSERT INTO moved VALUES (2)", NULL)) ==
	       WOK_ECONNLOST)
		;
	return r;
}

static wok_pg_pool *open_pool(const char *target)
{
	wok_pg_pool *pool;

	ASSERT_OK(wok_pg_pool_new(dsn_of(PRIMARY_FIRST, target), NULL, &pool));
	return pool;
}

static int64_t from_pool(wok_pg_pool *pool, const char *sql)
{
	int64_t value;

	ASSERT_EQ(wok_pg_pool_fetch_int(pool, sql, NULL, &value), 1);
	return value;
}

#define PORT "SELECT current_setting('port')::int"

static void wait_for_copy(wok_pg_pool *readers, const char *sql, int64_t wanted)
{
	const wok_time end = wok_now() + 10 * WOK_SECOND;

	while (from_pool(readers, sql) != wanted) {
		ASSERT(wok_now() < end);
		ASSERT_OK(wok_sleep(10 * WOK_MS));
	}
}

static int move_over(void *unused)
{
	WOK_AUTO(wok_pg_pool) *writers = open_pool("read-write"), *readers = open_pool("standby");
	const struct pg_cluster *cluster = pg_cluster();
	int64_t done;

	(void) unused;
	ASSERT_OK(wok_pg_pool_execute(writers, "CREATE TABLE moved (i int)", NULL));
	ASSERT_OK(wok_pg_pool_execute(writers, "INSERT INTO moved VALUES (1)", NULL));
	ASSERT_EQ(from_pool(writers, PORT), cluster->port);
	ASSERT_EQ(from_pool(readers, PORT), cluster->standby_port);
	wait_for_copy(readers, "SELECT count(*) FROM pg_class WHERE relname = 'moved'", 1);
	wait_for_copy(readers, "SELECT count(*) FROM moved", 1);
	ASSERT_ERR(wok_pg_pool_execute(readers, "INSERT INTO moved VALUES (9)", NULL), WOK_EDB);

	pg_cluster_stop(true);
	WOK_AUTO(wok_task) *writer = wok_create_task(write_until_it_is_done, writers);
	ASSERT_OK(wok_sleep(300 * WOK_MS));
	ASSERT(!wok_task_done(writer)); /* there is nobody who may be written to */
	ASSERT_EQ(wok_pg_pool_fetch_int(readers, "SELECT pg_promote()::int", NULL, &done), 1);
	ASSERT_OK(wok_await(writer));
	ASSERT_EQ(from_pool(writers, PORT), cluster->standby_port);
	ASSERT_EQ(from_pool(writers, "SELECT sum(i) FROM moved"), 3);
	return 0;
}

TEST(a_pool_writes_to_the_standby_once_it_is_promoted, "pgrow-3")
{
	pg_cluster_with_standby();
	ASSERT_OK(wok_run(move_over, NULL));
	pg_cluster_start();
	pg_cluster_query("DROP TABLE moved");
}
