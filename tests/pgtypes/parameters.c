/* SPDX-License-Identifier: MIT */
/* Parameters that only PostgreSQL has, to the server and back. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wok/pg_array.h>
#include <wok/pg_types.h>

#include "pg/check.h"

/* What the server takes the value for, as its text. */
static void sends(wok_pg_conn *conn, const char *type, wok_value value, const char *text)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT format('%%s', $1::%s)", type);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		if (wok_pg_fetch(conn, sql, WOK_ARGS(value), &rows) < 0)
			FAIL("%s: %s", type, wok_errmsg(WOK_EDB));
		ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), text);
	}
}

static wok_pg_conn *in_zone(const char *zone)
{
	wok_pg_conn *conn = pg_check_connect(NULL);
	char sql[64];

	snprintf(sql, sizeof(sql), "SET TimeZone = '%s'", zone);
	ASSERT_OK(wok_pg_execute(conn, sql, NULL));
	return conn;
}

static wok_rows *fetch(wok_pg_conn *conn, const char *sql)
{
	wok_rows *rows;

	ASSERT_OK(wok_pg_fetch(conn, sql, NULL, &rows));
	return rows;
}

PG_TEST(points_in_time_are_the_same_in_every_zone, "pg-26")
{
	static const struct {
		struct timespec when;
		const char *text;
	} times[] = {
		{{0, 0}, "1970-01-01 00:00:00"},
		{{951782400, 123456000}, "2000-02-29 00:00:00.123456"},
		{{-1, 999999999}, "1969-12-31 23:59:59.999999"},
		{{-210866803200, 0}, "4714-11-24 00:00:00 BC"},
		{{9224318015999, 999999000}, "294276-12-31 23:59:59.999999"},
		{{-62304163200, 0}, "0005-09-11 00:00:00 BC"},
		{{WOK_PG_INFINITY, 0}, "infinity"},
		{{WOK_PG_MINUS_INFINITY, 0}, "-infinity"},
	};
	static const char *const zones[] = {"UTC", "America/New_York", "Asia/Kathmandu"};

	for (size_t z = 0; z < 3; z++) {
		WOK_AUTO(wok_pg_conn) *conn = in_zone(zones[z]);

		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			WOK_AUTO(wok_rows) *rows = NULL;
			struct timespec when;

			if (i != 5)
				sends(conn, "timestamptz AT TIME ZONE 'UTC'",
				      wok_pg_timestamptz(times[i].when), times[i].text);
			if (i != 5)
				sends(conn, "timestamp", wok_pg_timestamp(times[i].when),
				      times[i].text);
			ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::timestamptz",
					       WOK_ARGS(wok_pg_timestamptz(times[i].when)), &rows));
			ASSERT_OK(wok_pg_get_timestamp(wok_row_at(wok_rows_at(rows, 0), 0), &when));
			ASSERT_EQ(when.tv_sec, times[i].when.tv_sec);
			ASSERT_EQ(when.tv_nsec, times[i].when.tv_nsec / 1000 * 1000);
		}
		sends(conn, "date", wok_pg_date((int32_t) wok_pg_days(-4, 2, 29)), "0005-02-29 BC");
		ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::timestamptz",
					  WOK_ARGS(wok_pg_timestamptz(
						  (struct timespec){.tv_sec = 9224318016000}))),
			   -EINVAL);
	}
	return 0;
}

PG_TEST(dates_times_and_intervals_go_both_ways, "pg-27")
{
	static const wok_pg_clock clock = {86399999999, -(15 * 3600 + 59 * 60 + 59)};
	static const wok_pg_span span = {-3600000001, 40, -14};
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	WOK_AUTO(wok_rows) *rows = NULL;
	wok_pg_clock clock_back;
	wok_pg_span span_back;
	int64_t time;
	int32_t days;

	ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::date, $2::time, $3::timetz, $4::interval",
			       WOK_ARGS(wok_pg_date(-1), wok_pg_time(86400000000),
					wok_pg_timetz(&clock), wok_pg_interval(&span)),
			       &rows));
	const wok_row *row = wok_rows_at(rows, 0);
	ASSERT_OK(wok_pg_get_date(wok_row_at(row, 0), &days));
	ASSERT_EQ(days, -1);
	ASSERT_OK(wok_pg_get_time(wok_row_at(row, 1), &time));
	ASSERT_EQ(time, 86400000000);
	ASSERT_OK(wok_pg_get_timetz(wok_row_at(row, 2), &clock_back));
	ASSERT_EQ(clock_back.microseconds, clock.microseconds);
	ASSERT_EQ(clock_back.east, clock.east);
	ASSERT_OK(wok_pg_get_interval(wok_row_at(row, 3), &span_back));
	ASSERT_MEM(&span_back, &span, sizeof(span));
	ASSERT_STR(wok_row_text_at(row, 0), "1969-12-31");
	ASSERT_STR(wok_row_text_at(row, 1), "24:00:00");
	ASSERT_STR(wok_row_text_at(row, 2), "23:59:59.999999-15:59:59");
	ASSERT_STR(wok_row_text_at(row, 3), "-1 years -2 mons +40 days -01:00:00.000001");
	ASSERT_ERR(wok_pg_get_date(wok_row_at(row, 1), &days), -EINVAL);
	return 0;
}

PG_TEST(arrays_are_made_of_c_arrays_and_of_values, "pg-29", "pgrow-40")
{
	static const int64_t ints[] = {1, -2, 3, 4, 5, 6};
	static const double reals[] = {0.5, -1e300};
	static const char *const texts[] = {"a b", NULL, "", "null", "q\"\\"};
	static const size_t lengths[] = {2, 3};
	static const int32_t lowers[] = {0, -1};
	wok_value values[6], deep[2];
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	WOK_AUTO(wok_rows) *rows = NULL;
	WOK_AUTO(wok_pg_items) *items = NULL;

	for (size_t i = 0; i < 6; i++)
		values[i] = i == 4 ? wok_value_null() : wok_value_int(ints[i]);
	sends(conn, "int[]", wok_pg_ints(ints, 6), "{1,-2,3,4,5,6}");
	sends(conn, "int[]", wok_pg_ints(ints, 0), "{}");
	sends(conn, "numeric[]", wok_pg_ints(ints, 2), "{1,-2}");
	sends(conn, "float8[]", wok_pg_doubles(reals, 2), "{0.5,-1e+300}");
	sends(conn, "text[]", wok_pg_texts(texts, 5), "{\"a b\",NULL,\"\",\"null\",\"q\\\"\\\\\"}");
	sends(conn, "date[]", wok_pg_texts((const char *[]){"2024-02-29", NULL}, 2),
	      "{2024-02-29,NULL}");
	sends(conn, "date[]", wok_pg_texts((const char *[]){"March 5 2024", NULL}, 2),
	      "{2024-03-05,NULL}");
	const wok_pg_list grid = {values, 6, 2, lengths, lowers};
	sends(conn, "int8[]", wok_pg_array(&grid), "[0:1][-1:1]={{1,-2,3},{4,NULL,6}}");
	deep[0] = wok_pg_ints(ints, 2);
	deep[1] = wok_pg_ints(ints + 2, 2);
	const wok_pg_list nested = {.values = deep, .count = 2};
	sends(conn, "int[]", wok_pg_array(&nested), "{{1,-2},{3,4}}");
	ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::int8[]", WOK_ARGS(wok_pg_array(&grid)), &rows));
	ASSERT_OK(wok_pg_items_read(wok_row_at(wok_rows_at(rows, 0), 0), NULL, &items));
	ASSERT_EQ(wok_pg_items_dimensions(items), 2);
	ASSERT_EQ(wok_pg_items_length(items, 1), 3);
	ASSERT_EQ(wok_pg_items_lower(items, 1), -1);
	ASSERT_EQ(wok_pg_items_at(items, 5)->integer, 6);
	ASSERT_EQ(wok_pg_items_at(items, 4)->kind, WOK_VALUE_NULL);
	return 0;
}

PG_TEST(records_and_ranges_are_made_of_values, "pg-31")
{
	const wok_value one = wok_value_int(1), five = wok_value_int(5);
	const wok_pg_bounds bounds[] = {
		{.lower = &one, .upper = &five},
		{.empty = true},
		{.lower = &one, .exclusive_lower = true},
		{.upper = &five, .inclusive_upper = true},
		{0},
	};
	static const char *const ranges[] = {"[1,5)", "empty", "[2,)", "(,6)", "(,)"};
	const wok_pg_bounds two[] = {bounds[2], bounds[3]};
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	WOK_AUTO(wok_rows) *rows = NULL;
	WOK_AUTO(wok_pg_ranges) *read = NULL;

	for (size_t i = 0; i < 5; i++)
		sends(conn, "int4range", wok_pg_range(&bounds[i]), ranges[i]);
	sends(conn, "int8multirange", wok_pg_multirange(two, 2), "{(,)}");
	sends(conn, "int8multirange", wok_pg_multirange(two, 0), "{}");
	ASSERT_OK(wok_pg_fetch(conn, "SELECT '[1.5,2.5]'::numrange, '{[1,2),[7,)}'::int4multirange",
			       NULL, &rows));
	ASSERT_OK(wok_pg_ranges_read(wok_row_at(wok_rows_at(rows, 0), 1), NULL, &read));
	ASSERT_EQ(wok_pg_ranges_count(read), 2);
	ASSERT_EQ(wok_pg_ranges_at(read, 0)->upper->integer, 2);
	ASSERT(!wok_pg_ranges_at(read, 1)->upper && !wok_pg_ranges_at(read, 1)->inclusive_upper);
	wok_pg_ranges_free(WOK_TAKE(read));
	ASSERT_OK(wok_pg_ranges_read(wok_row_at(wok_rows_at(rows, 0), 0), NULL, &read));
	double real;
	ASSERT_OK(wok_pg_get_double(wok_pg_ranges_at(read, 0)->lower, &real));
	ASSERT(real == 1.5);
	ASSERT(wok_pg_ranges_at(read, 0)->inclusive_upper);
	ASSERT_OK(wok_pg_script(conn, "CREATE TYPE pg_temp.pair AS (a int, b text)"));
	sends(conn, "pg_temp.pair", wok_pg_record(WOK_ARGS(7, "x, \"y\"")), "(7,\"x, \"\"y\"\"\")");
	sends(conn, "pg_temp.pair", wok_pg_record(WOK_ARGS(NULL, "")), "(,\"\")");
	return 0;
}

PG_TEST(networks_bits_money_and_numbers_of_rows, "pg-32")
{
	static const wok_pg_network v4 = {false, 8, {10, 1, 2, 3}}, v6 = {true, 128, {[15] = 1}};
	static const wok_pg_network cidr = {false, 16, {10, 1, 0, 0}};
	static const uint8_t mac[] = {8, 0, 0x2b, 1, 2, 3, 4, 5}, bytes[] = {0xa5, 0x80};
	static const wok_pg_bits bits = {9, bytes};
	static const double numbers[] = {1, 2, 3, 4};
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	wok_pg_bits back;
	uint64_t lsn;
	uint32_t block;
	uint16_t row;

	sends(conn, "inet", wok_pg_inet(&v4), "10.1.2.3/8");
	sends(conn, "inet", wok_pg_inet(&v6), "::1");
	sends(conn, "cidr", wok_pg_cidr(&cidr), "10.1.0.0/16");
	sends(conn, "macaddr", wok_pg_macaddr(mac, 6), "08:00:2b:01:02:03");
	sends(conn, "macaddr8", wok_pg_macaddr(mac, 8), "08:00:2b:01:02:03:04:05");
	sends(conn, "bit(9)", wok_pg_bit(&bits), "101001011");
	sends(conn, "varbit", wok_pg_bit(&bits), "101001011");
	sends(conn, "money", wok_pg_money(-1234), "-$12.34");
	sends(conn, "money", wok_value_int(12), "$12.00");
	sends(conn, "oid", wok_value_int(UINT32_MAX), "4294967295");
	sends(conn, "xid8", wok_value_int(INT64_MAX), "9223372036854775807");
	sends(conn, "pg_lsn", wok_pg_lsn(0x16b374d848), "16/B374D848");
	sends(conn, "box", wok_pg_geometry(&(wok_pg_shape){WOK_PG_BOX, 4, numbers}), "(3,4),(1,2)");
	sends(conn, "path", wok_pg_geometry(&(wok_pg_shape){WOK_PG_OPEN_PATH, 4, numbers}),
	      "[(1,2),(3,4)]");
	sends(conn, "polygon", wok_pg_geometry(&(wok_pg_shape){WOK_PG_POLYGON, 2, numbers}),
	      "((1,2))");
	sends(conn, "circle", wok_pg_geometry(&(wok_pg_shape){WOK_PG_CIRCLE, 3, numbers}),
	      "<(1,2),3>");
	WOK_AUTO(wok_rows) *rows = fetch(conn, "SELECT '(4294967295,7)'::tid, '1/2'::pg_lsn, "
					       "'101'::varbit, 4294967295::oid, '(1,2)'::point");
	const wok_row *fields = wok_rows_at(rows, 0);
	ASSERT_OK(wok_pg_get_tid(wok_row_at(fields, 0), &block, &row));
	ASSERT_EQ(block, UINT32_MAX);
	ASSERT_EQ(row, 7);
	ASSERT_OK(wok_pg_get_lsn(wok_row_at(fields, 1), &lsn));
	ASSERT_EQ(lsn, 0x100000002);
	ASSERT_OK(wok_pg_get_bits(wok_row_at(fields, 2), &back));
	ASSERT_EQ(back.count, 3);
	ASSERT_EQ(back.data[0], 0xa0);
	ASSERT_EQ(wok_row_int_at(fields, 3), UINT32_MAX);
	double point[2];
	wok_pg_shape_kind kind;
	ASSERT_EQ(wok_pg_get_geometry(wok_row_at(fields, 4), point, 2, &kind), 2);
	ASSERT_EQ(kind, WOK_PG_POINT);
	ASSERT(point[1] == 2);
	return 0;
}

PG_TEST(uuids_and_documents, "pg-28")
{
	static const char text[] = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
	uint8_t uuid[16], back[16];
	char again[37];
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	char *deep = malloc(20001);

	ASSERT_OK(wok_pg_uuid_parse("{A0EEBC999C0B4EF8-bb6d-6bb9bd380a11}", uuid));
	ASSERT_STR(wok_pg_uuid_text(uuid, again), text);
	ASSERT_ERR(wok_pg_uuid_parse("a0eebc99", uuid), -EINVAL);
	sends(conn, "uuid", wok_pg_uuid(uuid), text);
	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	deep[20000] = '\0';
	WOK_AUTO(wok_rows) *rows = NULL;
	ASSERT_OK(wok_pg_execute(conn, "SET max_stack_depth = '7MB'", NULL));
	ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::uuid, $2::jsonb, $3::jsonpath, $4::json",
			       WOK_ARGS(text, deep, "$.\"a\"[*]", "{\"a\":  1}"), &rows));
	const wok_row *row = wok_rows_at(rows, 0);
	ASSERT_OK(wok_pg_get_uuid(wok_row_at(row, 0), back));
	ASSERT_MEM(back, uuid, 16);
	ASSERT_STR(wok_row_text_at(row, 1), deep);
	ASSERT_STR(wok_row_text_at(row, 2), "$.\"a\"[*]");
	ASSERT_STR(wok_row_text_at(row, 3), "{\"a\":  1}");
	free(deep);
	return 0;
}

PG_TEST(bytes_of_all_values_and_sizes, "pg-25")
{
	static const size_t sizes[] = {0, 1, 256, 65536, (size_t) 100 << 20};
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	uint8_t *bytes = malloc(sizes[4]);

	for (size_t i = 0; i < sizes[4]; i++)
		bytes[i] = (uint8_t) (i + (i >> 8));
	for (size_t i = 0; i < 5; i++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::bytea, length($1::bytea)",
				       WOK_ARGS(wok_value_blob(bytes, sizes[i])), &rows));
		const wok_view view = wok_row_view_at(wok_rows_at(rows, 0), 0);
		ASSERT_EQ(view.size, sizes[i]);
		ASSERT(memcmp(view.data, bytes, sizes[i]) == 0);
		ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, 0), 1), sizes[i]);
	}
	free(bytes);
	return 0;
}

PG_TEST(numbers_at_their_ends, "pg-22")
{
	static const double reals[] = {-0.0,     5e-324,    1.7976931348623157e308,
				       INFINITY, -INFINITY, NAN};
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");

	for (size_t i = 0; i < 6; i++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::float8", WOK_ARGS(reals[i]), &rows));
		const double back = wok_row_double_at(wok_rows_at(rows, 0), 0);
		ASSERT(i == 5 ? isnan(back) : memcmp(&back, &reals[i], sizeof(back)) == 0);
	}
	sends(conn, "int2", wok_value_int(INT16_MIN), "-32768");
	sends(conn, "int4", wok_value_int(INT32_MAX), "2147483647");
	sends(conn, "int8", wok_value_int(INT64_MIN), "-9223372036854775808");
	sends(conn, "float4", wok_value_int(3), "3");
	sends(conn, "numeric", wok_value_double(2.5), "2.5");
	sends(conn, "numeric", wok_pg_numeric("-1e-30"), "-0.000000000000000000000000000001");
	sends(conn, "boolean", wok_value_int(1), "t");
	sends(conn, "text", wok_value_int(17), "17");
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::text, $2::int2", WOK_ARGS("a", 32768)),
		   -ERANGE);
	ASSERT_STR(wok_errmsg(-ERANGE), "$2 (smallint): 32768 does not fit");
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::int4", WOK_ARGS(INT64_C(-2147483649))),
		   -ERANGE);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::oid", WOK_ARGS(-1)), -ERANGE);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::float4", WOK_ARGS(1e39)), -ERANGE);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::int8", WOK_ARGS(2.5)), -EINVAL);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::boolean", WOK_ARGS(2)), -EINVAL);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::date", WOK_ARGS(2)), -EINVAL);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::int8", WOK_ARGS(UINT64_MAX)), -EINVAL);
	sends(conn, "int4", wok_value_int(1), "1"); /* the connection is as good as before */
	return 0;
}

PG_TEST(what_is_no_text_is_refused_before_it_is_sent, "pg-24")
{
	static const char kitchen[] = "\xf0\x9f\x8d\xb3 \xe7\x82\x92";
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	const wok_value nul = wok_value_view((wok_view){"a\0b", 3});
	const wok_value broken = wok_value_text("abc\xff");
	const wok_value *const values[] = {&nul, &broken};

	sends(conn, "text", wok_value_text(kitchen), kitchen);
	for (size_t i = 0; i < 2; i++) {
		const wok_pg_list list = {.values = values[i], .count = 1};

		ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::text", WOK_ARGS(*values[i])), -EILSEQ);
		ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::int", WOK_ARGS(*values[i])), -EILSEQ);
		ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::text[]", WOK_ARGS(wok_pg_array(&list))),
			   -EILSEQ);
	}
	/* The server has not seen them: the transaction goes on. */
	ASSERT_OK(wok_pg_script(conn, "BEGIN"));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1::text", WOK_ARGS(broken)), -EILSEQ);
	ASSERT_OK(wok_pg_script(conn, "SELECT 1; COMMIT"));
	return 0;
}

PG_TEST(no_parameter_is_sql, "pg-44")
{
	static const char *const nasty[] = {
		"'; DROP TABLE users; --", "\\'; --", "$1", "\"", "\\", "a\"b'c\\d", "E'\\x'", "''",
	};
	WOK_AUTO(wok_pg_conn) *conn = in_zone("UTC");
	char quoted[128], literal[128], sql[512];

	for (size_t i = 0; i < sizeof(nasty) / sizeof(nasty[0]); i++) {
		for (int conforming = 0; conforming < 2; conforming++) {
			WOK_AUTO(wok_rows) *rows = NULL;

			snprintf(sql, sizeof(sql), "SET standard_conforming_strings = %d",
				 conforming);
			ASSERT_OK(wok_pg_script(conn, "SET escape_string_warning = off"));
			ASSERT_OK(wok_pg_script(conn, sql));
			sends(conn, "text", wok_value_text(nasty[i]), nasty[i]);
			wok_pg_quote_identifier(nasty[i], quoted, sizeof(quoted));
			wok_pg_quote_literal(nasty[i], literal, sizeof(literal));
			snprintf(sql, sizeof(sql), "SELECT%s AS %s", literal, quoted);
			ASSERT_OK(wok_pg_fetch(conn, sql, NULL, &rows));
			ASSERT_STR(wok_rows_column_name(rows, 0), nasty[i]);
			ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), nasty[i]);
		}
	}
	return 0;
}
