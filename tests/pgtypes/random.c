/* SPDX-License-Identifier: MIT */
/*
 * Values made at random, by the server: for each type, what it sends in both forms, our text of it
 * and its own; then the same value back as a parameter, in an array and as COPY sends it. A value
 * that is not the same has to have been a bad one.
 */
#include <stdio.h>
#include <wok/pg_array.h>
#include <wok/pg_records.h>
#include <wok/pg_types.h>

#include "pg/check.h"

enum { ROWS = 200, ROUNDS = 3 };

/* An expression for each, over the row's g, with random() in it. */
static const struct {
	const char *type;
	const char *made;
} makers[] = {
	{"bigint", "(random() * power(2, random() * 63) * sign(random() - 0.5))::bigint"},
	{"integer", "(random() * power(2, random() * 30) * sign(random() - 0.5))::int"},
	{"real", "((random() - 0.5) * power(10, random() * 70 - 35))::real"},
	{"double precision", "(random() - 0.5) * power(10, random() * 600 - 300)"},
	{"double precision", "round(((random() - 0.5) * 1e6)::numeric, 2)::float8"},
	{"numeric", "round(((random() - 0.5) * power(10, random() * 60 - 30))::numeric, "
		    "(random() * 30)::int)"},
	{"numeric", "(random() * 10000)::int * power(10000::numeric, (random() * 20 - 10)::int)"},
	{"date", "'2000-01-01'::date + ((random() - 0.2) * power(10, random() * 6.4))::int"},
	{"time", "'00:00'::time + random() * interval '1 day'"},
	{"timetz", "('00:00'::time + random() * interval '1 day')::text::time AT TIME ZONE "
		   "make_interval(secs => (random() * 100000 - 50000)::int)"},
	{"timestamp", "'2000-01-01'::timestamp + (random() - 0.1) * power(10, random() * 4.5) * "
		      "interval '1 year'"},
	{"timestamptz", "'2000-01-01'::timestamptz + (random() - 0.1) * power(10, random() * 4.5) "
			"* interval '1 year'"},
	{"interval",
	 "make_interval(((random() - 0.5) * power(10, random() * 8))::int, "
	 "((random() - 0.5) * 30)::int, 0, ((random() - 0.5) * 100)::int, "
	 "((random() - 0.5) * 50)::int, 0, (random() - 0.5) * power(10, random() * 6))"},
	{"uuid", "gen_random_uuid()"},
	{"bytea", "decode(left(md5(random()::text), 2 * (random() * 16)::int), 'hex')"},
	{"text", "translate(substr(md5(random()::text), 1, (random() * 12)::int), '0123456', "
		 "'{},\"\\ ()')"},
	{"inet", "'0.0.0.0'::inet + (random() * 4294967295)::bigint"},
	{"inet", "set_masklen('::'::inet + (random() * power(2, random() * 62))::bigint, "
		 "(random() * 128)::int)"},
	{"bit varying", "((random() * 1e9)::int::bit(32))::varbit"},
	{"point", "point((random() - 0.5) * power(10, random() * 40 - 20), random())"},
	{"pg_lsn", "'0/0'::pg_lsn + (random() * 1e18)::numeric(20,0)"},
	{"jsonb", "jsonb_build_object(md5(random()::text), array[random(), g], 'x', null)"},
	{"int4range", "int4range((random() * 10)::int, 10 + (random() * 10)::int, "
		      "(array['[]', '()', '[)', '(]'])[1 + (random() * 3)::int])"},
	{"numrange", "numrange(nullif(round(random()::numeric, 1), 0.5), "
		     "case when random() < 0.7 then 2 end, "
		     "(array['[]', '()', '[)', '(]'])[1 + (random() * 3)::int])"},
	{"tstzrange", "tstzrange(now() - random() * interval '1 year', "
		      "case when random() < 0.5 then now() end)"},
	{"int[]", "array_fill(nullif((random() * 3)::int, 2), array[(random() * 3)::int, "
		  "1 + (random() * 2)::int], array[(random() * 5 - 2)::int, 1])"},
	{"text[]",
	 "array[translate(substr(md5(random()::text), 1, (random() * 6)::int), "
	 "'0123456', '{},\"\\ ()'), nullif('null', left('null', (random() * 8)::int)), 'a']"},
	{"int4multirange", "int4multirange(int4range((random() * 5)::int, 6), int4range(9, "
			   "case when random() < 0.5 then 12 end))"},
	{"box[]", "array[box(point(random(), g), point(0, 0)), null]"},
};

static wok_pg_conn *in_utc(void)
{
	wok_pg_conn *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_script(conn, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'"));
	return conn;
}

static void compare(const wok_row *row, const char *type)
{
	const char *ours = wok_row_text_at(row, 0), *theirs = wok_row_text_at(row, 1);

	if (wok_row_at(row, 0)->kind == WOK_VALUE_BLOB)
		return; /* it has no text */
	if (!ours || !theirs || strcmp(ours, theirs) != 0)
		FAIL("%s: ours is %s, the server's %s", type, ours, theirs);
}

PG_TEST(random_values_have_the_text_that_the_server_gives_them)
{
	WOK_AUTO(wok_pg_conn) *conn = in_utc();
	char sql[1024];

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT v, format('%%s', v) FROM (SELECT (%s)::%s AS v FROM "
			 "generate_series(1, %d) g OFFSET 0) s",
			 makers[i].made, makers[i].type, ROWS);
		for (int round = 0; round < ROUNDS; round++) {
			WOK_AUTO(wok_rows) *rows = NULL;

			if (wok_pg_fetch(conn, sql, NULL, &rows) < 0)
				FAIL("%s: %s", sql, wok_errmsg(WOK_EDB));
			ASSERT_EQ(wok_rows_count(rows), ROWS);
			for (size_t j = 0; j < ROWS; j++)
				compare(wok_rows_at(rows, j), makers[i].type);
		}
	}
	return 0;
}

/* Back by each way: as it came, as its text; within an array, by COPY. */
static void send_back(wok_pg_conn *conn, const char *type, const wok_row *row)
{
	char insert_list[200];
	const wok_value *value = wok_row_at(row, 0);
	const wok_value text = wok_value_text(wok_row_text_at(row, 1));
	const wok_value both[] = {*value, text};
	const wok_pg_list list = {.values = both, .count = 2};
	WOK_AUTO(wok_pg_records) *records = NULL;

	snprintf(insert_list, sizeof(insert_list),
		 "INSERT INTO back SELECT s.e[1], s.e[2] FROM (SELECT $1::%s[] AS e) s", type);
	if (wok_pg_execute(conn, "INSERT INTO back VALUES ($1, $2)", WOK_ARGS(*value, text)) < 0)
		FAIL("%s %s: %s", type, text.text, wok_errmsg(WOK_EDB));
	if (!strstr(type, "[]"))
		ASSERT_OK(wok_pg_execute(conn, insert_list, WOK_ARGS(wok_pg_array(&list))));
	ASSERT_OK(wok_pg_records_in(conn, "back", "a, b", &records));
	ASSERT_OK(wok_pg_records_add(records, WOK_ARGS(*value, *value)));
	ASSERT_OK(wok_pg_records_finish(records, NULL));
}

PG_TEST(random_values_come_back_as_they_were)
{
	WOK_AUTO(wok_pg_conn) *conn = in_utc();
	char sql[1024];

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		snprintf(sql, sizeof(sql),
			 "DROP TABLE IF EXISTS pg_temp.back; CREATE TEMP TABLE back (a %s, b %s)",
			 makers[i].type, makers[i].type);
		ASSERT_OK(wok_pg_script(conn, sql));
		snprintf(sql, sizeof(sql),
			 "SELECT v, format('%%s', v) FROM (SELECT (%s)::%s AS v FROM "
			 "generate_series(1, 10) g OFFSET 0) s",
			 makers[i].made, makers[i].type);
		ASSERT_OK(wok_pg_fetch(conn, sql, NULL, &rows));
		for (size_t j = 0; j < wok_rows_count(rows); j++) {
			const char *text = wok_row_text_at(wok_rows_at(rows, j), 1);
			int64_t wrong;

			send_back(conn, makers[i].type, wok_rows_at(rows, j));
			ASSERT_EQ(wok_pg_fetch_int(
					  conn,
					  "SELECT count(*) FROM back WHERE format('%s', a) <> $1 "
					  "OR format('%s', b) <> $1",
					  WOK_ARGS(text), &wrong),
				  1);
			if (wrong > 0)
				FAIL("%s: %s came back as another", makers[i].type, text);
			ASSERT_OK(wok_pg_execute(conn, "TRUNCATE back", NULL));
		}
	}
	return 0;
}
