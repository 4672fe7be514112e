/* SPDX-License-Identifier: MIT */
/* The texts of arrays and records taken apart: "[0:1]={1,\"a b\",NULL}", "(1,\"a b\",)". */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container_read.h"

struct parse {
	struct wok__pg_scan scan;
	wok_pg_items *items;
	char *out; /* where the next item's text goes: never beyond what was read */
	size_t room;
	size_t depth; /* of braces that are open */
	size_t counts[6];
	char delimiter;
	const char *element; /* a quoted item may be empty, or "NULL" */
	bool quoted;
};

static int malformed(const char *what)
{
	return wok_fail(WOK_EPEER, "this text is no %s", what);
}

/* An item up to what ends it: ends lists the characters that do. Its NUL goes over what ended it.
 */
static bool take_item(struct parse *parse, const char *ends, bool doubled, wok_value *ret_value)
{
	struct wok__pg_scan *scan = &parse->scan;
	char *const begin = parse->out;
	bool within = false;

	parse->quoted = false;
	for (; scan->at < scan->end; scan->at++) {
		const char c = *scan->at;

		if (c == '"' && within && doubled && scan->at + 1 < scan->end &&
		    scan->at[1] == '"') {
			*parse->out++ = *++scan->at;
		} else if (c == '"') {
			within = !within;
			parse->quoted = true;
		} else if (c == '\\' && scan->at + 1 < scan->end) {
			*parse->out++ = *++scan->at;
		} else if (!within && c && strchr(ends, c)) {
			break;
		} else {
			*parse->out++ = c;
		}
	}
	if (scan->at == scan->end)
		return false;
	*ret_value = (wok_value){
		.kind = WOK_VALUE_TEXT,
		.size = (size_t) (parse->out - begin),
		.text = begin,
	};
	*parse->out++ = '\0';
	return true;
}

static int add_item(struct parse *parse, const wok_pg_types *types, uint32_t oid,
		    const wok_value *item, bool is_null)
{
	const struct wok__pg_type *type = oid ? wok__pg_type_find(types, oid) : NULL;
	wok_value *value = &parse->items->values[parse->items->shape.count];

	if (parse->items->shape.count == parse->room)
		return malformed("array or record");
	parse->items->shape.count++;
	if (is_null)
		*value = wok_value_null();
	else if (type)
		WOK_TRY(wok__pg_decode(type, WOK__PG_FORM_TEXT, (char *) item->text, item->size,
				       value));
	else
		*value = *item;
	value->type = is_null ? 0 : oid;
	return 0;
}

/* "[2:3][-1:0]=" */
static bool take_lowers(struct parse *parse)
{
	struct wok__pg_dims *shape = &parse->items->shape;

	while (wok__pg_take(&parse->scan, '[')) {
		const bool minus = wok__pg_take(&parse->scan, '-');
		int64_t lower, upper;

		if (shape->dimensions == 6 || !wok__pg_take_number(&parse->scan, &lower, NULL) ||
		    lower > INT32_MAX || !wok__pg_take(&parse->scan, ':'))
			return false;
		wok__pg_take(&parse->scan, '-');
		if (!wok__pg_take_number(&parse->scan, &upper, NULL) ||
		    !wok__pg_take(&parse->scan, ']'))
			return false;
		shape->lowers[shape->dimensions++] = (int32_t) (minus ? -lower : lower);
	}
	return shape->dimensions == 0 || wok__pg_take(&parse->scan, '=');
}

/* Each dimension is as long each time as it was at first. */
static bool close_brace(struct parse *parse)
{
	struct wok__pg_dims *shape = &parse->items->shape;

	if (parse->depth == 0)
		return false;
	const size_t d = --parse->depth;
	if (shape->lengths[d] == 0)
		shape->lengths[d] = parse->counts[d];
	if (shape->lengths[d] != parse->counts[d])
		return false;
	parse->counts[d] = 0;
	if (d > 0)
		parse->counts[d - 1]++;
	return true;
}

static int take_element(struct parse *parse, const wok_pg_types *types, uint32_t element)
{
	const char ends[] = {parse->delimiter, '{', '}', '\0'};
	wok_value item;

	if (parse->depth == 0 || parse->depth != parse->items->shape.dimensions ||
	    !take_item(parse, ends, false, &item))
		return malformed("array");
	const bool is_null =
		!parse->quoted && item.size == 4 && strncasecmp(item.text, "null", 4) == 0;
	if (item.size == 0 && !parse->quoted)
		return malformed("array");
	parse->counts[parse->depth - 1]++;
	return add_item(parse, types, element, &item, is_null);
}

static int parse_array(struct parse *parse, const wok_pg_types *types, uint32_t element)
{
	struct wok__pg_dims *shape = &parse->items->shape;
	bool first = true; /* nothing but braces so far: they tell how many dimensions there are */

	if (!take_lowers(parse))
		return malformed("array");
	const bool lowers = shape->dimensions > 0;
	const size_t dimensions = shape->dimensions;
	shape->dimensions = 0;
	do {
		if (wok__pg_take(&parse->scan, '{')) {
			if (parse->depth == 6 || (!first && parse->depth >= shape->dimensions))
				return malformed("array");
			parse->depth++;
			if (first)
				shape->dimensions++;
		} else if (wok__pg_take(&parse->scan, '}')) {
			first = false;
			if (!close_brace(parse))
				return malformed("array");
		} else if (!wok__pg_take(&parse->scan, parse->delimiter)) {
			first = false;
			WOK_TRY(take_element(parse, types, element));
		}
	} while (parse->depth > 0 && parse->scan.at < parse->scan.end);
	if (parse->depth > 0 || parse->scan.at != parse->scan.end ||
	    (lowers && dimensions != shape->dimensions))
		return malformed("array");
	for (size_t i = 0; i < shape->dimensions && !lowers; i++)
		shape->lowers[i] = 1;
	if (shape->count == 0)
		*shape = (struct wok__pg_dims){0};
	return 0;
}

static int parse_record(struct parse *parse, const wok_pg_types *types,
			const struct wok__pg_type *type)
{
	bool more = !(parse->scan.end - parse->scan.at == 2 && parse->scan.at[1] == ')');

	if (!wok__pg_take(&parse->scan, '('))
		return malformed("record");
	while (more) {
		const size_t i = parse->items->shape.count;
		const uint32_t oid = type && i < type->n_fields ? type->fields[i].type : 0;
		wok_value item;

		if (!take_item(parse, ",)", true, &item))
			return malformed("record");
		WOK_TRY(add_item(parse, types, oid, &item, item.size == 0 && !parse->quoted));
		more = wok__pg_take(&parse->scan, ',');
	}
	return wok__pg_take(&parse->scan, ')') && parse->scan.at == parse->scan.end
		       ? 0
		       : malformed("record");
}

/* An item is followed by a delimiter or an end: so there are no more than one more than those. */
static size_t count_delimiters(const char *text, size_t size, char delimiter)
{
	size_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += text[i] == delimiter;
	return n;
}

int wok__pg_items_parse(const wok_value *value, const wok_pg_types *types,
			const struct wok__pg_type *type, wok_pg_items **ret_items)
{
	const bool is_record =
		type ? type->kind == WOK__PG_RECORD : value->size > 0 && value->text[0] == '(';
	const char delimiter = (char) (type && !is_record ? type->delimiter : ',');
	const size_t room = count_delimiters(value->text, value->size, delimiter);
	WOK_AUTO(wok_pg_items) *items = wok__pg_items_new(room, value->size);

	if (!items)
		return -ENOMEM;
	items->shape.count = 0;
	items->is_record = is_record;
	items->type = type;
	struct parse parse = {
		.scan = {value->text, value->text + value->size},
		.items = items,
		.out = items->bytes,
		.room = room,
		.delimiter = delimiter,
	};
	if (is_record)
		WOK_TRY(parse_record(&parse, types, type));
	else
		WOK_TRY(parse_array(&parse, types, type ? type->element : 0));
	*ret_items = WOK_TAKE(items);
	return 0;
}
