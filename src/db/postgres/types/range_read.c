/* SPDX-License-Identifier: MIT */
/* Ranges and multiranges taken apart: see wok/pg_array.h. */
#include <string.h>

#include "base/memory.h"
#include "db/postgres/types/catalog.h"
#include "db/postgres/types/container.h"

struct one {
	wok_pg_bounds bounds;
	wok_value lower;
	wok_value upper;
};

struct wok_pg_ranges {
	size_t count;
	char *bytes;
	struct one ranges[]; /* the bytes stand behind them */
};

static int malformed(void)
{
	return wok_fail(WOK_EPEER, "these are no bytes or text of a range");
}

static wok_pg_ranges *new_ranges(size_t count, size_t bytes)
{
	size_t size;

	if (__builtin_mul_overflow(count, sizeof(struct one), &size) ||
	    __builtin_add_overflow(size, sizeof(wok_pg_ranges) + 1, &size) ||
	    __builtin_add_overflow(size, bytes, &size))
		return NULL;
	wok_pg_ranges *ranges = wok__alloc_zeroed(size);
	if (!ranges)
		return NULL;
	ranges->count = count;
	ranges->bytes = (char *) (ranges->ranges + count);
	return ranges;
}

void wok_pg_ranges_free(wok_pg_ranges *ranges)
{
	wok_free(ranges);
}

/* Both bounds are found before one is decoded: a text's NUL goes over the next one's length. */
static bool find_bounds(struct wok__pg_bytes *bytes, struct one *one)
{
	const char *data;
	unsigned flags;
	size_t size;

	if (!wok__pg_bytes_flags(bytes, &flags))
		return false;
	one->bounds.empty = (flags & WOK__PG_RANGE_EMPTY) != 0;
	one->bounds.exclusive_lower = !(flags & WOK__PG_RANGE_LOWER_INCLUSIVE);
	one->bounds.inclusive_upper = (flags & WOK__PG_RANGE_UPPER_INCLUSIVE) != 0;
	if (!one->bounds.empty && !(flags & WOK__PG_RANGE_LOWER_INFINITE)) {
		if (!wok__pg_bytes_next(bytes, &data, &size) || !data)
			return false;
		one->lower = (wok_value){.kind = WOK_VALUE_OWN, .size = size, .data = data};
		one->bounds.lower = &one->lower;
	}
	if (!one->bounds.empty && !(flags & WOK__PG_RANGE_UPPER_INFINITE)) {
		if (!wok__pg_bytes_next(bytes, &data, &size) || !data)
			return false;
		one->upper = (wok_value){.kind = WOK_VALUE_OWN, .size = size, .data = data};
		one->bounds.upper = &one->upper;
	}
	return true;
}

static int decode_bounds(const struct wok__pg_type *subtype, int format, struct one *one)
{
	if (one->bounds.lower)
		WOK_TRY(wok__pg_decode(subtype, format, (char *) one->lower.data, one->lower.size,
				       &one->lower));
	if (one->bounds.upper)
		WOK_TRY(wok__pg_decode(subtype, format, (char *) one->upper.data, one->upper.size,
				       &one->upper));
	return 0;
}

static bool find_all(struct wok__pg_bytes *bytes, bool multi, wok_pg_ranges *ranges)
{
	if (!multi)
		return find_bounds(bytes, &ranges->ranges[0]) && bytes->left == 0;
	for (size_t i = 0; i < ranges->count; i++) {
		const char *data;
		size_t size;

		if (!wok__pg_bytes_next(bytes, &data, &size) || !data)
			return false;
		struct wok__pg_bytes within = {data, size, false};
		if (!find_bounds(&within, &ranges->ranges[i]) || within.left > 0)
			return false;
	}
	return bytes->left == 0;
}

static int read_binary(const wok_value *value, bool multi, const struct wok__pg_type *subtype,
		       wok_pg_ranges **ret_ranges)
{
	struct wok__pg_bytes bytes = {value->data, value->size, false};
	const size_t count = multi ? wok__pg_bytes_int32(&bytes) : 1;

	/* Each range of a multirange takes 5 bytes at least. */
	if (bytes.failed || (multi && count > bytes.left / 5))
		return malformed();
	WOK_AUTO(wok_pg_ranges) *ranges = new_ranges(count, bytes.left);
	if (!ranges)
		return -ENOMEM;
	memcpy(ranges->bytes, bytes.at, bytes.left);
	bytes.at = ranges->bytes;
	if (!find_all(&bytes, multi, ranges))
		return malformed();
	for (size_t i = 0; i < count; i++)
		WOK_TRY(decode_bounds(subtype, WOK__PG_FORM_BINARY, &ranges->ranges[i]));
	*ret_ranges = WOK_TAKE(ranges);
	return 0;
}

/* A bound up to one of the characters that end it; false at the text's end. */
static bool take_bound(struct wok__pg_scan *scan, const char *ends, char **out,
		       wok_value *ret_value, const wok_value **ret_bound)
{
	char *const begin = *out;
	bool within = false, quoted = false;

	for (; scan->at < scan->end; scan->at++) {
		const char c = *scan->at;

		if (c == '"' && within && scan->at + 1 < scan->end && scan->at[1] == '"') {
			*(*out)++ = *++scan->at;
		} else if (c == '"') {
			within = !within;
			quoted = true;
		} else if (c == '\\' && scan->at + 1 < scan->end) {
			*(*out)++ = *++scan->at;
		} else if (!within && c && strchr(ends, c)) {
			break;
		} else {
			*(*out)++ = c;
		}
	}
	if (scan->at == scan->end)
		return false;
	*ret_value = (wok_value){
		.kind = WOK_VALUE_TEXT,
		.size = (size_t) (*out - begin),
		.text = begin,
	};
	*(*out)++ = '\0';
	*ret_bound = ret_value->size > 0 || quoted ? ret_value : NULL;
	return true;
}

static bool take_range(struct wok__pg_scan *scan, char **out, struct one *one)
{
	if (wok__pg_take_text(scan, "empty")) {
		one->bounds.empty = true;
		return true;
	}
	one->bounds.exclusive_lower = !wok__pg_take(scan, '[');
	if (one->bounds.exclusive_lower && !wok__pg_take(scan, '('))
		return false;
	if (!take_bound(scan, ",", out, &one->lower, &one->bounds.lower) ||
	    !wok__pg_take(scan, ',') ||
	    !take_bound(scan, ")]", out, &one->upper, &one->bounds.upper))
		return false;
	one->bounds.inclusive_upper = *scan->at++ == ']';
	return true;
}

static size_t count_ranges(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '[' || text[i] == '(' || text[i] == 'e';
	return n > 0 ? n : 1;
}

static bool take_all(struct wok__pg_scan *scan, bool multi, size_t room, wok_pg_ranges *ranges)
{
	char *out = ranges->bytes;

	if (!multi)
		return take_range(scan, &out, &ranges->ranges[ranges->count++]);
	if (!wok__pg_take(scan, '{'))
		return false;
	if (wok__pg_take(scan, '}'))
		return true;
	do {
		if (ranges->count == room ||
		    !take_range(scan, &out, &ranges->ranges[ranges->count++]))
			return false;
	} while (wok__pg_take(scan, ','));
	return wok__pg_take(scan, '}');
}

static int read_text(const wok_value *value, bool multi, const struct wok__pg_type *subtype,
		     wok_pg_ranges **ret_ranges)
{
	struct wok__pg_scan scan = {value->text, value->text + value->size};
	const size_t room = multi ? count_ranges(value->text, value->size) : 1;
	WOK_AUTO(wok_pg_ranges) *ranges = new_ranges(room, value->size);

	if (!ranges)
		return -ENOMEM;
	ranges->count = 0;
	if (!take_all(&scan, multi, room, ranges) || scan.at != scan.end)
		return malformed();
	for (size_t i = 0; subtype && i < ranges->count; i++)
		WOK_TRY(decode_bounds(subtype, WOK__PG_FORM_TEXT, &ranges->ranges[i]));
	*ret_ranges = WOK_TAKE(ranges);
	return 0;
}

int wok_pg_ranges_read(const wok_value *value, const wok_pg_types *types,
		       wok_pg_ranges **ret_ranges)
{
	const struct wok__pg_type *type = wok__pg_type_find(types, value->type);
	const bool multi = type && type->kind == WOK__PG_MULTIRANGE;

	if (value->kind == WOK_VALUE_NULL)
		return wok_fail(-ENODATA, "the value is NULL, not a range");
	const bool bytes = value->kind == WOK_VALUE_OWN && value->format <= WOK__PG_FORM_BINARY;
	if (!type || !bytes || (!multi && type->kind != WOK__PG_RANGE))
		return wok_fail(-EINVAL, "the value is not a range");
	const struct wok__pg_type *range = multi ? wok__pg_type_find(types, type->element) : type;
	const struct wok__pg_type *subtype =
		range ? wok__pg_type_find(types, range->element) : NULL;
	return value->format == WOK__PG_FORM_BINARY ? read_binary(value, multi, subtype, ret_ranges)
						    : read_text(value, multi, subtype, ret_ranges);
}

size_t wok_pg_ranges_count(const wok_pg_ranges *ranges)
{
	return ranges->count;
}

const wok_pg_bounds *wok_pg_ranges_at(const wok_pg_ranges *ranges, size_t index)
{
	return index < ranges->count ? &ranges->ranges[index].bounds : NULL;
}
