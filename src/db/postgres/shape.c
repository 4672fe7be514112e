/* SPDX-License-Identifier: MIT */
/* What rows look like: see shape.h. */
#include "db/postgres/shape.h"

#include <endian.h>

#include "base/memory.h"
#include "db/postgres/types/catalog.h"

/* What is read without a call. A truth value is stored as a number, of which it is the first byte:
 * on little-endian machines only. */
static void choose_way(struct wok__pg_shape_column *column)
{
	static const struct {
		uint8_t way, kind, width;
		bool is_unsigned;
	} ways[] = {
		[WOK__PG_BOOL] = {WOK__PG_AS_NUMBER, WOK_VALUE_BOOL, 1, true},
		[WOK__PG_INT2] = {WOK__PG_AS_NUMBER, WOK_VALUE_INT, 2, false},
		[WOK__PG_INT4] = {WOK__PG_AS_NUMBER, WOK_VALUE_INT, 4, false},
		[WOK__PG_UINT4] = {WOK__PG_AS_NUMBER, WOK_VALUE_INT, 4, true},
		[WOK__PG_INT8] = {WOK__PG_AS_NUMBER, WOK_VALUE_INT, 8, false},
		[WOK__PG_FLOAT8] = {WOK__PG_AS_NUMBER, WOK_VALUE_DOUBLE, 8, false}, /* its bits */
		[WOK__PG_CHAR] = {WOK__PG_AS_CHAR, WOK_VALUE_TEXT, 0, false},
		[WOK__PG_TEXT] = {WOK__PG_AS_TEXT, WOK_VALUE_TEXT, 0, false},
	};
	const unsigned kind = column->type ? column->type->kind : WOK__PG_OTHER;
	const bool usual = column->format == 1 && kind < sizeof(ways) / sizeof(ways[0]) &&
			   ways[kind].kind != WOK_VALUE_NULL &&
			   (kind != WOK__PG_BOOL || BYTE_ORDER == LITTLE_ENDIAN);

	column->way = usual ? ways[kind].way : WOK__PG_BY_DECODER;
	column->model = (wok_value){.kind = usual ? ways[kind].kind : 0, .type = column->oid};
	column->width = column->way == WOK__PG_AS_NUMBER ? ways[kind].width : UINT32_MAX;
	column->shift = column->way == WOK__PG_AS_NUMBER ? 64 - 8 * ways[kind].width : 0;
	column->mask =
		usual && ways[kind].is_unsigned ? (int64_t) (UINT64_MAX >> column->shift) : -1;
}

static void choose_ways(struct wok__pg_shape *shape)
{
	shape->all_binary = shape->numbers = true;
	for (size_t i = 0; i < shape->count; i++) {
		struct wok__pg_shape_column *column = &shape->column[i];

		choose_way(column);
		shape->all_binary = shape->all_binary && column->format == 1;
		shape->numbers = shape->numbers && column->way == WOK__PG_AS_NUMBER;
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
