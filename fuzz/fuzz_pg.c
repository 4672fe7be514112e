/* SPDX-License-Identifier: MIT */
/*
 * What a PostgreSQL server may answer: the bytes are the answers to a script, a fetch and a stream
 * on one connection. It may succeed or fail, with no memory touched that is not its own.
 */
#include <string.h>
#include <wok/wok.h>

#include "db/postgres/connection.h"

struct input {
	const uint8_t *data;
	size_t size;
	wok_stream *server;
};

static void use(wok_pg_conn *conn)
{
	wok_rows *rows;
	wok_pg_cursor *cursor;
	const wok_row *row;

	WOK_IGNORE(wok_pg_script(conn, "SELECT 1"));
	if (wok_pg_fetch(conn, "SELECT 1", NULL, &rows) == 0)
		wok_rows_free(rows);
	if (wok_pg_query(conn, "SELECT 1", NULL, &cursor) < 0)
		return;
	while (wok_pg_cursor_next(cursor, &row) > 0)
		for (size_t i = 0; i < wok_row_columns(row); i++)
			WOK_IGNORE(wok_row_text_at(row, i) ? 0 : -1);
	wok_pg_cursor_free(cursor);
}

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

	WOK_TRY(wok__pg_conn_new(&(wok_pg_options){.max_message = 1 << 20}, &conn));
	WOK_TRY(wok_stream_pair(0, &conn->stream, &input->server));
	wok_task *task = wok_create_task(serve, input);
	use(conn);
	wok_pg_conn_free(conn);
	WOK_IGNORE(wok_await(task));
	wok_task_free(task);
	wok_stream_free(input->server);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size, NULL};

	return wok_run(run, &input) < 0 ? -1 : 0;
}
