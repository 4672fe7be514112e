/* SPDX-License-Identifier: MIT */
/* The codec of multipart bodies. */
#include "coding/multipart_check.h"

#include "harness/test.h"

static void expect_parts(const char *data, size_t size, const char *text, int result)
{
	for (long step = -(long) size; step <= (long) size; step++) {
		struct parts parts = parts_parse("b", data, size, step, NULL);
		if (parts.result != result)
			FAIL("\"%s\" in steps of %ld: %s, not %s", data, step,
			     wok_errname(parts.result), wok_errname(result));
		if (text && strcmp(parts.text, text) != 0)
			FAIL("\"%s\" in steps of %ld is \"%s\"", data, step, parts.text);
		free(parts.text);
	}
}

#define PARTS(data, text) expect_parts(data, sizeof(data) - 1, text, 0)
#define BROKEN(data, code) expect_parts(data, sizeof(data) - 1, NULL, code)

TEST(a_body_is_taken_apart_however_its_bytes_are_cut, "server-8")
{
	PARTS("--b\r\nA: 1\r\n\r\nhello\r\n--b--\r\n", "[A: 1\r\n]hello;.");
	PARTS("--b\r\nA: 1\r\n\r\nhello\r\n--b--", "[A: 1\r\n]hello;.");
	PARTS("--b\r\nA: 1\r\nB: 2\r\n\r\n1\r\n--b\r\nC: 3\r\n\r\n2\r\n--b--\r\n",
	      "[A: 1\r\nB: 2\r\n]1;[C: 3\r\n]2;.");
	/* before and behind */
	PARTS("preamble\r\n--\r\n--B\r\r\n--b\r\n\r\nx\r\n--b--epi\r\n--b\r\nlogue", "[]x;.");
	PARTS("\r\n--b\r\n\r\nx\r\n--b--", "[]x;.");
	/* no data, in both ways to write it; no header */
	PARTS("--b\r\nA: 1\r\n\r\n\r\n--b--", "[A: 1\r\n];.");
	PARTS("--b\r\nA: 1\r\n\r\n--b--", "[A: 1\r\n];.");
	PARTS("--b\r\n\r\n\r\n--b--", "[];.");
	PARTS("--b--", ".");
	/* white space behind a boundary */
	PARTS("--b \t\r\n\r\nx\r\n--b  \r\n\r\ny\r\n--b--  \r\n", "[]x;[]y;.");
	/* data that is nearly a boundary */
	PARTS("--b\r\n\r\n\r\n-\r\n--\r\n--a\r\r\n\n--b\r\n--b--",
	      "[]\r\n-\r\n--\r\n--a\r\r\n\n--b;.");
	PARTS("--b\r\n\r\n--\r\n\r\n--b--", "[]--\r\n;.");
}

TEST(a_body_that_is_malformed_or_cut_off_is_an_error, "server-8")
{
	BROKEN("", WOK_EEOF);
	BROKEN("no boundary at all", WOK_EEOF);
	BROKEN("--b", WOK_EEOF);
	BROKEN("--b\r\nA: 1\r\n", WOK_EEOF);
	BROKEN("--b\r\nA: 1\r\n\r\nhello", WOK_EEOF);
	BROKEN("--b\r\nA: 1\r\n\r\nhello\r\n--b", WOK_EEOF);
	BROKEN("--b\r\nA: 1\r\n\r\nhello\r\n--b-", WOK_EEOF);
	BROKEN("--b\nA: 1\n\nhello\n--b--\n", WOK_EPEER);
	/* a longer boundary than ours: it is not for us to say which one is meant */
	BROKEN("--bb\r\n\r\nx\r\n--bb--", WOK_EPEER);
	BROKEN("--b\r\n\r\nx\r\n--b-x\r\n", WOK_EPEER);
	BROKEN("--b\r\n\r\nx\r\n--b x\r\n", WOK_EPEER);
	BROKEN("--b\r\n\r\nx\r\n--b --\r\n", WOK_EPEER);
	BROKEN("--b                                                                         \r\n",
	       WOK_EPEER);
}

static int parse_sized(size_t parts, size_t head, size_t part, size_t preamble, long step)
{
	char *data = calloc(1, parts * (head + part + 100) + preamble + 100), *p = data;

	memset(p, 'x', preamble);
	p += preamble;
	for (size_t i = 0; i < parts; i++) {
		p = stpcpy(p, "\r\n--b\r\nA: ");
		memset(p, 'h', head - 5);
		p = stpcpy(p + head - 5, "\r\n\r\n");
		memset(p, 'd', part);
		p += part;
	}
	p = stpcpy(p, "\r\n--b--");
	struct parts result = parts_parse("b", data, (size_t) (p - data), step, NULL);
	free(result.text);
	free(data);
	return result.result;
}

TEST(each_limit_of_a_body_holds_to_the_byte, "server-8", "server-7")
{
	for (long step = 0; step < 4; step++) {
		ASSERT_EQ(parse_sized(5, 10, 10, 0, step), 0);
		ASSERT_EQ(parse_sized(6, 10, 10, 0, step), WOK_ELIMIT);
		ASSERT_EQ(parse_sized(1, 200, 10, 0, step), 0);
		ASSERT_EQ(parse_sized(1, 201, 10, 0, step), WOK_ELIMIT);
		ASSERT_EQ(parse_sized(1, 10, 1000, 0, step), 0);
		ASSERT_EQ(parse_sized(1, 10, 1001, 0, step), WOK_ELIMIT);
		/* what stands before the first part counts as all else */
		ASSERT_EQ(parse_sized(0, 0, 0, 3993, step), 0);
		ASSERT_EQ(parse_sized(0, 0, 0, 3994, step), WOK_ELIMIT);
		ASSERT_EQ(parse_sized(4, 10, 1000, 0, step), WOK_ELIMIT);
	}
	/* a header that never ends */
	char *endless = malloc(5000);
	memset(endless, 'h', 5000);
	memcpy(endless, "--b\r\n", 5);
	struct parts result = parts_parse("b", endless, 5000, 1, NULL);
	ASSERT_EQ(result.result, WOK_ELIMIT);
	free(result.text);
	free(endless);
}

TEST(a_boundary_must_be_one, "server-8")
{
	struct wok__multipart parser;
	char longest[72];

	memset(longest, 'x', sizeof(longest));
	ASSERT_OK(wok__multipart_init(&parser, (wok_view){longest, 70}, &parts_limits));
	ASSERT_ERR(wok__multipart_init(&parser, (wok_view){longest, 71}, &parts_limits), -EINVAL);
	ASSERT_ERR(wok__multipart_init(&parser, (wok_view){"", 0}, &parts_limits), -EINVAL);
	ASSERT_ERR(wok__multipart_init(&parser, (wok_view){"a\rb", 3}, &parts_limits), -EINVAL);
	ASSERT_ERR(wok__multipart_init(&parser, (wok_view){"a\0b", 3}, &parts_limits), -EINVAL);
	ASSERT_ERR(wok__multipart_init(&parser, (wok_view){"a b", 3}, &parts_limits), -EINVAL);
	ASSERT_OK(wok__multipart_init(&parser, (wok_view){"0'()+_,-./:=?z", 14}, &parts_limits));
}

/* The time must not depend on what the data looks like. */
TEST(data_full_of_line_ends_is_searched_once)
{
	size_t size = 4 << 20;
	char *data = malloc(size);
	struct wok__multipart_limits limits = {
		.parts = 1, .head = 100, .part = UINT64_MAX, .bytes = UINT64_MAX};

	for (size_t i = 0; i < size; i += 4)
		memcpy(data + i, i % 8 ? "\r\n--" : "\r\r\r\n", 4);
	memcpy(data, "--b\r\n\r\nx", 8);
	struct parts result = parts_parse("b", data, size, 0, &limits);
	ASSERT_EQ(result.result, WOK_EEOF);
	free(result.text);
	free(data);
}
