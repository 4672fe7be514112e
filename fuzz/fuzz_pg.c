/* SPDX-License-Identifier: MIT */
/*
 * What a PostgreSQL server may answer: the first byte picks what is asked on one connection (rows,
 * groups of statements, COPY, a transaction), the others are the answers. It may succeed or fail,
 * with no memory touched that is not its own.
 */
#include <string.h>
#include <wok/memory.h>
#include <wok/pg_copy.h>
#include <wok/pg_records.h>
#include <wok/wok.h>

#include "db/postgres/connection.h"

struct input {
	const uint8_t *data;
	size_t size;
	unsigned use;
	wok_stream *server;
};

static void use_rows(wok_pg_conn *conn)
{
	const wok_pg_query_options whole = {.in_one_trip = true};
	wok_pg_cursor *cursor;
	const wok_row *row;
	wok_rows *rows;

	WOK_IGNORE(wok_pg_script(conn, "SELECT 1"));
	if (wok_pg_fetch(conn, "SELECT 1", NULL, &rows) == 0)
		wok_rows_free(rows);
	if (wok_pg_fetch_with(conn, "SELECT 2", NULL, &whole, &rows) == 0)
		wok_rows_free(rows);
	if (wok_pg_query(conn, "SELECT 1", NULL, &cursor) < 0)
		return;
	while (wok_pg_cursor_next(cursor, &row) > 0)
		for (size_t i = 0; i < wok_row_columns(row); i++)
			WOK_IGNORE(wok_row_text_at(row, i) ? 0 : -1);
	wok_pg_cursor_free(cursor);
}

static void use_groups(wok_pg_conn *conn)
{
	const wok_args *const sets[] = {WOK_ARGS(1), WOK_ARGS("two"), WOK_ARGS(NULL)};
	wok_pg_statement statements[] = {
		{.sql = "SELECT 1", .want_rows = true},
		{.sql = "SELECT 2"},
		{.sql = "SELECT 1", .want_rows = true},
	};
	wok_pg_description *description;

	WOK_IGNORE(wok_pg_batch(conn, statements, 3));
	for (size_t i = 0; i < 3; i++)
		wok_rows_free(statements[i].rows);
	WOK_IGNORE(wok_pg_execute_many(conn, "SELECT $1", sets, 3, NULL));
	if (wok_pg_describe(conn, "SELECT 1", &description) == 0)
		wok_free(description);
}

static void use_copy(wok_pg_conn *conn)
{
	static char data[100000];
	wok_pg_records *records;
	const wok_row *row;

	WOK_IGNORE(wok_pg_copy_from_memory(conn, "COPY", data, sizeof(data), NULL));
	if (wok_pg_records_out(conn, "t", &records) < 0)
		return;
	while (wok_pg_records_next(records, &row) > 0)
		for (size_t i = 0; i < wok_row_columns(row); i++)
			WOK_IGNORE(wok_row_text_at(row, i) ? 0 : -1);
	wok_pg_records_free(records);
}

static void use_transaction(wok_pg_conn *conn)
{
	const wok_pg_query_options batches = {.batch_rows = 2};
	wok_pg_transaction *tx;
	wok_pg_cursor *cursor;
	const wok_row *row;

	if (wok_pg_transaction_begin(conn, NULL, &tx) < 0)
		return;
	if (wok_pg_query_with(conn, "SELECT 1", NULL, &batches, &cursor) == 0) {
		while (wok_pg_cursor_next(cursor, &row) > 0)
			;
		wok_pg_cursor_free(cursor);
	}
	WOK_IGNORE(wok_pg_transaction_commit(tx));
	wok_pg_transaction_free(tx);
}

/* By the input's first byte. */
static void (*const uses[])(wok_pg_conn *conn) = {use_rows, use_groups, use_copy, use_transaction};

/* To each request what the input has up to the next ReadyForQuery; at last the end. */
static int serve(void *arg)
{
	struct input *input = arg;
	char request[4096];

	while (wok_stream_read(input->server, request, sizeof(request)) > 0 && input->size > 0) {
		const uint8_t *ready = memmem(input->data, input->size, "Z\0\0\0\5", 5);
		size_t n = ready ? (size_t) (ready - input->data) + 6 : input->size;

		n = n < input->size ? n : input->size;
		WOK_TRY(wok_stream_write_all(input->server, input->data, n));
		input->data += n;
		input->size -= n;
	}
	return wok_stream_shutdown(input->server);
}

static int run(void *arg)
{
	struct input *input = arg;
	wok_pg_conn *conn;

	/* A server that says no more is not waited for. */
	const wok_pg_options options = {.max_message = 1 << 20, .cancel_timeout = 1};

	WOK_TRY(wok__pg_conn_new(&options, &conn));
	WOK_TRY(wok_stream_pair(0, &conn->stream, &input->server));
	wok_task *task = wok_create_task(serve, input);
	uses[input->use](conn);
	wok_pg_conn_free(conn);
	WOK_IGNORE(wok_await(task));
	wok_task_free(task);
	wok_stream_free(input->server);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct input input = {data + 1, size - 1, data[0] % 4, NULL};

	return wok_run(run, &input) < 0 ? -1 : 0;
}
