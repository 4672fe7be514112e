/* SPDX-License-Identifier: MIT */
/* Rows of results: see wok/row.h and db/rows.h. */
#include "db/rows.h"

#include <stdio.h>

#include "db/error.h"
#include "harness/comma.h"
#include "harness/test.h"

static size_t render_own(const struct wok__dialect *self, const wok_value *value, char *text,
			 size_t size)
{
	(void) self;
	return (size_t) snprintf(text, size, "<%zu>", value->size);
}

static const struct wok__dialect dialect = {.render = render_own};

static wok_rows *rows_in(const struct wok__dialect *language, size_t limit)
{
	static const struct wok__column names[] = {{"id", 20}, {"name", 25}, {"id", 23}};
	struct wok__columns *columns;
	wok_rows *rows;

	ASSERT_OK(wok__columns_new(language, names, 3, &columns));
	ASSERT_OK(wok__rows_new(columns, limit, &rows));
	wok__columns_unref(columns);
	return rows;
}

static wok_rows *some_rows(size_t limit)
{
	return rows_in(&dialect, limit);
}

static int add(wok_rows *rows, int64_t id, const char *name)
{
	const size_t size = strlen(name);
	struct wok_row *row;
	char *bytes;
	int r = wok__rows_add(rows, size + 1, &row, &bytes);

	if (r < 0)
		return r;
	memcpy(bytes, name, size + 1);
	row->values[0] = wok_value_int(id);
	row->values[1] = wok_value_text(bytes);
	return 0;
}

TEST(fields_are_found_by_name_and_by_place)
{
	WOK_AUTO(wok_rows) *rows = some_rows(WOK_UNLIMITED);
	const wok_value *value;

	for (int i = 0; i < 10000; i++)
		ASSERT_OK(add(rows, i, "somebody"));
	ASSERT_EQ(wok_rows_count(rows), 10000);
	const wok_row *row = wok_rows_at(rows, 9999);
	ASSERT_EQ(wok_row_int(row, "id"), 9999); /* the first of two with that name */
	ASSERT_STR(wok_row_text(row, "name"), "somebody");
	ASSERT(wok_row_is_null_at(row, 2));
	ASSERT_STR(wok_row_column_name(row, 2), "id");
	ASSERT_EQ(wok_rows_column_type(rows, 1), 25);
	ASSERT(!wok_rows_at(rows, 10000));
	ASSERT(!wok_row_at(row, 3));
	ASSERT_ERR(wok_row_get(row, "Name", &value), -ENOENT);
	ASSERT_STR(wok_errmsg(-ENOENT),
		   "there is no column \"Name\"; the columns are: id, name, id");
	ASSERT_EQ(wok_row_int(row, "nothing"), 0);
	ASSERT(!wok_row_text_at(row, 7));
}

TEST(each_kind_is_written_as_text_once)
{
	WOK_AUTO(wok_rows) *rows = some_rows(WOK_UNLIMITED);

	ASSERT_OK(add(rows, INT64_MIN, ""));
	struct wok_row *row = (struct wok_row *) wok_rows_at(rows, 0);
	ASSERT_STR(wok_row_text_at(row, 0), "-9223372036854775808");
	ASSERT(wok_row_text_at(row, 0) == wok_row_text_at(row, 0));
	ASSERT(!wok_row_text_at(row, 2));
	row->values[2] = (wok_value){.kind = WOK_VALUE_OWN, .size = 17, .data = ""};
	ASSERT_STR(wok_row_text_at(row, 2), "<17>");
}

TEST(numbers_read_back_as_what_they_were)
{
	static const struct {
		double real;
		const char *text;
	} cases[] = {{0.1, "0.1"}, {1e300, "1e+300"}, {1.0 / 3, "0.3333333333333333"}, {-2, "-2"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		WOK_AUTO(wok_rows) *rows = rows_in(NULL, WOK_UNLIMITED);

		ASSERT_OK(add(rows, 0, ""));
		struct wok_row *row = (struct wok_row *) wok_rows_at(rows, 0);
		row->values[0] = wok_value_double(cases[i].real);
		ASSERT_STR(wok_row_text_at(row, 0), cases[i].text);
	}
}

TEST(a_result_does_not_grow_beyond_its_limit)
{
	/* What a row takes besides its bytes counts, too: NULL has none, and is not free. */
	WOK_AUTO(wok_rows) *rows = some_rows(400);
	int n = 0;

	while (add(rows, n, "ten bytes") == 0)
		n++;
	ASSERT(n > 1 && n < 400 / (int) sizeof(wok_value));
	ASSERT_ERR(add(rows, n, "ten bytes"), WOK_ELIMIT);
	wok__rows_clear(rows);
	ASSERT_EQ(wok_rows_count(rows), 0);
	ASSERT_OK(add(rows, 4, "ten bytes"));
	ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, 0), 0), 4);
}

TEST_TASK(what_the_database_said_stays_with_the_task)
{
	char unique[] = "duplicate key";
	wok_db_error error = {.code = WOK_EDB,
			      .sqlstate = "23505",
			      .message = unique,
			      .detail = "it is there",
			      .constraint = "users_pkey"};

	ASSERT(!wok_db_last_error());
	ASSERT_ERR(wok__db_fail(&error), WOK_EDB);
	unique[0] = 'D';
	ASSERT_STR(wok_errmsg(WOK_EDB), "duplicate key (SQLSTATE 23505): it is there");
	ASSERT_STR(wok_db_last_error()->message, "duplicate key");
	ASSERT_STR(wok_db_last_error()->constraint, "users_pkey");
	ASSERT_STR(wok_db_last_error()->hint, "");
	error = (wok_db_error){.code = WOK_ERETRY, .number = 517, .retry = true};
	ASSERT_ERR(wok__db_fail(&error), WOK_ERETRY);
	ASSERT(wok_db_last_error()->retry);
	ASSERT_STR(wok_errmsg(WOK_ERETRY), "the transaction has to be run again (code 517)");
}

TEST(numbers_have_a_point_in_any_locale)
{
	WOK_AUTO(wok_rows) *rows = rows_in(NULL, WOK_UNLIMITED);
	struct wok_row *row;
	char *bytes;

	ASSERT_OK(wok__rows_add(rows, 1, &row, &bytes));
	row->values[0] = wok_value_double(0.1);
	row->values[1] = wok_value_double(-1234567.5);
	row->values[2] = wok_value_double(5e-324);
	test_set_comma();
	ASSERT_STR(wok_row_text_at(row, 0), "0.1");
	ASSERT_STR(wok_row_text_at(row, 1), "-1234567.5");
	ASSERT_STR(wok_row_text_at(row, 2), "4.94065645841247e-324");
	ASSERT(test_comma_is_set()); /* the program's own is as it was */
	setlocale(LC_NUMERIC, "C");
}

/* As wok_rows_at() gives it beyond the last one. */
TEST(a_row_that_was_not_found_has_no_fields)
{
	WOK_AUTO(wok_rows) *rows = some_rows(WOK_UNLIMITED);
	const wok_row *row = wok_rows_at(rows, 0);
	const wok_value *value = NULL;

	ASSERT_EQ(wok_row_columns(row), 0);
	ASSERT(wok_row_column_name(row, 0) == NULL);
	ASSERT_ERR(wok_row_column(row, "id"), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "no row"));
	ASSERT_ERR(wok_row_get(row, "id", &value), -EINVAL);
	ASSERT(value == NULL && wok_row_at(row, 0) == NULL);
	ASSERT(wok_row_is_null(row, "id") && wok_row_is_null_at(row, 0));
	ASSERT_EQ(wok_row_int(row, "id") + wok_row_int_at(row, 0), 0);
	ASSERT(wok_row_double(row, "id") == 0 && wok_row_double_at(row, 0) == 0);
	ASSERT(!wok_row_bool(row, "id") && !wok_row_bool_at(row, 0));
	ASSERT(wok_row_text(row, "id") == NULL && wok_row_text_at(row, 0) == NULL);
	ASSERT_EQ(wok_row_view(row, "id").size + wok_row_view_at(row, 0).size, 0);
}
