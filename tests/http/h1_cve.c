/* SPDX-License-Identifier: MIT */
/*
 * Other people's vulnerabilities, one test each: the CVE trail of behaviours/http.md, as far as it
 * concerns a codec. The inputs are made up from the advisories' descriptions.
 */
#include "http/h1_check.h"

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define TE_CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct transcript server = {0};
static const struct transcript client = {.flags = WOK__H1_RESPONSE};

TEST(cve_2021_22959_space_before_the_colon_hides_a_length)
{
	expect_error(server, "CL", BYTES(POST "Content-Length : 5\r\n\r\nhello"),
		     WOK__H1_SPACE_BEFORE_COLON);
	expect_error(server, "TE", BYTES(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
		     WOK__H1_SPACE_BEFORE_COLON);
}

TEST(cve_2021_22960_a_chunk_extension_swallows_a_line_feed)
{
	expect_error(server, "LF",
		     BYTES(TE_CHUNKED "2;\nxx\r\n4c\r\n0\r\n\r\n" SMUGGLED "\r\n0\r\n\r\n"),
		     WOK__H1_BAD_CHUNK_EXT);
}

TEST(cve_2022_32213_transfer_encoding_that_ends_in_something_else)
{
	expect_error(server, "chunkedchunked",
		     BYTES(POST "Transfer-Encoding: chunkedchunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
		     WOK__H1_BAD_TE);
	expect_error(
		server, "eee, chunked",
		BYTES(POST "Transfer-Encoding: chunked, eee\r\nContent-Length: 4\r\n\r\n" SMUGGLED),
		WOK__H1_BAD_TE);
}

TEST(cve_2022_32214_a_line_feed_alone_delimits_a_field)
{
	expect_error(server, "LF",
		     BYTES(POST "Content-Length: 0\nTransfer-Encoding: chunked\r\n\r\n" SMUGGLED),
		     WOK__H1_BARE_LF);
}

TEST(cve_2022_32215_transfer_encoding_on_two_lines)
{
	expect_error(server, "folded",
		     BYTES(POST "Transfer-Encoding: chunked,\r\n identity\r\n\r\n0\r\n\r\n"),
		     WOK__H1_OBS_FOLD);
	expect_error(
		server, "repeated",
		BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"),
		WOK__H1_DUPLICATE_TE);
}

TEST(cve_2023_30589_a_carriage_return_alone_delimits_a_field)
{
	expect_error(server, "CR", BYTES(POST "X: a\rContent-Length: 30\r\n\r\n" SMUGGLED),
		     WOK__H1_BARE_CR);
	expect_error(server, "CR X",
		     BYTES("GET / HTTP/1.1\r\nHost: a\r\n\rContent-Length: 1\r\n\r\nA"),
		     WOK__H1_BARE_CR);
}

TEST(cve_2024_27982_a_content_length_on_a_folded_line)
{
	expect_error(server, "fold first",
		     BYTES("POST / HTTP/1.1\r\n Content-Length: 33\r\nHost: a\r\n\r\n"),
		     WOK__H1_OBS_FOLD);
	expect_error(server, "fold", BYTES(POST " Content-Length: 33\r\n\r\n" SMUGGLED),
		     WOK__H1_OBS_FOLD);
}

TEST(ghsa_pjjw_qhg8_p2p9_names_and_lengths_that_no_grammar_allows)
{
	expect_error(server, "sign", BYTES(POST "Content-Length: +0\r\n\r\n"), WOK__H1_BAD_CL);
	expect_error(server, "separators", BYTES(POST "Conte/nt-Length: 1\r\n\r\n"),
		     WOK__H1_BAD_FIELD_NAME);
	expect_error(server, "size", BYTES(TE_CHUNKED "0x1\r\na\r\n0\r\n\r\n"),
		     WOK__H1_BAD_CHUNK_SIZE);
	expect_error(server, "size", BYTES(TE_CHUNKED "+1\r\na\r\n0\r\n\r\n"),
		     WOK__H1_BAD_CHUNK_SIZE);
}

TEST(cve_2023_37276_a_nul_or_cr_inside_a_field)
{
	expect_error(server, "NUL", BYTES(POST "X\0Content-Length: 1\r\n\r\n"),
		     WOK__H1_CONTROL_BYTE);
	expect_error(server, "CR", BYTES(POST "Xx: \rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		     WOK__H1_BARE_CR);
}

TEST(cve_2023_47627_numbers_versions_and_names_taken_too_freely)
{
	expect_error(server, "CL", BYTES(POST "Content-Length: 1_0\r\n\r\n"), WOK__H1_BAD_CL);
	expect_error(server, "CL", BYTES(POST "Content-Length: -1\r\n\r\n"), WOK__H1_BAD_CL);
	expect_error(server, "version", BYTES("GET / HTTP/1.1\xc2\xb2\r\nHost: a\r\n\r\n"),
		     WOK__H1_BAD_VERSION);
	expect_error(server, "name", BYTES(POST "X\xa0: 1\r\n\r\n"), WOK__H1_BAD_FIELD_NAME);
}

TEST(cve_2023_47641_both_lengths_in_one_request)
{
	expect_error(server, "both",
		     BYTES(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		     WOK__H1_CL_AND_TE);
}

TEST(cve_2023_49082_a_method_that_carries_a_line_end)
{
	static const char method[] = "GET / HTTP/1.1\r\nX:";
	char buf[64];
	ASSERT(!wok__h1_valid_token(BYTES(method)));
	ASSERT(wok__h1_put_request_line(buf, sizeof(buf), (struct wok__h1_span){BYTES(method)},
					(struct wok__h1_span){BYTES("/")}) < 0);
}

TEST(cve_2024_23829_a_separator_in_a_name_or_blanks_in_a_version)
{
	expect_error(server, "name", BYTES(POST "(x): 1\r\n\r\n"), WOK__H1_BAD_FIELD_NAME);
	expect_error(server, "method", BYTES("G{T / HTTP/1.1\r\nHost: a\r\n\r\n"),
		     WOK__H1_BAD_METHOD);
	expect_error(server, "version", BYTES("GET / HTTP/1. 1\r\nHost: a\r\n\r\n"),
		     WOK__H1_BAD_VERSION);
}

TEST(cve_2024_52304_a_line_feed_in_a_chunk_extension)
{
	expect_error(server, "LF", BYTES(TE_CHUNKED "1;a\n;b\r\nx\r\n0\r\n\r\n"),
		     WOK__H1_BAD_CHUNK_EXT);
}

TEST(cve_2024_30251_a_field_that_never_ends)
{
	struct wok__h1_limits limits = WOK__H1_LIMITS_DEFAULT;
	limits.field_line = 40;
	struct transcript t = {.limits = &limits, .no_eof = true};
	expect_error(t, "no end",
		     BYTES(POST "X: 012345678901234567890123456789012345678901234567890"),
		     WOK__H1_FIELD_TOO_LONG);
}

TEST(cve_2025_53643_trailers_are_parsed_and_do_not_reach_the_next_request)
{
	expect_messages(server, "trailers",
			BYTES(TE_CHUNKED "0\r\nX: y\r\nContent-Length: 30\r\n\r\n" SMUGGLED), 2);
	expect_error(server, "garbage", BYTES(TE_CHUNKED "0\r\n" SMUGGLED), WOK__H1_BAD_FIELD_NAME);
}

TEST(cve_2025_69224_digits_of_other_scripts_are_no_digits)
{
	expect_error(server, "CL", BYTES(POST "Content-Length: \xef\xbc\x91\r\n\r\n"),
		     WOK__H1_BAD_CL);
	expect_error(server, "chunk", BYTES(TE_CHUNKED "\xd9\xa1\r\nx\r\n0\r\n\r\n"),
		     WOK__H1_BAD_CHUNK_SIZE);
	expect_error(server, "version", BYTES("GET / HTTP/1.\xd9\xa1\r\nHost: a\r\n\r\n"),
		     WOK__H1_BAD_VERSION);
	expect_error(client, "status",
		     BYTES("HTTP/1.1 2\xd9\xa0"
			   "0 OK\r\n\r\n"),
		     WOK__H1_BAD_STATUS);
}

TEST(cve_2025_69229_many_tiny_chunks_run_out_of_budget)
{
	struct wok__h1_limits limits = WOK__H1_LIMITS_DEFAULT;
	limits.chunk_overhead = 20;
	struct transcript t = {.limits = &limits};
	expect_error(t, "tiny",
		     BYTES(TE_CHUNKED
			   "1;a=\"bcdefg\"\r\nx\r\n1;a=\"bcdefg\"\r\ny\r\n1\r\nz\r\n0\r\n\r\n"),
		     WOK__H1_CHUNK_OVERHEAD);
}

TEST(cve_2026_22815_trailers_are_capped)
{
	struct wok__h1_limits limits = WOK__H1_LIMITS_DEFAULT;
	limits.trailer_fields = 2;
	struct transcript t = {.limits = &limits};
	expect_error(t, "count", BYTES(TE_CHUNKED "0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n"),
		     WOK__H1_TOO_MANY_TRAILERS);
	limits.trailer_fields = 100;
	limits.trailer_bytes = 16;
	expect_error(t, "bytes", BYTES(TE_CHUNKED "0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n"),
		     WOK__H1_TRAILERS_TOO_LARGE);
}

TEST(cve_2026_34519_a_reason_that_carries_a_line_end)
{
	char buf[64];
	ASSERT(wok__h1_put_status_line(buf, sizeof(buf), 200, "OK\r\nSet-Cookie: a=b") < 0);
}

TEST(cve_2026_34525_a_second_host)
{
	expect_error(server, "other", BYTES("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
		     WOK__H1_DUPLICATE_FIELD);
	expect_error(server, "same", BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: a\r\n\r\n"),
		     WOK__H1_DUPLICATE_FIELD);
}

/* Limits have to hold over the sum of the segments: the test cuts at every byte. */
TEST(cve_2026_54277_limits_hold_across_segments)
{
	struct wok__h1_limits limits = WOK__H1_LIMITS_DEFAULT;
	limits.head = 60;
	struct transcript t = {.limits = &limits, .no_eof = true};
	expect_error(t, "head",
		     BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789\r\nY: 0123456789\r\nZ: "
			   "0123456789"),
		     WOK__H1_HEAD_TOO_LARGE);
}

TEST(cve_2023_39326_chunk_extensions_are_capped_in_total)
{
	struct wok__h1_limits limits = WOK__H1_LIMITS_DEFAULT;
	limits.chunk_ext_total = 8;
	struct transcript t = {.limits = &limits};
	expect_error(t, "sum",
		     BYTES(TE_CHUNKED "1;aaa\r\nx\r\n1;bbb\r\ny\r\n1;c\r\nz\r\n0\r\n\r\n"),
		     WOK__H1_CHUNK_EXT_TOO_LONG);
	expect_messages(t, "sum",
			BYTES(TE_CHUNKED "1;aaa\r\nx\r\n1;bbb\r\ny\r\n1\r\nz\r\n0\r\n\r\n"), 1);
}

/* Bytes that pass for white space elsewhere, around the word chunked. */
TEST(cve_2023_40518_white_space_that_is_none_around_chunked)
{
	expect_error(server, "NEL",
		     BYTES(POST "Transfer-Encoding: \x85"
				"chunked\r\n\r\n0\r\n\r\n"),
		     WOK__H1_BAD_TE);
	expect_error(server, "VT",
		     BYTES(POST "Transfer-Encoding: \x0b"
				"chunked\r\n\r\n0\r\n\r\n"),
		     WOK__H1_CONTROL_BYTE);
}
