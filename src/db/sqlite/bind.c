/* SPDX-License-Identifier: MIT */
/* Values into statements, and rows out of them. */
#include <string.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "db/sqlite/statement.h"

enum { FEW = 32 };

static int bind_one(sqlite3_stmt *handle, int place, const wok_value *value,
		    sqlite3_destructor_type copy)
{
	switch (value->kind) {
	case WOK_VALUE_NULL:
		return sqlite3_bind_null(handle, place);
	case WOK_VALUE_BOOL:
		return sqlite3_bind_int(handle, place, value->boolean);
	case WOK_VALUE_INT:
		return sqlite3_bind_int64(handle, place, value->integer);
	case WOK_VALUE_DOUBLE:
		return sqlite3_bind_double(handle, place, value->real);
	case WOK_VALUE_TEXT:
		return sqlite3_bind_text64(handle, place, value->text, value->size, copy,
					   SQLITE_UTF8);
	case WOK_VALUE_BLOB:
		return sqlite3_bind_blob64(handle, place, value->data, value->size, copy);
	default:
		return -1;
	}
}

static bool is_borrowed(const wok_value *value)
{
	return value->kind == WOK_VALUE_TEXT || value->kind == WOK_VALUE_BLOB;
}

int wok__sqlite_bind(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
		     const wok_args *args, bool copy)
{
	const size_t n = args ? args->count : 0;

	if (n != statement->n_values)
		return wok__sqlite_fail_text(job, -EINVAL,
					     "the statement has %zu parameters, and %zu were given",
					     statement->n_values, n);
	for (int i = 0; args && i < statement->n_parameters; i++) {
		const size_t place = statement->places ? statement->places[i] : (size_t) i;
		const wok_value *value = &args->values[place];
		const int r = bind_one(statement->handle, i + 1, value,
				       copy ? SQLITE_TRANSIENT : SQLITE_STATIC);

		statement->bound |= is_borrowed(value);
		if (r == -1)
			return wok__sqlite_fail_text(
				job, -EINVAL,
				"parameter %zu is nothing that SQLite has: a pointer "
				"without a type, or an integer above 2^63 - 1",
				place + 1);
		if (r != SQLITE_OK)
			return wok__sqlite_fail(job, r, NULL);
	}
	return 0;
}

static int name_columns(sqlite3_stmt *handle, struct wok__column *columns, int n)
{
	for (int i = 0; i < n; i++) {
		columns[i] = (struct wok__column){.name = sqlite3_column_name(handle, i)};
		if (!columns[i].name)
			return -ENOMEM;
	}
	return 0;
}

static int new_columns(sqlite3_stmt *handle, struct wok__columns **ret_columns)
{
	const int n = sqlite3_column_count(handle);
	struct wok__column few[FEW], *columns = few;

	if (n > FEW && !(columns = wok__alloc_array((size_t) n, sizeof(columns[0]))))
		return -ENOMEM;
	int r = name_columns(handle, columns, n);
	if (r == 0)
		r = wok__columns_new(NULL, columns, (size_t) n, ret_columns);
	if (columns != few)
		wok_free(columns);
	return r;
}

int wok__sqlite_columns(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			struct wok__columns **ret_columns)
{
	/* SQLite prepares it again by itself when the schema has changed. */
	const int prepared = sqlite3_stmt_status(statement->handle, SQLITE_STMTSTATUS_REPREPARE, 0);
	struct wok__columns *columns = NULL;

	(void) job;
	if (!statement->columns || statement->prepared != prepared) {
		WOK_TRY(new_columns(statement->handle, &columns));
		wok__columns_unref(statement->columns);
		statement->columns = columns;
		statement->prepared = prepared;
	}
	*ret_columns = statement->columns;
	return 0;
}

wok_value wok__sqlite_value(sqlite3_stmt *handle, int column)
{
	wok_value value = {.kind = WOK_VALUE_NULL};

	switch (sqlite3_column_type(handle, column)) {
	case SQLITE_INTEGER:
		return wok_value_int(sqlite3_column_int64(handle, column));
	case SQLITE_FLOAT:
		return wok_value_double(sqlite3_column_double(handle, column));
	case SQLITE_TEXT:
		value.text = (const char *) sqlite3_column_text(handle, column);
		value.kind = WOK_VALUE_TEXT;
		break;
	case SQLITE_BLOB:
		value.data = sqlite3_column_blob(handle, column);
		value.kind = WOK_VALUE_BLOB;
		break;
	default:
		return value;
	}
	value.size = (size_t) sqlite3_column_bytes(handle, column);
	return value;
}

/* Behind the row: its texts and blobs, each with a NUL byte. */
static void copy_bytes(struct wok_row *row, size_t n, char *at)
{
	for (size_t i = 0; i < n; i++) {
		wok_value *value = &row->values[i];

		if (!is_borrowed(value))
			continue;
		if (value->size)
			memcpy(at, value->data, value->size);
		at[value->size] = '\0';
		value->data = at;
		at += value->size + 1;
	}
}

static int look(sqlite3_stmt *handle, wok_value *values, int n, size_t *ret_size)
{
	size_t size = 0;

	for (int i = 0; i < n; i++) {
		values[i] = wok__sqlite_value(handle, i);
		if (!is_borrowed(&values[i]))
			continue;
		/* An empty blob has no address. A text that could not be converted has none. */
		if (!values[i].data && (values[i].kind == WOK_VALUE_TEXT || values[i].size))
			return -ENOMEM;
		size += values[i].size + 1;
	}
	*ret_size = size;
	return 0;
}

static int add(struct wok__sqlite_job *job, wok_rows *rows, const wok_value *values, size_t n,
	       size_t size)
{
	struct wok_row *row;
	char *bytes;
	const int r = wok__rows_add(rows, size, &row, &bytes);

	if (r < 0)
		return r == -ENOMEM ? r : wok__sqlite_fail_text(job, r, "%s", wok_errmsg(r));
	memcpy(row->values, values, n * sizeof(values[0]));
	copy_bytes(row, n, bytes);
	return 0;
}

int wok__sqlite_add_row(struct wok__sqlite_job *job, struct wok__sqlite_statement *statement,
			wok_rows *rows)
{
	const size_t n = wok__rows_columns(rows)->count;
	wok_value few[FEW], *values = few;
	size_t size;

	if (n > FEW && !(values = wok__alloc_array(n, sizeof(values[0]))))
		return -ENOMEM;
	int r = look(statement->handle, values, (int) n, &size);
	if (r == 0)
		r = add(job, rows, values, n, size);
	if (values != few)
		wok_free(values);
	return r;
}
