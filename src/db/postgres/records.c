/* SPDX-License-Identifier: MIT */
/*
 * COPY of values: see wok/pg_records.h. The stream is a head, then for each record its number of
 * fields and the fields, each with its length; -1 as a number of fields is the end.
 */
#include <stdio.h>
#include <wok/pg_array.h>
#include <wok/pg_copy.h>
#include <wok/pg_records.h>

#include "base/memory.h"
#include "db/postgres/connection.h"
#include "db/postgres/copy.h"
#include "db/postgres/types/catalog.h"
#include "db/postgres/types/encode_usual.h"
#include "task/park.h"

static const char signature[] = "PGCOPY\n\377\r\n";

enum {
	SIGNATURE = 11, /* with its NUL */
	HEAD = SIGNATURE + 8,
	PIECE = 64 << 10,         /* the buffer is as large as this, unless records are */
	SEND_SIZE = PIECE - 4096, /* then one more record has no room in it, perhaps */
};

struct wok_pg_records {
	wok_pg_conn *conn;
	wok_pg_copy *copy;
	wok_rows *rows; /* of the columns; the record that was read last */
	size_t columns;
	size_t most;                       /* bytes of a record, if its fields are usual ones */
	const struct wok__pg_type **found; /* the columns' types; NULL: not known */
	struct wok__pg_buffer buffer; /* to be sent, see start_piece(); or received and not read */
	size_t at;                    /* received: of the next record */
	size_t looked;                /* received: of it, so far known to be there */
	size_t fields;                /* of it, whose ends are known */
	int failed;                   /* how much was sent is not known: no more is */
	bool giving;                  /* a task's call waits until a piece was sent */
	bool begun;                   /* received: the head is behind us */
	bool ended;
};

static int format_sql(struct wok__pg_buffer *sql, const char *const *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wok__pg_buffer_add(sql, parts[i], strlen(parts[i]));
	wok__pg_buffer_byte(sql, 0);
	return sql->error;
}

static int find_types(wok_pg_records *records)
{
	const wok_rows *rows = records->rows;

	records->columns = wok_rows_columns(rows);
	records->most = 2 + records->columns * WOK__PG_USUAL;
	records->found = wok__alloc_array(records->columns + 1, sizeof(void *));
	if (!records->found)
		return -ENOMEM;
	for (size_t i = 0; i < records->columns; i++)
		records->found[i] =
			wok__pg_type_find(wok_pg_types_of(rows), wok_rows_column_type(rows, i));
	return 0;
}

/* The columns and their types: of a query that gives no rows. */
static int find_columns(wok_pg_records *records, const char *columns, const char *source)
{
	const char *const parts[] = {"SELECT ", columns, " FROM ", source, " wok WHERE false"};
	struct wok__pg_buffer sql = {0};
	int r = format_sql(&sql, parts, 5);

	if (r == 0)
		r = wok_pg_fetch(records->conn, sql.data, NULL, &records->rows);
	wok__pg_buffer_free(&sql);
	return r < 0 ? r : find_types(records);
}

static int begin(wok_pg_conn *conn, const char *columns, const char *source,
		 const char *const parts[5], bool in, wok_pg_records **ret_records)
{
	WOK_AUTO(wok_pg_records) *records = wok__alloc_zeroed(sizeof(*records));
	struct wok__pg_buffer sql = {0};

	if (!records)
		return -ENOMEM;
	records->conn = conn;
	WOK_TRY(find_columns(records, columns, source));
	int r = format_sql(&sql, parts, 5);
	if (r == 0 && in)
		r = wok_pg_copy_in(conn, sql.data, &records->copy);
	else if (r == 0)
		r = wok_pg_copy_out(conn, sql.data, &records->copy);
	wok__pg_buffer_free(&sql);
	WOK_TRY(r);
	*ret_records = WOK_TAKE(records);
	return 0;
}

/* What is gathered is handed over without a copy: room for a message's head stands in front. */
static int start_piece(wok_pg_records *records)
{
	records->buffer.size = 0;
	if (!wok__pg_buffer_spare(&records->buffer, PIECE))
		return records->buffer.error;
	records->buffer.size = WOK__PG_HEAD;
	return 0;
}

static int begin_in(wok_pg_conn *conn, const char *table, const char *columns,
		    wok_pg_records **ret_records)
{
	const char *const parts[] = {"COPY ", table, " (", columns, ") FROM STDIN (FORMAT binary)"};
	WOK_AUTO(wok_pg_records) *records = NULL;

	WOK_TRY(begin(conn, columns, table, parts, true, &records));
	WOK_TRY(start_piece(records));
	wok__pg_buffer_add(&records->buffer, signature, SIGNATURE);
	wok__pg_buffer_int64(&records->buffer, 0); /* flags, and no more of a head */
	*ret_records = WOK_TAKE(records);
	return 0;
}

/* The names of the columns that COPY takes: the server refuses what it computes itself. */
static int fetch_names(wok_pg_conn *conn, const char *table, wok_rows **ret_rows)
{
	static const char sql[] =
		"SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' "
		"ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE "
		"a.attrelid = $1::text::pg_catalog.regclass AND a.attnum > 0 AND "
		"NOT a.attisdropped";
	static const char none_generated[] = " AND a.attgenerated = ''";
	const int version = wok_pg_server_version(conn);
	const bool may_generate = version == 0 || version >= 120000;
	char text[sizeof(sql) + sizeof(none_generated)];

	snprintf(text, sizeof(text), "%s%s", sql, may_generate ? none_generated : "");
	int r = wok_pg_fetch_row(conn, text, WOK_ARGS(table), ret_rows);
	return r == 0 ? wok_fail(WOK_EPEER, "PostgreSQL told of no columns") : r;
}

int wok_pg_records_in(wok_pg_conn *conn, const char *table, const char *columns,
		      wok_pg_records **ret_records)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	if (!table)
		return wok_fail(-EINVAL, "the table is NULL");
	if (columns)
		return begin_in(conn, table, columns, ret_records);
	WOK_TRY(fetch_names(conn, table, &rows));
	columns = wok_row_text_at(wok_rows_at(rows, 0), 0);
	if (!columns)
		return wok_fail(-EINVAL, "the table %s has no columns to copy into", table);
	return begin_in(conn, table, columns, ret_records);
}

static int give(wok_pg_records *records)
{
	records->giving = true;
	const int r = wok__pg_copy_give(records->copy, &records->buffer);
	records->giving = false;
	return r;
}

static int send_piece(wok_pg_records *records)
{
	int r = give(records);

	if (r == 0)
		r = start_piece(records);
	records->failed = r;
	return r;
}

/* What was sent in part cannot be sent again: the server would have some of it twice. */
static int check_whole(const wok_pg_records *records)
{
	if (records->giving)
		return wok_fail(-EBUSY, "another task sends some of these records: add them by one "
					"task at a time");
	return records->failed < 0
		       ? wok_fail(records->failed, "a part of the records was sent, and then: %s",
				  wok_strerror(records->failed))
		       : 0;
}

/* What most fields are not. Its end: there is room for the rest of the record; NULL: r. */
static char *put_other(wok_pg_records *records, size_t i, const wok_value *value, char *at,
		       int *ret_result)
{
	struct wok__pg_buffer *out = &records->buffer;

	out->size = (size_t) (at - out->data);
	*ret_result = wok__pg_encode_binary(wok_pg_types_of(records->rows), -(ssize_t) i - 1,
					    records->found[i], value, out);
	if (*ret_result < 0)
		return NULL;
	at = wok__pg_buffer_spare(out, records->most);
	*ret_result = out->error;
	return at;
}

/* The fields of most records need no look at the room that there is, nor a call. */
static int put_record(wok_pg_records *records, const wok_value *values, size_t n)
{
	struct wok__pg_buffer *out = &records->buffer;
	char *at = wok__pg_buffer_spare(out, records->most);
	int16_t format;
	int r;

	if (!at)
		return out->error;
	wok__pg_put16(at, (uint16_t) n);
	at += 2;
	for (size_t i = 0; i < n; i++) {
		char *end = wok__pg_put_usual(records->found[i], &values[i], at, &format);

		at = end ? end : put_other(records, i, &values[i], at, &r);
		if (!at)
			return r;
	}
	out->size = (size_t) (at - out->data);
	return 0;
}

int wok_pg_records_add(wok_pg_records *records, const wok_args *record)
{
	struct wok__pg_buffer *out = &records->buffer;
	const size_t n = record ? record->count : 0;

	WOK_TRY(wok__checkpoint()); /* others may add theirs meanwhile */
	WOK_TRY(check_whole(records));
	const size_t before = out->size;
	if (records->ended || n != records->columns)
		return wok_fail(-EINVAL, "a record has %zu values, not %zu, and none after the end",
				records->columns, n);
	const int r = put_record(records, record ? record->values : NULL, n);
	if (r < 0) {
		out->size = before;
		out->error = 0;
		return r;
	}
	return out->size >= SEND_SIZE ? send_piece(records) : 0;
}

int wok_pg_records_finish(wok_pg_records *records, wok_db_result *ret_result)
{
	WOK_TRY(check_whole(records));
	if (!records->ended) {
		wok__pg_buffer_int16(&records->buffer, UINT16_MAX);
		WOK_TRY(records->buffer.error);
		records->failed = give(records);
		WOK_TRY(records->failed);
		records->ended = true;
	}
	return wok_pg_copy_finish(records->copy, ret_result);
}

int wok_pg_records_out(wok_pg_conn *conn, const char *source, wok_pg_records **ret_records)
{
	/* Of a table all columns, as of a query: a COPY of the table itself leaves some out. */
	const bool query = source && source[strspn(source, " \t\n")] == '(';
	const char *const parts[] = {"COPY ", query ? "" : "(SELECT * FROM ", source,
				     query ? "" : ")", " TO STDOUT (FORMAT binary)"};

	if (!source)
		return wok_fail(-EINVAL, "the table or query is NULL");
	return begin(conn, "*", source, parts, false, ret_records);
}

static int broken(void)
{
	return wok_fail(WOK_EPEER, "PostgreSQL sent bytes that are no binary COPY");
}

/* Whether so many bytes are there, behind those of this record that have been looked at. */
static bool has(const wok_pg_records *records, size_t size)
{
	return records->buffer.size - records->at - records->looked >= size;
}

/* 1: the head is behind us; 0: it is not there yet. */
static int take_head(wok_pg_records *records)
{
	if (records->begun)
		return 1;
	if (!has(records, HEAD))
		return 0;
	const char *head = records->buffer.data + records->at;
	const uint32_t more = wok__pg_get32(head + SIGNATURE + 4);
	if (memcmp(head, signature, SIGNATURE) != 0 || more > 1 << 20)
		return broken();
	if (!has(records, HEAD + more))
		return 0;
	records->at += HEAD + more;
	records->begun = true;
	return 1;
}

/*
 * 1: a whole record is there, or the end; 0: not yet. What was looked at is not looked at again: a
 * record may come in small pieces.
 */
static int look(wok_pg_records *records)
{
	const char *record = records->buffer.data + records->at;

	if (records->looked == 0) {
		if (!has(records, 2))
			return 0;
		const uint16_t n = wok__pg_get16(record);
		if (n == UINT16_MAX) {
			records->ended = true;
			return 1;
		}
		if (n != records->columns)
			return broken();
		records->looked = 2;
	}
	while (records->fields < records->columns) {
		if (!has(records, 4))
			return 0;
		const int32_t size = (int32_t) wok__pg_get32(record + records->looked);
		if (size < -1)
			return broken();
		const size_t n = 4 + (size < 0 ? 0 : (size_t) size);
		if (!has(records, n))
			return 0;
		records->looked += n;
		records->fields++;
	}
	return 1;
}

static int read_record(wok_pg_records *records, const wok_row **ret_row)
{
	struct wok_row *row;
	char *at;

	wok__rows_clear(records->rows);
	WOK_TRY(wok__rows_add(records->rows, records->looked + 1, &row, &at));
	memcpy(at, records->buffer.data + records->at, records->looked);
	records->at += records->looked;
	records->looked = records->fields = 0;
	at += 2;
	int32_t next = records->columns > 0 ? (int32_t) wok__pg_get32(at) : 0;
	for (size_t i = 0; i < records->columns; i++) {
		const int32_t size = next;
		char *data = at + 4;

		/* Before this field's NUL goes over it. */
		at = data + (size < 0 ? 0 : size);
		next = i + 1 < records->columns ? (int32_t) wok__pg_get32(at) : 0;
		if (size >= 0)
			WOK_TRY(wok__pg_decode(records->found[i], WOK__PG_FORM_BINARY, data,
					       (size_t) size, &row->values[i]));
	}
	*ret_row = row;
	return 1;
}

/* More of the stream, behind what has not been read of it. 1; 0 at the end. */
static int receive(wok_pg_records *records)
{
	struct wok__pg_buffer *buffer = &records->buffer;
	wok_view data;
	const int r = wok_pg_copy_read(records->copy, &data);

	if (r <= 0)
		return r;
	/* Moved only if that is not more than has been read: each byte is moved once at most. */
	if (records->at >= buffer->size - records->at && records->at > 0) {
		buffer->size -= records->at;
		memmove(buffer->data, buffer->data + records->at, buffer->size);
		records->at = 0;
	}
	if (buffer->size - records->at > records->conn->options.max_message)
		return wok_fail(WOK_ELIMIT,
				"PostgreSQL sent a record of more than %zu bytes, which is "
				"max_message",
				records->conn->options.max_message);
	wok__pg_buffer_add(buffer, data.data, data.size);
	return buffer->error < 0 ? buffer->error : 1;
}

int wok_pg_records_next(wok_pg_records *records, const wok_row **ret_row)
{
	WOK_TRY(wok__checkpoint());
	while (!records->ended) {
		int r = take_head(records);

		if (r == 1)
			r = look(records);
		if (r == 1 && !records->ended)
			return read_record(records, ret_row);
		if (r == 0)
			r = receive(records);
		if (r < 0)
			return r;
		if (r == 0)
			return broken();
	}
	return wok_pg_copy_finish(records->copy, NULL);
}

void wok_pg_records_free(wok_pg_records *records)
{
	if (!records)
		return;
	wok_pg_copy_free(records->copy);
	wok_rows_free(records->rows);
	wok_free(records->found);
	wok__pg_buffer_free(&records->buffer);
	wok_free(records);
}
