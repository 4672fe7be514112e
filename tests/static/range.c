/* SPDX-License-Identifier: MIT */
/* The Range header: see http/static/range.h. */
#include "http/static/range.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/test.h"

enum { MAX = 8, SIZE = 1000 };

/* What a header asks of a file, as "0-4 10-14"; "" if it is ignored, "!" for 416. */
static const char *ask(const char *value, uint64_t size)
{
	static char text[256];
	struct wok__range ranges[MAX];
	int n = wok__range_parse(value, size, ranges, MAX);

	ASSERT(n >= 0 || n == -ERANGE);
	snprintf(text, sizeof(text), "%s", n < 0 ? "!" : "");
	for (int i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu-%llu",
			 i > 0 ? " " : "", (unsigned long long) ranges[i].start,
			 (unsigned long long) (ranges[i].start + ranges[i].size - 1));
	return text;
}

TEST(a_range_is_first_to_last_or_an_open_end_or_a_number_of_last_bytes, "http-44")
{
	ASSERT_STR(ask("bytes=0-0", SIZE), "0-0");
	ASSERT_STR(ask("bytes=5-", SIZE), "5-999");
	ASSERT_STR(ask("bytes=-5", SIZE), "995-999");
	ASSERT_STR(ask("bytes=0-999", SIZE), "0-999");
	ASSERT_STR(ask("bytes=0-5000", SIZE), "0-999");
	ASSERT_STR(ask("bytes=-5000", SIZE), "0-999");
	ASSERT_STR(ask("Bytes= 1-2", SIZE), "1-2");
	ASSERT_STR(ask("bytes=999-999", SIZE), "999-999");
	ASSERT_STR(ask("bytes=0-99999999999999999999999999", SIZE), "0-999");
	ASSERT_STR(ask("bytes=0-18446744073709551615", SIZE), "0-999");
}

TEST(what_is_not_in_the_file_is_left_out_and_nothing_left_is_416, "http-44")
{
	ASSERT_STR(ask("bytes=1000-", SIZE), "!");
	ASSERT_STR(ask("bytes=1000-1001,2000-", SIZE), "!");
	ASSERT_STR(ask("bytes=-0", SIZE), "!");
	ASSERT_STR(ask("bytes=99999999999999999999999999-", SIZE), "!");
	ASSERT_STR(ask("bytes=1000-,0-1", SIZE), "0-1");
	/* Some ask each time for the first bytes: an empty file is no reason for an error. */
	ASSERT_STR(ask("bytes=0-99", 0), "");
	ASSERT_STR(ask("bytes=-5", 0), "");
}

TEST(a_range_header_that_makes_no_sense_is_ignored)
{
	static const char *const values[] = {
		"",           "bytes",      "bytes=",      "bytes=,",     "bytes=a-b",
		"bytes=5",    "bytes=5-4",  "bytes=-",     "bytes=--5",   "bytes=0-1-",
		"bytes=0 -1", "bytes=0- 1", "items=0-1",   "bytes=0-1;2", "bytes=0-1 2",
		"bytes=+1-2", "bytes:0-1",  "bytes=0-1,x", "bytes=0x1-",  "0-1",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		ASSERT_STR(ask(values[i], SIZE), "");
}

TEST(several_ranges_stay_in_the_order_in_which_they_were_asked_for, "http-44")
{
	ASSERT_STR(ask("bytes=500-509,0-9", SIZE), "500-509 0-9");
	ASSERT_STR(ask("bytes=0-0, 200-209 ,,-1", SIZE), "0-0 200-209 999-999");
}

TEST(ranges_that_overlap_or_nearly_touch_become_one)
{
	ASSERT_STR(ask("bytes=0-9,5-14", SIZE), "0-14");
	ASSERT_STR(ask("bytes=5-14,0-9", SIZE), "0-14");
	ASSERT_STR(ask("bytes=0-9,10-19", SIZE), "0-19");
	ASSERT_STR(ask("bytes=0-9,90-99", SIZE), "0-99");
	ASSERT_STR(ask("bytes=0-9,91-99", SIZE), "0-9 91-99");
	ASSERT_STR(ask("bytes=0-999,3-4", SIZE), "0-999");
	/* The last one joins all that it touches, at the place of the first of them. */
	ASSERT_STR(ask("bytes=900-909,0-9,200-209,400-409,100-300", SIZE),
		   "900-909 0-9 100-300 400-409");
	ASSERT_STR(ask("bytes=0-9,200-209,400-409,5-405", SIZE), "0-409");
}

/* A header of n ranges, each "start-end," with a step between them. */
static char *many(int n, int step)
{
	char *value = malloc((size_t) n * 24 + 8), *at = value;

	at += sprintf(at, "bytes=");
	for (int i = 0; i < n; i++)
		at += sprintf(at, "%d-%d,", i * step, i * step);
	return value;
}

TEST(a_thousand_overlapping_ranges_are_one_and_too_many_apart_are_ignored, "http-44")
{
	char *same = many(1000, 0), *apart = many(MAX + 1, 100), *enough = many(MAX, 100);

	ASSERT_STR(ask(same, 1000000), "0-0");
	ASSERT_STR(ask(apart, 1000000), "");
	ASSERT_STR(ask(enough, 1000000), "0-0 100-100 200-200 300-300 400-400 500-500 600-600 "
					 "700-700");
	free(same);
	free(apart);
	free(enough);
}

TEST(of_random_ranges_no_two_touch_and_each_byte_asked_for_is_in_one)
{
	unsigned seed = 7;

	for (int round = 0; round < 2000; round++) {
		char value[256] = "bytes=";
		bool wanted[SIZE] = {false}, sent[SIZE] = {false};
		int asked = 1 + (int) (rand_r(&seed) % 6);
		for (int i = 0; i < asked; i++) {
			int start = rand_r(&seed) % SIZE, end = start + rand_r(&seed) % 90;
			snprintf(value + strlen(value), sizeof(value) - strlen(value), "%d-%d,",
				 start, end);
			for (int at = start; at <= end && at < SIZE; at++)
				wanted[at] = true;
		}
		struct wok__range ranges[MAX];
		int n = wok__range_parse(value, SIZE, ranges, MAX);
		ASSERT(n > 0 && n <= asked);
		for (int i = 0; i < n; i++) {
			for (uint64_t at = 0; at < ranges[i].size; at++) {
				ASSERT(!sent[ranges[i].start + at]);
				sent[ranges[i].start + at] = true;
			}
		}
		for (int at = 0; at < SIZE; at++)
			ASSERT(sent[at] || !wanted[at]);
	}
}
