/* SPDX-License-Identifier: MIT */
/* See line.h. */
#include "pg/line.h"

static int stop_statement(void *arg)
{
	struct line *line = arg;
	char request[100];

	if (wok_stream_read(line->side, request, sizeof(request)) != 16)
		return -EINVAL;
	if (line->dials > line->early)
		LINE_SAY(line, LINE_ERROR("ERROR", "57014") LINE_READY);
	return wok_stream_close(line->side); /* it has been signalled */
}

static int say_full(void *arg)
{
	static const char full[] = LINE_ERROR("FATAL", "53300");
	struct line *line = arg;

	WOK_TRY(wok_stream_write_all(line->side, full, sizeof(full) - 1));
	return wok_stream_close(line->side);
}

static int dial(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream)
{
	struct line *line = arg;

	(void) host;
	line->dials++;
	if (line->dial == LINE_IS_SILENT)
		return wok_sleep(WOK_FOREVER);
	if (line->dial == LINE_REFUSES)
		return wok_fail(-ECONNREFUSED, "refused");
	wok_task_free(WOK_TAKE(line->canceler));
	wok_stream_free(WOK_TAKE(line->side));
	WOK_TRY(wok_stream_pair_with(&line->options, ret_stream, &line->side));
	line->canceler =
		wok_create_task(line->dial == LINE_IS_FULL ? say_full : stop_statement, line);
	return 0;
}

void line_open(struct line *line, const wok_pg_options *options)
{
	wok_pg_conn *conn;

	ASSERT_OK(wok__pg_conn_new(options, &conn));
	ASSERT_OK(wok_stream_pair_with(&line->options, &conn->stream, &line->server));
	ASSERT_OK(wok__pg_dialer_new("host=h user=u dbname=d sslmode=disable", &conn->dialer));
	conn->dialer->settings->dial = dial;
	conn->dialer->settings->dial_arg = line;
	conn->key_size = 4;
	line->conn = conn;
}

void line_close(struct line *line)
{
	wok_pg_conn_free(WOK_TAKE(line->conn));
	wok_task_free(WOK_TAKE(line->canceler));
	wok_stream_free(WOK_TAKE(line->server));
	wok_stream_free(WOK_TAKE(line->side));
}

static bool wait_for(struct line *line, size_t size, wok_view *ret_bytes)
{
	*ret_bytes = wok_stream_buffered(line->server);
	while (ret_bytes->size < size)
		if (wok_stream_fill(line->server, 0, ret_bytes) <= 0)
			return false;
	return true;
}

bool line_heard(struct line *line, char type)
{
	wok_view bytes;

	while (wait_for(line, WOK__PG_HEAD, &bytes)) {
		const char is = bytes.data[0];
		const size_t size = 1 + wok__pg_get32(bytes.data + 1);

		if (!wait_for(line, size, &bytes))
			return false;
		wok_stream_consume(line->server, size);
		if (is == type)
			return true;
	}
	return false;
}

void line_say(struct line *line, const void *bytes, size_t size)
{
	ASSERT_OK(wok_stream_write_all(line->server, bytes, size));
}
