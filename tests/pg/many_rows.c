/* SPDX-License-Identifier: MIT */
/* Results that are larger than memory should be: read row by row. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/pg.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "pg/cluster.h"

/* WOK_TEST_ROWS=10000000 has the number of the label; it takes some seconds more. */
enum { USUAL_ROWS = 1000 * 1000, MOST_GROWTH_KIB = 24 * 1024 };

static size_t memory_kib(void)
{
	char line[256];
	size_t kib = 0;
	FILE *status = fopen("/proc/self/status", "re");

	ASSERT(status);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	fclose(status);
	return kib;
}

static int64_t wanted_rows(void)
{
	const char *given = getenv("WOK_TEST_ROWS");

	return given ? strtoll(given, NULL, 10) : USUAL_ROWS;
}

/* The server fills the socket's buffers, and then it must wait for us. */
static void check_that_the_server_waits(void)
{
	pg_cluster_wait("SELECT wait_event FROM pg_stat_activity WHERE query LIKE '%the_many%' "
			"AND pid <> pg_backend_pid()",
			"ClientWrite");
}

static int read_all(void *unused)
{
	const int64_t n = wanted_rows();
	WOK_AUTO(wok_pg_conn) *conn = NULL;
	WOK_AUTO(wok_pg_cursor) *cursor = NULL;
	const wok_row *row;
	int64_t seen = 0;
	int r;

	(void) unused;
	ASSERT_OK(wok_pg_connect(pg_cluster_dsn(), &conn));
	ASSERT_OK(wok_pg_query(conn,
			       "SELECT i AS the_many, repeat('x', 100) FROM "
			       "generate_series(1, $1::bigint) AS i",
			       WOK_ARGS(n), &cursor));
	ASSERT_EQ(wok_pg_cursor_next(cursor, &row), 1);
	size_t before = memory_kib();
	check_that_the_server_waits();
	for (seen = 1; (r = wok_pg_cursor_next(cursor, &row)) > 0; seen++) {
		if (wok_row_int_at(row, 0) != seen + 1)
			FAIL("row %lld is another one", (long long) seen);
		if (seen % (n / 10) == 0 && memory_kib() > before + MOST_GROWTH_KIB)
			FAIL("after %lld rows there are %zu KiB more", (long long) seen,
			     memory_kib() - before);
	}
	ASSERT_OK(r);
	ASSERT_EQ(seen, n);
	return 0;
}

TEST(a_large_result_is_read_in_bounded_memory_and_the_server_waits, "pg-35", "pgrow-18")
{
	ASSERT_OK(wok_run(read_all, NULL));
}
