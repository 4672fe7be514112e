/* SPDX-License-Identifier: MIT */
/* Bytes and texts of types that are odd, or wrong: they are refused, or mean what the server says.
 */
#include <math.h>
#include <wok/pg_array.h>
#include <wok/pg_types.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/own.h"

#include "harness/comma.h"
#include "harness/test.h"

/* A text as the binary form of a type: what the server would have to be sent. */
static int encode(uint32_t oid, const char *text, struct wok__pg_buffer *out)
{
	const wok_value value = wok_value_text(text);

	out->size = 0;
	return wok__pg_encode_binary(NULL, 1, wok__pg_type_find(NULL, oid), &value, out);
}

static void refused(uint32_t oid, const char *text)
{
	struct wok__pg_buffer out = {0};

	if (encode(oid, text, &out) != -EINVAL)
		FAIL("\"%s\" is taken for one of %u", text, oid);
	wok__pg_buffer_free(&out);
}

TEST(dates_and_times_that_are_none_are_refused)
{
	static const char *const dates[] = {
		"2023-02-29", "2023-02-30", "2023-04-31", "1900-02-29",       "2023-00-01",
		"2023-13-01", "24-01-01",   "999-01-01",  "6000000-01-01 BC", "6000000-01-01",
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		refused(WOK__PG_OID_DATE, dates[i]);
	refused(WOK__PG_OID_TIMESTAMP, "2023-02-29 12:00:00");
	refused(WOK__PG_OID_TIME, "04:05.6"); /* minutes, to the server */
}

TEST(numbers_of_text_reach_to_the_ends_of_their_types)
{
	struct wok__pg_buffer out = {0};

	ASSERT_OK(encode(20, "9223372036854775807", &out));
	ASSERT_EQ((int64_t) wok__pg_get64(out.data + 4), INT64_MAX);
	ASSERT_OK(encode(20, "-9223372036854775808", &out));
	ASSERT_EQ((int64_t) wok__pg_get64(out.data + 4), INT64_MIN);
	refused(20, "9223372036854775808");
	refused(20, "-9223372036854775809");
	refused(20, "-92233720368547758080");
	refused(701, "1e400");
	refused(701, "1e-400");
	ASSERT_OK(encode(701, "1e308", &out));
	ASSERT_OK(encode(701, "Infinity", &out));
	wok__pg_buffer_free(&out);
}

/* The text of a value that came in binary form. */
static void has_text(uint32_t oid, const void *bytes, size_t size, const char *text)
{
	const wok_value value = {
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_BINARY,
		.type = oid,
		.size = size,
		.data = bytes,
	};
	char ours[100];

	wok_pg_text(&value, ours, sizeof(ours));
	ASSERT_STR(ours, text);
}

/* UBSan objects if a number overflows. */
TEST(the_first_microsecond_that_there_is_has_a_text)
{
	static const char first[] = "\x80\0\0\0\0\0\0\1";
	const wok_value value = {
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_BINARY,
		.type = WOK__PG_OID_TIMESTAMP,
		.size = 8,
		.data = first,
	};
	struct timespec when;

	has_text(WOK__PG_OID_TIMESTAMP, first, 8, "290279-12-22 19:59:05.224193 BC");
	ASSERT_OK(wok_pg_get_timestamp(&value, &when));
	ASSERT_EQ(when.tv_sec, INT64_MIN / 1000000 - 1 + INT64_C(946684800));
	ASSERT_EQ(when.tv_nsec, 224193000);
}

TEST(days_before_all_dates_are_not_infinity)
{
	ASSERT_EQ(wok_pg_date(INT32_MIN + 10957).kind, WOK_VALUE_WRONG);
	ASSERT_EQ(wok_pg_date(INT32_MIN + 1).kind, WOK_VALUE_WRONG);
	ASSERT_EQ(wok_pg_date(INT32_MIN + 10958).kind, WOK_VALUE_OWN);
	ASSERT_EQ(wok_pg_date(INT32_MIN).kind, WOK_VALUE_OWN);
}

static wok_value of_text(uint32_t oid, char *text)
{
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_TEXT,
		.type = oid,
		.size = strlen(text),
		.text = text,
	};
}

/* ASan objects: each element's NUL stood behind what had been read. */
TEST(an_arrays_text_without_braces_is_none)
{
	static const char *const texts[] = {
		"a", "", "a,b,c", ",,,,,,,,", "[1:2]=a,b", "}", "{a}b", "{{a}", "{a,{b}}", "\"\"",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = strdup(texts[i]);
		const wok_value value = of_text(1009, text);
		wok_pg_items *items;

		ASSERT_ERR(wok_pg_items_read(&value, NULL, &items), WOK_EPEER);
		free(text);
	}
}

TEST(floats_in_the_text_of_an_array_have_the_servers_point)
{
	char text[] = "{1.5,-2.25,NaN,1e300}";
	const wok_value value = of_text(1022, text);
	wok_pg_items *items;

	test_set_comma();
	const int r = wok_pg_items_read(&value, NULL, &items);
	setlocale(LC_NUMERIC, "C");
	ASSERT_OK(r);
	ASSERT(wok_pg_items_at(items, 1)->real == -2.25);
	ASSERT(isnan(wok_pg_items_at(items, 2)->real));
	ASSERT(wok_pg_items_at(items, 3)->real == 1e300);
	wok_pg_items_free(items);
}
