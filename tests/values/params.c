/* SPDX-License-Identifier: MIT */
/* Parameters of header values, and base64. */
#include <stdlib.h>

#include "harness/test.h"
#include "http/params.h"

/* What a text has, as "name=value|" each; a quoted value without its backslashes. */
static int read_all(const char *text, char separator, char *out)
{
	/* in a block of its own, so that a read behind it is seen */
	size_t size = strlen(text);
	char *copy = malloc(size ? size : 1), value[100];
	struct wok__params params;
	struct wok__param param;
	int r;

	memcpy(copy, text, size);
	params = (struct wok__params){copy, copy + size, separator};
	*out = '\0';
	while ((r = wok__params_next(&params, &param)) > 0) {
		strncat(out, param.name.data, param.name.size);
		if (param.value.data) {
			ASSERT_OK(wok__param_text(&param, value, sizeof(value)));
			strcat(strcat(out, "="), value);
		}
		strcat(out, "|");
	}
	free(copy);
	return r;
}

TEST(parameters_are_read_one_by_one)
{
	static const struct {
		const char *text, *expected;
		char separator;
	} good[] = {
		{"", "", ';'},
		{" ; ;; ", "", ';'},
		{"a=b", "a=b|", ';'},
		{";a=b; c=\"d\" ;e", "a=b|c=d|e|", ';'},
		{"a = b ; c =\"d;e\\\"f\\\\\"", "a=b|c=d;e\"f\\|", ';'},
		{"a=;b=\"\"", "a=|b=|", ';'},
		{"a=b/c:d@e", "a=b/c:d@e|", ';'}, /* no token, and what is meant is plain */
		{"a=b, c=\"d, e\",, f", "a=b|c=d, e|f|", ','},
	};
	static const char *const bad[] = {"=a",    "a=\"b", "a=\"b\\\"", "a=\"b\"c",
					  "a b",   "a=b c", "a=b\"c\"",  "(a)",
					  "\"a\"", "a=\"",  "\xc3\xa4=b"};
	char out[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ASSERT_EQ(read_all(good[i].text, good[i].separator, out), 0);
		ASSERT_STR(out, good[i].expected);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_all(bad[i], ';', out) != -EINVAL)
			FAIL("\"%s\" is read", bad[i]);
}

TEST(a_parameter_is_found_by_its_name_in_any_case)
{
	static const char text[] = "text/html; Charset=\"utf-8\"; charset=x; q";
	char out[16] = "";

	ASSERT_EQ(wok__param_find(text, "charset", out, sizeof(out)), 5);
	ASSERT_STR(out, "utf-8");
	ASSERT_ERR(wok__param_find(text, "q", out, sizeof(out)), -ENOENT);
	ASSERT_ERR(wok__param_find(text, "text/html", out, sizeof(out)), -ENOENT);
	ASSERT_ERR(wok__param_find("a; =; charset=b", "charset", out, sizeof(out)), -ENOENT);
	ASSERT_EQ(wok__param_find("a;x=\"1234567890abcde\"", "x", out, sizeof(out)), 15);
	ASSERT_ERR(wok__param_find("a;x=\"1234567890abcdef\"", "x", out, sizeof(out)), -ENOSPC);
}

TEST(base64_is_that_of_rfc_4648)
{
	static const char *const pairs[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xff\xfe\xfb\xef", "//777w=="},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char out[20] = "";
		size_t size = wok__base64_put(out, pairs[i][0], strlen(pairs[i][0]));
		ASSERT_EQ(size, strlen(pairs[i][1]));
		ASSERT_STR(out, pairs[i][1]);
	}
}
