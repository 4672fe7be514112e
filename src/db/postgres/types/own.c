/* SPDX-License-Identifier: MIT */
/* The types of PostgreSQL's own, whichever form they have: see own.h. */
#include "db/postgres/types/own.h"

#include <string.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container.h"

ssize_t wok__pg_parse(unsigned kind, uint32_t oid, const char *text, size_t size,
		      char to[WOK__PG_FIXED])
{
	switch (kind) {
	case WOK__PG_DATE:
	case WOK__PG_TIME:
	case WOK__PG_TIMETZ:
	case WOK__PG_TIMESTAMP:
	case WOK__PG_TIMESTAMPTZ:
		return wok__pg_parse_datetime(kind, text, size, to);
	case WOK__PG_INTERVAL:
		return wok__pg_parse_interval(text, size, to);
	case WOK__PG_INET:
		return wok__pg_parse_inet(oid == WOK__PG_OID_CIDR, text, size, to);
	case WOK__PG_MACADDR:
		return wok__pg_parse_macaddr(oid == WOK__PG_OID_MACADDR8 ? 8 : 6, text, size, to);
	case WOK__PG_POINT:
	case WOK__PG_LSEG:
	case WOK__PG_BOX:
	case WOK__PG_LINE:
	case WOK__PG_CIRCLE:
		return wok__pg_parse_geometry(kind, text, size, to);
	case WOK__PG_UUID:
	case WOK__PG_TID:
	case WOK__PG_LSN:
	case WOK__PG_UINT8:
		return wok__pg_parse_plain(kind, text, size, to);
	default:
		return -EINVAL;
	}
}

bool wok__pg_size_is_right(unsigned kind, const char *data, size_t size)
{
	switch (kind) {
	case WOK__PG_NUMERIC:
		return wok__pg_numeric_is_right(data, size);
	case WOK__PG_DATE:
		return size == 4;
	case WOK__PG_TIME:
	case WOK__PG_TIMESTAMP:
	case WOK__PG_TIMESTAMPTZ:
	case WOK__PG_MONEY:
		return size == 8;
	case WOK__PG_TIMETZ:
		return size == 12;
	case WOK__PG_INTERVAL:
		return size == 16;
	case WOK__PG_INET:
		return wok__pg_inet_is_right(data, size);
	case WOK__PG_MACADDR:
		return size == 6 || size == 8;
	case WOK__PG_POINT:
	case WOK__PG_LSEG:
	case WOK__PG_PATH:
	case WOK__PG_BOX:
	case WOK__PG_POLYGON:
	case WOK__PG_LINE:
	case WOK__PG_CIRCLE:
		return wok__pg_geometry_is_right(kind, data, size);
	default:
		return wok__pg_plain_is_right(kind, data, size);
	}
}

const struct wok__pg_type *wok__pg_builtin_of(const wok_value *value)
{
	return value->kind == WOK_VALUE_OWN ? wok__pg_builtin(value->type) : NULL;
}

int wok__pg_own(const wok_value *value, unsigned kind, const char *wanted,
		const struct wok__pg_type **ret_type)
{
	const struct wok__pg_type *type = wok__pg_builtin_of(value);

	if (value->kind == WOK_VALUE_NULL)
		return wok_fail(-ENODATA, "the value is NULL, not %s", wanted);
	if (!type)
		return wok_fail(-EINVAL, "the value is not %s", wanted);
	if (type->kind != kind)
		return wok_fail(-EINVAL, "the value is a %s, not %s", type->name, wanted);
	*ret_type = type;
	return 0;
}

/* The C struct of a parameter. */
static ssize_t from_native(unsigned kind, uint32_t oid, const void *data, char *to)
{
	const wok_pg_clock *clock = data;
	const wok_pg_span *span = data;

	switch (kind) {
	case WOK__PG_TIMETZ:
		wok__pg_put64(to, (uint64_t) clock->microseconds);
		wok__pg_put32(to + 8, -(uint32_t) clock->east);
		return 12;
	case WOK__PG_INTERVAL:
		wok__pg_put64(to, (uint64_t) span->microseconds);
		wok__pg_put32(to + 8, (uint32_t) span->days);
		wok__pg_put32(to + 12, (uint32_t) span->months);
		return 16;
	case WOK__PG_INET:
		return (ssize_t) wok__pg_build_inet(data, oid == WOK__PG_OID_CIDR, to);
	default:
		return -EINVAL;
	}
}

static ssize_t from_inline(unsigned kind, int64_t integer, char *to)
{
	if (kind == WOK__PG_DATE) {
		if (integer < INT32_MIN || integer > INT32_MAX)
			return -ERANGE;
		wok__pg_put32(to, (uint32_t) integer);
		return 4;
	}
	wok__pg_put64(to, (uint64_t) integer);
	return 8;
}

int wok__pg_fixed(const wok_value *value, const struct wok__pg_type *type, char to[WOK__PG_FIXED],
		  const char **ret_data, size_t *ret_size)
{
	ssize_t n;

	switch (value->format) {
	case WOK__PG_FORM_BINARY:
		if (!wok__pg_size_is_right(type->kind, value->data, value->size))
			return wok_fail(WOK_EPEER, "these %zu bytes are no %s", value->size,
					type->name);
		*ret_data = value->data;
		*ret_size = value->size;
		return 0;
	case WOK__PG_FORM_INLINE:
		n = from_inline(type->kind, value->integer, to);
		break;
	case WOK__PG_FORM_NATIVE:
		n = from_native(type->kind, type->oid, value->data, to);
		break;
	default:
		n = wok__pg_parse(type->kind, type->oid, value->text, value->size, to);
		if (n < 0)
			return wok_fail(-EINVAL,
					"\"%.*s\" is not in the form of a %s that this reads: ask "
					"for it in binary form",
					(int) (value->size < 60 ? value->size : 60), value->text,
					type->name);
	}
	if (n < 0)
		return wok_fail((int) n, "the value is outside of what a %s can be", type->name);
	*ret_data = to;
	*ret_size = (size_t) n;
	return 0;
}

void wok__pg_write_binary(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			  const char *data, size_t size)
{
	if (wok__pg_is_container(type->kind)) {
		wok__pg_write_container(writer, type, data, size);
		return;
	}
	if (!wok__pg_size_is_right(type->kind, data, size)) {
		wok__pg_put(writer, '?');
		return;
	}
	switch (type->kind) {
	case WOK__PG_NUMERIC:
		wok__pg_write_numeric(writer, data, size);
		break;
	case WOK__PG_DATE:
	case WOK__PG_TIME:
	case WOK__PG_TIMETZ:
	case WOK__PG_TIMESTAMP:
	case WOK__PG_TIMESTAMPTZ:
		wok__pg_write_datetime(writer, type->kind, data);
		break;
	case WOK__PG_INTERVAL:
		wok__pg_write_interval(writer, data);
		break;
	case WOK__PG_INET:
		wok__pg_write_inet(writer, data, size);
		break;
	case WOK__PG_MACADDR:
		wok__pg_write_macaddr(writer, data, size);
		break;
	case WOK__PG_POINT:
	case WOK__PG_LSEG:
	case WOK__PG_PATH:
	case WOK__PG_BOX:
	case WOK__PG_POLYGON:
	case WOK__PG_LINE:
	case WOK__PG_CIRCLE:
		wok__pg_write_geometry(writer, type->kind, data, size);
		break;
	default:
		wok__pg_write_plain(writer, type->kind, data, size);
	}
}

/* What a constructor made: built into its binary form, and written from there. */
static void write_made(struct wok__pg_writer *writer, const struct wok__pg_type *type,
		       const wok_value *value)
{
	struct wok__pg_buffer buffer = {0};
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	if (type->kind == WOK__PG_MONEY) {
		wok__pg_put_int(writer, value->integer);
	} else if (wok__pg_fixed(value, type, scratch, &data, &size) == 0) {
		wok__pg_write_binary(writer, type, data, size);
	} else if (wok__pg_build(writer->types, 0, type, value, &buffer) == 0) {
		wok__pg_write_binary(writer, type, buffer.data, buffer.size);
	} else {
		wok__pg_put(writer, '?');
	}
	wok__pg_buffer_free(&buffer);
}

static void write_own(struct wok__pg_writer *writer, const wok_value *value)
{
	const struct wok__pg_type *type = wok__pg_type_find(writer->types, value->type);

	if (value->format == WOK__PG_FORM_TEXT)
		wok__pg_put_bytes(writer, value->text, value->size);
	else if (wok__pg_own_container(value))
		wok__pg_write_native(writer, value);
	else if (!type && value->format == WOK__PG_FORM_BINARY)
		wok__pg_write_hex(writer, value->data, value->size);
	else if (!type)
		wok__pg_put(writer, '?');
	else if (value->format == WOK__PG_FORM_BINARY)
		wok__pg_write_binary(writer, type, value->data, value->size);
	else
		write_made(writer, type, value);
}

void wok__pg_write_hex(struct wok__pg_writer *writer, const char *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	wok__pg_puts(writer, "\\x");
	for (size_t i = 0; i < size; i++) {
		wok__pg_put(writer, digits[(unsigned char) data[i] >> 4]);
		wok__pg_put(writer, digits[(unsigned char) data[i] & 15]);
	}
}

void wok__pg_write_value(struct wok__pg_writer *writer, const wok_value *value)
{
	switch (value->kind) {
	case WOK_VALUE_BOOL:
		wok__pg_put(writer, value->boolean ? 't' : 'f');
		break;
	case WOK_VALUE_INT:
		wok__pg_put_int(writer, value->integer);
		break;
	case WOK_VALUE_DOUBLE:
		if (value->type == WOK__PG_OID_FLOAT4)
			wok__pg_put_float(writer, (float) value->real);
		else
			wok__pg_put_double(writer, value->real);
		break;
	case WOK_VALUE_TEXT:
		wok__pg_put_bytes(writer, value->text, value->size);
		break;
	case WOK_VALUE_BLOB:
		wok__pg_write_hex(writer, value->data, value->size);
		break;
	case WOK_VALUE_OWN:
		write_own(writer, value);
		break;
	default:
		break;
	}
}

size_t wok__pg_render(const struct wok_pg_types *types, const wok_value *value, char *text,
		      size_t size)
{
	struct wok__pg_writer writer = {
		.types = types,
		.text = text,
		.size = size > 0 ? size - 1 : 0,
	};

	wok__pg_write_value(&writer, value);
	if (size > 0)
		text[writer.length < size ? writer.length : size - 1] = '\0';
	return writer.length;
}

size_t wok_pg_text(const wok_value *value, char *text, size_t size)
{
	return wok__pg_render(NULL, value, text, size);
}

static size_t render(const struct wok__dialect *dialect, const wok_value *value, char *text,
		     size_t size)
{
	(void) dialect;
	return wok__pg_render(NULL, value, text, size);
}

const struct wok__dialect wok__pg_dialect = {.render = render};
