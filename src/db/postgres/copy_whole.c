/* SPDX-License-Identifier: MIT */
/* COPY between the server and functions, memory, files: see wok/pg_copy.h. */
#include <wok/file.h>
#include <wok/pg_copy.h>

#include "base/memory.h"

enum { PIECE = 64 << 10 };

static int pump_in(wok_pg_copy *copy, wok_pg_copy_source *source, void *arg, char *piece)
{
	ssize_t n;

	while ((n = source(piece, PIECE, arg)) > 0)
		WOK_TRY(wok_pg_copy_write(copy, piece, (size_t) n));
	return (int) n;
}

int wok_pg_copy_from(wok_pg_conn *conn, const char *sql, wok_pg_copy_source *source, void *arg,
		     wok_db_result *ret_result)
{
	WOK_AUTO(wok_pg_copy) *copy = NULL;

	WOK_TRY(wok_pg_copy_in(conn, sql, &copy));
	char *piece = wok_alloc(PIECE);
	if (!piece)
		return -ENOMEM;
	int r = pump_in(copy, source, arg, piece);
	wok_free(piece);
	return r < 0 ? r : wok_pg_copy_finish(copy, ret_result);
}

int wok_pg_copy_from_memory(wok_pg_conn *conn, const char *sql, const void *data, size_t size,
			    wok_db_result *ret_result)
{
	WOK_AUTO(wok_pg_copy) *copy = NULL;

	WOK_TRY(wok_pg_copy_in(conn, sql, &copy));
	WOK_TRY(wok_pg_copy_write(copy, data, size));
	return wok_pg_copy_finish(copy, ret_result);
}

static ssize_t read_file(void *data, size_t size, void *arg)
{
	return wok_file_read(arg, data, size);
}

int wok_pg_copy_from_file(wok_pg_conn *conn, const char *sql, const char *path,
			  wok_db_result *ret_result)
{
	WOK_AUTO(wok_file) *file = NULL;

	WOK_TRY(wok_file_open(path, "r", &file));
	return wok_pg_copy_from(conn, sql, read_file, file, ret_result);
}

int wok_pg_copy_to(wok_pg_conn *conn, const char *sql, wok_pg_copy_sink *sink, void *arg,
		   wok_db_result *ret_result)
{
	WOK_AUTO(wok_pg_copy) *copy = NULL;
	wok_view data;
	int r;

	WOK_TRY(wok_pg_copy_out(conn, sql, &copy));
	while ((r = wok_pg_copy_read(copy, &data)) > 0)
		WOK_TRY(sink(data.data, data.size, arg));
	return r < 0 ? r : wok_pg_copy_finish(copy, ret_result);
}

static int write_file(const void *data, size_t size, void *arg)
{
	return wok_file_write(arg, data, size);
}

int wok_pg_copy_to_file(wok_pg_conn *conn, const char *sql, const char *path,
			wok_db_result *ret_result)
{
	WOK_AUTO(wok_file) *file = NULL;

	WOK_TRY(wok_file_open(path, "w", &file));
	WOK_TRY(wok_pg_copy_to(conn, sql, write_file, file, ret_result));
	return wok_file_close(file);
}
