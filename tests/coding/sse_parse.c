/* SPDX-License-Identifier: MIT */
/* The codec of server-sent events. */
#include "coding/sse_check.h"

#include "harness/test.h"

static void expect_events(const char *data, size_t size, const char *expected)
{
	for (long step = -(long) size; step <= (long) size; step++) {
		struct events events = events_parse(data, size, step, 1000);
		ASSERT_OK(events.result);
		if (strcmp(events.text.data, expected) != 0)
			FAIL("\"%s\" in steps of %ld is \"%s\"", data, step, events.text.data);
		wok__buffer_free(&events.text);
	}
}

#define EVENTS(data, expected) expect_events(data, sizeof(data) - 1, expected)

TEST(events_are_read_by_the_rules_however_their_bytes_are_cut, "http-68")
{
	EVENTS("data: hello\n\n", "message||hello;");
	/* lines are joined; one blank belongs to the syntax, the second one to the data */
	EVENTS("data: a\ndata:b\ndata:  c\n\n", "message||a\nb\n c;");
	/* ends of lines, and mixed ones */
	EVENTS("data: a\r\rdata: b\r\n\r\ndata: c\n\n", "message||a;message||b;message||c;");
	EVENTS("data: a\r\n\ndata: b\r\r\n", "message||a;message||b;");
	/* a mark in front, and only there */
	EVENTS("\xef\xbb\xbf"
	       "data: a\n\n\xef\xbb\xbf"
	       "data: b\n\n",
	       "message||a;");
	/* comments, unknown fields, lines without a colon */
	EVENTS(": comment\n:\ndata: a\nfoo: bar\nfoo\nDATA: b\n data: c\n\n", "message||a;");
	EVENTS("data\n\ndata\ndata\n\ndata:\n\n", "message||;message||\n;message||;");
	EVENTS("event: x\ndata: a: b\n\n", "x||a: b;");
	/* without data there is no event, and its type is forgotten */
	EVENTS("event: x\n\ndata: a\n\n", "message||a;");
	EVENTS("event: x\nevent: y\ndata: a\n\nevent: x\nevent:\ndata: b\n\n", "y||a;message||b;");
	/* an id stays until another comes; an empty one takes it back; without data, too */
	EVENTS("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 2\n\ndata: d\n\n",
	       "message|1|a;message|1|b;message||c;message|2|d;");
	/* one with a NUL, or what cannot be sent back, is none */
	EVENTS("id: 1\nid: a\0b\nid: \x01\ndata: a\n\n", "message|1|a;");
	/* what is not complete is no event */
	EVENTS("data: a\n\ndata: b\n", "message||a;");
	EVENTS("data: a\n\nid: 7\ndata: b", "message||a;");
	EVENTS("", "");
	EVENTS("\n\r\n\r", "");
}

static wok_time retry_of(const char *text)
{
	struct events events = events_parse(text, strlen(text), 1, 1000);

	wok__buffer_free(&events.text);
	return events.retry;
}

TEST(a_time_to_reconnect_is_digits_and_nothing_else, "http-68")
{
	ASSERT_EQ(retry_of("retry: 1500\n"), 1500 * WOK_MS);
	ASSERT_EQ(retry_of("retry:0\n"), 0);
	ASSERT_EQ(retry_of("retry: 10\nretry: 1.5\n"), 10 * WOK_MS);
	ASSERT_EQ(retry_of("retry: -1\n"), -1);
	ASSERT_EQ(retry_of("retry: 1s\n"), -1);
	ASSERT_EQ(retry_of("retry:  1\n"), -1);
	ASSERT_EQ(retry_of("retry\n"), -1);
	ASSERT_EQ(retry_of("retry: 99999999999999999999\n"), -1);
}

TEST(a_line_or_an_event_that_never_ends_is_stopped_at_its_limit, "http-68")
{
	char *text = malloc(5000), *p = text;

	memset(text, 'x', 5000);
	for (long step = 0; step < 2000; step += 333) {
		struct events events = events_parse(text, 5000, step, 1000);
		ASSERT_EQ(events.result, WOK_ELIMIT);
		wok__buffer_free(&events.text);
	}
	for (int i = 0; i < 500; i++)
		p = stpcpy(p, "data: x\n");
	struct events events = events_parse(text, (size_t) (p - text), 1, 1000);
	ASSERT_EQ(events.result, 0); /* a thousand, each with its line's end */
	wok__buffer_free(&events.text);
	p = stpcpy(p, "data: \n\n");
	events = events_parse(text, (size_t) (p - text), 1, 1000);
	ASSERT_EQ(events.result, WOK_ELIMIT);
	wok__buffer_free(&events.text);
	free(text);
}
