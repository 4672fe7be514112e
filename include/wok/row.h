/* SPDX-License-Identifier: MIT */
#ifndef WOK_ROW_H
#define WOK_ROW_H
#include <wok/value.h>

WOK_BEGIN_DECLS

/*
 * Rows that a query gave: the same type for each database. A column is meant by its name, or, with
 * the functions that end in _at, by its place from 0. If several columns have one name, the name
 * means the first.
 *
 * wok_row_int() and its like are for queries whose columns one knows: what is not there, NULL, or
 * of another kind gives zero. wok_row_get() and the wok_value_get_ functions tell. A row that is
 * NULL, as there were not so many, has no columns.
 *
 *     for (size_t i = 0; i < wok_rows_count(rows); i++)
 *             puts(wok_row_text(wok_rows_at(rows, i), "name"));
 */
typedef struct wok_rows wok_rows;

/* One of them: a view, which lives as long as they do. */
typedef struct wok_row wok_row;

/**
 * How many rows.
 *
 * rows:       NULL has none
 * Returns:    the number
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_rows_count(const wok_rows *rows);

/**
 * A row.
 *
 * Returns:    the row, as long as rows lives; NULL if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
const wok_row *wok_rows_at(const wok_rows *rows, size_t index);

/**
 * How many columns each row has; known even if there are no rows.
 *
 * Returns:    the number
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_rows_columns(const wok_rows *rows);

/**
 * The name of a column.
 *
 * Returns:    the name, as long as rows lives; NULL if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_rows_column_name(const wok_rows *rows, size_t column);

/**
 * The database's number of a column's type: PostgreSQL's OID; 0 with SQLite.
 *
 * Returns:    the number; 0 if there are not so many columns
 * Checkpoint: never
 * Threads:    any
 */
uint32_t wok_rows_column_type(const wok_rows *rows, size_t column);

/**
 * Release rows and all that points into them.
 *
 * rows:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_rows_free(wok_rows *rows);
WOK_DEFINE_AUTO(wok_rows)

/**
 * How many fields a row has.
 *
 * Returns:    the number
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_row_columns(const wok_row *row);

/**
 * Where a column is.
 *
 * Returns:    its place, from 0; -ENOENT, and the message lists the columns that there are;
 *             -EINVAL: there is no row
 * Checkpoint: never
 * Threads:    any
 */
ssize_t wok_row_column(const wok_row *row, const char *name);

/**
 * The name of a column.
 *
 * Returns:    the name; NULL if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_row_column_name(const wok_row *row, size_t column);

/**
 * A field, whatever it is.
 *
 * ret_value:  a pointer into the row
 * Returns:    0; -ENOENT: there is no such column; -EINVAL: there is no row
 * Checkpoint: never
 * Threads:    any
 */
int wok_row_get(const wok_row *row, const char *name, const wok_value **ret_value) WOK_MUST_CHECK;

/**
 * A field by its place.
 *
 * Returns:    a pointer into the row; NULL if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
const wok_value *wok_row_at(const wok_row *row, size_t column);

/**
 * Whether a field is NULL.
 *
 * Returns:    true also if there is no such column
 * Checkpoint: never
 * Threads:    any
 */
bool wok_row_is_null(const wok_row *row, const char *name);

/**
 * wok_row_is_null() by place.
 *
 * Returns:    true also if there are not so many
 * Checkpoint: never
 * Threads:    any
 */
bool wok_row_is_null_at(const wok_row *row, size_t column);

/**
 * A field as an integer: see wok_value_get_int().
 *
 * Returns:    the integer; 0 if it is none
 * Checkpoint: never
 * Threads:    any
 */
int64_t wok_row_int(const wok_row *row, const char *name);

/**
 * wok_row_int() by place.
 *
 * Returns:    the integer; 0 if it is none
 * Checkpoint: never
 * Threads:    any
 */
int64_t wok_row_int_at(const wok_row *row, size_t column);

/**
 * A field as a floating-point number: see wok_value_get_double().
 *
 * Returns:    the number; 0 if it is none
 * Checkpoint: never
 * Threads:    any
 */
double wok_row_double(const wok_row *row, const char *name);

/**
 * wok_row_double() by place.
 *
 * Returns:    the number; 0 if it is none
 * Checkpoint: never
 * Threads:    any
 */
double wok_row_double_at(const wok_row *row, size_t column);

/**
 * A field as a truth value: see wok_value_get_bool().
 *
 * Returns:    the value; false if it is none
 * Checkpoint: never
 * Threads:    any
 */
bool wok_row_bool(const wok_row *row, const char *name);

/**
 * wok_row_bool() by place.
 *
 * Returns:    the value; false if it is none
 * Checkpoint: never
 * Threads:    any
 */
bool wok_row_bool_at(const wok_row *row, size_t column);

/**
 * A field as text. Numbers and the database's own kinds are written as the database would, once:
 * the text is kept with the row.
 *
 * Returns:    the text, as long as the row lives; NULL for SQL's NULL, for bytes, if there is no
 *             such column, and out of memory
 * Checkpoint: never
 * Threads:    one at a time for a set of rows
 */
const char *wok_row_text(const wok_row *row, const char *name);

/**
 * wok_row_text() by place.
 *
 * Returns:    as wok_row_text()
 * Checkpoint: never
 * Threads:    one at a time for a set of rows
 */
const char *wok_row_text_at(const wok_row *row, size_t column);

/**
 * The bytes of a field that is text or a blob.
 *
 * Returns:    the bytes, as long as the row lives; data is NULL if it is neither
 * Checkpoint: never
 * Threads:    any
 */
wok_view wok_row_view(const wok_row *row, const char *name);

/**
 * wok_row_view() by place.
 *
 * Returns:    the bytes; data is NULL if it is neither text nor a blob
 * Checkpoint: never
 * Threads:    any
 */
wok_view wok_row_view_at(const wok_row *row, size_t column);

WOK_END_DECLS
#endif
