/* SPDX-License-Identifier: MIT */
/*
 * Parameters: see types.h. What can be seen here to be wrong is refused before anything is sent: a
 * server that refuses it costs a round trip, and aborts the transaction.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wok/pg_codec.h>
#include <wok/utf8.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container.h"
#include "db/postgres/types/encode.h"
#include "db/postgres/types/types.h"

/* What the server takes in one piece. */
#define MAX_SIZE ((size_t) 0x3fffffff)

const char *wok__pg_place(ssize_t place, const struct wok__pg_type *type, char text[WOK__PG_PLACE])
{
	const char *name = type && type->name ? type->name : "unknown";

	if (place < 0)
		snprintf(text, WOK__PG_PLACE, "column %zd (%.60s)", -place, name);
	else if (place > 0)
		snprintf(text, WOK__PG_PLACE, "$%zd (%.60s)", place, name);
	else
		snprintf(text, WOK__PG_PLACE, "the value (%.60s)", name);
	return text;
}

static int does_not_fit(const struct wok__pg_target *target, int64_t integer)
{
	char place[WOK__PG_PLACE];

	return wok_fail(-ERANGE, "%s: %lld does not fit",
			wok__pg_place(target->place, target->type, place), (long long) integer);
}

static int wrong_kind(const struct wok__pg_target *target, const char *what)
{
	char place[WOK__PG_PLACE];

	return wok_fail(-EINVAL, "%s: it takes no %s: give it as text, or see wok/pg_types.h",
			wok__pg_place(target->place, target->type, place), what);
}

/* The last message, with the place in front of it. */
static int at_place(const struct wok__pg_target *target, int code)
{
	char place[WOK__PG_PLACE];

	if (code == -ENOMEM)
		return code;
	return wok_fail(code, "%s: %s", wok__pg_place(target->place, target->type, place),
			wok_errmsg(code));
}

int wok__pg_check_text(const struct wok__pg_target *target, const char *text, size_t size)
{
	char place[WOK__PG_PLACE];
	size_t valid;

	if (memchr(text, '\0', size))
		return wok_fail(-EILSEQ, "%s: PostgreSQL's texts have no NUL within",
				wok__pg_place(target->place, target->type, place));
	if (wok_utf8_check(text, size, &valid) < 0)
		return wok_fail(-EILSEQ, "%s: it is not UTF-8 at byte %zu",
				wok__pg_place(target->place, target->type, place), valid);
	return 0;
}

static int add_text(const struct wok__pg_target *target, const char *text, size_t size)
{
	if (size > MAX_SIZE)
		return 0; /* refused below, for its size */
	WOK_TRY(wok__pg_check_text(target, text, size));
	wok__pg_buffer_add(target->out, text, size);
	return WOK__PG_FORM_TEXT;
}

static int add_rendered(const struct wok__pg_target *target, const wok_value *value)
{
	const size_t size = wok__pg_render(target->types, value, NULL, 0);

	if (size > MAX_SIZE)
		return 0;
	/* One byte more, for the NUL, which is then taken back. */
	char *room = wok__pg_buffer_room(target->out, size + 1);
	if (!room)
		return -ENOMEM;
	wok__pg_render(target->types, value, room, size + 1);
	target->out->size--;
	return WOK__PG_FORM_TEXT;
}

static int add_int(const struct wok__pg_target *target, const wok_value *value)
{
	static const int64_t least[] = {
		[WOK__PG_INT2] = INT16_MIN, [WOK__PG_INT4] = INT32_MIN, [WOK__PG_INT8] = INT64_MIN,
		[WOK__PG_UINT4] = 0,        [WOK__PG_UINT8] = 0,
	};
	static const int64_t most[] = {
		[WOK__PG_INT2] = INT16_MAX,  [WOK__PG_INT4] = INT32_MAX,
		[WOK__PG_INT8] = INT64_MAX,  [WOK__PG_UINT4] = UINT32_MAX,
		[WOK__PG_UINT8] = INT64_MAX,
	};
	const unsigned kind = target->type->kind;
	int64_t integer;
	int r = wok_value_get_int(value, &integer);

	if (r < 0)
		return at_place(target, r);
	if (integer < least[kind] || integer > most[kind])
		return does_not_fit(target, integer);
	if (kind == WOK__PG_INT2)
		wok__pg_buffer_int16(target->out, (uint16_t) integer);
	else if (kind == WOK__PG_INT4 || kind == WOK__PG_UINT4)
		wok__pg_buffer_int32(target->out, (uint32_t) integer);
	else
		wok__pg_buffer_int64(target->out, (uint64_t) integer);
	return WOK__PG_FORM_BINARY;
}

static int add_double(const struct wok__pg_target *target, const wok_value *value)
{
	const wok_value number =
		value->kind == WOK_VALUE_BOOL ? wok_value_int(value->boolean) : *value;
	char place[WOK__PG_PLACE];
	double real;
	int r = wok_value_get_double(&number, &real);

	if (r < 0)
		return at_place(target, r);
	if (target->type->kind == WOK__PG_FLOAT8) {
		uint64_t bits;

		memcpy(&bits, &real, sizeof(bits));
		wok__pg_buffer_int64(target->out, bits);
		return WOK__PG_FORM_BINARY;
	}
	/* What rounds to the largest float is still one. */
	if (isfinite(real) && fabs(real) >= 0x1.ffffffp127)
		return wok_fail(-ERANGE, "%s: %g does not fit",
				wok__pg_place(target->place, target->type, place), real);
	const float single = (float) real;
	uint32_t bits;

	memcpy(&bits, &single, sizeof(bits));
	wok__pg_buffer_int32(target->out, bits);
	return WOK__PG_FORM_BINARY;
}

static int add_bool(const struct wok__pg_target *target, const wok_value *value)
{
	bool boolean;
	int r = wok_value_get_bool(value, &boolean);

	if (r < 0)
		return at_place(target, r);
	wok__pg_buffer_byte(target->out, boolean);
	return WOK__PG_FORM_BINARY;
}

/* A boolean is "true" here, which more types read than "t". */
static int add_number_as_text(const struct wok__pg_target *target, const wok_value *value)
{
	if (value->kind == WOK_VALUE_BOOL) {
		const char *text = value->boolean ? "true" : "false";

		wok__pg_buffer_add(target->out, text, strlen(text));
		return WOK__PG_FORM_TEXT;
	}
	return add_rendered(target, value);
}

int wok__pg_add_number(const struct wok__pg_target *target, const wok_value *value)
{
	switch (target->type ? target->type->kind : WOK__PG_OTHER) {
	case WOK__PG_BOOL:
		return add_bool(target, value);
	case WOK__PG_INT2:
	case WOK__PG_INT4:
	case WOK__PG_INT8:
	case WOK__PG_UINT4:
	case WOK__PG_UINT8:
		return add_int(target, value);
	case WOK__PG_FLOAT4:
	case WOK__PG_FLOAT8:
		return add_double(target, value);
	case WOK__PG_OTHER:
	case WOK__PG_TEXT:
	case WOK__PG_JSONB:
	case WOK__PG_CHAR:
	case WOK__PG_NUMERIC:
	case WOK__PG_MONEY:
	case WOK__PG_USER:
		return add_number_as_text(target, value);
	default:
		return wrong_kind(target, "number");
	}
}

int wok__pg_add_blob(const struct wok__pg_target *target, const wok_value *value)
{
	const unsigned kind = target->type ? target->type->kind : WOK__PG_OTHER;

	if (kind != WOK__PG_BYTEA && kind != WOK__PG_OTHER && kind != WOK__PG_USER)
		return wrong_kind(target, "bytes");
	if (value->size <= MAX_SIZE)
		wok__pg_buffer_add(target->out, value->data, value->size);
	return WOK__PG_FORM_BINARY;
}

/* Of the same type, or of one that has the same form. */
static bool same_form(const struct wok__pg_target *target, const wok_value *value)
{
	const struct wok__pg_type *from = wok__pg_type_find(target->types, value->type);
	const struct wok__pg_type *to = target->type;

	if (!to || !from)
		return to && to->oid == value->type;
	if (to->oid == from->oid)
		return true;
	return to->kind == from->kind && to->kind < WOK__PG_ARRAY && to->kind != WOK__PG_INET &&
	       to->kind != WOK__PG_MACADDR;
}

int wok__pg_build(const struct wok_pg_types *types, ssize_t place, const struct wok__pg_type *type,
		  const wok_value *value, struct wok__pg_buffer *out)
{
	const wok_pg_bits *bits = value->data;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	(void) types;
	(void) place;
	switch (type->kind) {
	case WOK__PG_BITS:
		if (bits->count > INT32_MAX)
			return -ERANGE;
		wok__pg_buffer_int32(out, (uint32_t) bits->count);
		wok__pg_buffer_add(out, bits->data, (bits->count + 7) / 8);
		return out->error;
	case WOK__PG_POINT:
	case WOK__PG_LSEG:
	case WOK__PG_PATH:
	case WOK__PG_BOX:
	case WOK__PG_POLYGON:
	case WOK__PG_LINE:
	case WOK__PG_CIRCLE:
		WOK_TRY(wok__pg_build_geometry(value->data, type->kind, out));
		return out->error;
	default:
		WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
		wok__pg_buffer_add(out, data, size);
		return out->error;
	}
}

/* What a constructor made, or a field of another row. */
static int add_own(const struct wok__pg_target *target, const wok_value *value)
{
	int r;

	if (value->format == WOK__PG_FORM_TEXT)
		return add_text(target, value->text, value->size);
	const bool made = value->format >= WOK__PG_FORM_INLINE;
	if (made && wok__pg_own_container(value)) {
		const size_t before = target->out->size;

		r = -EINVAL;
		if (target->type && wok__pg_is_container(target->type->kind))
			r = wok__pg_build_container(target->types, target->place, target->type,
						    value, target->out, 0);
		if (r != -EINVAL)
			return r < 0 ? r : WOK__PG_FORM_BINARY;
		target->out->size = before;
		WOK_TRY(wok__pg_check_native(target, value, 0));
		return add_rendered(target, value);
	}
	if (!same_form(target, value))
		return add_rendered(target, value);
	if (value->format == WOK__PG_FORM_BINARY) {
		if (value->size <= MAX_SIZE)
			wok__pg_buffer_add(target->out, value->data, value->size);
		return WOK__PG_FORM_BINARY;
	}
	r = wok__pg_build(target->types, target->place, target->type, value, target->out);
	return r < 0 ? at_place(target, r) : WOK__PG_FORM_BINARY;
}

int wok__pg_add_by_user(const struct wok__pg_target *target, const wok_value *value)
{
	const wok_pg_codec *codec = target->type->codec;
	ssize_t n = codec->encode(codec->arg, value, NULL, 0);

	if (n >= 0 && (size_t) n <= MAX_SIZE) {
		char *room = wok__pg_buffer_room(target->out, (size_t) n);

		if (!room)
			return -ENOMEM;
		n = codec->encode(codec->arg, value, room, (size_t) n);
	}
	if (n < 0)
		return at_place(target, (int) n);
	return codec->binary ? WOK__PG_FORM_BINARY : WOK__PG_FORM_TEXT;
}

static int add(const struct wok__pg_target *target, const wok_value *value)
{
	char place[WOK__PG_PLACE];

	if (target->type && target->type->kind == WOK__PG_USER && target->type->codec->encode)
		return wok__pg_add_by_user(target, value);
	switch (value->kind) {
	case WOK_VALUE_BOOL:
	case WOK_VALUE_INT:
	case WOK_VALUE_DOUBLE:
		return wok__pg_add_number(target, value);
	case WOK_VALUE_TEXT:
		return add_text(target, value->text, value->size);
	case WOK_VALUE_BLOB:
		return wok__pg_add_blob(target, value);
	case WOK_VALUE_OWN:
		return add_own(target, value);
	default:
		return wok_fail(-EINVAL, "%s: it is not a value that PostgreSQL has",
				wok__pg_place(target->place, target->type, place));
	}
}

/* With its length in front; fn writes the rest. */
int wok__pg_add_sized(const struct wok__pg_target *target, const wok_value *value,
		      int (*fn)(const struct wok__pg_target *target, const wok_value *value))
{
	struct wok__pg_buffer *out = target->out;
	const size_t before = out->size;
	char place[WOK__PG_PLACE];

	if (value->kind == WOK_VALUE_NULL) {
		wok__pg_buffer_int32(out, UINT32_MAX);
		return out->error;
	}
	wok__pg_buffer_int32(out, 0);
	int r = fn(target, value);
	if (r >= 0 && out->error < 0)
		r = out->error;
	const size_t size = out->size - before - 4;
	if (r >= 0 && (size > MAX_SIZE || value->size > MAX_SIZE) && value->kind >= WOK_VALUE_TEXT)
		r = wok_fail(-EMSGSIZE, "%s: PostgreSQL takes 1 GB at most",
			     wok__pg_place(target->place, target->type, place));
	if (r < 0) {
		/* Nothing of it remains, nor that there was no memory: the caller is told. */
		out->size = before;
		out->error = 0;
		return r;
	}
	wok__pg_buffer_patch(out, before, (uint32_t) size);
	return r;
}

int wok__pg_encode(const struct wok_pg_types *types, ssize_t place, const struct wok__pg_type *type,
		   const wok_value *value, struct wok__pg_buffer *out, int16_t *ret_format)
{
	const struct wok__pg_target target = {
		.types = types,
		.place = place,
		.type = type,
		.out = out,
	};

	if (out->error < 0)
		return out->error;
	const int r = wok__pg_add_sized(&target, value, add);
	if (r < 0)
		return r;
	*ret_format = (int16_t) r;
	return 0;
}
