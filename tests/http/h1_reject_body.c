/* SPDX-License-Identifier: MIT */
/* The must-reject list of behaviours/http.md, framing and chunks of requests: items 1 to 17. */
#include "http/h1_check.h"

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CL(value) POST "Content-Length:" value "\r\n\r\nhello"
#define TE(value) POST "Transfer-Encoding:" value "\r\n\r\n0\r\n\r\n"
#define CHUNKS(body) POST "Transfer-Encoding: chunked\r\n\r\n" body
#define GOOD_CL CL(" 5")
#define GOOD_TE TE(" chunked")
#define GOOD_CHUNKS CHUNKS("5\r\nhello\r\n0\r\n\r\n")

static const struct rejection framing[] = {
	REJECT(1, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	       CL_AND_TE, 400, GOOD_TE),
	REJECT(1, POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
	       CL_AND_TE, 400, GOOD_TE),
	REJECT(2, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", DUPLICATE_CL, 400,
	       GOOD_CL),
	REJECT(2, POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello", DUPLICATE_CL, 400,
	       GOOD_CL),
	REJECT(3, CL(" 5, 6"), BAD_CL, 400, GOOD_CL),
	REJECT(3, CL(" 5, 5"), BAD_CL, 400, GOOD_CL),
	REJECT(3, CL(" 5,"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" +5"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" -5"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" -0"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" 0x5"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" 5_0"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" 5 0"), BAD_CL, 400, CL("\t5\t")),
	REJECT(4, CL(" 1Z"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" 5.0"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" 5e0"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(""), BAD_CL, 400, CL("5")),
	REJECT(4, CL(" "), BAD_CL, 400, CL(" 5 ")),
	REJECT(4, CL(" 9223372036854775808"), BAD_CL, 400, CL(" 0000000000000000000005")),
	REJECT(4, CL(" 18446744073709551621"), BAD_CL, 400, GOOD_CL), /* 2^64 + 5 */
	REJECT(4, CL(" 99999999999999999999999999"), BAD_CL, 400, GOOD_CL),
	REJECT(4,
	       CL(" \xa0"
		  "5"),
	       BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" 5\xa0"), BAD_CL, 400, GOOD_CL),
	REJECT(4, CL(" \xd9\xa5"), BAD_CL, 400, GOOD_CL), /* an Arabic five */
	REJECT(4, CL(" \"5\""), BAD_CL, 400, GOOD_CL),
	REJECT(6, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", TE_IN_HTTP10,
	       400, "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"),
	REJECT(7, TE(" chunked, gzip"), BAD_TE, 400, GOOD_TE),
	REJECT(7, TE(" gzip"), BAD_TE, 400, GOOD_TE),
	REJECT(7, TE(" identity"), BAD_TE, 400, GOOD_TE),
	REJECT(7, TE(" xchunked"), BAD_TE, 400, GOOD_TE),
	REJECT(7, TE(" chunkedchunked"), BAD_TE, 400, GOOD_TE),
	REJECT(7, TE(" chunke"), BAD_TE, 400, GOOD_TE),
	REJECT(7, TE(" gzip, chunked"), UNSUPPORTED_TE, 501, GOOD_TE),
	REJECT(7, TE(" identity, chunked"), UNSUPPORTED_TE, 501, GOOD_TE),
	REJECT(8, TE(" chunked, chunked"), BAD_TE, 400, GOOD_TE),
	REJECT(8, TE(" chunked, gzip, chunked"), BAD_TE, 400, GOOD_TE),
	REJECT(8, TE(" chunked\r\nTransfer-Encoding: chunked"), DUPLICATE_TE, 400, GOOD_TE),
	REJECT(8, TE(" gzip\r\nTransfer-Encoding: chunked"), DUPLICATE_TE, 400, GOOD_TE),
	REJECT(8, TE(" chunked\r\nTransfer-Encoding: identity"), DUPLICATE_TE, 400, GOOD_TE),
	REJECT(9, TE(""), BAD_TE, 400, TE("chunked")),
	REJECT(9, TE(" ,"), BAD_TE, 400, TE("\tCHUNKED ")),
	REJECT(10, TE(" chunked;a=b"), BAD_TE, 400, GOOD_TE),
	REJECT(10, TE(" chunked;"), BAD_TE, 400, GOOD_TE),
	REJECT(10, TE(" gzip;q=1, chunked"), BAD_TE, 400, GOOD_TE),
	REJECT(10, TE(" \"chunked\""), BAD_TE, 400, GOOD_TE),
	REJECT(11,
	       TE(" \x0b"
		  "chunked"),
	       CONTROL_BYTE, 400, GOOD_TE),
	REJECT(11, TE(" chunked\x0b"), CONTROL_BYTE, 400, GOOD_TE),
	REJECT(11,
	       TE(" \x0c"
		  "chunked"),
	       CONTROL_BYTE, 400, GOOD_TE),
	REJECT(11, TE(" chunked\x0c"), CONTROL_BYTE, 400, GOOD_TE),
	REJECT(11,
	       TE(" \x00"
		  "chunked"),
	       CONTROL_BYTE, 400, GOOD_TE),
	REJECT(11, TE(" chunked\x00"), CONTROL_BYTE, 400, GOOD_TE),
	REJECT(11,
	       TE(" \x85"
		  "chunked"),
	       BAD_TE, 400, GOOD_TE),
	REJECT(11, TE(" chunked\x85"), BAD_TE, 400, GOOD_TE),
	REJECT(11,
	       TE(" \xa0"
		  "chunked"),
	       BAD_TE, 400, GOOD_TE),
	REJECT(11, TE(" chunked\xa0"), BAD_TE, 400, GOOD_TE),
	REJECT(11, TE(" ,chunked"), BAD_TE, 400, GOOD_TE),
	REJECT(11, TE(" chunked,"), BAD_TE, 400, GOOD_TE),
	REJECT(11, TE(" gzip,,chunked"), BAD_TE, 400, GOOD_TE),
};

static const struct rejection chunks[] = {
	REJECT(12, CHUNKS("\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS(";a=b\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400,
	       CHUNKS("5;a=b\r\nhello\r\n0\r\n\r\n")),
	REJECT(12, CHUNKS("+5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("-5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("-0\r\n\r\n"), BAD_CHUNK_SIZE, 400, CHUNKS("00\r\n\r\n")),
	REJECT(12, CHUNKS("0x5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("0_5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS(" 5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("5 \r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("5\t\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("5 ;a\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400,
	       CHUNKS("5;a\r\nhello\r\n0\r\n\r\n")),
	REJECT(12, CHUNKS("5g\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("\xb5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(12, CHUNKS("10000000000000005\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400,
	       CHUNKS("0000000000000005\r\nhello\r\n0\r\n\r\n")),
	REJECT(12, CHUNKS("00000000000000005\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400,
	       CHUNKS("0000000000000005\r\nhello\r\n0\r\n\r\n")),
	REJECT(13, CHUNKS("5\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(13, CHUNKS("5\rXhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(13, CHUNKS("5\r\r;hello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(13, CHUNKS("5\r\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(13, CHUNKS("5\r\nhello\r\n0\n\r\n"), BAD_CHUNK_SIZE, 400, GOOD_CHUNKS),
	REJECT(14, CHUNKS("5;\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;;a\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a;b\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5; a\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a =b\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=b\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;@=b\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;!#$%&'*+-.^_`|~=b\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;=b\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=b\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"\"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=b=c\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=b;c=d\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"b\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"b\"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"b\\\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"b\\\"\"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"b\";c\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=b\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"b; c, d\"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a\x01\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a1\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"\x00\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"\x80\"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"\t\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\" \"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"\\\x7f\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\"\\~\"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a\rb\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_SIZE, 400,
	       CHUNKS("5;ab\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a\nb\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;ab\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\" \"\r\nhello\r\n0\r\n\r\n")),
	REJECT(14, CHUNKS("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_EXT, 400,
	       CHUNKS("5;a=\" \"\r\nhello\r\n0\r\n\r\n")),
	REJECT(15, CHUNKS("5\r\nhelloX\r\n0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("5\r\nhelloX\n0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("5\r\nhello0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("5\r\nhello\n0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("5\r\nhello\r0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("5\r\nhello\r\r\n0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("4\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(15, CHUNKS("6\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK_END, 400, GOOD_CHUNKS),
	REJECT(16, CHUNKS("0\r\nX\r\n\r\n"), NO_COLON, 400, CHUNKS("0\r\nX:\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\n\n"), BARE_LF, 400, CHUNKS("0\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\n\rX"), BARE_CR, 400, CHUNKS("0\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\nX: a\n\r\n"), BARE_LF, 400, CHUNKS("0\r\nX: a\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\n: a\r\n\r\n"), BAD_FIELD_NAME, 400, CHUNKS("0\r\nX: a\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\nX : a\r\n\r\n"), SPACE_BEFORE_COLON, 400,
	       CHUNKS("0\r\nX: a\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\nX: a\r\n b\r\n\r\n"), OBS_FOLD, 400, CHUNKS("0\r\nX: a b\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\n X: a\r\n\r\n"), OBS_FOLD, 400, CHUNKS("0\r\nX: a\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\nX: a\x00\r\n\r\n"), CONTROL_BYTE, 400, CHUNKS("0\r\nX: a\r\n\r\n")),
	REJECT(16, CHUNKS("0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD_FIELD_NAME, 400,
	       CHUNKS("0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")),
};

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
