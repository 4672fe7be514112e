/* SPDX-License-Identifier: MIT */
/*
 * Arrays and records taken apart: see wok/pg_array.h. One block holds the values and a copy of the
 * bytes that they point to, in which each text gets its NUL over what has been read already.
 */
#include "db/postgres/types/container_read.h"

#include <string.h>

#include "base/memory.h"
#include "db/postgres/types/catalog.h"

wok_pg_items *wok__pg_items_new(size_t count, size_t bytes)
{
	size_t size;

	if (__builtin_mul_overflow(count, sizeof(wok_value), &size) ||
	    __builtin_add_overflow(size, sizeof(wok_pg_items) + 1, &size) ||
	    __builtin_add_overflow(size, bytes, &size))
		return NULL;
	wok_pg_items *items = wok_alloc(size);
	if (!items)
		return NULL;
	*items = (wok_pg_items){.shape.count = count};
	memset(items->values, 0, count * sizeof(wok_value));
	items->bytes = (char *) (items->values + count);
	return items;
}

void wok_pg_items_free(wok_pg_items *items)
{
	wok_free(items);
}

static int malformed(const char *what)
{
	return wok_fail(WOK_EPEER, "PostgreSQL sent bytes that are no %s", what);
}

/* Where each element lies, before any of them is decoded: that writes over the next one's length.
 */
static bool find_elements(struct wok__pg_bytes *bytes, wok_pg_items *items)
{
	for (size_t i = 0; i < items->shape.count; i++) {
		const char *data;
		size_t size;

		if (items->is_record)
			items->values[i].type = wok__pg_bytes_int32(bytes);
		if (!wok__pg_bytes_next(bytes, &data, &size))
			return false;
		items->values[i].data = data;
		items->values[i].size = size;
	}
	return bytes->left == 0;
}

static int decode_elements(const wok_pg_types *types, wok_pg_items *items, uint32_t element)
{
	for (size_t i = 0; i < items->shape.count; i++) {
		wok_value *value = &items->values[i];
		const uint32_t oid = items->is_record ? value->type : element;
		char *data = (char *) value->data;

		if (!data) {
			*value = wok_value_null();
			continue;
		}
		const struct wok__pg_type *type = wok__pg_type_find(types, oid);
		WOK_TRY(wok__pg_decode(type, WOK__PG_FORM_BINARY, data, value->size, value));
		value->type = oid;
	}
	return 0;
}

static int read_binary(const wok_value *value, const wok_pg_types *types, bool is_record,
		       const struct wok__pg_type *type, wok_pg_items **ret_items)
{
	struct wok__pg_bytes bytes = {value->data, value->size, false};
	struct wok__pg_dims shape = {0};
	uint32_t element = 0;

	if (is_record) {
		shape.count = wok__pg_bytes_int32(&bytes);
		/* Each field takes 8 bytes at least. */
		if (bytes.failed || shape.count > bytes.left / 8)
			return malformed("record");
	} else if (!wok__pg_bytes_shape(&bytes, &shape, &element)) {
		return malformed("array");
	}
	WOK_AUTO(wok_pg_items) *items = wok__pg_items_new(shape.count, bytes.left);
	if (!items)
		return -ENOMEM;
	items->shape = shape;
	items->is_record = is_record;
	items->type = type;
	memcpy(items->bytes, bytes.at, bytes.left);
	bytes.at = items->bytes;
	if (!find_elements(&bytes, items))
		return malformed(is_record ? "record" : "array");
	WOK_TRY(decode_elements(types, items, element));
	*ret_items = WOK_TAKE(items);
	return 0;
}

int wok_pg_items_read(const wok_value *value, const wok_pg_types *types, wok_pg_items **ret_items)
{
	const struct wok__pg_type *type = wok__pg_type_find(types, value->type);
	const bool known = type && (type->kind == WOK__PG_ARRAY || type->kind == WOK__PG_RECORD);

	if (value->kind == WOK_VALUE_NULL)
		return wok_fail(-ENODATA, "the value is NULL, not an array or a record");
	if (value->kind == WOK_VALUE_OWN && value->format == WOK__PG_FORM_BINARY && known)
		return read_binary(value, types, type->kind == WOK__PG_RECORD, type, ret_items);
	/* Of a type that nobody has looked up the text tells which it is. */
	if ((value->kind == WOK_VALUE_OWN && value->format == WOK__PG_FORM_TEXT && known) ||
	    (value->kind == WOK_VALUE_TEXT && (!type || type->kind == WOK__PG_OTHER)))
		return wok__pg_items_parse(value, types, known ? type : NULL, ret_items);
	return wok_fail(-EINVAL, "the value is neither an array nor a record");
}

size_t wok_pg_items_count(const wok_pg_items *items)
{
	return items->shape.count;
}

const wok_value *wok_pg_items_at(const wok_pg_items *items, size_t index)
{
	return index < items->shape.count ? &items->values[index] : NULL;
}

const char *wok_pg_items_name(const wok_pg_items *items, size_t index)
{
	if (!items->is_record || !items->type || index >= items->type->n_fields)
		return NULL;
	return items->type->fields[index].name;
}

const wok_value *wok_pg_items_get(const wok_pg_items *items, const char *name)
{
	for (size_t i = 0; i < items->shape.count; i++) {
		const char *its = wok_pg_items_name(items, i);

		if (its && strcmp(its, name) == 0)
			return &items->values[i];
	}
	return NULL;
}

size_t wok_pg_items_dimensions(const wok_pg_items *items)
{
	return items->shape.dimensions;
}

size_t wok_pg_items_length(const wok_pg_items *items, size_t dimension)
{
	return dimension < items->shape.dimensions ? items->shape.lengths[dimension] : 0;
}

int32_t wok_pg_items_lower(const wok_pg_items *items, size_t dimension)
{
	return dimension < items->shape.dimensions ? items->shape.lowers[dimension] : 1;
}
