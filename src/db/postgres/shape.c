/* SPDX-License-Identifier: MIT */
/* What rows look like, and reading them: see shape.h. */
#include "db/postgres/shape.h"

#include "base/memory.h"
#include "db/postgres/types/catalog.h"

static void choose_way(struct wok__pg_shape_column *column)
{
	static const struct {
		uint8_t way, kind;
	} ways[] = {
		[WOK__PG_BOOL] = {WOK__PG_AS_BOOL, WOK_VALUE_BOOL},
		[WOK__PG_INT2] = {WOK__PG_AS_INT2, WOK_VALUE_INT},
		[WOK__PG_INT4] = {WOK__PG_AS_INT4, WOK_VALUE_INT},
		[WOK__PG_UINT4] = {WOK__PG_AS_UINT4, WOK_VALUE_INT},
		[WOK__PG_INT8] = {WOK__PG_AS_INT8, WOK_VALUE_INT},
		[WOK__PG_FLOAT8] = {WOK__PG_AS_INT8, WOK_VALUE_DOUBLE},
		[WOK__PG_CHAR] = {WOK__PG_AS_CHAR, WOK_VALUE_TEXT},
		[WOK__PG_TEXT] = {WOK__PG_AS_TEXT, WOK_VALUE_TEXT},
	};
	const unsigned kind = column->type ? column->type->kind : WOK__PG_OTHER;
	const bool usual = column->format == 1 && kind < sizeof(ways) / sizeof(ways[0]) &&
			   ways[kind].kind != WOK_VALUE_NULL;

	column->way = usual ? ways[kind].way : WOK__PG_BY_DECODER;
	column->model = (wok_value){.kind = usual ? ways[kind].kind : 0, .type = column->oid};
}

static void choose_ways(struct wok__pg_shape *shape)
{
	shape->all_binary = shape->numbers = true;
	for (size_t i = 0; i < shape->count; i++) {
		struct wok__pg_shape_column *column = &shape->column[i];

		choose_way(column);
		shape->all_binary = shape->all_binary && column->format == 1;
		shape->numbers = shape->numbers && column->way < WOK__PG_AS_CHAR;
	}
}

static void fill_column(const struct wok_pg_types *types, enum wok__pg_formats formats,
			const struct wok__pg_column *from, struct wok__pg_shape_column *to)
{
	to->type = wok__pg_type_find(types, from->type);
	to->oid = from->type;
	to->table = from->table;
	to->number = from->number;
	to->modifier = from->modifier;
	if (formats == WOK__PG_SAID)
		to->format = from->format;
	else if (formats == WOK__PG_BINARY)
		to->format = 1;
	else
		to->format = wok__pg_result_format(to->type);
}

/* The columns as wok/row.h knows them; names are views of the message until they are copied. */
static int make_columns(struct wok__pg_shape *shape, struct wok__pg_reader reader,
			const struct wok_pg_types *types, enum wok__pg_formats formats)
{
	struct wok__column *names = wok__alloc_array(shape->count + 1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < shape->count; i++) {
		struct wok__pg_column column;

		wok__pg_columns_next(&reader, &column);
		fill_column(types, formats, &column, &shape->column[i]);
		names[i] = (struct wok__column){column.name, column.type};
	}
	choose_ways(shape);
	int r = wok__columns_new(wok__pg_dialect_of(types), names, shape->count, &shape->columns);
	wok_free(names);
	return r;
}

int wok__pg_shape_new(const struct wok_pg_types *types, const struct wok__pg_message *message,
		      enum wok__pg_formats formats, struct wok__pg_shape **ret_shape)
{
	struct wok__pg_reader reader;
	size_t count;

	WOK_TRY(wok__pg_columns_begin(message, &reader, &count));
	struct wok__pg_shape *shape =
		wok__alloc_zeroed(sizeof(*shape) + count * sizeof(shape->column[0]));
	if (!shape)
		return -ENOMEM;
	shape->refs = 1;
	shape->count = count;
	int r = make_columns(shape, reader, types, formats);
	if (r < 0) {
		wok_free(shape);
		return r;
	}
	*ret_shape = shape;
	return 0;
}

/* A new one: rows that were asked for by the old one are still to come. */
int wok__pg_shape_retype(const struct wok_pg_types *types, struct wok__pg_shape **shape)
{
	const size_t size = sizeof(**shape) + (*shape)->count * sizeof((*shape)->column[0]);
	bool same = true;

	for (size_t i = 0; i < (*shape)->count; i++)
		same = same && wok__pg_type_find(types, (*shape)->column[i].oid) ==
				       (*shape)->column[i].type;
	if (same)
		return 0;
	struct wok__pg_shape *better = wok__alloc_zeroed(size);
	if (!better)
		return -ENOMEM;
	memcpy(better, *shape, size);
	better->refs = 1;
	for (size_t i = 0; i < better->count; i++) {
		struct wok__pg_shape_column *column = &better->column[i];

		column->type = wok__pg_type_find(types, column->oid);
		column->format = wok__pg_result_format(column->type);
	}
	choose_ways(better);
	const int r = wok__columns_new(wok__pg_dialect_of(types), (*shape)->columns->columns,
				       better->count, &better->columns);
	if (r < 0) {
		wok_free(better);
		return r;
	}
	wok__pg_shape_unref(*shape);
	*shape = better;
	return 0;
}

struct wok__pg_shape *wok__pg_shape_ref(struct wok__pg_shape *shape)
{
	if (shape)
		shape->refs++;
	return shape;
}

void wok__pg_shape_unref(struct wok__pg_shape *shape)
{
	if (!shape || --shape->refs > 0)
		return;
	wok__columns_unref(shape->columns);
	wok_free(shape);
}

static int broken_row(const struct wok__pg_shape *shape, const char *why)
{
	return wok_fail(WOK_EPEER, "PostgreSQL sent a row for %zu columns that %s", shape->count,
			why);
}

static inline bool set_integer(wok_value *value, const wok_value *model, int64_t integer)
{
	*value = *model;
	value->integer = integer;
	return true;
}

/*
 * A field that is read without a call; false: it has another size, or another way. What is stored
 * is a whole value, as that of a new row is not zero.
 */
static inline bool read_usual(const struct wok__pg_shape_column *column, char *data, size_t size,
			      wok_value *value)
{
	const wok_value *model = &column->model;

	switch (column->way) {
	case WOK__PG_AS_BOOL:
		return size == 1 && set_integer(value, model, data[0] != 0);
	case WOK__PG_AS_INT2:
		return size == 2 && set_integer(value, model, (int16_t) wok__pg_get16(data));
	case WOK__PG_AS_INT4:
		return size == 4 && set_integer(value, model, (int32_t) wok__pg_get32(data));
	case WOK__PG_AS_UINT4:
		return size == 4 && set_integer(value, model, wok__pg_get32(data));
	case WOK__PG_AS_INT8: /* a double is these bits, too */
		return size == 8 && set_integer(value, model, (int64_t) wok__pg_get64(data));
	case WOK__PG_AS_CHAR: /* the zero byte is the empty text, see decode.c */
		if (size != 1 || (unsigned char) data[0] >= 0x80)
			return false;
		*value = *model;
		value->size = data[0] != '\0';
		break;
	case WOK__PG_AS_TEXT:
		*value = *model;
		value->size = size;
		break;
	default:
		return false;
	}
	data[size] = '\0';
	value->text = data;
	return true;
}

/* The length of the field at some place; none: 0, which is found out when that field is read. */
static inline uint32_t length_at(const char *at, const char *end)
{
	return end - at >= 4 ? wok__pg_get32(at) : 0;
}

/* at: behind the number of columns. A byte more stands behind the end, unless all are numbers: as a
 * field is read only after the next one's length, its text can end with a NUL in place. */
static inline int read_fields(const struct wok__pg_shape *shape, char *at, const char *end,
			      wok_value *value)
{
	const struct wok__pg_shape_column *column = shape->column;
	uint32_t next = length_at(at, end);

	for (const wok_value *last = value + shape->count; value < last; value++, column++) {
		const uint32_t size = next;
		char *data = at + 4;

		if (end - at < 4)
			return broken_row(shape, "ends too early");
		if (size == UINT32_MAX) {
			at = data;
			next = length_at(at, end);
			*value = (wok_value){0};
			continue;
		}
		if (size > (size_t) (end - data))
			return broken_row(shape, "has a field longer than itself");
		at = data + size;
		next = length_at(at, end);
		if (!read_usual(column, data, size, value))
			WOK_TRY(wok__pg_decode(column->type, column->format, data, size, value));
	}
	return at == end ? 0 : broken_row(shape, "goes on after the last");
}

int wok__pg_shape_row(const struct wok__pg_shape *shape, const struct wok__pg_message *message,
		      wok_rows *rows)
{
	struct wok_row *row;

	if (message->size < 2 || wok__pg_get16(message->body) != shape->count)
		return broken_row(shape, "has another number of them");
	const size_t size = message->size - 2;
	const bool keep = !shape->numbers;
	char *at = (char *) message->body + 2;

	WOK_TRY(wok__rows_begin(rows, size, keep ? size + 1 : 0, &row));
	if (keep)
		at = memcpy(row->values + shape->count, at, size);
	WOK_TRY(read_fields(shape, at, at + size, row->values));
	wok__rows_end(rows, row);
	return 0;
}
