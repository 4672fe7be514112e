/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_ARRAY_H
#define WOK_PG_ARRAY_H
#include <wok/row.h>

WOK_BEGIN_DECLS

/*
 * PostgreSQL's values of values: arrays, records (composite types), ranges and multiranges. A field
 * of such a type is taken apart into items, each of them a value as any:
 *
 *     WOK_AUTO(wok_pg_items) *tags = NULL;
 *     WOK_TRY(wok_pg_items_read(wok_row_at(row, 0), NULL, &tags));
 *     for (size_t i = 0; i < wok_pg_items_count(tags); i++)
 *             puts(wok_pg_items_at(tags, i)->text);
 *
 * As parameters they are made by the constructors below, which borrow what they are given until the
 * call returns: WOK_ARGS(wok_pg_ints(ids, n)).
 */

/* The types that a connection has looked up: enums, records, domains, ranges of the application. */
typedef struct wok_pg_types wok_pg_types;

/**
 * The types that a result was read with. Without them, items of an application's types are read as
 * bytes, and records do not know the names of their fields.
 *
 * Returns:    as long as rows lives; NULL if there are none but the built-in ones
 * Checkpoint: never
 * Threads:    any
 */
const wok_pg_types *wok_pg_types_of(const wok_rows *rows);

/* What an array or a record consists of: a copy, which may outlive its row. */
typedef struct wok_pg_items wok_pg_items;

/**
 * Take an array or a record apart.
 *
 * value:      a field or an item, in either form. In text form the fields of a record, and the
 *             elements of an array of unknown type, are texts
 * types:      NULL for the built-in ones
 * ret_items:  to be freed with wok_pg_items_free()
 * Returns:    0; -ENODATA for NULL; -EINVAL for what is neither; WOK_EPEER for malformed bytes;
 *             -ENOMEM
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_items_read(const wok_value *value, const wok_pg_types *types, wok_pg_items **ret_items)
	WOK_MUST_CHECK;

/**
 * Release items.
 *
 * items:      NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_pg_items_free(wok_pg_items *items);
WOK_DEFINE_AUTO(wok_pg_items)

/**
 * How many there are; of an array of several dimensions all of them.
 *
 * Returns:    the number
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_items_count(const wok_pg_items *items);

/**
 * One of them. Those of several dimensions stand row by row: the last index counts fastest.
 *
 * Returns:    a pointer into items; NULL if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
const wok_value *wok_pg_items_at(const wok_pg_items *items, size_t index);

/**
 * The name of a record's field.
 *
 * Returns:    the name, as long as the types live; NULL if it is not known
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_pg_items_name(const wok_pg_items *items, size_t index);

/**
 * A record's field by its name.
 *
 * Returns:    a pointer into items; NULL if there is none, or the names are not known
 * Checkpoint: never
 * Threads:    any
 */
const wok_value *wok_pg_items_get(const wok_pg_items *items, const char *name);

/**
 * How many dimensions an array has.
 *
 * Returns:    1 to 6; 0 for an empty array, and for a record
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_items_dimensions(const wok_pg_items *items);

/**
 * How long an array is in one dimension.
 *
 * dimension:  from 0
 * Returns:    the length; 0 if there are not so many dimensions
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_items_length(const wok_pg_items *items, size_t dimension);

/**
 * The index that SQL gives to the first element in one dimension: 1 unless the array says
 * otherwise.
 *
 * Returns:    the index
 * Checkpoint: never
 * Threads:    any
 */
int32_t wok_pg_items_lower(const wok_pg_items *items, size_t dimension);

/* A range. All zero: from -infinity to infinity. */
typedef struct {
	const wok_value *lower; /* NULL: -infinity */
	const wok_value *upper; /* NULL: infinity */
	bool exclusive_lower;
	bool inclusive_upper;
	bool empty;
} wok_pg_bounds;

/* The ranges of a multirange, or a single one: a copy, which may outlive its row. */
typedef struct wok_pg_ranges wok_pg_ranges;

/**
 * Take a range or a multirange apart.
 *
 * ret_ranges: to be freed with wok_pg_ranges_free()
 * Returns:    as wok_pg_items_read()
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_ranges_read(const wok_value *value, const wok_pg_types *types,
		       wok_pg_ranges **ret_ranges) WOK_MUST_CHECK;

/**
 * Release ranges.
 *
 * ranges:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_pg_ranges_free(wok_pg_ranges *ranges);
WOK_DEFINE_AUTO(wok_pg_ranges)

/**
 * How many ranges a multirange has.
 *
 * Returns:    the number; 1 for a range
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_ranges_count(const wok_pg_ranges *ranges);

/**
 * One of them.
 *
 * Returns:    a pointer into ranges; NULL if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
const wok_pg_bounds *wok_pg_ranges_at(const wok_pg_ranges *ranges, size_t index);

/* The elements of an array. */
typedef struct {
	const wok_value *values;
	size_t count;
	size_t dimensions;     /* 0: one */
	const size_t *lengths; /* of each dimension; their product is count. NULL for one */
	const int32_t *lowers; /* the first index of each; NULL: 1 */
} wok_pg_list;

/**
 * An array of values; those may be arrays themselves, all of one length.
 *
 * list:       borrowed, with all that it points to
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_array(const wok_pg_list *list);

/**
 * An array of integers, for any array type whose elements take them.
 *
 * integers:   borrowed; NULL gives SQL's NULL: an empty array needs an address
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_ints(const int64_t *integers, size_t count);

/**
 * An array of floating-point numbers.
 *
 * reals:      borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_doubles(const double *reals, size_t count);

/**
 * An array of texts.
 *
 * texts:      borrowed; a NULL among them is SQL's NULL
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_texts(const char *const *texts, size_t count);

/**
 * A record: wok_pg_record(WOK_ARGS(1, "one")).
 *
 * fields:     borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_record(const wok_args *fields);

/**
 * A range.
 *
 * bounds:     borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_range(const wok_pg_bounds *bounds);

/**
 * A multirange.
 *
 * ranges:     borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_multirange(const wok_pg_bounds *ranges, size_t count);

WOK_END_DECLS
#endif
