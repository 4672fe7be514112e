/* SPDX-License-Identifier: MIT */
/*
 * Servers that break the protocol, in memory: each answers the first statement with bytes of its
 * own, and the connection has to be closed with an error, in no time and little memory.
 */
#include "db/postgres/connection.h"

#include <malloc.h>
#include <stdlib.h>
#include <wok/pg_copy.h>
#include <wok/wok.h>

#include "harness/test.h"

/* A connection that is past its startup, and the server's end of it. */
static wok_pg_conn *meet(wok_stream **ret_server)
{
	wok_pg_conn *conn;

	ASSERT_OK(wok__pg_conn_new(&(wok_pg_options){.max_message = 1 << 20}, &conn));
	ASSERT_OK(wok_stream_pair(0, &conn->stream, ret_server));
	return conn;
}

static void say(wok_stream *server, const void *bytes, size_t size)
{
	ASSERT_OK(wok_stream_write_all(server, bytes, size));
}

static int script(void *conn)
{
	return wok_pg_script(conn, "SELECT 1");
}

static int fetch(void *conn)
{
	wok_rows *rows;
	int r = wok_pg_fetch(conn, "SELECT 1", NULL, &rows);

	if (r == 0)
		wok_rows_free(rows);
	return r;
}

/* A server that answers what comes first by `first`, and what comes then by `then`. */
struct server {
	wok_stream *stream;
	const char *first, *then;
	size_t first_size, then_size;
};

static int serve(void *arg)
{
	const struct server *server = arg;
	char request[4096];

	if (wok_stream_read(server->stream, request, sizeof(request)) > 0)
		WOK_TRY(wok_stream_write_all(server->stream, server->first, server->first_size));
	if (wok_stream_read(server->stream, request, sizeof(request)) > 0)
		WOK_TRY(wok_stream_write_all(server->stream, server->then, server->then_size));
	return wok_stream_shutdown(server->stream);
}

/* ParseComplete, no parameters, one column "a" of int4, ready. */
static const char prepared[] = "1\0\0\0\4"
			       "t\0\0\0\6\0\0"
			       "T\0\0\0\x1a\0\1a\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"
			       "Z\0\0\0\5I";

static int prepared_fetch(const char *then, size_t size, unsigned fail_allocation)
{
	struct server server = {NULL, prepared, then, sizeof(prepared) - 1, size};
	wok_pg_conn *conn = meet(&server.stream);
	wok_task *task = wok_create_task(serve, &server);
	wok_rows *rows;

	ASSERT_OK(wok_yield());
	wok_test_fail_allocation(fail_allocation, false);
	int r = wok_pg_fetch(conn, "SELECT 1", NULL, &rows);
	wok_test_fail_allocation(0, false);
	if (r == 0)
		wok_rows_free(rows);
	wok_pg_conn_free(conn);
	WOK_IGNORE(wok_await(task));
	wok_task_free(task);
	wok_stream_free(server.stream);
	return r;
}

/* What a statement comes to if the server answers so. */
static int answered(wok_fn *statement, const void *bytes, size_t size)
{
	wok_stream *server;
	wok_pg_conn *conn = meet(&server);

	say(server, bytes, size);
	int r = statement(conn);
	ASSERT(!wok_pg_alive(conn));
	wok_stream_free(server);
	wok_pg_conn_free(conn);
	return r;
}

#define ANSWER(statement, text) answered((statement), (text), sizeof(text) - 1)

TEST_TASK(lengths_that_cannot_be_are_refused, "pg-54")
{
	ASSERT_ERR(ANSWER(script, "C\0\0\0\0"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "C\0\0\0\3"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "C\xff\xff\xff\xff"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "C\x80\0\0\0"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "C\x7f\xff\xff\xff"), WOK_ELIMIT);
	ASSERT_ERR(ANSWER(script, "C\0\x20\0\0"), WOK_ELIMIT);
}

TEST_TASK(messages_that_nobody_asked_for_are_refused, "pg-54")
{
	ASSERT_ERR(ANSWER(script, "x\0\0\0\4"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "R\0\0\0\10\0\0\0\0"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "1\0\0\0\4"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "Z\0\0\0\5X"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "Z\0\0\0\4"), WOK_EPEER);
	ASSERT_ERR(ANSWER(fetch, "Z\0\0\0\5I"), WOK_EPEER);
	ASSERT_ERR(ANSWER(fetch, "2\0\0\0\4"), WOK_EPEER);
	ASSERT_ERR(ANSWER(fetch, "1\0\0\0\5X"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "W\0\0\0\7\0\0\0"), WOK_EPEER);
}

TEST_TASK(descriptions_and_texts_that_end_early_are_refused, "pg-54")
{
	ASSERT_ERR(ANSWER(fetch, "1\0\0\0\4t\0\0\0\6\0\1"), WOK_EPEER);
	ASSERT_ERR(ANSWER(fetch, "1\0\0\0\4t\0\0\0\6\0\0T\0\0\0\6\xff\xff"), WOK_EPEER);
	ASSERT_ERR(ANSWER(fetch, "1\0\0\0\4t\0\0\0\6\0\0T\0\0\0\7\0\1a"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "C\0\0\0\6OK"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "E\0\0\0\7SER"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "N\0\0\0\7SER"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "S\0\0\0\6ab"), WOK_EPEER);
	ASSERT_ERR(ANSWER(script, "A\0\0\0\6ab"), WOK_EPEER);
}

#define ROW(text) prepared_fetch("2\0\0\0\4" text, sizeof(text) + 4, 0)

TEST_TASK(rows_that_do_not_fit_their_columns_are_refused, "pg-54")
{
	ASSERT_ERR(ROW("D\0\0\0\6\0\0"), WOK_EPEER);
	ASSERT_ERR(ROW("D\0\0\0\6\0\1"), WOK_EPEER);
	ASSERT_ERR(ROW("D\0\0\0\16\0\1\0\0\0\5abcd"), WOK_EPEER);
	ASSERT_ERR(ROW("D\0\0\0\16\0\1\x80\0\0\0abcd"), WOK_EPEER);
	ASSERT_ERR(ROW("D\0\0\0\xf\0\1\0\0\0\4abcde"), WOK_EPEER);
	ASSERT_ERR(ROW("D\0\0\0\14\0\1\0\0\0\2ab"), WOK_EPEER);
	ASSERT_ERR(ROW("D\0\0\0\4"), WOK_EPEER);
	ASSERT_OK(ROW("D\0\0\0\16\0\1\0\0\0\4\0\0\0\7C\0\0\0\15SELECT 1\0Z\0\0\0\5I"));
}

/* Between statements: the next one finds the connection broken, or breaks it. */
TEST_TASK(a_ready_server_that_was_not_asked_is_refused, "pg-54")
{
	wok_stream *server;
	wok_pg_conn *conn = meet(&server);

	say(server, "I\0\0\0\4Z\0\0\0\5IZ\0\0\0\5I", 17);
	ASSERT_OK(wok_pg_script(conn, ""));
	ASSERT_ERR(wok_pg_script(conn, ""), WOK_EPEER);
	wok_stream_free(server);
	wok_pg_conn_free(conn);
}

TEST_TASK(a_line_that_breaks_off_is_a_lost_connection, "pg-15")
{
	ASSERT_ERR(ROW("D\0\0\0\16\0\1\0\0\0\4ab"), WOK_ECONNLOST);
	ASSERT_ERR(ROW(""), WOK_ECONNLOST);
}

/* A piece of no bytes is none: what comes behind it is the first. */
TEST_TASK(a_copy_may_begin_with_a_piece_of_no_bytes, "pg-54")
{
	static const char answer[] = "H\0\0\0\7\0\0\0"
				     "d\0\0\0\4"
				     "d\0\0\0\6a\n"
				     "c\0\0\0\4C\0\0\0\13COPY 1\0Z\0\0\0\5I";
	wok_stream *server;
	wok_pg_conn *conn = meet(&server);
	wok_pg_copy *copy;
	wok_view data;

	say(server, answer, sizeof(answer) - 1);
	ASSERT_OK(wok_pg_copy_out(conn, "COPY t TO STDOUT", &copy));
	ASSERT_EQ(wok_pg_copy_read(copy, &data), 1);
	ASSERT_EQ(data.size, 2);
	ASSERT_MEM(data.data, "a\n", 2);
	ASSERT_EQ(wok_pg_copy_read(copy, &data), 0);
	wok_pg_copy_free(copy);
	wok_stream_free(server);
	wok_pg_conn_free(conn);
}

static int flood(void *arg)
{
	static const char notice[] = "N\0\0\0\x11SNOTICE\0Mhi\0\0";
	int r = 0;

	while (r == 0)
		r = wok_stream_write_all(arg, notice, sizeof(notice) - 1);
	return 0;
}

TEST_TASK(endless_notices_take_no_memory_and_can_be_cancelled, "pg-54")
{
	/* On a line that takes time, or the clock of the test would stand still. */
	const wok_stream_pair_options slow = {.delay = WOK_MS};
	wok_stream *server;
	wok_pg_conn *conn;

	ASSERT_OK(wok__pg_conn_new(NULL, &conn));
	ASSERT_OK(wok_stream_pair_with(&slow, &conn->stream, &server));
	WOK_AUTO(wok_task) *task = wok_create_task(flood, server);

	ASSERT_ERR(wok_wait_for(script, conn, WOK_SECOND), -ETIMEDOUT);
	ASSERT(!wok_pg_alive(conn));
	wok_pg_conn_free(conn);
	ASSERT_OK(wok_await(task));
	wok_stream_free(server);
}

static size_t heap(void)
{
	return mallinfo2().uordblks;
}

struct flooder {
	wok_stream *stream;
	int messages;
	size_t size; /* of each */
	char type;
};

/* Messages whose texts are as long as told. */
static int flood_much(void *arg)
{
	const struct flooder *flooder = arg;
	char *message = malloc(flooder->size);
	int r = 0;

	memset(message, 'x', flooder->size);
	message[0] = flooder->type;
	wok__pg_put32(message + 1, (uint32_t) flooder->size - 1);
	message[5] = flooder->type == 'N' ? 'M' : 'x';
	message[flooder->size / 2] = message[flooder->size - 2] = message[flooder->size - 1] = '\0';
	for (int i = 0; i < flooder->messages && r == 0; i++)
		r = wok_stream_write_all(flooder->stream, message, flooder->size);
	free(message);
	return 0;
}

static void assert_little_memory(char type, size_t size)
{
	struct flooder flooder = {.messages = 20000, .size = size, .type = type};
	wok_pg_conn *conn = meet(&flooder.stream);
	WOK_AUTO(wok_task) *statement = wok_create_task(script, conn);
	const size_t before = heap();

	ASSERT_OK(flood_much(&flooder));
	test_settle();
	if (heap() > before + (1 << 20))
		FAIL("after 20 MB of '%c' there are %zu KiB more", type, (heap() - before) >> 10);
	say(flooder.stream, "I\0\0\0\4Z\0\0\0\5I", 11);
	ASSERT_OK(wok_await(statement));
	wok_stream_free(flooder.stream);
	wok_pg_conn_free(conn);
}

TEST_TASK(what_a_server_tells_without_end_is_not_kept, "pg-54")
{
	assert_little_memory('N', 1000);
}

/* Memory grows with what has come, not with what was announced. */
TEST_TASK(a_message_that_was_only_announced_takes_no_memory, "pg-54")
{
	wok_stream *server;
	wok_pg_conn *conn;

	ASSERT_OK(wok__pg_conn_new(NULL, &conn)); /* with the default limit, of 1 GiB */
	ASSERT_OK(wok_stream_pair(0, &conn->stream, &server));
	WOK_AUTO(wok_task) *statement = wok_create_task(script, conn);
	const size_t before = heap();

	say(server, "D\x3f\xff\xff\xff\0\1", 7);
	test_settle();
	for (int i = 0; i < 100; i++) {
		char some[1000] = {0};

		say(server, some, sizeof(some));
		test_settle();
	}
	if (heap() > before + (1 << 20))
		FAIL("%zu KiB more", (heap() - before) >> 10);
	wok_cancel(statement);
	WOK_IGNORE(wok_stream_shutdown(server));
	WOK_IGNORE(wok_await(statement));
	wok_stream_free(server);
	wok_pg_conn_free(conn);
}

/* Any allocation fails: the call says so, and nothing leaks. */
TEST_TASK(without_memory_a_statement_fails_and_nothing_leaks, "pg-54")
{
	static const char answer[] = "2\0\0\0\4D\0\0\0\16\0\1\0\0\0\4\0\0\0\7"
				     "C\0\0\0\15SELECT 1\0Z\0\0\0\5I";

	for (unsigned n = 1; n < 40; n++) {
		int r = prepared_fetch(answer, sizeof(answer) - 1, n);

		if (r != 0)
			ASSERT_ERR(r, -ENOMEM);
	}
}
