/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the codecs of PostgreSQL's types. The first byte picks a type, the second the form, the
 * rest is a field of a row. Claims:
 *
 *   - whatever a server sends, it is refused or read within its bytes, in bounded depth;
 *   - a value has a text, whose length is the same whether it is written or counted;
 *   - a text that is parsed into a binary form is written, parsed and written again as the same.
 */
#include <stdlib.h>
#include <string.h>
#include <wok/memory.h>
#include <wok/pg_array.h>
#include <wok/pg_types.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/encode_usual.h"
#include "db/postgres/types/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static char *text_of(const wok_value *value)
{
	const size_t size = wok_pg_text(value, NULL, 0);
	char *text = malloc(size + 1);

	require(text != NULL);
	require(wok_pg_text(value, text, size + 1) == size);
	require(text[size] == '\0');
	return text;
}

/* Each getter refuses what is not its own. */
static void get_all(const wok_value *value)
{
	wok_pg_shape_kind kind;
	struct timespec when;
	wok_pg_network network;
	wok_pg_clock clock;
	wok_pg_bits bits;
	wok_pg_span span;
	uint8_t bytes[16];
	double numbers[8];
	int64_t integer;
	uint64_t lsn;
	uint32_t block;
	uint16_t row;
	int32_t days;

	WOK_IGNORE(wok_pg_get_timestamp(value, &when));
	WOK_IGNORE(wok_pg_get_date(value, &days));
	WOK_IGNORE(wok_pg_get_time(value, &integer));
	WOK_IGNORE(wok_pg_get_timetz(value, &clock));
	WOK_IGNORE(wok_pg_get_interval(value, &span));
	WOK_IGNORE(wok_pg_get_int(value, &integer));
	WOK_IGNORE(wok_pg_get_double(value, numbers));
	WOK_IGNORE(wok_pg_get_uuid(value, bytes));
	WOK_IGNORE(wok_pg_get_inet(value, &network));
	WOK_IGNORE(wok_pg_get_macaddr(value, bytes));
	WOK_IGNORE(wok_pg_get_geometry(value, numbers, 8, &kind));
	WOK_IGNORE(wok_pg_get_lsn(value, &lsn));
	WOK_IGNORE(wok_pg_get_tid(value, &block, &row));
	if (wok_pg_get_bits(value, &bits) == 0 && bits.count > 0)
		require(bits.data[(bits.count - 1) / 8] <= 255);
}

static void walk(const wok_value *value, unsigned depth)
{
	wok_pg_items *items;
	wok_pg_ranges *ranges;

	get_all(value);
	if (depth == 12)
		return;
	if (wok_pg_items_read(value, NULL, &items) == 0) {
		for (size_t i = 0; i < wok_pg_items_count(items); i++)
			walk(wok_pg_items_at(items, i), depth + 1);
		wok_pg_items_free(items);
	}
	if (wok_pg_ranges_read(value, NULL, &ranges) == 0) {
		for (size_t i = 0; i < wok_pg_ranges_count(ranges); i++) {
			const wok_pg_bounds *bounds = wok_pg_ranges_at(ranges, i);

			if (bounds->lower)
				walk(bounds->lower, depth + 1);
			if (bounds->upper)
				walk(bounds->upper, depth + 1);
		}
		wok_pg_ranges_free(ranges);
	}
}

/* A parameter of the same bytes, in the binary form that COPY wants. */
static void encode(const struct wok__pg_type *type, const wok_value *value)
{
	struct wok__pg_buffer out = {0};
	int16_t format;

	if (!wok__pg_add_usual(type, value, &out, &format))
		WOK_IGNORE(wok__pg_encode(NULL, 1, type, value, &out, &format));
	out.size = 0;
	const bool written = wok__pg_encode_binary(NULL, 1, type, value, &out) == 0 &&
			     out.size > 4 && value->kind == WOK_VALUE_OWN;
	if (written && value->format == WOK__PG_FORM_TEXT && type->kind != WOK__PG_INTERVAL) {
		const wok_value binary = {.kind = WOK_VALUE_OWN,
					  .format = WOK__PG_FORM_BINARY,
					  .type = type->oid,
					  .size = out.size - 4,
					  .data = out.data + 4};
		char *text = text_of(&binary);
		wok_value again = wok_value_text(text);
		struct wok__pg_buffer second = {0};

		again.type = type->oid;
		if (wok__pg_encode_binary(NULL, 1, type, &again, &second) == 0) {
			require(second.size == out.size);
			require(memcmp(second.data, out.data, out.size) == 0);
		}
		wok__pg_buffer_free(&second);
		free(text);
	}
	wok__pg_buffer_free(&out);
}

static const uint32_t oids[] = {
	16,   17,   18,   20,   21,   23,   25,   26,   27,   114,  142,  600,  601,  602,
	603,  604,  628,  650,  700,  701,  718,  774,  790,  829,  869,  1033, 1082, 1083,
	1114, 1184, 1186, 1266, 1560, 1700, 2249, 2278, 2950, 3220, 3802, 3904, 3906, 3910,
	4451, 4532, 5038, 5069, 22,   1007, 1009, 1001, 1020, 1231, 2287, 3905, 6150, 3614,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	wok_value value;

	if (size < 2 || size > 4096)
		return 0;
	const struct wok__pg_type *type =
		wok__pg_type_find(NULL, oids[data[0] % (sizeof(oids) / sizeof(oids[0]))]);
	char *copy = malloc(size - 1);
	require(type && copy);
	memcpy(copy, data + 2, size - 2);
	if (wok__pg_decode(type, data[1] & 1, copy, size - 2, &value) == 0) {
		value.type = type->oid;
		free(text_of(&value));
		walk(&value, 0);
		encode(type, &value);
	}
	free(copy);
	return 0;
}
