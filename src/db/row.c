/* SPDX-License-Identifier: MIT */
/* Fields of rows: see wok/row.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "db/rows.h"

/* Of a row that was not found: none. */
static const struct wok__columns *columns_of(const wok_row *row)
{
	static const struct wok__columns none;

	return row ? row->rows->columns : &none;
}

size_t wok_row_columns(const wok_row *row)
{
	return columns_of(row)->count;
}

const char *wok_row_column_name(const wok_row *row, size_t column)
{
	return row ? wok_rows_column_name(row->rows, column) : NULL;
}

/* Rows have few columns: to compare the names takes less than a hash would. */
static ssize_t find(const wok_row *row, const char *name)
{
	const struct wok__columns *columns = columns_of(row);

	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->columns[i].name, name) == 0)
			return (ssize_t) i;
	return -1;
}

static int no_column(const wok_row *row, const char *name)
{
	const struct wok__columns *columns = columns_of(row);
	char list[300] = "none";
	size_t used = 0;

	for (size_t i = 0; i < columns->count && used < sizeof(list); i++)
		used += (size_t) snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					  columns->columns[i].name);
	return wok_fail(-ENOENT, "there is no column \"%s\"; the columns are: %s%s", name, list,
			used >= sizeof(list) ? "..." : "");
}

ssize_t wok_row_column(const wok_row *row, const char *name)
{
	const ssize_t column = find(row, name);

	if (!row)
		return wok_fail(-EINVAL, "there is no row to look for \"%s\" in", name);
	return column < 0 ? no_column(row, name) : column;
}

const wok_value *wok_row_at(const wok_row *row, size_t column)
{
	return column < columns_of(row)->count ? &row->values[column] : NULL;
}

int wok_row_get(const wok_row *row, const char *name, const wok_value **ret_value)
{
	const ssize_t column = wok_row_column(row, name);

	if (column < 0)
		return (int) column;
	*ret_value = &row->values[column];
	return 0;
}

/* Without a message: whoever asks this way does not look at one. */
static const wok_value *by_name(const wok_row *row, const char *name)
{
	const ssize_t column = find(row, name);

	return column < 0 ? NULL : &row->values[column];
}

static bool is_null(const wok_value *value)
{
	return !value || value->kind == WOK_VALUE_NULL;
}

bool wok_row_is_null(const wok_row *row, const char *name)
{
	return is_null(by_name(row, name));
}

bool wok_row_is_null_at(const wok_row *row, size_t column)
{
	return is_null(wok_row_at(row, column));
}

/* Zero for what is not there, or something else: by name, and by place. */
#define GETTERS(type, what)                                                                        \
	static type as_##what(const wok_value *value)                                              \
	{                                                                                          \
		type result = 0;                                                                   \
                                                                                                   \
		if (!is_null(value))                                                               \
			WOK_IGNORE(wok_value_get_##what(value, &result));                          \
		return result;                                                                     \
	}                                                                                          \
                                                                                                   \
	type wok_row_##what(const wok_row *row, const char *name)                                  \
	{                                                                                          \
		return as_##what(by_name(row, name));                                              \
	}                                                                                          \
                                                                                                   \
	type wok_row_##what##_at(const wok_row *row, size_t column)                                \
	{                                                                                          \
		return as_##what(wok_row_at(row, column));                                         \
	}

GETTERS(int64_t, int)
GETTERS(double, double)
GETTERS(bool, bool)

static wok_view as_view(const wok_value *value)
{
	wok_view view = {0};

	if (value && (value->kind == WOK_VALUE_TEXT || value->kind == WOK_VALUE_BLOB))
		view = (wok_view){value->text, value->size};
	return view;
}

wok_view wok_row_view(const wok_row *row, const char *name)
{
	return as_view(by_name(row, name));
}

wok_view wok_row_view_at(const wok_row *row, size_t column)
{
	return as_view(wok_row_at(row, column));
}

/* The shortest text that reads back as the same number. */
static size_t render_double(double value, char *text, size_t size)
{
	const struct wok__c_locale locale = wok__c_locale_enter();
	char all[40];
	int length = 0;

	for (int digits = 15; digits <= 17; digits++) {
		length = snprintf(all, sizeof(all), "%.*g", digits, value);
		if (strtod(all, NULL) == value)
			break;
	}
	wok__c_locale_leave(&locale);
	snprintf(text, size, "%s", all);
	return (size_t) length;
}

static size_t render(const struct wok__dialect *dialect, const wok_value *value, char *text,
		     size_t size)
{
	switch (value->kind) {
	case WOK_VALUE_BOOL:
		return (size_t) snprintf(text, size, "%s", value->boolean ? "true" : "false");
	case WOK_VALUE_INT:
		return (size_t) snprintf(text, size, "%lld", (long long) value->integer);
	case WOK_VALUE_DOUBLE:
		if (!dialect)
			return render_double(value->real, text, size);
		return dialect->render(dialect, value, text, size);
	default:
		return dialect->render(dialect, value, text, size);
	}
}

/* Writes a field's text and keeps it; the row is const to its reader only. */
static const char *written(struct wok_row *row, size_t column)
{
	const struct wok__columns *columns = columns_of(row);
	const wok_value *value = &row->values[column];

	if (!row->texts) {
		const size_t size = columns->count * sizeof(row->texts[0]);

		row->texts = wok__rows_alloc(row->rows, size);
		if (!row->texts)
			return NULL;
		memset(row->texts, 0, size);
	}
	if (!row->texts[column]) {
		const size_t size = render(columns->dialect, value, NULL, 0) + 1;
		char *text = wok__rows_alloc(row->rows, size);

		if (!text)
			return NULL;
		render(columns->dialect, value, text, size);
		row->texts[column] = text;
	}
	return row->texts[column];
}

const char *wok_row_text_at(const wok_row *row, size_t column)
{
	const wok_value *value = wok_row_at(row, column);

	if (!value)
		return NULL;
	switch (value->kind) {
	case WOK_VALUE_TEXT:
		return value->text;
	case WOK_VALUE_BOOL:
	case WOK_VALUE_INT:
	case WOK_VALUE_DOUBLE:
		return written((struct wok_row *) row, column);
	case WOK_VALUE_OWN:
		return columns_of(row)->dialect ? written((struct wok_row *) row, column) : NULL;
	default:
		return NULL;
	}
}

const char *wok_row_text(const wok_row *row, const char *name)
{
	const ssize_t column = find(row, name);

	return column < 0 ? NULL : wok_row_text_at(row, (size_t) column);
}
