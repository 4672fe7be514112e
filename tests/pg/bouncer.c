/* SPDX-License-Identifier: MIT */
/* Behind pgbouncer in transaction mode: each transaction may meet another server process. */
#include <stdio.h>
#include <wok/pg.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "pg/cluster.h"

enum { CLIENTS = 100, ROUNDS = 30 };

static int pay(wok_pg_conn *conn, int number)
{
	WOK_AUTO(wok_pg_transaction) *tx = NULL;

	WOK_TRY(wok_pg_transaction_begin(conn, NULL, &tx));
	WOK_TRY(wok_pg_execute(conn, "UPDATE bouncer SET n = n + $2 WHERE id = $1",
			       WOK_ARGS(number, 1)));
	WOK_TRY(wok_pg_execute(conn, "UPDATE bouncer SET n = n - $2 WHERE id = $1",
			       WOK_ARGS(CLIENTS + number, 1)));
	return wok_pg_transaction_commit(tx);
}

static int use(void *arg)
{
	const int number = *(int *) arg;
	const wok_pg_options options = {.no_statement_names = true};
	const char *dsn = pg_cluster()->bouncer_dsn;
	WOK_AUTO(wok_pg_conn) *conn = NULL;

	WOK_TRY(wok_pg_connect_with(dsn, &options, &conn));
	for (int i = 0; i < ROUNDS; i++) {
		int64_t sum = 0;

		WOK_TRY(wok_pg_fetch_int(conn, "SELECT $1::bigint + $2::bigint",
					 WOK_ARGS(number, i), &sum));
		ASSERT_EQ(sum, number + i);
		if (i % 5 == number % 5)
			WOK_TRY(pay(conn, number));
	}
	return wok_pg_close(conn);
}

static int soak(void *unused)
{
	int numbers[CLIENTS];

	(void) unused;
	for (int i = 0; i < CLIENTS; i++)
		numbers[i] = i;
	return wok_for_each(use, numbers, CLIENTS, WOK_UNLIMITED, 0);
}

TEST(a_hundred_clients_share_ten_servers_behind_pgbouncer, "pg-48", "pgrow-13")
{
	pg_cluster_with_bouncer();
	(void) pg_cluster_query("CREATE TABLE bouncer (id int PRIMARY KEY, n int);"
				"INSERT INTO bouncer SELECT i, 0 FROM generate_series(0, 199) i");
	ASSERT_OK(wok_run(soak, NULL));
	ASSERT_STR(pg_cluster_query("SELECT sum(n), sum(n) FILTER (WHERE id < 100) FROM bouncer"),
		   "0|600");
	ASSERT_STR(pg_cluster_query("SELECT count(*) <= 10 FROM pg_stat_activity WHERE "
				    "application_name = '' AND backend_type = 'client backend'"),
		   "t");
	(void) pg_cluster_query("DROP TABLE bouncer");
}
