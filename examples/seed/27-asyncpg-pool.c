/* SPDX-License-Identifier: MIT */
/* 27-asyncpg-pool: section 10, a pool of connections. Shows ten queries at once; needs the server
 *                  of "make seed".
 * Try:             27-asyncpg-pool */
#include <inttypes.h>
#include <stdio.h>
#include <wok/pg_pool.h>
#include <wok/wok.h>

#include "pgdsn.h"

struct query {
	wok_pg_pool *pool;
	int user_id;
	wok_rows *rows; /* they live longer than the connection is ours */
};

static int fetch_user(void *arg)
{
	struct query *query = arg;
	WOK_AUTO(wok_pg_conn) *conn = NULL; /* its free gives it back to the pool */

	WOK_TRY(wok_pg_pool_acquire(query->pool, &conn));
	int r = wok_pg_fetch_row(conn, "SELECT * FROM users WHERE id = $1",
				 WOK_ARGS(query->user_id), &query->rows);
	return r < 0 ? r : 0;
}

static int async_main(void *unused)
{
	const wok_pg_pool_options sizes = {.min = 5, .max = 20};
	WOK_AUTO(wok_pg_pool) *pool = NULL;
	struct query queries[10] = {{NULL, 0, NULL}};

	(void) unused;
	WOK_TRY(wok_pg_pool_new(pgdsn(), &sizes, &pool));

	/* 并发查询 */
	for (int i = 0; i < 10; i++)
		queries[i] = (struct query){.pool = pool, .user_id = i + 1};
	int r = wok_for_each(fetch_user, queries, 10, WOK_UNLIMITED, 0);
	for (int i = 0; i < 10; i++) {
		const wok_row *row = wok_rows_at(queries[i].rows, 0);

		if (row)
			printf("%" PRId64 " %s %s %s\n", wok_row_int(row, "id"),
			       wok_row_text(row, "name"), wok_row_text(row, "email"),
			       wok_row_bool(row, "active") ? "True" : "False");
		wok_rows_free(queries[i].rows);
	}
	return r < 0 ? r : wok_pg_pool_close(pool, WOK_FOREVER);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "27-asyncpg-pool: %s\n", wok_errmsg(r));
	return r < 0;
}
