/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PG_CHECK_H
#define WOK_TEST_PG_CHECK_H
/* What the tests of PostgreSQL connections have in common. */
#include <wok/pg.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "pg/cluster.h"

/* Run the test's body as the main task, on the real clock: servers are outside of the loop. */
#define PG_TEST(name, ...)                                                                         \
	static int name##__body(void *arg);                                                        \
	TEST(name, ##__VA_ARGS__)                                                                  \
	{                                                                                          \
		pg_cluster();                                                                      \
		ASSERT_OK(wok_run(name##__body, NULL));                                            \
	}                                                                                          \
	static int name##__body(void *arg __attribute__((unused)))

/* A connection to the cluster. */
wok_pg_conn *pg_check_connect(const wok_pg_options *options);

/* One integer of one row. */
int64_t pg_check_int(wok_pg_conn *conn, const char *sql);

/* Wait, looking again and again, until some SQL gives this integer. */
void pg_check_wait(wok_pg_conn *conn, const char *sql, int64_t wanted);
#endif
