/* SPDX-License-Identifier: MIT */
/* Requests that are fine: what the parser says about them. */
#include "http/h1_check.h"

static struct wok__h1_field fields[16];

static void parse_bytes(const char *head, size_t size, struct wok__h1_request *ret_request)
{
	int r = wok__h1_parse_request(head, size, NULL, fields, 16, ret_request);
	if (r < 0)
		FAIL("%s: %s", head, wok__h1_strerror(r));
}

static void parse(const char *head, struct wok__h1_request *ret_request)
{
	parse_bytes(head, strlen(head), ret_request);
}

static void check_span(const char *head, const char *what, struct wok__h1_span span,
		       const char *expected)
{
	if (expected == NULL ? span.data != NULL
			     : span.data == NULL || span.size != strlen(expected) ||
				       memcmp(span.data, expected, span.size) != 0)
		FAIL("%s: %s is \"%.*s\"", head, what, (int) span.size,
		     span.data != NULL ? span.data : "");
}

TEST(a_target_is_split_by_its_form)
{
	static const struct {
		const char *head;
		enum wok__h1_form form;
		const char *scheme, *authority, *path, *query, *host;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", WOK__H1_ORIGIN_FORM, NULL, NULL, "/", NULL,
		 "a"},
		{"GET /b/c?d=e?f HTTP/1.1\r\nHost: a:8\r\n\r\n", WOK__H1_ORIGIN_FORM, NULL, NULL,
		 "/b/c", "d=e?f", "a:8"},
		{"GET /? HTTP/1.1\r\nHost: a\r\n\r\n", WOK__H1_ORIGIN_FORM, NULL, NULL, "/", "",
		 "a"},
		{"GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n", WOK__H1_ORIGIN_FORM, NULL, NULL, "//b/c",
		 NULL, "a"},
		{"GET /%28%2F%40 HTTP/1.0\r\n\r\n", WOK__H1_ORIGIN_FORM, NULL, NULL, "/%28%2F%40",
		 NULL, NULL},
		{"GET http://A.b:8/c?d HTTP/1.1\r\nHost: a.B:8\r\n\r\n", WOK__H1_ABSOLUTE_FORM,
		 "http", "A.b:8", "/c", "d", "A.b:8"},
		{"GET https://a HTTP/1.1\r\nHost: a\r\n\r\n", WOK__H1_ABSOLUTE_FORM, "https", "a",
		 "", NULL, "a"},
		{"GET http://a?b HTTP/1.0\r\n\r\n", WOK__H1_ABSOLUTE_FORM, "http", "a", "", "b",
		 "a"},
		{"GET http://[::1]:80/ HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", WOK__H1_ABSOLUTE_FORM,
		 "http", "[::1]:80", "/", NULL, "[::1]:80"},
		{"CONNECT a:443 HTTP/1.1\r\nHost: b\r\n\r\n", WOK__H1_AUTHORITY_FORM, NULL, "a:443",
		 NULL, NULL, "a:443"},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", WOK__H1_ASTERISK_FORM, NULL, NULL, NULL,
		 NULL, "a"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wok__h1_request request;
		parse(rows[i].head, &request);
		ASSERT_EQ(request.form, rows[i].form);
		check_span(rows[i].head, "scheme", request.scheme, rows[i].scheme);
		check_span(rows[i].head, "authority", request.authority, rows[i].authority);
		check_span(rows[i].head, "path", request.path, rows[i].path);
		check_span(rows[i].head, "query", request.query, rows[i].query);
		check_span(rows[i].head, "host", request.host, rows[i].host);
	}
}

TEST(methods_are_told_apart_and_unknown_ones_are_kept)
{
	static const struct {
		const char *name;
		enum wok__h1_method id;
	} rows[] = {
		{"GET", WOK__H1_GET},        {"HEAD", WOK__H1_HEAD},
		{"POST", WOK__H1_POST},      {"PUT", WOK__H1_PUT},
		{"DELETE", WOK__H1_DELETE},  {"PATCH", WOK__H1_PATCH},
		{"TRACE", WOK__H1_TRACE},    {"OPTIONS", WOK__H1_OPTIONS},
		{"get", WOK__H1_OTHER},      {"GETS", WOK__H1_OTHER},
		{"GE", WOK__H1_OTHER},       {"PURGE", WOK__H1_OTHER},
		{"PROPFIND", WOK__H1_OTHER}, {"!#$%&'*+-.^_`|~", WOK__H1_OTHER},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char head[64];
		struct wok__h1_request request;
		snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].name);
		parse(head, &request);
		ASSERT_EQ(request.method_id, rows[i].id);
		check_span(head, "method", request.method, rows[i].name);
	}
}

TEST(fields_are_spans_of_the_head_and_known_names_have_ids)
{
	static const char head[] = "\r\nPOST / HTTP/1.1\r\nhOST:\t a \t\r\ncontent-LENGTH:7\r\n"
				   "X-A:\r\nX-B: \t\r\nX-C: b  c\t d\r\nX-D: \x85"
				   "e\xa0\r\n\r\n";
	static const struct {
		const char *name, *value;
		enum wok__h1_name id;
	} rows[] = {
		{"hOST", "a", WOK__H1_HOST},
		{"content-LENGTH", "7", WOK__H1_CONTENT_LENGTH},
		{"X-A", "", WOK__H1_UNKNOWN},
		{"X-B", "", WOK__H1_UNKNOWN},
		{"X-C", "b  c\t d", WOK__H1_UNKNOWN},
		{"X-D",
		 "\x85"
		 "e\xa0",
		 WOK__H1_UNKNOWN},
	};
	struct wok__h1_request request;

	parse_bytes(BYTES(head), &request);
	ASSERT_EQ(request.message.fields, sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_span(head, "name", wok__h1_name_of(head, &fields[i]), rows[i].name);
		check_span(head, "value", wok__h1_value_of(head, &fields[i]), rows[i].value);
		ASSERT_EQ(fields[i].id, rows[i].id);
	}
	ASSERT(wok__h1_has(&request.message, WOK__H1_HOST));
	ASSERT(!wok__h1_has(&request.message, WOK__H1_TE));
	ASSERT(wok__h1_find(fields, 6, 0, WOK__H1_CONTENT_LENGTH) == &fields[1]);
	ASSERT(wok__h1_find(fields, 6, 2, WOK__H1_CONTENT_LENGTH) == NULL);
}

TEST(a_request_says_whether_the_connection_goes_on)
{
	static const struct {
		const char *rest;
		bool keep_alive, close, upgrade;
	} rows[] = {
		{"1.1\r\nHost: a\r\n\r\n", true, false, false},
		{"1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false, true, false},
		{"1.1\r\nHost: a\r\nConnection: Keep-Alive\r\nConnection: CLOSE\r\n\r\n", false,
		 true, false},
		{"1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true, false, false},
		{"1.1\r\nHost: a\r\nConnection: , x ,, close,\r\n\r\n", false, true, false},
		{"1.0\r\n\r\n", false, false, false},
		{"1.0\r\nConnection: keep-alive\r\n\r\n", true, false, false},
		{"1.0\r\nConnection: x,\tKEEP-alive\r\n\r\n", true, false, false},
		{"1.0\r\nConnection: keep-alive, close\r\n\r\n", false, true, false},
		{"1.0\r\nProxy-Connection: keep-alive\r\n\r\n", false, false, false},
		/* item 45 */
		{"1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", true, false, true},
		{"1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: x\r\n\r\n", true,
		 false, true},
		{"1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n", true, false, false},
		{"1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n", true, false, false},
		{"1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", false, false, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char head[128];
		struct wok__h1_request request;
		snprintf(head, sizeof(head), "GET / HTTP/%s", rows[i].rest);
		parse(head, &request);
		if (request.message.keep_alive != rows[i].keep_alive ||
		    request.message.close != rows[i].close ||
		    request.message.upgrade != rows[i].upgrade)
			FAIL("%s: keep_alive %d, close %d, upgrade %d", head,
			     request.message.keep_alive, request.message.close,
			     request.message.upgrade);
	}
}

TEST(an_expectation_counts_if_a_body_follows_and_the_version_has_it)
{
	static const struct {
		const char *rest;
		bool go_on, unknown;
	} rows[] = {
		{"1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", true,
		 false},
		{"1.1\r\nHost: a\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
		 true, false},
		{"1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", false,
		 false},
		{"1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", false, false},
		{"1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", false, false},
		{"1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\n", false, true},
		{"1.1\r\nHost: a\r\nExpect: 100-continue, x\r\nContent-Length: 5\r\n\r\n", false,
		 true},
		{"1.1\r\nHost: a\r\nExpect:\r\n\r\n", false, true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char head[128];
		struct wok__h1_request request;
		snprintf(head, sizeof(head), "PUT / HTTP/%s", rows[i].rest);
		parse(head, &request);
		if (request.expect_continue != rows[i].go_on ||
		    request.expect_unknown != rows[i].unknown)
			FAIL("%s: %d, %d", head, request.expect_continue, request.expect_unknown);
	}
}

TEST(a_request_has_a_body_only_if_it_says_so)
{
	struct wok__h1_request request;

	parse("POST / HTTP/1.1\r\nHost: a\r\n\r\n", &request);
	ASSERT_EQ(request.message.framing, WOK__H1_NONE);
	parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", &request);
	ASSERT_EQ(request.message.framing, WOK__H1_LENGTH);
	ASSERT_EQ(request.message.content_length, INT64_MAX);
	parse("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", &request);
	ASSERT_EQ(request.message.framing, WOK__H1_CHUNKED);
	ASSERT_EQ(request.message.content_length, 0);
}

TEST(a_failed_parse_writes_nothing_but_the_place)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n";
	struct wok__h1_request request, before;

	memset(&request, 0x5a, sizeof(request));
	before = request;
	ASSERT_ERR(wok__h1_parse_request(BYTES(head), NULL, fields, 16, &request),
		   WOK__H1_BAD_FIELD_NAME);
	ASSERT_EQ(request.error_offset, strchr(head, 'X') + 1 - head);
	before.error_offset = request.error_offset;
	ASSERT_MEM(&request, &before, sizeof(request));
}

/* The parser never trusts the scan: a head cut off anywhere is refused, and nothing behind read. */
TEST(a_head_that_is_not_whole_is_refused_by_the_parser_itself)
{
	static const char head[] = "POST /p?q HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
	struct wok__h1_request request;

	for (size_t size = 0; size < sizeof(head) - 1; size++) {
		char *copy = malloc(size + (size == 0));
		memcpy(copy, head, size);
		ASSERT(wok__h1_parse_request(copy, size, NULL, fields, 16, &request) < 0);
		free(copy);
	}
	ASSERT_ERR(wok__h1_parse_request(head, sizeof(head), NULL, fields, 16, &request),
		   WOK__H1_HEAD_INCOMPLETE); /* one byte too many */
}

TEST(pipelined_requests_come_out_one_by_one)
{
	expect_messages(
		(struct transcript){0}, "pipeline",
		BYTES("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
		      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		      "\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		      "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n"
		      "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n"),
		4);
}

TEST(a_list_is_walked_member_by_member)
{
	struct wok__h1_span rest = {BYTES(" , a,b c\t,, \"d,\"\xa0")}, item;
	static const char *const items[] = {"a", "b c", "\"d", "\"\xa0"};

	for (size_t i = 0; i < 4; i++) {
		ASSERT(wok__h1_list_next(&rest, &item));
		check_span("list", "item", item, items[i]);
	}
	ASSERT(!wok__h1_list_next(&rest, &item));
	ASSERT(!wok__h1_list_next(&rest, &item));
}
