/* SPDX-License-Identifier: MIT */
/* The regular expressions of routes. */
#include "http/server/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <wok/memory.h>

#include "harness/test.h"

static bool fits(const char *expression, const char *text)
{
	struct wok__pattern *pattern;

	ASSERT_OK(wok__pattern_compile(expression, strlen(expression), &pattern));
	bool result = wok__pattern_matches(pattern, text, strlen(text));
	wok_free(pattern);
	return result;
}

TEST(patterns_fit_what_they_say, "server-1")
{
	static const struct {
		const char *expression, *yes[4], *no[4];
	} rows[] = {
		{"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
		{"\\d+", {"0", "1234567890"}, {"", "12a", "-1"}},
		{"[a-c_-]*", {"", "a-b_c"}, {"d", "A"}},
		{"[^a-c]", {"d", "\xff"}, {"a", "", "dd"}},
		{"[]x]", {"x", "]"}, {"[", ""}},
		{"a.c", {"abc", "a.c"}, {"ac", "abbc"}},
		{"(ab|cd)?e", {"e", "abe", "cde"}, {"ae", "abcde"}},
		{"a{3}", {"aaa"}, {"aa", "aaaa"}},
		{"a{2,}", {"aa", "aaaaaaa"}, {"a", ""}},
		{"a{1,3}", {"a", "aa", "aaa"}, {"", "aaaa"}},
		{"(a|b){2}c", {"abc", "bbc"}, {"ac", "abac"}},
		{"(a*b*)*", {"", "abba", "bbaab"}, {"c", "abc"}},
		{"|x", {"", "x"}, {"y"}},
		{"\\w+\\.\\w+", {"a_1.txt"}, {"a.", "a b.c"}},
		{"(x(y(z)?)?)?", {"", "x", "xy", "xyz"}, {"xz", "y"}},
		{"a{0}b", {"b"}, {"ab", ""}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < 4; k++) {
			if (rows[i].yes[k] && !fits(rows[i].expression, rows[i].yes[k]))
				FAIL("%s does not fit \"%s\"", rows[i].expression, rows[i].yes[k]);
			if (rows[i].no[k] && fits(rows[i].expression, rows[i].no[k]))
				FAIL("%s fits \"%s\"", rows[i].expression, rows[i].no[k]);
		}
	}
}

TEST(expressions_that_make_no_sense_are_refused)
{
	static const char *const bad[] = {
		"*a",          "a**",
		"(",           "a)",
		"[a",          "[b-a]",
		"a{",          "a{2",
		"a{3,2}",      "a{x}",
		"\\",          "\\q",
		"a{129}",      "((((((((((((((((((a))))))))))))))))))",
		"(a{100}){2}", "((((()*){100}){100}){100}){100}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wok__pattern *pattern = NULL;
		if (wok__pattern_compile(bad[i], strlen(bad[i]), &pattern) != -EINVAL)
			FAIL("%s was taken", bad[i]);
		ASSERT(!pattern);
	}
}

/* What makes a backtracking matcher take for ever is linear here. */
TEST(no_text_takes_long_to_match, "server-1")
{
	enum { SIZE = 1 << 20 };
	struct wok__pattern *pattern;
	char *text = malloc(SIZE);

	ASSERT(text);
	memset(text, 'a', SIZE);
	text[SIZE - 1] = 'b';
	ASSERT_OK(wok__pattern_compile("(a|a|a*)*c", 10, &pattern));
	clock_t start = clock();
	ASSERT(!wok__pattern_matches(pattern, text, SIZE));
	ASSERT(clock() - start < 2 * CLOCKS_PER_SEC);
	wok_free(pattern);
	free(text);
}
