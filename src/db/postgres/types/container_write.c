/* SPDX-License-Identifier: MIT */
/*
 * The texts of arrays, records and ranges, as the server writes them. Whether an element stands in
 * quotes depends on its text, which is therefore gone through twice, without being kept.
 */
#include <strings.h>
#include <wok/utf8.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container.h"

static const char *specials_of(unsigned container)
{
	switch (container) {
	case WOK__PG_ARRAY:
		return "\"\\{}";
	case WOK__PG_RECORD:
		return "\"\\(),";
	default:
		return "\"\\()[],";
	}
}

static bool needs_quotes(const struct wok__pg_probe *probe, unsigned container)
{
	return probe->special || probe->length == 0 ||
	       (container == WOK__PG_ARRAY && probe->length == 4 &&
		strncasecmp(probe->begin, "null", 4) == 0);
}

void wok__pg_write_quoted(struct wok__pg_writer *writer, unsigned container, char delimiter,
			  void (*write)(struct wok__pg_writer *writer, const void *arg),
			  const void *arg)
{
	struct wok__pg_probe probe = {
		.specials = specials_of(container),
		.delimiter = delimiter,
	};
	struct wok__pg_probe *const outer = writer->probe;

	if (outer && outer->special)
		return;
	writer->probe = &probe;
	write(writer, arg);
	writer->probe = outer;
	if (!needs_quotes(&probe, container)) {
		write(writer, arg);
		return;
	}
	wok__pg_put(writer, '"');
	if (!outer) {
		const struct wok__pg_escape escape = {
			.outer = writer->escape,
			.doubled = container != WOK__PG_ARRAY,
		};

		writer->escape = &escape;
		write(writer, arg);
		writer->escape = escape.outer;
	}
	wok__pg_put(writer, '"');
}

static void write_value(struct wok__pg_writer *writer, const void *arg)
{
	wok__pg_write_value(writer, arg);
}

void wok__pg_write_quoted_value(struct wok__pg_writer *writer, unsigned container, char delimiter,
				const wok_value *value)
{
	wok__pg_write_quoted(writer, container, delimiter, write_value, value);
}

/* Of a type that nobody knows: enums and most texts can be shown. */
static void write_unknown(struct wok__pg_writer *writer, const char *data, size_t size)
{
	size_t valid;

	if (wok_utf8_check(data, size, &valid) == 0)
		wok__pg_put_bytes(writer, data, size);
	else
		wok__pg_write_hex(writer, data, size);
}

void wok__pg_write_element(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			   const char *data, size_t size)
{
	wok_value value;

	switch (type ? type->kind : WOK__PG_OTHER) {
	case WOK__PG_OTHER:
	case WOK__PG_TEXT:
	case WOK__PG_VOID:
	case WOK__PG_USER:
		write_unknown(writer, data, size);
		break;
	case WOK__PG_JSONB:
		if (size > 0)
			wok__pg_put_bytes(writer, data + 1, size - 1);
		break;
	case WOK__PG_CHAR:
		if (size == 1 && (unsigned char) data[0] >= 0x80)
			wok__pg_write_binary(writer, type, data, size);
		else if (size == 1 && data[0])
			wok__pg_put_bytes(writer, data, 1);
		break;
	case WOK__PG_BYTEA:
		wok__pg_write_hex(writer, data, size);
		break;
	case WOK__PG_BOOL:
	case WOK__PG_INT2:
	case WOK__PG_INT4:
	case WOK__PG_INT8:
	case WOK__PG_UINT4:
	case WOK__PG_UINT8:
	case WOK__PG_FLOAT4:
	case WOK__PG_FLOAT8:
		/* A number's bytes are only read. */
		if (wok__pg_decode(type, WOK__PG_FORM_BINARY, (char *) data, size, &value) == 0)
			wok__pg_write_value(writer, &value);
		break;
	default:
		wok__pg_write_binary(writer, type, data, size);
	}
}

void wok__pg_write_lowers(struct wok__pg_writer *writer, const struct wok__pg_dims *shape)
{
	bool plain = true;

	for (size_t i = 0; i < shape->dimensions; i++)
		plain = plain && shape->lowers[i] == 1;
	if (plain)
		return;
	for (size_t i = 0; i < shape->dimensions; i++) {
		wok__pg_put(writer, '[');
		wok__pg_put_int(writer, shape->lowers[i]);
		wok__pg_put(writer, ':');
		wok__pg_put_int(writer, shape->lowers[i] + (int64_t) shape->lengths[i] - 1);
		wok__pg_put(writer, ']');
	}
	wok__pg_put(writer, '=');
}

/* How many dimensions begin (with element index), or end (with the one before index). */
static size_t turning(const struct wok__pg_dims *shape, size_t index)
{
	size_t n = 0;

	for (size_t i = shape->dimensions; i > 0; i--) {
		if (index % shape->lengths[i - 1] != 0)
			break;
		index /= shape->lengths[i - 1];
		n++;
	}
	return n;
}

void wok__pg_write_before(struct wok__pg_writer *writer, const struct wok__pg_dims *shape,
			  size_t index, char delimiter)
{
	if (index > 0)
		wok__pg_put(writer, delimiter);
	for (size_t n = turning(shape, index); n > 0; n--)
		wok__pg_put(writer, '{');
}

void wok__pg_write_after(struct wok__pg_writer *writer, const struct wok__pg_dims *shape,
			 size_t index)
{
	for (size_t n = turning(shape, index + 1); n > 0; n--)
		wok__pg_put(writer, '}');
}

struct element {
	const struct wok__pg_type *type;
	const char *data;
	size_t size;
};

static void write_element(struct wok__pg_writer *writer, const void *arg)
{
	const struct element *element = arg;

	wok__pg_write_element(writer, element->type, element->data, element->size);
}

/* While a probe looks, what follows the first special character does not matter. */
static bool seen(const struct wok__pg_writer *writer)
{
	return writer->probe && writer->probe->special;
}

static void write_array(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			const char *data, size_t size)
{
	struct wok__pg_bytes bytes = {data, size, false};
	struct element element = {0};
	struct wok__pg_dims shape;
	uint32_t oid;

	if (!wok__pg_bytes_shape(&bytes, &shape, &oid)) {
		wok__pg_put(writer, '?');
		return;
	}
	element.type = wok__pg_type_find(writer->types, oid);
	/* int2vector and oidvector have a text of their own. */
	const bool vector = type->oid == 22 || type->oid == 30;
	if (!vector && shape.count == 0)
		wok__pg_puts(writer, "{}");
	else if (!vector)
		wok__pg_write_lowers(writer, &shape);
	for (size_t i = 0; i < shape.count && !seen(writer); i++) {
		if (!wok__pg_bytes_next(&bytes, &element.data, &element.size))
			break;
		if (vector && i > 0)
			wok__pg_put(writer, ' ');
		if (!vector)
			wok__pg_write_before(writer, &shape, i, type->delimiter);
		if (!element.data)
			wok__pg_puts(writer, "NULL");
		else
			wok__pg_write_quoted(writer, WOK__PG_ARRAY, type->delimiter, write_element,
					     &element);
		if (!vector)
			wok__pg_write_after(writer, &shape, i);
	}
}

static void write_record(struct wok__pg_writer *writer, const char *data, size_t size)
{
	struct wok__pg_bytes bytes = {data, size, false};
	const uint32_t count = wok__pg_bytes_int32(&bytes);

	wok__pg_put(writer, '(');
	for (uint32_t i = 0; i < count && !seen(writer); i++) {
		const uint32_t oid = wok__pg_bytes_int32(&bytes);
		struct element element = {.type = wok__pg_type_find(writer->types, oid)};

		if (!wok__pg_bytes_next(&bytes, &element.data, &element.size))
			break;
		if (i > 0)
			wok__pg_put(writer, ',');
		if (element.data)
			wok__pg_write_quoted(writer, WOK__PG_RECORD, ',', write_element, &element);
	}
	wok__pg_put(writer, ')');
}

static void write_bound(struct wok__pg_writer *writer, const struct wok__pg_type *subtype,
			struct wok__pg_bytes *bytes)
{
	struct element element = {.type = subtype};

	if (wok__pg_bytes_next(bytes, &element.data, &element.size) && element.data)
		wok__pg_write_quoted(writer, WOK__PG_RANGE, ',', write_element, &element);
}

static void write_range(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			const char *data, size_t size)
{
	const struct wok__pg_type *subtype = wok__pg_type_find(writer->types, type->element);
	struct wok__pg_bytes bytes = {data, size, false};
	unsigned flags;

	if (!wok__pg_bytes_flags(&bytes, &flags)) {
		wok__pg_put(writer, '?');
		return;
	}
	if (flags & WOK__PG_RANGE_EMPTY) {
		wok__pg_puts(writer, "empty");
		return;
	}
	wok__pg_put(writer, flags & WOK__PG_RANGE_LOWER_INCLUSIVE ? '[' : '(');
	if (!(flags & WOK__PG_RANGE_LOWER_INFINITE))
		write_bound(writer, subtype, &bytes);
	wok__pg_put(writer, ',');
	if (!(flags & WOK__PG_RANGE_UPPER_INFINITE))
		write_bound(writer, subtype, &bytes);
	wok__pg_put(writer, flags & WOK__PG_RANGE_UPPER_INCLUSIVE ? ']' : ')');
}

static void write_multirange(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			     const char *data, size_t size)
{
	const struct wok__pg_type *range = wok__pg_type_find(writer->types, type->element);
	struct wok__pg_bytes bytes = {data, size, false};
	const uint32_t count = wok__pg_bytes_int32(&bytes);

	wok__pg_put(writer, '{');
	for (uint32_t i = 0; i < count && range && !seen(writer); i++) {
		const char *one;
		size_t n;

		if (!wok__pg_bytes_next(&bytes, &one, &n))
			break;
		if (i > 0)
			wok__pg_put(writer, ',');
		if (one)
			write_range(writer, range, one, n);
	}
	wok__pg_put(writer, '}');
}

void wok__pg_write_container(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			     const char *data, size_t size)
{
	if (writer->depth == WOK__PG_MAX_DEPTH) {
		wok__pg_put(writer, '?');
		return;
	}
	writer->depth++;
	if (type->kind == WOK__PG_ARRAY)
		write_array(writer, type, data, size);
	else if (type->kind == WOK__PG_RECORD)
		write_record(writer, data, size);
	else if (type->kind == WOK__PG_RANGE)
		write_range(writer, type, data, size);
	else
		write_multirange(writer, type, data, size);
	writer->depth--;
}
