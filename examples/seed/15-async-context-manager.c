/* SPDX-License-Identifier: MIT */
/* 15-async-context-manager: section 5, async with. Shows WOK_AUTO on a type of one's own, whose
 *                           closing waits: shielded, so that it also works in a cancelled task.
 * Try:                      15-async-context-manager */
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

typedef struct {
	int executed; /* statements so far */
} db_connection;

/* __aenter__ */
static int db_connection_open(db_connection **ret_conn)
{
	puts("连接数据库");
	WOK_TRY(wok_sleep(100 * WOK_MS));
	db_connection *conn = calloc(1, sizeof(*conn));
	if (!conn)
		return -ENOMEM;
	*ret_conn = conn;
	return 0;
}

static int db_connection_execute(db_connection *conn, const char *sql)
{
	WOK_TRY(wok_sleep(100 * WOK_MS));
	printf("执行:%s\n", sql);
	conn->executed++;
	return 0;
}

/* __aexit__: runs on every way out of the block that holds the connection. */
static void db_connection_free(db_connection *conn)
{
	if (!conn)
		return;
	puts("关闭连接");
	WOK_SHIELD (1 * WOK_SECOND) {
		int r = wok_sleep(100 * WOK_MS); /* stands for the server's good-bye */
		if (r < 0)
			fprintf(stderr, "close: %s\n", wok_errmsg(r));
	}
	free(conn);
}
WOK_DEFINE_AUTO(db_connection)

static int async_main(void *unused)
{
	WOK_AUTO(db_connection) *conn = NULL;

	(void) unused;
	WOK_TRY(db_connection_open(&conn));
	return db_connection_execute(conn, "SELECT 1");
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "15-async-context-manager: %s\n", wok_errmsg(r));
	return r < 0;
}
