/* SPDX-License-Identifier: MIT */
/* The small ones as values: see wok/pg_types.h, and plain.c for their forms. */
#include <stdio.h>
#include <string.h>

#include "db/postgres/types/own.h"

wok_value wok_pg_uuid(const uint8_t bytes[16])
{
	if (!bytes)
		return wok_value_null();
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_BINARY,
		.type = WOK__PG_OID_UUID,
		.size = 16,
		.data = bytes,
	};
}

/* The binary form of a value that is of one of the small kinds. */
static int binary_of(const wok_value *value, unsigned kind, const char *wanted,
		     char scratch[WOK__PG_FIXED], const char **ret_data, size_t *ret_size)
{
	const struct wok__pg_type *type;

	WOK_TRY(wok__pg_own(value, kind, wanted, &type));
	return wok__pg_fixed(value, type, scratch, ret_data, ret_size);
}

int wok_pg_get_uuid(const wok_value *value, uint8_t ret_bytes[16])
{
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(binary_of(value, WOK__PG_UUID, "a uuid", scratch, &data, &size));
	memcpy(ret_bytes, data, 16);
	return 0;
}

int wok_pg_uuid_parse(const char *text, uint8_t ret_bytes[16])
{
	char bytes[WOK__PG_FIXED];

	if (wok__pg_parse_uuid(text, strlen(text), bytes) < 0)
		return wok_fail(-EINVAL, "\"%.60s\" is no uuid", text);
	memcpy(ret_bytes, bytes, 16);
	return 0;
}

const char *wok_pg_uuid_text(const uint8_t bytes[16], char text[37])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[n++] = '-';
		text[n++] = digits[bytes[i] >> 4];
		text[n++] = digits[bytes[i] & 15];
	}
	text[n] = '\0';
	return text;
}

wok_value wok_pg_bit(const wok_pg_bits *bits)
{
	if (!bits)
		return wok_value_null();
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_NATIVE,
		.type = WOK__PG_OID_VARBIT,
		.data = bits,
	};
}

int wok_pg_get_bits(const wok_value *value, wok_pg_bits *ret_bits)
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_BITS, "a bit string", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	*ret_bits = (wok_pg_bits){wok__pg_get32(data), (const uint8_t *) data + 4};
	return 0;
}

static wok_value number(uint32_t oid, int64_t integer)
{
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_INLINE,
		.type = oid,
		.size = sizeof(integer),
		.integer = integer,
	};
}

wok_value wok_pg_money(int64_t units)
{
	return number(WOK__PG_OID_MONEY, units);
}

wok_value wok_pg_lsn(uint64_t position)
{
	return number(WOK__PG_OID_LSN, (int64_t) position);
}

int wok_pg_get_lsn(const wok_value *value, uint64_t *ret_position)
{
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(binary_of(value, WOK__PG_LSN, "a pg_lsn", scratch, &data, &size));
	*ret_position = wok__pg_get64(data);
	return 0;
}

int wok_pg_get_tid(const wok_value *value, uint32_t *ret_block, uint16_t *ret_row)
{
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(binary_of(value, WOK__PG_TID, "a tid", scratch, &data, &size));
	*ret_block = wok__pg_get32(data);
	*ret_row = wok__pg_get16(data + 4);
	return 0;
}
