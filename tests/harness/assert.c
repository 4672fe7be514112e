/* SPDX-License-Identifier: MIT */
/* The assertions of test.h: each compares, and on a difference says both values. */
#include <stdbool.h>
#include <stdio.h>
#include <wok/error.h>

#include "harness/test.h"

void test_assert_eq(const char *file, int line, const char *a_text, const char *b_text, long long a,
		    long long b)
{
	if (a != b)
		test_fail(file, line, "%s is %lld, not %s, which is %lld", a_text, a, b_text, b);
}

void test_assert_ok(const char *file, int line, const char *text, long long result)
{
	if (result < 0)
		test_fail(file, line, "%s failed with %s: %s", text, wok_errname((int) result),
			  wok_errmsg((int) result));
}

void test_assert_err(const char *file, int line, const char *text, long long result,
		     const char *code_text, int code)
{
	int expected = code > 0 ? -code : code;

	if (result >= 0)
		test_fail(file, line, "%s gave %lld, not %s", text, result, code_text);
	if (result != expected)
		test_fail(file, line, "%s failed with %s, not %s: %s", text,
			  wok_errname((int) result), code_text, wok_errmsg((int) result));
}

void test_assert_str(const char *file, int line, const char *a_text, const char *b_text,
		     const char *a, const char *b)
{
	bool same = a && b ? strcmp(a, b) == 0 : a == b;

	if (!same)
		test_fail(file, line, "%s is \"%s\", not %s, which is \"%s\"", a_text,
			  a ? a : "(null)", b_text, b ? b : "(null)");
}

/* The first different byte, and up to 16 bytes from there as hex. */
void test_assert_mem(const char *file, int line, const char *a_text, const char *b_text,
		     const void *a, const void *b, size_t size)
{
	const unsigned char *left = a;
	const unsigned char *right = b;
	char left_hex[49] = "";
	char right_hex[49] = "";
	size_t at = 0;

	while (at < size && left[at] == right[at])
		at++;
	if (at == size)
		return;
	for (size_t i = 0; i < 16 && at + i < size; i++) {
		snprintf(left_hex + 3 * i, 4, "%02x ", left[at + i]);
		snprintf(right_hex + 3 * i, 4, "%02x ", right[at + i]);
	}
	test_fail(file, line, "%s and %s differ from byte %zu of %zu on: %s| %s", a_text, b_text,
		  at, size, left_hex, right_hex);
}
