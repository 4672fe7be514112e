/* SPDX-License-Identifier: MIT */
/* Dates of heads and of cookies. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/test.h"
#include "http/date.h"

enum { EXAMPLE = 784111777 }; /* of RFC 9110: Sun, 06 Nov 1994 08:49:37 GMT */

static const int64_t now = INT64_C(1795376422); /* in 2026 */

static bool parse(const char *text, int64_t *ret)
{
	return wok__http_date_parse(text, strlen(text), now, ret);
}

TEST(a_date_in_each_of_the_three_formats_is_read)
{
	static const char *const same[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",      "Sun Nov 06 08:49:37 1994",
		"sun, 06 nov 1994 08:49:37 gmt",
	};
	int64_t t;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		t = 0;
		ASSERT(parse(same[i], &t));
		ASSERT_EQ(t, EXAMPLE);
	}
	ASSERT(parse("Thu, 01 Jan 1970 00:00:00 GMT", &t) && t == 0);
	ASSERT(parse("Wed, 31 Dec 1969 23:59:59 GMT", &t) && t == -1);
	ASSERT(parse("Tue, 29 Feb 2000 00:00:00 GMT", &t) && t == 951782400);
	ASSERT(parse("Fri, 31 Dec 9999 23:59:59 GMT", &t) && t == 253402300799);
	ASSERT(parse("Sat, 31 Dec 2016 23:59:60 GMT", &t) && t == 1483228800);
}

TEST(two_digits_for_a_year_are_never_more_than_fifty_years_ahead)
{
	int64_t t;

	ASSERT(parse("Sunday, 06-Nov-76 08:49:37 GMT", &t) && t > now); /* 2076 */
	ASSERT(parse("Sunday, 06-Nov-77 08:49:37 GMT", &t) && t < now); /* 1977 */
}

TEST(what_is_no_date_is_refused)
{
	static const char *const bad[] = {
		"",
		"0",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		" Sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 +0100",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 29 Feb 1900 08:49:37 GMT",
		"Sun, 06 Nob 1994 08:49:37 GMT",
		"Son, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:00 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT",
		"Sun, 06-Nov-94 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"Sun Nov  6 08:49:37 1994 GMT",
	};
	int64_t t = 5;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* in a block of its own, so that a read behind it is seen */
		char *copy = strndup(bad[i], strlen(bad[i]));
		for (size_t size = strlen(copy); size > 0; size--)
			if (wok__http_date_parse(copy, size, now, &t) && size == strlen(copy))
				FAIL("\"%s\" is read", bad[i]);
		free(copy);
	}
}

TEST(each_date_is_written_as_the_c_library_does_and_reads_back)
{
	char text[WOK__HTTP_DATE_SIZE], expected[64];

	for (int64_t t = -62167219200; t < 253402300799; t += 86400 * 97 + 3661) {
		struct tm tm;
		time_t seconds = (time_t) t;
		int64_t back = 0;
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%a, %d %b ", &tm);
		snprintf(expected + strlen(expected), 40, "%04d %02d:%02d:%02d GMT",
			 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
		wok__http_date_put(t, text);
		ASSERT_STR(text, expected);
		ASSERT(parse(text, &back));
		ASSERT_EQ(back, t);
	}
	wok__http_date_put(INT64_MAX, text);
	ASSERT_STR(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	wok__http_date_put(INT64_MIN, text);
	ASSERT_STR(text, "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(dates_of_cookies_are_read_leniently)
{
	static const char *const same[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
		"6 november 94 8:49:37",
		"08:49:37 06/Nov/1994 whatever 17 Dec",
		"\"Sun, 06-Nov-1994 08:49:37 GMT\"",
	};
	static const char *const bad[] = {
		"",
		"Sun",
		"06 Nov 1994",
		"06 Nov 1994 08:49",
		"08:49:37 Nov 1994",
		"06 1994 08:49:37",
		"06 Nov 08:49:37",
		"32 Nov 1994 08:49:37",
		"31 Feb 1994 08:49:37",
		"06 Nov 1600 08:49:37",
		"06 Nov 1994 24:49:37",
		"06 Nov 1994 08:60:37",
		"06 Nov 1994 08:49:60",
		"06 Nov 19940 08:49:37",
		"06 Nov 1994 008:49:37",
		"00 Nov 1994 08:49:37",
	};
	int64_t t;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		t = 0;
		ASSERT(wok__cookie_date_parse(same[i], strlen(same[i]), &t));
		ASSERT_EQ(t, EXAMPLE);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (wok__cookie_date_parse(bad[i], strlen(bad[i]), &t))
			FAIL("\"%s\" is read", bad[i]);
	const char years[] = "6 Nov 69 0:0:0", old[] = "6 Nov 70 0:0:0";
	ASSERT(wok__cookie_date_parse(years, strlen(years), &t) && t > now);
	ASSERT(wok__cookie_date_parse(old, strlen(old), &t) && t < EXAMPLE);
}

TEST(when_to_try_again_is_a_date_or_a_number_of_seconds, "client-73")
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: neither */
	} cases[] = {
		{"0", 0},
		{"120", 120},
		{"99999999999999999999999999", 10 * 366 * 86400},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 10 * 366 * 86400},
		{"", -1},
		{"-1", -1},
		{"1.5", -1},
		{"1 ", -1},
		{"soon", -1},
	};
	char text[WOK__HTTP_DATE_SIZE];
	int64_t seconds;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seconds = -1;
		wok__retry_after_parse(cases[i].text, strlen(cases[i].text), now, &seconds);
		ASSERT_EQ(seconds, cases[i].seconds);
	}
	wok__http_date_put(now + 17, text);
	ASSERT(wok__retry_after_parse(text, strlen(text), now, &seconds));
	ASSERT_EQ(seconds, 17);
}
