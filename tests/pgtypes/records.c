/* SPDX-License-Identifier: MIT */
/* COPY of values. */
#include <stdio.h>
#include <wok/pg_array.h>
#include <wok/pg_records.h>
#include <wok/pg_types.h>

#include "pg/check.h"

PG_TEST(values_are_copied_into_a_table_and_out_of_it, "pgrow-21")
{
	static const int64_t ints[] = {1, 2, 3};
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_records) *in = NULL, *out = NULL;
	const wok_row *row;
	wok_db_result result;
	char name[32], text[32];
	int n = 0;

	ASSERT_OK(wok_pg_script(conn,
				"CREATE TYPE pg_temp.heat AS ENUM ('low', 'high');"
				"CREATE TEMP TABLE t (id int, name text, at timestamptz, "
				"price numeric, tags int[], doc jsonb, day date, heat heat)"));
	ASSERT_OK(wok_pg_records_in(conn, "t", NULL, &in));
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		snprintf(text, sizeof(text), "%d.50", i);
		ASSERT_OK(wok_pg_records_add(
			in, WOK_ARGS(i, i % 7 ? name : NULL,
				     wok_pg_timestamptz((struct timespec){i, 1000}),
				     wok_pg_numeric(text), wok_pg_ints(ints, (size_t) i % 4),
				     "{\"a\": 1}", "2024-02-29", "low")));
	}
	ASSERT_ERR(wok_pg_records_add(in, WOK_ARGS(1)), -EINVAL);
	ASSERT_ERR(wok_pg_records_add(
			   in, WOK_ARGS(INT64_C(1) << 40, "", NULL, NULL, NULL, NULL, NULL, NULL)),
		   -ERANGE);
	ASSERT_STR(wok_errmsg(-ERANGE), "column 1 (integer): 1099511627776 does not fit");
	ASSERT_ERR(
		wok_pg_records_add(in, WOK_ARGS(1, "", NULL, NULL, NULL, NULL, "tomorrow", NULL)),
		-EINVAL);
	ASSERT_OK(wok_pg_records_finish(in, &result));
	ASSERT_EQ(result.changes, 20000);
	wok_pg_records_free(WOK_TAKE(in));
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t WHERE (name IS NULL) = (id % 7 = 0) "
				     "AND price = id + 0.5 AND cardinality(tags) = id % 4 AND "
				     "extract(epoch FROM at) = id + 0.000001 AND "
				     "doc->>'a' = '1' AND day = '2024-02-29' AND heat = 'low'"),
		  20000);

	ASSERT_OK(wok_pg_records_out(conn, "(SELECT * FROM t ORDER BY id)", &out));
	int r;
	while ((r = wok_pg_records_next(out, &row)) > 0) {
		snprintf(text, sizeof(text), "%d.50", n);
		ASSERT_EQ(wok_row_int(row, "id"), n);
		ASSERT_STR(wok_row_text(row, "price"), text);
		ASSERT_STR(wok_row_text(row, "doc"), "{\"a\": 1}");
		ASSERT_STR(wok_row_text(row, "heat"), "low");
		ASSERT_EQ(wok_row_is_null(row, "name"), n % 7 == 0);
		n++;
	}
	ASSERT_OK(r);
	ASSERT_EQ(n, 20000);
	wok_pg_records_free(WOK_TAKE(out));
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}

PG_TEST(records_that_are_given_up_are_not_in_the_table, "pgrow-21")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_records *records;
	const wok_row *row;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE t (id int)"));
	ASSERT_OK(wok_pg_records_in(conn, "t", "id", &records));
	for (int i = 0; i < 10; i++)
		ASSERT_OK(wok_pg_records_add(records, WOK_ARGS(i)));
	wok_pg_records_free(records);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t"), 0);
	ASSERT_OK(wok_pg_records_out(conn, "(SELECT generate_series(1, 100000))", &records));
	ASSERT_EQ(wok_pg_records_next(records, &row), 1);
	ASSERT_EQ(wok_row_int_at(row, 0), 1);
	wok_pg_records_free(records);
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}
