/* SPDX-License-Identifier: MIT */
/* Points and what is made of them: doubles, with a count before polygons and paths. */
#include <string.h>

#include "db/postgres/types/own.h"

static const struct {
	uint8_t kind;
	uint8_t numbers; /* 0: any */
	uint32_t oid;
} shapes[] = {
	[WOK_PG_POINT] = {WOK__PG_POINT, 2, WOK__PG_OID_POINT},
	[WOK_PG_LSEG] = {WOK__PG_LSEG, 4, WOK__PG_OID_LSEG},
	[WOK_PG_BOX] = {WOK__PG_BOX, 4, WOK__PG_OID_BOX},
	[WOK_PG_LINE] = {WOK__PG_LINE, 3, WOK__PG_OID_LINE},
	[WOK_PG_CIRCLE] = {WOK__PG_CIRCLE, 3, WOK__PG_OID_CIRCLE},
	[WOK_PG_POLYGON] = {WOK__PG_POLYGON, 0, WOK__PG_OID_POLYGON},
	[WOK_PG_PATH] = {WOK__PG_PATH, 0, WOK__PG_OID_PATH},
	[WOK_PG_OPEN_PATH] = {WOK__PG_PATH, 0, WOK__PG_OID_PATH},
};

#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static size_t numbers_of(unsigned kind)
{
	for (size_t i = 0; i < N_SHAPES; i++) {
		if (shapes[i].kind == kind)
			return shapes[i].numbers;
	}
	return 0;
}

/* Bytes before the numbers. */
static size_t head_of(unsigned kind)
{
	return kind == WOK__PG_PATH ? 5 : kind == WOK__PG_POLYGON ? 4 : 0;
}

static size_t count_in(unsigned kind, size_t size)
{
	return (size - head_of(kind)) / 8;
}

bool wok__pg_geometry_is_right(unsigned kind, const char *data, size_t size)
{
	const size_t head = head_of(kind);

	if (head == 0)
		return size == numbers_of(kind) * 8;
	return size >= head && (size - head) % 16 == 0 &&
	       wok__pg_get32(data + head - 4) == (size - head) / 16;
}

static double number_at(unsigned kind, const char *data, size_t i)
{
	const uint64_t bits = wok__pg_get64(data + head_of(kind) + 8 * i);
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

static void put_points(struct wok__pg_writer *writer, unsigned kind, const char *data, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		wok__pg_puts(writer, i > 0 ? ",(" : "(");
		wok__pg_put_double(writer, number_at(kind, data, i));
		wok__pg_put(writer, ',');
		wok__pg_put_double(writer, number_at(kind, data, i + 1));
		wok__pg_put(writer, ')');
	}
}

static void put_line(struct wok__pg_writer *writer, const char *data)
{
	for (size_t i = 0; i < 3; i++) {
		wok__pg_put(writer, i > 0 ? ',' : '{');
		wok__pg_put_double(writer, number_at(WOK__PG_LINE, data, i));
	}
	wok__pg_put(writer, '}');
}

void wok__pg_write_geometry(struct wok__pg_writer *writer, unsigned kind, const char *data,
			    size_t size)
{
	const size_t n = count_in(kind, size);
	const bool open = kind == WOK__PG_LSEG || (kind == WOK__PG_PATH && data[0] == 0);

	switch (kind) {
	case WOK__PG_POINT:
	case WOK__PG_BOX:
		put_points(writer, kind, data, n);
		break;
	case WOK__PG_LINE:
		put_line(writer, data);
		break;
	case WOK__PG_CIRCLE:
		wok__pg_put(writer, '<');
		put_points(writer, kind, data, 2);
		wok__pg_put(writer, ',');
		wok__pg_put_double(writer, number_at(kind, data, 2));
		wok__pg_put(writer, '>');
		break;
	default:
		wok__pg_put(writer, open ? '[' : '(');
		put_points(writer, kind, data, n);
		wok__pg_put(writer, open ? ']' : ')');
	}
}

/* The server's own form: numbers, with brackets and commas between them. */
ssize_t wok__pg_parse_geometry(unsigned kind, const char *text, size_t size, char *to)
{
	struct wok__pg_scan scan = {text, text + size};
	const size_t n = numbers_of(kind);
	size_t i = 0;

	while (scan.at < scan.end) {
		double number;
		uint64_t bits;

		if (wok__pg_find_in("()[]{}<>, ", *scan.at)) {
			scan.at++;
			continue;
		}
		if (i == n || !wok__pg_take_double(&scan, &number))
			return -EINVAL;
		memcpy(&bits, &number, sizeof(bits));
		wok__pg_put64(to + 8 * i++, bits);
	}
	return i == n ? (ssize_t) (8 * n) : -EINVAL;
}

int wok__pg_build_geometry(const wok_pg_shape *shape, unsigned kind, struct wok__pg_buffer *out)
{
	const size_t n = shape->count;

	if (kind == WOK__PG_PATH)
		wok__pg_buffer_byte(out, shape->kind == WOK_PG_PATH);
	if (head_of(kind) > 0)
		wok__pg_buffer_int32(out, (uint32_t) (n / 2));
	for (size_t i = 0; i < n; i++) {
		uint64_t bits;

		memcpy(&bits, &shape->numbers[i], sizeof(bits));
		wok__pg_buffer_int64(out, bits);
	}
	return out->error;
}

wok_value wok_pg_geometry(const wok_pg_shape *shape)
{
	wok_value value = {.kind = WOK_VALUE_WRONG};

	if (!shape || (unsigned) shape->kind >= N_SHAPES || shape->count / 2 > INT32_MAX / 16)
		return value;
	const unsigned numbers = shapes[shape->kind].numbers;
	if (numbers ? shape->count != numbers : shape->count % 2 != 0)
		return value;
	value.kind = WOK_VALUE_OWN;
	value.format = WOK__PG_FORM_NATIVE;
	value.type = shapes[shape->kind].oid;
	value.data = shape;
	return value;
}

ssize_t wok_pg_get_geometry(const wok_value *value, double *numbers, size_t room,
			    wok_pg_shape_kind *ret_kind)
{
	const struct wok__pg_type *type = wok__pg_builtin_of(value);
	size_t which = 0;

	if (value->kind == WOK_VALUE_NULL)
		return wok_fail(-ENODATA, "the value is NULL, not geometric");
	while (type && which < N_SHAPES && shapes[which].kind != type->kind)
		which++;
	if (!type || which == N_SHAPES || value->format != WOK__PG_FORM_BINARY)
		return wok_fail(-EINVAL, "the value is not geometric, in binary form");
	if (!wok__pg_geometry_is_right(type->kind, value->data, value->size))
		return wok_fail(WOK_EPEER, "these %zu bytes are no %s", value->size, type->name);
	const char *data = value->data;
	const size_t n = count_in(type->kind, value->size);
	for (size_t i = 0; i < n && n <= room; i++)
		numbers[i] = number_at(type->kind, data, i);
	if (type->kind == WOK__PG_PATH && data[0] == 0)
		which = WOK_PG_OPEN_PATH;
	*ret_kind = (wok_pg_shape_kind) which;
	return (ssize_t) n;
}
