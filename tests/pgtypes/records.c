/* SPDX-License-Identifier: MIT */
/* COPY of values. */
#include <stdio.h>
#include <string.h>
#include <wok/pg_array.h>
#include <wok/pg_records.h>
#include <wok/pg_types.h>
#include <wok/test.h>

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

/* What the server computes cannot be copied in, and is copied out. */
PG_TEST(generated_columns_are_left_out_unless_columns_are_named)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_records) *in = NULL, *out = NULL;
	const wok_row *row;

	ASSERT_OK(wok_pg_script(
		conn, "CREATE TEMP TABLE \"My t\" (\"An id\" int, gone int, "
		      "twice int GENERATED ALWAYS AS (\"An id\" * 2) STORED, name text, "
		      "key int GENERATED ALWAYS AS IDENTITY);"
		      "ALTER TABLE \"My t\" DROP COLUMN gone;"
		      "CREATE TEMP TABLE computed (a int GENERATED ALWAYS AS (1) STORED)"));
	ASSERT_OK(wok_pg_records_in(conn, "\"My t\"", NULL, &in));
	ASSERT_ERR(wok_pg_records_add(in, WOK_ARGS(1, 2, "one", 3)), -EINVAL);
	ASSERT_OK(wok_pg_records_add(in, WOK_ARGS(21, "one", 3)));
	ASSERT_OK(wok_pg_records_finish(in, NULL));
	wok_pg_records_free(WOK_TAKE(in));

	ASSERT_OK(wok_pg_records_out(conn, "\"My t\"", &out));
	ASSERT_EQ(wok_pg_records_next(out, &row), 1);
	ASSERT_EQ(wok_row_columns(row), 4);
	ASSERT_EQ(wok_row_int(row, "An id"), 21);
	ASSERT_EQ(wok_row_int(row, "twice"), 42);
	ASSERT_STR(wok_row_text(row, "name"), "one");
	ASSERT_EQ(wok_row_int(row, "key"), 3);
	ASSERT_EQ(wok_pg_records_next(out, &row), 0);

	ASSERT_ERR(wok_pg_records_in(conn, "computed", NULL, &in), -EINVAL);
	ASSERT_ERR(wok_pg_records_in(conn, "\"My t\"", "twice", &in), WOK_EDB);
	ASSERT_ERR(wok_pg_records_in(conn, "no_such_table", NULL, &in), WOK_EDB);
	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	return 0;
}

struct adder {
	wok_pg_records *records;
	int added, busy;
};

static int add_many(void *arg)
{
	struct adder *adder = arg;

	for (int i = 0; i < 20000; i++) {
		const int64_t value = i % 3 ? i : INT64_C(1) << 40;
		const int r = wok_pg_records_add(adder->records, WOK_ARGS(value, "some text"));

		if (r == -EBUSY)
			adder->busy++;
		else
			ASSERT_EQ(r, i % 3 ? 0 : -ERANGE);
		adder->added += r == 0;
	}
	return 0;
}

/* Neither does one that is refused take what another task has added, nor is any lost in a wait. */
PG_TEST(records_of_two_tasks_are_all_copied_or_refused, "pgrow-21")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_records) *in = NULL;
	wok_db_result result;

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE t (id int, text text)"));
	ASSERT_OK(wok_pg_records_in(conn, "t", NULL, &in));
	struct adder one = {.records = in}, other = {.records = in};
	WOK_AUTO(wok_task) *task = wok_create_task(add_many, &one);
	ASSERT_OK(add_many(&other));
	ASSERT_OK(wok_await(task));
	ASSERT(one.busy + other.busy > 0);
	ASSERT_OK(wok_pg_records_finish(in, &result));
	ASSERT_EQ(result.changes, one.added + other.added);
	return 0;
}

/* Every length around the words that texts are copied by, behind each of the two ways. */
PG_TEST(texts_of_all_lengths_arrive_as_they_are)
{
	enum { LONGEST = 80 };
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_records) *in = NULL;
	char text[LONGEST + 4];

	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE t (n int8, plain text, other text)"));
	ASSERT_OK(wok_pg_records_in(conn, "t", NULL, &in));
	for (int n = 0; n <= LONGEST; n++) {
		char other[LONGEST + 8];

		for (int i = 0; i < n; i++)
			text[i] = (char) ('a' + i % 26);
		text[n] = '\0';
		snprintf(other, sizeof(other), "%sü", text);
		ASSERT_OK(wok_pg_records_add(in, WOK_ARGS(n, text, other)));
	}
	for (int n = 1; n <= LONGEST; n++) {
		text[n - 1] = '\xff';
		ASSERT_ERR(
			wok_pg_records_add(
				in, WOK_ARGS(0, "", wok_value_view((wok_view){text, (size_t) n}))),
			-EILSEQ);
		text[n - 1] = '\0';
		ASSERT_ERR(
			wok_pg_records_add(
				in, WOK_ARGS(0, wok_value_view((wok_view){text, (size_t) n}), "")),
			-EILSEQ);
		text[n - 1] = 'a';
	}
	ASSERT_OK(wok_pg_records_finish(in, NULL));
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t WHERE length(plain) = n AND plain = "
				     "left(repeat('abcdefghijklmnopqrstuvwxyz', 4), n::int) AND "
				     "other = plain || 'ü'"),
		  LONGEST + 1);
	return 0;
}

/* Records larger than a piece, and than what is handed over without a copy. */
PG_TEST(records_may_be_larger_than_what_is_sent_at_once)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_records) *in = NULL;
	static char large[1 << 20];

	memset(large, 'x', sizeof(large));
	ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE t (n int, text text)"));
	ASSERT_OK(wok_pg_records_in(conn, "t", NULL, &in));
	for (int i = 0; i < 40; i++) {
		const size_t n = i % 4 == 0 ? sizeof(large) : (size_t) i * 2000;

		ASSERT_OK(wok_pg_records_add(
			in, WOK_ARGS((int64_t) n, wok_value_view((wok_view){large, n}))));
	}
	ASSERT_OK(wok_pg_records_finish(in, NULL));
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t WHERE length(text) = n AND "
				     "text = repeat('x', n)"),
		  40);
	return 0;
}

enum { SOME = 8000 }; /* some pieces */

static int copy_some(wok_pg_conn *conn)
{
	WOK_AUTO(wok_pg_records) *in = NULL;

	WOK_TRY(wok_pg_records_in(conn, "t", NULL, &in));
	for (int i = 0; i < SOME; i++)
		WOK_TRY(wok_pg_records_add(in, WOK_ARGS(i, "of a size that fills a buffer")));
	return wok_pg_records_finish(in, NULL);
}

PG_TEST(without_memory_all_records_are_copied_or_none)
{
	int failures = 0;

	for (unsigned n = 1; n <= 40; n++) {
		WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

		ASSERT_OK(wok_pg_script(conn, "CREATE TEMP TABLE t (n int, text text)"));
		wok_test_fail_allocation(n, false);
		const int r = copy_some(conn);
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || r == -ENOMEM);
		failures += r < 0;
		if (wok_pg_alive(conn))
			ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM t"), r < 0 ? 0 : SOME);
	}
	ASSERT(failures > 10);
	return 0;
}
