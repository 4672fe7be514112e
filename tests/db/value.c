/* SPDX-License-Identifier: MIT */
/* Values of databases: see wok/value.h. */
#include <math.h>
#include <wok/value.h>

#include "harness/test.h"

TEST(each_c_type_becomes_a_value)
{
	const char *none = NULL;
	unsigned char byte = 200;
	const wok_args *args = WOK_ARGS(true, 'a', 2.5F, "text", none, NULL, byte, UINT64_MAX,
					((wok_view){"ab\0c", 4}), wok_value_blob("", 0));
	static const wok_value_kind kinds[] = {
		WOK_VALUE_INT,  WOK_VALUE_INT, WOK_VALUE_DOUBLE, WOK_VALUE_TEXT, WOK_VALUE_NULL,
		WOK_VALUE_NULL, WOK_VALUE_INT, WOK_VALUE_WRONG,  WOK_VALUE_TEXT, WOK_VALUE_BLOB,
	};

	ASSERT_EQ(args->count, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < args->count; i++)
		ASSERT_EQ(args->values[i].kind, kinds[i]);
	ASSERT_EQ(args->values[6].integer, 200);
	ASSERT_EQ(args->values[8].size, 4);
	ASSERT_EQ(args->values[9].size, 0);
}

TEST(a_pointer_without_a_type_is_no_value)
{
	int n = 3;
	void *pointer = &n;

	ASSERT_EQ(WOK_ARGS(pointer)->values[0].kind, WOK_VALUE_WRONG);
}

TEST(thirty_two_values_keep_their_order)
{
	const wok_args *args = WOK_ARGS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
					18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32);

	ASSERT_EQ(args->count, 32);
	for (size_t i = 0; i < args->count; i++)
		ASSERT_EQ(args->values[i].integer, i + 1);
}

TEST(a_number_is_an_integer_if_nothing_is_lost)
{
	static const struct {
		double real;
		int result;
		int64_t integer;
	} cases[] = {{-3.0, 0, -3},         {0x1p62, 0, (int64_t) 1 << 62}, {-0x1p63, 0, INT64_MIN},
		     {0.5, -EINVAL, 0},     {0x1p63, -ERANGE, 0},           {NAN, -ERANGE, 0},
		     {INFINITY, -ERANGE, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const wok_value value = wok_value_double(cases[i].real);
		int64_t integer = 0;

		ASSERT_EQ(wok_value_get_int(&value, &integer), cases[i].result);
		ASSERT_EQ(integer, cases[i].integer);
	}
}

TEST(what_a_value_is_not_is_said)
{
	const wok_value text = wok_value_text("17"), null = wok_value_null(),
			two = wok_value_int(2);
	int64_t integer;
	double real;
	bool boolean;
	wok_view view;

	ASSERT_ERR(wok_value_get_int(&text, &integer), -EINVAL);
	ASSERT_STR(wok_errmsg(-EINVAL), "the value is text, not an integer");
	ASSERT_ERR(wok_value_get_double(&null, &real), -ENODATA);
	ASSERT_STR(wok_errmsg(-ENODATA), "the value is NULL, not a number");
	ASSERT_ERR(wok_value_get_bool(&two, &boolean), -EINVAL);
	ASSERT_ERR(wok_value_get_view(&two, &view), -EINVAL);
}
