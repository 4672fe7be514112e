/* SPDX-License-Identifier: MIT */
/* 26-asyncpg-connect: section 10, PostgreSQL. Shows a connection, a query with a parameter, and
 *                     what a statement says that it did; needs the server of "make seed".
 * Try:                26-asyncpg-connect */
#include <inttypes.h>
#include <stdio.h>
#include <wok/pg.h>
#include <wok/wok.h>

#include "pgdsn.h"

static int async_main(void *unused)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;
	WOK_AUTO(wok_rows) *rows = NULL;
	wok_db_result result;

	(void) unused;
	/* 创建连接 */
	WOK_TRY(wok_pg_connect(pgdsn(), &conn));

	/* 查询 */
	WOK_TRY(wok_pg_fetch(conn, "SELECT id, name FROM users WHERE active = $1", WOK_ARGS(true),
			     &rows));
	for (size_t i = 0; i < wok_rows_count(rows); i++) {
		const wok_row *row = wok_rows_at(rows, i);

		printf("%" PRId64 " %s\n", wok_row_int(row, "id"), wok_row_text(row, "name"));
	}

	/* 插入 */
	WOK_TRY(wok_pg_execute_result(conn, "INSERT INTO users(name, email) VALUES($1, $2)",
				      WOK_ARGS("张三", "zhangsan@example.com"), &result));
	puts(result.status);
	return wok_pg_close(conn);
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "26-asyncpg-connect: %s\n", wok_errmsg(r));
	return r < 0;
}
