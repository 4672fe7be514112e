/* SPDX-License-Identifier: MIT */
/*
 * Fields of rows: see types.h. One switch, and no allocation: what has no common kind stays as it
 * came.
 */
#include <stdlib.h>
#include <string.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/own.h"
#include "db/postgres/types/types.h"

const struct wok__pg_type *wok__pg_type_find(const struct wok_pg_types *types, uint32_t oid)
{
	size_t low = 0, high = types ? types->count : 0;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct wok__pg_type *type = &types->entries[middle]->type;

		if (type->oid == oid)
			return type;
		if (type->oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return wok__pg_builtin(oid);
}

static int broken(const struct wok__pg_type *type, size_t size)
{
	return wok_fail(WOK_EPEER, "PostgreSQL sent %zu bytes that are no %s", size, type->name);
}

static int decode_text(uint32_t oid, char *data, size_t size, wok_value *ret_value)
{
	data[size] = '\0';
	*ret_value = (wok_value){
		.kind = WOK_VALUE_TEXT,
		.type = oid,
		.size = size,
		.text = data,
	};
	return 0;
}

static int decode_int(uint32_t oid, int64_t integer, wok_value *ret_value)
{
	*ret_value = (wok_value){.kind = WOK_VALUE_INT, .type = oid, .integer = integer};
	return 0;
}

static int decode_double(uint32_t oid, double real, wok_value *ret_value)
{
	*ret_value = (wok_value){.kind = WOK_VALUE_DOUBLE, .type = oid, .real = real};
	return 0;
}

static int decode_own(uint32_t oid, int format, const char *data, size_t size, wok_value *ret_value)
{
	*ret_value = (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = (uint8_t) format,
		.type = oid,
		.size = size,
		.data = data,
	};
	return 0;
}

/* How long a number of each kind is. */
static size_t number_size(unsigned kind)
{
	switch (kind) {
	case WOK__PG_BOOL:
		return 1;
	case WOK__PG_INT2:
		return 2;
	case WOK__PG_INT4:
	case WOK__PG_UINT4:
	case WOK__PG_FLOAT4:
		return 4;
	default:
		return 8;
	}
}

/* The largest xid8 has never been seen, and would not be an int64_t: it stays as it is. */
static int decode_uint8(uint32_t oid, const char *data, wok_value *ret_value)
{
	const uint64_t value = wok__pg_get64(data);

	if (value > INT64_MAX)
		return decode_own(oid, WOK__PG_FORM_BINARY, data, 8, ret_value);
	return decode_int(oid, (int64_t) value, ret_value);
}

static int decode_number(const struct wok__pg_type *type, const char *data, size_t size,
			 wok_value *ret_value)
{
	const uint32_t oid = type->oid;
	uint32_t bits;
	uint64_t wide;
	float single;
	double real;

	if (size != number_size(type->kind))
		return broken(type, size);
	switch (type->kind) {
	case WOK__PG_BOOL:
		*ret_value = (wok_value){
			.kind = WOK_VALUE_BOOL,
			.type = oid,
			.boolean = data[0] != 0,
		};
		return 0;
	case WOK__PG_INT2:
		return decode_int(oid, (int16_t) wok__pg_get16(data), ret_value);
	case WOK__PG_INT4:
		return decode_int(oid, (int32_t) wok__pg_get32(data), ret_value);
	case WOK__PG_UINT4:
		return decode_int(oid, wok__pg_get32(data), ret_value);
	case WOK__PG_INT8:
		return decode_int(oid, (int64_t) wok__pg_get64(data), ret_value);
	case WOK__PG_UINT8:
		return decode_uint8(oid, data, ret_value);
	case WOK__PG_FLOAT4:
		bits = wok__pg_get32(data);
		memcpy(&single, &bits, sizeof(single));
		return decode_double(oid, single, ret_value);
	default:
		wide = wok__pg_get64(data);
		memcpy(&real, &wide, sizeof(real));
		return decode_double(oid, real, ret_value);
	}
}

/* jsonb and jsonpath: version 1, and the text. */
static int decode_jsonb(const struct wok__pg_type *type, char *data, size_t size,
			wok_value *ret_value)
{
	if (size < 1 || data[0] != 1)
		return broken(type, size);
	return decode_text(type->oid, data + 1, size - 1, ret_value);
}

/* "char": the zero byte is the empty text, as in the server's output. */
static int decode_char(const struct wok__pg_type *type, char *data, size_t size,
		       wok_value *ret_value)
{
	if (size != 1)
		return broken(type, size);
	if ((unsigned char) data[0] >= 0x80)
		return decode_own(type->oid, WOK__PG_FORM_BINARY, data, size, ret_value);
	return decode_text(type->oid, data, data[0] != '\0', ret_value);
}

static int decode_binary(const struct wok__pg_type *type, char *data, size_t size,
			 wok_value *ret_value)
{
	switch (type->kind) {
	case WOK__PG_OTHER:
	case WOK__PG_TEXT:
	case WOK__PG_VOID:
		return decode_text(type->oid, data, size, ret_value);
	case WOK__PG_BOOL:
	case WOK__PG_INT2:
	case WOK__PG_INT4:
	case WOK__PG_INT8:
	case WOK__PG_UINT4:
	case WOK__PG_UINT8:
	case WOK__PG_FLOAT4:
	case WOK__PG_FLOAT8:
		return decode_number(type, data, size, ret_value);
	case WOK__PG_JSONB:
		return decode_jsonb(type, data, size, ret_value);
	case WOK__PG_CHAR:
		return decode_char(type, data, size, ret_value);
	case WOK__PG_BYTEA:
		*ret_value = (wok_value){
			.kind = WOK_VALUE_BLOB,
			.type = type->oid,
			.size = size,
			.data = data,
		};
		return 0;
	case WOK__PG_USER:
		return wok__pg_decode_user(type, WOK__PG_FORM_BINARY, data, size, ret_value);
	default:
		return decode_own(type->oid, WOK__PG_FORM_BINARY, data, size, ret_value);
	}
}

/* A number's text is short, and its NUL stands behind it already. */
static int text_number(const struct wok__pg_type *type, const char *text, size_t size,
		       wok_value *ret_value)
{
	struct wok__pg_scan scan = {text, text + size};
	char *end = NULL;
	double real;
	int r = 0;

	errno = 0;
	switch (type->kind) {
	case WOK__PG_FLOAT4:
	case WOK__PG_FLOAT8: /* the point is the server's, not the locale's */
		if (!wok__pg_take_double(&scan, &real) || scan.at != scan.end)
			return broken(type, size);
		if (type->kind == WOK__PG_FLOAT4)
			real = (float) real;
		return decode_double(type->oid, real, ret_value);
	case WOK__PG_UINT8:
		if (size > 0 && text[0] != '-' && strtoull(text, &end, 10) > INT64_MAX)
			return decode_own(type->oid, WOK__PG_FORM_TEXT, text, size, ret_value);
		__attribute__((fallthrough));
	default:
		r = decode_int(type->oid, strtoll(text, &end, 10), ret_value);
		if (errno == ERANGE)
			end = NULL;
	}
	return size > 0 && end == text + size ? r : broken(type, size);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* bytea_output = hex, over the text itself. */
static ssize_t unhex(char *data, size_t size)
{
	if (size % 2)
		return -1;
	for (size_t i = 2; i < size; i += 2) {
		const int high = nibble(data[i]), low = nibble(data[i + 1]);

		if (high < 0 || low < 0)
			return -1;
		data[i / 2 - 1] = (char) (high << 4 | low);
	}
	return (ssize_t) (size / 2 - 1);
}

static bool octal(const char *at, size_t left)
{
	return left >= 4 && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
	       at[3] >= '0' && at[3] <= '7';
}

/* bytea_output = escape: \\ and \ooo. */
static ssize_t unescape(char *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; n++) {
		if (data[i] != '\\') {
			data[n] = data[i++];
		} else if (octal(data + i, size - i)) {
			data[n] = (char) ((data[i + 1] - '0') << 6 | (data[i + 2] - '0') << 3 |
					  (data[i + 3] - '0'));
			i += 4;
		} else if (size - i >= 2 && data[i + 1] == '\\') {
			data[n] = '\\';
			i += 2;
		} else {
			return -1;
		}
	}
	return (ssize_t) n;
}

static int text_bytea(const struct wok__pg_type *type, char *data, size_t size,
		      wok_value *ret_value)
{
	const bool hex = size >= 2 && data[0] == '\\' && data[1] == 'x';
	const ssize_t n = hex ? unhex(data, size) : unescape(data, size);

	if (n < 0)
		return broken(type, size);
	*ret_value = (wok_value){
		.kind = WOK_VALUE_BLOB,
		.type = type->oid,
		.size = (size_t) n,
		.data = data,
	};
	return 0;
}

static int text_bool(const struct wok__pg_type *type, const char *data, size_t size,
		     wok_value *ret_value)
{
	if (size != 1 || (data[0] != 't' && data[0] != 'f'))
		return broken(type, size);
	*ret_value = (wok_value){
		.kind = WOK_VALUE_BOOL,
		.type = type->oid,
		.boolean = data[0] == 't',
	};
	return 0;
}

static int decode_from_text(const struct wok__pg_type *type, char *data, size_t size,
			    wok_value *ret_value)
{
	data[size] = '\0';
	switch (type->kind) {
	case WOK__PG_BOOL:
		return text_bool(type, data, size, ret_value);
	case WOK__PG_INT2:
	case WOK__PG_INT4:
	case WOK__PG_INT8:
	case WOK__PG_UINT4:
	case WOK__PG_UINT8:
	case WOK__PG_FLOAT4:
	case WOK__PG_FLOAT8:
		return text_number(type, data, size, ret_value);
	case WOK__PG_OTHER:
	case WOK__PG_TEXT:
	case WOK__PG_JSONB:
	case WOK__PG_CHAR:
	case WOK__PG_VOID:
	case WOK__PG_MONEY:
		return decode_text(type->oid, data, size, ret_value);
	case WOK__PG_BYTEA:
		return text_bytea(type, data, size, ret_value);
	case WOK__PG_USER:
		return wok__pg_decode_user(type, WOK__PG_FORM_TEXT, data, size, ret_value);
	default:
		return decode_own(type->oid, WOK__PG_FORM_TEXT, data, size, ret_value);
	}
}

int wok__pg_decode(const struct wok__pg_type *type, int format, char *data, size_t size,
		   wok_value *ret_value)
{
	if (type && format == WOK__PG_FORM_BINARY)
		return decode_binary(type, data, size, ret_value);
	if (type)
		return decode_from_text(type, data, size, ret_value);
	if (format == WOK__PG_FORM_BINARY)
		return decode_own(0, WOK__PG_FORM_BINARY, data, size, ret_value);
	return decode_text(0, data, size, ret_value);
}
