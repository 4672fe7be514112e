/* SPDX-License-Identifier: MIT */
/*
 * Each value in both forms in which the server sends it, and its text as we write it against the
 * server's own. The second run of a statement asks for binary form.
 */
#include <stdio.h>
#include <wok/pg_types.h>

#include "pg/check.h"
#include "pgtypes/samples.h"

/* What the server calls the value, what we call it, in both forms. */
static void same_text(wok_pg_conn *conn, const char *sql)
{
	for (int i = 0; i < 3; i++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		if (wok_pg_fetch(conn, sql, NULL, &rows) < 0)
			FAIL("%s: %s", sql, wok_errmsg(WOK_EDB));
		for (size_t j = 0; j < wok_rows_count(rows); j++) {
			const wok_row *row = wok_rows_at(rows, j);
			const char *ours = wok_row_text_at(row, 0);
			const char *theirs = wok_row_text_at(row, 1);

			if (!ours != !theirs || (ours && strcmp(ours, theirs) != 0))
				FAIL("run %d of %s: ours is %s, the server's %s", i, sql, ours,
				     theirs);
		}
	}
}

static wok_pg_conn *in_utc(void)
{
	wok_pg_conn *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_script(conn, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'"));
	return conn;
}

PG_TEST(every_type_has_the_text_that_the_server_gives_it, "pgrow-39", "pgrow-10")
{
	WOK_AUTO(wok_pg_conn) *conn = in_utc();
	char sql[1024];

	for (const struct sample *sample = samples; sample->type; sample++) {
		/* Some casts to text are not what the type's output is. */
		const bool cast = strcmp(sample->type, "boolean") == 0;
		snprintf(sql, sizeof(sql), "SELECT v::%s, %s(%sv::%s) FROM (VALUES %s) t(v)",
			 sample->type, cast ? "text" : "format", cast ? "" : "'%s', ", sample->type,
			 sample->values);
		same_text(conn, sql);
	}
	return 0;
}

PG_TEST(null_is_null_of_every_type_both_ways, "pg-21")
{
	WOK_AUTO(wok_pg_conn) *conn = in_utc();
	char sql[256];

	for (const struct sample *sample = samples; sample->type; sample++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		snprintf(sql, sizeof(sql), "SELECT $1::%s", sample->type);
		for (int i = 0; i < 2; i++) {
			wok_rows_free(WOK_TAKE(rows));
			ASSERT_OK(wok_pg_fetch(conn, sql, WOK_ARGS(NULL), &rows));
			ASSERT(wok_row_is_null_at(wok_rows_at(rows, 0), 0));
		}
	}
	WOK_AUTO(wok_rows) *rows = NULL;
	ASSERT_OK(wok_pg_fetch(conn, "SELECT $1::text, $2::bytea, $3::text, $4::bytea",
			       WOK_ARGS("", wok_value_blob("", 0), NULL, NULL), &rows));
	const wok_row *row = wok_rows_at(rows, 0);
	ASSERT_STR(wok_row_text_at(row, 0), "");
	ASSERT_EQ(wok_row_at(row, 1)->kind, WOK_VALUE_BLOB);
	ASSERT_EQ(wok_row_at(row, 1)->size, 0);
	ASSERT(wok_row_is_null_at(row, 2) && wok_row_is_null_at(row, 3));
	return 0;
}

/* A field is a parameter as it is, of its own type and as text of another. */
PG_TEST(a_field_goes_back_as_it_came)
{
	WOK_AUTO(wok_pg_conn) *conn = in_utc();
	char sql[1024];

	for (const struct sample *sample = samples; sample->type; sample++) {
		if (strcmp(sample->type, "json") == 0 || strcmp(sample->type, "xml") == 0 ||
		    strcmp(sample->type, "pg_node_tree") == 0)
			continue;
		WOK_AUTO(wok_rows) *rows = NULL;
		snprintf(sql, sizeof(sql), "SELECT v::%s FROM (VALUES %s) t(v)", sample->type,
			 sample->values);
		ASSERT_OK(wok_pg_fetch(conn, sql, NULL, &rows));
		wok_rows_free(WOK_TAKE(rows));
		ASSERT_OK(wok_pg_fetch(conn, sql, NULL, &rows));
		for (size_t i = 0; i < wok_rows_count(rows); i++) {
			const wok_row *row = wok_rows_at(rows, i);
			WOK_AUTO(wok_rows) *again = NULL;

			snprintf(sql, sizeof(sql), "SELECT $1::%s", sample->type);
			ASSERT_OK(wok_pg_fetch(conn, sql, WOK_ARGS(*wok_row_at(row, 0)), &again));
			wok_rows_free(WOK_TAKE(again));
			ASSERT_OK(wok_pg_fetch(conn, sql, WOK_ARGS(*wok_row_at(row, 0)), &again));
			const char *text = wok_row_text_at(wok_rows_at(again, 0), 0);
			if (wok_row_at(row, 0)->kind != WOK_VALUE_BLOB &&
			    wok_row_at(row, 0)->kind != WOK_VALUE_NULL)
				ASSERT_STR(text, wok_row_text_at(row, 0));
		}
	}
	return 0;
}

/* Random numbers, by the server's own generator, whose seed the run's seed is. */
PG_TEST(random_numbers_have_the_same_text)
{
	static const char *const values[] = {
		"(random() - 0.5) * 10 ^ (random() * 600 - 300)",
		"((random() - 0.5) * 10 ^ (random() * 70 - 35))::float4",
		"((random() - 0.5) * 10 ^ (random() * 40 - 20))::numeric",
		"((random() - 0.5) * 10 ^ (random() * 15))::numeric(40, 12)",
		"'2000-01-01'::timestamp + (random() - 0.2) * interval '10000 years'",
		"'2000-01-01'::timestamptz + (random() - 0.2) * interval '10000 years'",
		"('2000-01-01'::timestamp + (random() - 0.2) * interval '10000 years')::date",
		"(random() - 0.5) * interval '100 years 3 months 50 days 7 hours'",
		"(random() * interval '1 day')::time",
		"gen_random_uuid()",
		"('0.0.0.0'::inet + (random() * 4294967295)::int8)",
		"('::'::inet + (random() * 9e18)::int8)",
		"md5(random()::text)::bit(37)",
		"ARRAY[random(), null, g, -1e300]",
		"point(random() * g, -random())",
		"int8range(g, g + (random() * 1e9)::int8)",
	};
	WOK_AUTO(wok_pg_conn) *conn = in_utc();
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT setseed(%g)", (double) (test_seed() % 1000) / 1000);
	ASSERT_OK(wok_pg_execute(conn, sql, NULL));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *value = strncmp(values[i], "md5", 3) == 0
					    ? "('x' || md5(random()::text))::bit(37)"
					    : values[i];

		snprintf(sql, sizeof(sql),
			 "SELECT v, format('%%s', v) FROM (SELECT %s AS v FROM generate_series(1, "
			 "500) g "
			 "OFFSET 0) t",
			 value);
		same_text(conn, sql);
	}
	return 0;
}
