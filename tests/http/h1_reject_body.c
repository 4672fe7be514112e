/* SPDX-License-Identifier: MIT */
/* The must-reject list of behaviours/http.md, framing and chunks of requests: items 1 to 17. */
#include "http/h1_reject_body.h"

TEST(ambiguous_or_malformed_framing_fields_are_refused)
{
	CHECK_REJECTIONS((struct transcript){0}, framing);
}

TEST(a_malformed_chunk_is_refused_however_it_is_cut)
{
	CHECK_REJECTIONS((struct transcript){0}, chunks);
}

/* Items 5 and 17. */
TEST(trailers_are_kept_apart_and_those_that_would_matter_are_dropped, "http-50")
{
	static const char *const dropped[] = {
		"Content-Length", "Transfer-Encoding", "Host",       "Authorization",
		"Content-Type",   "Trailer",           "Set-Cookie", "Cookie",
		"Content-Foo",    "CONTENT-x",         "Connection", "TE",
	};
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		char text[256];
		int size = snprintf(text, sizeof(text),
				    CHUNKS("0\r\nX-First: 1\r\n%s: 5\r\nETag: \"x\"\r\n\r\n")
					    GOOD_CHUNKS,
				    dropped[i]);
		struct transcript t =
			run_all_cuts((struct transcript){0}, dropped[i], text, (size_t) size);
		ASSERT_EQ(t.error, 0);
		ASSERT_EQ(t.messages, 2); /* and the length in the trailers moved nothing */
		ASSERT_EQ(t.trailers, 2);
		transcript_free(&t);
	}
}

TEST(trailers_never_show_among_the_fields_of_the_head, "http-50")
{
	static const char text[] = CHUNKS("1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n");
	struct wok__h1_scan scan = WOK__H1_SCAN_REQUEST;
	struct wok__h1_field fields[8];
	struct wok__h1_request request;
	struct wok__h1_span piece;
	struct wok__h1_body body;
	size_t head, n, count;

	ASSERT_EQ(wok__h1_scan_head(&scan, text, sizeof(text) - 1, NULL, &head), 1);
	ASSERT_OK(wok__h1_parse_request(text, head, NULL, fields, 8, &request));
	ASSERT_EQ(request.message.fields, 2);
	ASSERT_OK(wok__h1_body_init(&body, request.message.framing, 0, NULL));
	ASSERT_EQ(wok__h1_body_feed(&body, text + head, sizeof(text) - 1 - head, &n, &piece),
		  WOK__H1_DATA);
	head += n;
	ASSERT_EQ(wok__h1_body_feed(&body, text + head, sizeof(text) - 1 - head, &n, &piece),
		  WOK__H1_END);
	ASSERT_OK(wok__h1_parse_trailers(&body, fields, 8, &count));
	ASSERT_EQ(count, 1);
	ASSERT_MEM(body.trailers.data + fields[0].name, "X-Sum", 5);
	ASSERT_MEM(body.trailers.data + fields[0].value, "7", 1);
	ASSERT_EQ(wok__h1_parse_trailers(&body, fields, 0, &count), WOK__H1_TOO_MANY_TRAILERS);
}

/* Item 42. */
TEST(the_body_of_a_get_is_read_before_the_next_request)
{
	static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "DELETE"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		char text[256];
		int size = snprintf(text, sizeof(text),
				    "%s / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\n"
				    "GET /no HTTP/1.1\r\nHost: a\r\n" GOOD_CHUNKS,
				    methods[i]);
		expect_messages((struct transcript){0}, methods[i], text, (size_t) size, 2);
	}
}
