/* SPDX-License-Identifier: MIT */
/* Types that the connection has to ask the server for. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/pg_array.h>
#include <wok/pg_codec.h>
#include <wok/pg_types.h>

#include "pg/check.h"

#define SCRIPT_DROP "DROP SCHEMA IF EXISTS kitchen CASCADE;"

static wok_pg_conn *kitchen(const wok_pg_options *options)
{
	wok_pg_conn *conn = pg_check_connect(options);

	ASSERT_OK(wok_pg_script(
		conn, SCRIPT_DROP
		"CREATE SCHEMA kitchen; SET search_path = kitchen;"
		"CREATE TYPE heat AS ENUM ('low', 'medium', 'a \"high\" one');"
		"CREATE DOMAIN grams AS integer CHECK (VALUE >= 0);"
		"CREATE TYPE dish AS (name text, heat heat, weight grams, tags text[]);"
		"CREATE TYPE menu AS (first dish, others dish[]);"
		"CREATE TYPE timespan AS RANGE (subtype = time, multirange_type_name = timespans);"
		"CREATE TYPE bare AS (acl aclitem, n int)"));
	return conn;
}

static void clean(wok_pg_conn *conn)
{
	ASSERT_OK(wok_pg_script(conn, SCRIPT_DROP));
}

static wok_rows *fetch(wok_pg_conn *conn, const char *sql)
{
	wok_rows *rows;

	if (wok_pg_fetch(conn, sql, NULL, &rows) < 0)
		FAIL("%s: %s", sql, wok_errmsg(WOK_EDB));
	return rows;
}

PG_TEST(enums_domains_records_and_ranges_of_the_application_have_types, "pgrow-41", "pg-31")
{
	WOK_AUTO(wok_pg_conn) *conn = kitchen(NULL);
	WOK_AUTO(wok_pg_items) *menu = NULL, *dish = NULL, *others = NULL, *tags = NULL;
	WOK_AUTO(wok_rows) *rows = fetch(
		conn, "SELECT (('rice', 'medium', 200, '{a,NULL}')::dish, "
		      "ARRAY[('soup', 'a \"high\" one', 5, NULL)::dish, NULL])::menu AS menu");
	const wok_pg_types *types = wok_pg_types_of(rows);

	ASSERT_OK(wok_pg_items_read(wok_row_at(wok_rows_at(rows, 0), 0), types, &menu));
	ASSERT_EQ(wok_pg_items_count(menu), 2);
	ASSERT_STR(wok_pg_items_name(menu, 1), "others");
	ASSERT_OK(wok_pg_items_read(wok_pg_items_get(menu, "first"), types, &dish));
	ASSERT_STR(wok_pg_items_get(dish, "name")->text, "rice");
	ASSERT_STR(wok_pg_items_get(dish, "heat")->text, "medium");
	ASSERT_EQ(wok_pg_items_get(dish, "weight")->integer, 200);
	ASSERT_OK(wok_pg_items_read(wok_pg_items_get(dish, "tags"), types, &tags));
	ASSERT_EQ(wok_pg_items_at(tags, 1)->kind, WOK_VALUE_NULL);
	ASSERT_OK(wok_pg_items_read(wok_pg_items_at(menu, 1), types, &others));
	ASSERT_EQ(wok_pg_items_count(others), 2);
	ASSERT_EQ(wok_pg_items_at(others, 1)->kind, WOK_VALUE_NULL);
	ASSERT_STR(wok_row_text(wok_rows_at(rows, 0), "menu"),
		   "(\"(rice,medium,200,\"\"{a,NULL}\"\")\","
		   "\"{\"\"(soup,\\\\\"\"a \\\\\"\"\\\\\"\"high\\\\\"\"\\\\\"\" "
		   "one\\\\\"\",5,)\"\",NULL}\")");
	clean(conn);
	return 0;
}

PG_TEST(the_text_of_what_was_looked_up_is_the_servers, "pg-29", "pgrow-40")
{
	static const char *const values[] = {
		"'low'::heat",
		"'{low,\"a \\\"high\\\" one\",NULL}'::heat[]",
		"5::grams",
		"'{5,6}'::grams[]",
		"('a(b', NULL, 7, '{\"x y\",\"q\\\"r\",\"\\\\\\\\\"}')::dish",
		"ARRAY[('a', 'low', 7, '{b}')::dish, ('c', 'low', 8, NULL)::dish]",
		("(('a b', 'low', 7, '{\"c d\"}')::dish, ARRAY[('e \"f\"', 'low', 8, "
		 "'{\"g \\\"h\\\"\"}')::dish])::menu"),
		"ARRAY[ROW(1)]",
		"ARRAY[ROW('a b'), ROW(NULL), ROW('')]",
		"ROW()",
		"ROW(ARRAY[ROW(ARRAY[1]), ROW(ARRAY['2']::int[])])",
		"'[10:00,12:00)'::timespan",
		"'{[10:00,12:00),[13:00,14:00)}'::timespans",
		"ARRAY['[10:00,12:00)'::timespan, 'empty']",
		"('postgres=r/postgres', 3)::bare",
		"ARRAY[('postgres=r/postgres', 3)::bare]",
		"'[2:4][-1:0]={{1,2},{3,4},{5,6}}'::int[]",
		"array_fill(7, ARRAY[2,1,2,1,2,1])",
		"(SELECT array_agg(g) FROM generate_series(1, 100) g)",
	};
	WOK_AUTO(wok_pg_conn) *conn = kitchen(NULL);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char sql[1024];

		snprintf(sql, sizeof(sql), "SELECT v, format('%%s', v) FROM (SELECT %s AS v) t",
			 values[i]);
		WOK_AUTO(wok_rows) *rows = fetch(conn, sql);
		ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0),
			   wok_row_text_at(wok_rows_at(rows, 0), 1));
	}
	clean(conn);
	return 0;
}

PG_TEST(a_type_without_a_binary_form_is_text_in_its_column_alone, "pg-33")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_rows) *rows =
		fetch(conn, "SELECT 7, 'postgres=r/postgres'::aclitem, 2.5::float8, "
			    "'1 day'::interval");
	const wok_row *row = wok_rows_at(rows, 0);

	ASSERT_EQ(wok_row_int_at(row, 0), 7);
	ASSERT_STR(wok_row_text_at(row, 1), "postgres=r/postgres");
	ASSERT(wok_row_double_at(row, 2) == 2.5);
	ASSERT_EQ(wok_row_at(row, 3)->format, 1);
	return 0;
}

PG_TEST(a_number_of_a_type_that_comes_again_means_the_new_type, "pg-34")
{
	WOK_AUTO(wok_pg_conn) *conn = kitchen(NULL);
	WOK_AUTO(wok_pg_items) *items = NULL;
	WOK_AUTO(wok_rows) *before = fetch(conn, "SELECT '{low}'::heat[] AS v");
	char sql[512];
	const unsigned oid = (unsigned) pg_check_int(conn, "SELECT 'heat[]'::regtype::oid::int8");

	ASSERT_STR(wok_row_text(wok_rows_at(before, 0), "v"), "{low}");
	clean(conn);
	ASSERT_OK(
		wok_pg_script(conn, "CREATE SCHEMA kitchen; CREATE TYPE again AS (x int, y int)"));
	snprintf(sql, sizeof(sql),
		 "UPDATE pg_class SET reltype = %u WHERE oid = "
		 "(SELECT typrelid FROM pg_type WHERE typname = 'again');"
		 "UPDATE pg_type SET oid = %u WHERE typname = 'again';",
		 oid, oid);
	ASSERT_OK(wok_pg_script(conn, sql));
	WOK_AUTO(wok_rows) *after = fetch(conn, "SELECT '(1,2)'::kitchen.again AS v");
	ASSERT_EQ(wok_rows_column_type(after, 0), oid);
	ASSERT_OK(wok_pg_items_read(wok_row_at(wok_rows_at(after, 0), 0), wok_pg_types_of(after),
				    &items));
	ASSERT_EQ(wok_pg_items_get(items, "y")->integer, 2);
	/* What was read before still means what it meant. */
	ASSERT_STR(wok_row_text(wok_rows_at(before, 0), "v"), "{low}");
	ASSERT_OK(wok_pg_script(conn, "DELETE FROM pg_type WHERE typname IN ('again', '_again');"
				      "DELETE FROM pg_class WHERE relname = 'again';"
				      "DELETE FROM pg_namespace WHERE nspname = 'kitchen'"));
	return 0;
}

static int heat_decode(void *arg, wok_view data, bool binary, wok_value *ret_value)
{
	(void) binary;
	++*(int *) arg;
	*ret_value = wok_value_int(strcmp(data.data, "low") == 0 ? 1 : 2);
	return 0;
}

static ssize_t heat_encode(void *arg, const wok_value *value, char *to, size_t size)
{
	const char *text = value->integer == 1 ? "low" : "medium";

	(void) arg;
	if (value->kind != WOK_VALUE_INT)
		return wok_fail(-EINVAL, "heat is a number");
	if (size > 0)
		memcpy(to, text, strlen(text) < size ? strlen(text) : size);
	return (ssize_t) strlen(text);
}

PG_TEST(the_application_brings_a_codec_by_the_types_name, "pgrow-42")
{
	int called = 0;
	const wok_pg_codec codec = {
		.schema = "kitchen",
		.name = "heat",
		.decode = heat_decode,
		.encode = heat_encode,
		.arg = &called,
	};
	const wok_pg_options options = {.codecs = &codec, .n_codecs = 1};
	WOK_AUTO(wok_pg_conn) *conn = kitchen(&options);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::heat, $2::heat, $1::heat::text", WOK_ARGS(1, 2),
			       &rows));
	ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, 0), 0), 1);
	ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, 0), 1), 2);
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 2), "low");
	ASSERT_EQ(called, 2);
	WOK_AUTO(wok_rows) *none = NULL;
	ASSERT_ERR(wok_pg_fetch(conn, "SELECT $1::heat", WOK_ARGS("low"), &none), -EINVAL);
	clean(conn);
	return 0;
}

/* Without a codec, and without a look-up: any name of a type that nobody has. */
PG_TEST(types_of_extensions_are_texts)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_rows) *rows = fetch(conn, "SELECT 'a fat cat'::tsvector, 'pg_type'::regclass");

	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "'a' 'cat' 'fat'");
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 1), "pg_type");
	return 0;
}
