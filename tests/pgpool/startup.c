/* SPDX-License-Identifier: MIT */
/* A server that ends while it asks who we are: one of the test's own, on a socket. */
#include <stdio.h>
#include <wok/net.h>
#include <wok/pg_pool.h>
#include <wok/wok.h>

#include "db/postgres/connection.h"
#include "harness/test.h"

#define READY "Z\0\0\0\5I"

struct server {
	wok_listener *listener;
	int dying; /* so many connections end in the midst of it */
	int met;
};

static int say(wok_stream *stream, const char *bytes, size_t size)
{
	return wok_stream_write_all(stream, bytes, size);
}

/* SCRAM is asked for, and the answer to that is the end. */
static int end_in_authentication(wok_stream *stream)
{
	static const char ask[] = "R\0\0\0\x17\0\0\0\012SCRAM-SHA-256\0";
	static const char goodbye[] = "E\0\0\0\x2fSFATAL\0VFATAL\0C57P01\0Mgoing down now, bye\0";
	char heard[1000];

	WOK_TRY(wok_stream_read(stream, heard, sizeof(heard)));
	WOK_TRY(say(stream, ask, sizeof(ask)));
	WOK_TRY(wok_stream_read(stream, heard, sizeof(heard)));
	return say(stream, goodbye, sizeof(goodbye));
}

static int be_nice(wok_stream *stream)
{
	static const char welcome[] = "R\0\0\0\x08\0\0\0\0" READY;
	static const char done[] = "C\0\0\0\10SET\0" READY;
	char heard[1000];

	WOK_TRY(wok_stream_read(stream, heard, sizeof(heard)));
	WOK_TRY(say(stream, welcome, sizeof(welcome) - 1));
	while (wok_stream_read(stream, heard, sizeof(heard)) > 0 && heard[0] == 'Q')
		WOK_TRY(say(stream, done, sizeof(done) - 1));
	return 0;
}

static int serve(void *arg)
{
	struct server *server = arg;
	int r;

	for (;;) {
		WOK_AUTO(wok_stream) *stream = NULL;

		WOK_TRY(wok_accept(server->listener, &stream));
		r = server->met++ < server->dying ? end_in_authentication(stream) : be_nice(stream);
		WOK_IGNORE(r);
	}
}

static int through_a_shutdown(void *unused)
{
	struct server server = {.dying = 3};
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_pg_pool) *pool = NULL;
	WOK_AUTO(wok_task) *task = NULL;
	wok_pg_pool_stats stats;
	wok_pg_conn *conn = NULL;
	char dsn[120];

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	server.listener = listener;
	task = wok_create_task(serve, &server);
	snprintf(dsn, sizeof(dsn),
		 "host=127.0.0.1 port=%u user=u password=p dbname=d sslmode=disable",
		 (unsigned) wok_listener_port(listener));
	ASSERT_ERR(wok_pg_connect(dsn, &conn), WOK_ECONNLOST);
	ASSERT_STR(wok_db_last_error()->sqlstate, "57P01");
	ASSERT(strstr(wok_errmsg(WOK_ECONNLOST), "going down now, bye"));
	ASSERT(!conn);

	ASSERT_OK(wok_pg_pool_new(dsn, &(wok_pg_pool_options){.max = 1}, &pool));
	ASSERT_OK(wok_pg_pool_script(pool, "SET a TO b"));
	ASSERT_EQ(server.met, 4);
	wok_pg_pool_get_stats(pool, &stats);
	ASSERT_EQ(stats.connect_errors, 2);
	ASSERT_EQ(stats.connected, 1);
	ASSERT_OK(wok_pg_pool_close(pool, WOK_SECOND));
	wok_cancel(task);
	return 0;
}

TEST(a_shutdown_while_it_asks_who_we_are_is_told_and_waited_out, "pg-55")
{
	ASSERT_OK(wok_run(through_a_shutdown, NULL));
}
