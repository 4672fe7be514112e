/* SPDX-License-Identifier: MIT */
/*
 * Values in binary form, whatever it takes: for COPY, which has no other, and for the elements of
 * arrays. A text is parsed here, where the server would.
 */
#include <stdlib.h>
#include <string.h>
#include <wok/memory.h>
#include <wok/pg_codec.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container.h"
#include "db/postgres/types/encode.h"

static int no_form(const struct wok__pg_target *target)
{
	char place[WOK__PG_PLACE];

	return wok_fail(-EINVAL, "%s: this is not known in binary form",
			wok__pg_place(target->place, target->type, place));
}

/* "17" for an integer: as the server reads it, without the names that it knows for booleans. */
static int add_number_of_text(const struct wok__pg_target *target, const wok_value *value)
{
	struct wok__pg_scan scan = {value->text, value->text + value->size};
	const bool real =
		target->type->kind == WOK__PG_FLOAT4 || target->type->kind == WOK__PG_FLOAT8;
	wok_value number;

	if (real) {
		double parsed;

		if (!wok__pg_take_double(&scan, &parsed) || scan.at != scan.end)
			return no_form(target);
		number = wok_value_double(parsed);
	} else if (target->type->kind == WOK__PG_BOOL) {
		const bool yes = wok__pg_take_text(&scan, "true") || wok__pg_take_text(&scan, "t");

		if (!yes && !wok__pg_take_text(&scan, "false") && !wok__pg_take_text(&scan, "f"))
			return no_form(target);
		number = wok_value_bool(yes);
	} else {
		/* The least of all has no positive twin. */
		const bool least = wok__pg_take_text(&scan, "-9223372036854775808");
		const bool minus = !least && wok__pg_take(&scan, '-');
		int64_t parsed = INT64_MIN;

		if (!least && !wok__pg_take_number(&scan, &parsed, NULL))
			return no_form(target);
		number = wok_value_int(minus ? -parsed : parsed);
	}
	return scan.at == scan.end ? wok__pg_add_number(target, &number) : no_form(target);
}

static int add_parsed(const struct wok__pg_target *target, const wok_value *value)
{
	char scratch[WOK__PG_FIXED];
	const ssize_t n = wok__pg_parse(target->type->kind, target->type->oid, value->text,
					value->size, scratch);

	if (n < 0)
		return no_form(target);
	wok__pg_buffer_add(target->out, scratch, (size_t) n);
	return WOK__PG_FORM_BINARY;
}

static int add_text(const struct wok__pg_target *target, const wok_value *value)
{
	int r;

	WOK_TRY(wok__pg_check_text(target, value->text, value->size));
	switch (target->type->kind) {
	case WOK__PG_JSONB:
		wok__pg_buffer_byte(target->out, 1);
		wok__pg_buffer_add(target->out, value->text, value->size);
		return WOK__PG_FORM_BINARY;
	case WOK__PG_TEXT:
	case WOK__PG_VOID:
		wok__pg_buffer_add(target->out, value->text, value->size);
		return WOK__PG_FORM_BINARY;
	case WOK__PG_CHAR:
		wok__pg_buffer_byte(target->out, value->size > 0 ? (uint8_t) value->text[0] : 0);
		return value->size <= 1 ? WOK__PG_FORM_BINARY : no_form(target);
	case WOK__PG_NUMERIC:
		r = wok__pg_build_numeric(value->text, value->size, target->out);
		return r == -EINVAL ? no_form(target) : r < 0 ? r : WOK__PG_FORM_BINARY;
	case WOK__PG_BITS:
		r = wok__pg_build_bits(value->text, value->size, target->out);
		return r == -EINVAL ? no_form(target) : r < 0 ? r : WOK__PG_FORM_BINARY;
	case WOK__PG_BOOL:
	case WOK__PG_INT2:
	case WOK__PG_INT4:
	case WOK__PG_INT8:
	case WOK__PG_UINT4:
	case WOK__PG_FLOAT4:
	case WOK__PG_FLOAT8:
		return add_number_of_text(target, value);
	default:
		return add_parsed(target, value);
	}
}

/* A value of another type, by way of its text. */
static int add_rendered(const struct wok__pg_target *target, const wok_value *value)
{
	const size_t size = wok__pg_render(target->types, value, NULL, 0);
	char *text = wok_alloc(size + 1);

	if (!text)
		return -ENOMEM;
	wok__pg_render(target->types, value, text, size + 1);
	const wok_value as_text = {.kind = WOK_VALUE_TEXT, .size = size, .text = text};
	const int r = add_text(target, &as_text);
	wok_free(text);
	return r;
}

static int add_own(const struct wok__pg_target *target, const wok_value *value)
{
	const struct wok__pg_type *type = target->type;

	if (value->format == WOK__PG_FORM_TEXT)
		return add_text(target, value);
	if (value->format != WOK__PG_FORM_BINARY && wok__pg_own_container(value)) {
		const int r = wok__pg_build_container(target->types, target->place, type, value,
						      target->out, target->depth);
		return r == -EINVAL ? no_form(target) : r < 0 ? r : WOK__PG_FORM_BINARY;
	}
	if (value->type != type->oid)
		return add_rendered(target, value);
	if (value->format == WOK__PG_FORM_BINARY) {
		wok__pg_buffer_add(target->out, value->data, value->size);
		return WOK__PG_FORM_BINARY;
	}
	WOK_TRY(wok__pg_build(target->types, target->place, type, value, target->out));
	return WOK__PG_FORM_BINARY;
}

int wok__pg_add_binary(const struct wok__pg_target *target, const wok_value *value)
{
	const unsigned kind = target->type ? target->type->kind : WOK__PG_OTHER;

	if (kind == WOK__PG_USER && target->type->codec->encode && target->type->codec->binary)
		return wok__pg_add_by_user(target, value);
	if (kind == WOK__PG_OTHER || kind == WOK__PG_USER)
		return value->kind == WOK_VALUE_BLOB ? wok__pg_add_blob(target, value)
						     : no_form(target);
	switch (value->kind) {
	case WOK_VALUE_BOOL:
	case WOK_VALUE_INT:
	case WOK_VALUE_DOUBLE:
		if (kind == WOK__PG_NUMERIC || kind == WOK__PG_TEXT || kind == WOK__PG_JSONB)
			return add_rendered(target, value);
		return kind == WOK__PG_MONEY || kind == WOK__PG_CHAR
			       ? no_form(target)
			       : wok__pg_add_number(target, value);
	case WOK_VALUE_TEXT:
		return add_text(target, value);
	case WOK_VALUE_BLOB:
		return wok__pg_add_blob(target, value);
	case WOK_VALUE_OWN:
		return add_own(target, value);
	default:
		return no_form(target);
	}
}

int wok__pg_encode_binary(const struct wok_pg_types *types, ssize_t place,
			  const struct wok__pg_type *type, const wok_value *value,
			  struct wok__pg_buffer *out)
{
	const struct wok__pg_target target = {
		.types = types,
		.place = place,
		.type = type,
		.out = out,
	};

	if (out->error < 0)
		return out->error;
	const int r = wok__pg_add_sized(&target, value, wok__pg_add_binary);
	return r < 0 ? r : 0;
}
