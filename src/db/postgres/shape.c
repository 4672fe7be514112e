/* SPDX-License-Identifier: MIT */
/* What rows look like, and reading them: see shape.h. */
#include "db/postgres/shape.h"

#include "base/memory.h"
#include "db/postgres/types/catalog.h"

static void fill_column(const struct wok_pg_types *types, bool said,
			const struct wok__pg_column *from, struct wok__pg_shape_column *to)
{
	to->type = wok__pg_type_find(types, from->type);
	to->oid = from->type;
	to->table = from->table;
	to->number = from->number;
	to->modifier = from->modifier;
	to->format = (int16_t) (said ? from->format : wok__pg_result_format(to->type));
}

/* The columns as wok/row.h knows them; names are views of the message until they are copied. */
static int make_columns(struct wok__pg_shape *shape, struct wok__pg_reader reader,
			const struct wok_pg_types *types, bool said)
{
	struct wok__column *names = wok__alloc_array(shape->count + 1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	shape->all_binary = true;
	for (size_t i = 0; i < shape->count; i++) {
		struct wok__pg_column column;

		wok__pg_columns_next(&reader, &column);
		fill_column(types, said, &column, &shape->column[i]);
		names[i] = (struct wok__column){column.name, column.type};
		if (shape->column[i].format != 1)
			shape->all_binary = false;
	}
	int r = wok__columns_new(wok__pg_dialect_of(types), names, shape->count, &shape->columns);
	wok_free(names);
	return r;
}

int wok__pg_shape_new(const struct wok_pg_types *types, const struct wok__pg_message *message,
		      bool said, struct wok__pg_shape **ret_shape)
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
	int r = make_columns(shape, reader, types, said);
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
	better->all_binary = true;
	for (size_t i = 0; i < better->count; i++) {
		struct wok__pg_shape_column *column = &better->column[i];

		column->type = wok__pg_type_find(types, column->oid);
		column->format = wok__pg_result_format(column->type);
		better->all_binary = better->all_binary && column->format == 1;
	}
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

/* What most fields are, without a call: false if it is something else, or broken. */
static inline bool decode_usual(const struct wok__pg_type *type, char *data, size_t size,
				wok_value *value)
{
	switch (type->kind) {
	case WOK__PG_INT4:
		if (size != 4)
			return false;
		value->kind = WOK_VALUE_INT;
		value->integer = (int32_t) wok__pg_get32(data);
		break;
	case WOK__PG_INT8:
		if (size != 8)
			return false;
		value->kind = WOK_VALUE_INT;
		value->integer = (int64_t) wok__pg_get64(data);
		break;
	case WOK__PG_TEXT:
		data[size] = '\0';
		value->kind = WOK_VALUE_TEXT;
		value->size = size;
		value->text = data;
		break;
	default:
		return false;
	}
	value->type = type->oid;
	return true;
}

/*
 * The row's own copy of the message, one byte larger: as a field is decoded only after the next
 * one's length was read, its text can end with a NUL in place.
 */
int wok__pg_shape_row(const struct wok__pg_shape *shape, bool binary,
		      const struct wok__pg_message *message, wok_rows *rows)
{
	struct wok_row *row;
	char *at;

	if (message->size < 2 || wok__pg_get16(message->body) != shape->count)
		return broken_row(shape, "has another number of them");
	size_t left = message->size - 2;
	WOK_TRY(wok__rows_add(rows, left + 1, &row, &at));
	memcpy(at, message->body + 2, left);
	uint32_t next = left >= 4 ? wok__pg_get32(at) : 0;
	for (size_t i = 0; i < shape->count; i++) {
		const struct wok__pg_shape_column *column = &shape->column[i];

		if (left < 4)
			return broken_row(shape, "ends too early");
		left -= 4;
		at += 4;
		const uint32_t size = next;
		if (size != UINT32_MAX && size > left)
			return broken_row(shape, "has a field longer than itself");
		char *data = at;
		if (size != UINT32_MAX) {
			at += size;
			left -= size;
		}
		next = left >= 4 ? wok__pg_get32(at) : 0;
		const int format = binary ? 1 : column->format;
		if (size != UINT32_MAX &&
		    !(format == 1 && column->type &&
		      decode_usual(column->type, data, size, &row->values[i])))
			WOK_TRY(wok__pg_decode(column->type, format, data, size, &row->values[i]));
	}
	return left == 0 ? 0 : broken_row(shape, "goes on after the last");
}
