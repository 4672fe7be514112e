/* SPDX-License-Identifier: MIT */
/*
 * Reading rows: see data_row.h.
 *
 * A field is its length and its bytes. Lengths and numbers are read where they were received. Of a
 * row that has other fields the bytes are copied, too: a text ends in the copy with a NUL, where
 * the next field's length stands.
 */
#include "db/postgres/data_row.h"

#include "base/frame.h"

/* Once for rows of numbers alone, and once for others; without a call, of which a short row would
 * be a large part. */
#define INLINE __attribute__((always_inline)) static inline

static WOK__OUT_OF_LINE int broken_row(const struct wok__pg_shape *shape, const char *why)
{
	return wok_fail(WOK_EPEER, "PostgreSQL sent a row for %zu columns that %s", shape->count,
			why);
}

/* Of the eight bytes that end with it: before it stand its length, the count, and the message's
 * head. */
static inline int64_t read_number(const struct wok__pg_shape_column *column, const char *data)
{
	const uint64_t word = wok__pg_get64(data + column->width - sizeof(word));

	return (int64_t) (word << column->shift) >> column->shift & column->mask;
}

/* What is no number, or none that it should be. */
static WOK__OUT_OF_LINE int read_other(const struct wok__pg_shape_column *column, char *data,
				       size_t size, wok_value *value)
{
	size_t length = size;

	if (column->way == WOK__PG_AS_CHAR && size == 1 && (unsigned char) data[0] < 0x80)
		length = data[0] != '\0'; /* the zero byte is the empty text, see decode.c */
	else if (column->way != WOK__PG_AS_TEXT)
		return wok__pg_decode(column->type, column->format, data, size, value);
	*value = column->model;
	value->size = length;
	value->text = data;
	data[size] = '\0';
	return 0;
}

/*
 * bytes: behind the number of columns. copy: of the same, with room for a byte more; of numbers
 * alone there is none. Each value is stored whole, as that of a new row is not zero.
 */
INLINE int read_fields(const struct wok__pg_shape *shape, const char *bytes, size_t n, char *copy,
		       wok_value *value)
{
	const struct wok__pg_shape_column *column = shape->column;
	size_t at = 0;

	for (const wok_value *last = value + shape->count; value < last; value++, column++) {
		if (n - at < 4)
			return broken_row(shape, "ends too early");
		const uint32_t size = wok__pg_get32(bytes + at);
		at += 4;
		if (size > n - at) {
			if (size != UINT32_MAX)
				return broken_row(shape, "has a field longer than itself");
			*value = (wok_value){0};
			continue;
		}
		if (size == column->width) {
			*value = column->model;
			value->integer = read_number(column, bytes + at);
		} else {
			WOK_TRY(read_other(column, copy + at, size, value));
		}
		at += size;
	}
	return at == n ? 0 : broken_row(shape, "goes on after the last");
}

INLINE int add(const struct wok__pg_shape *shape, const char *body, size_t size, wok_rows *rows)
{
	struct wok_row *row;

	if (size < 2 || wok__pg_get16(body) != shape->count)
		return broken_row(shape, "has another number of them");
	body += 2;
	size -= 2;
	WOK_TRY(wok__rows_begin(rows, size, shape->numbers ? 0 : size + 1, &row));
	if (shape->numbers) {
		WOK_TRY(read_fields(shape, body, size, (char *) body, row->values));
	} else {
		char *copy = memcpy(row->values + shape->count, body, size);

		WOK_TRY(read_fields(shape, body, size, copy, row->values));
	}
	wok__rows_end(rows, row);
	return 0;
}

int wok__pg_data_row(const struct wok__pg_shape *shape, const struct wok__pg_message *message,
		     wok_rows *rows)
{
	return add(shape, message->body, message->size, rows);
}

int wok__pg_data_rows(const struct wok__pg_shape *shape, const char *data, size_t size,
		      size_t limit, size_t most, wok_rows *rows, size_t *ret_size)
{
	size_t done = 0;
	int r = 0;

	for (; most > 0 && size - done > WOK__PG_HEAD && data[done] == 'D'; most--) {
		const uint32_t length = wok__pg_get32(data + done + 1);

		if (length < 4 || length - 4 > size - done - WOK__PG_HEAD || length - 4 > limit)
			break;
		r = add(shape, data + done + WOK__PG_HEAD, length - 4, rows);
		if (r < 0)
			break;
		done += 1 + (size_t) length;
	}
	*ret_size = done;
	return r;
}
