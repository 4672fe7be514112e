/* SPDX-License-Identifier: MIT */
/* The writer's side: what must not be sent, and that what is sent reads back the same. */
#include <errno.h>
#include <inttypes.h>

#include "http/h1_check.h"

static struct wok__h1_span span(const char *text)
{
	return (struct wok__h1_span){text, strlen(text)};
}

/* One byte at a time into the middle of something fine. */
static bool accepts(bool (*valid)(const char *, size_t), int byte)
{
	char text[3] = {'a', (char) byte, 'a'};
	return valid(text, sizeof(text));
}

TEST(cr_lf_nul_and_other_control_bytes_are_never_written, "http-26")
{
	for (int c = 0; c < 256; c++) {
		bool control = (c < 0x20 && c != '\t') || c == 0x7f;
		bool token = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') ||
			     (c > 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
		ASSERT_EQ(accepts(wok__h1_valid_value, c), !control);
		ASSERT_EQ(accepts(wok__h1_valid_token, c), token);
		ASSERT_EQ(accepts(wok__h1_valid_target, c), c > 0x20 && c < 0x7f && c != '#');
		if (control || c == ' ' || c == '\t' || c >= 0x80)
			ASSERT(!accepts(wok__h1_valid_host, c));
	}
}

TEST(lines_with_forbidden_bytes_are_refused_and_nothing_is_written, "http-26")
{
	char buf[64];
	memset(buf, 'u', sizeof(buf));
	ASSERT_ERR(wok__h1_put_field(buf, 64, span("X"), span("a\r\nB: c")), -EINVAL);
	ASSERT_ERR(wok__h1_put_field(buf, 64, span("X"), span("a\nb")), -EINVAL);
	ASSERT_ERR(wok__h1_put_field(buf, 64, span("X"), (struct wok__h1_span){BYTES("a\0b")}),
		   -EINVAL);
	ASSERT_ERR(wok__h1_put_field(buf, 64, span("X\r\nY"), span("a")), -EINVAL);
	ASSERT_ERR(wok__h1_put_field(buf, 64, span("X:"), span("a")), -EINVAL);
	ASSERT_ERR(wok__h1_put_field(buf, 64, span(""), span("a")), -EINVAL);
	ASSERT_ERR(wok__h1_put_request_line(buf, 64, span("G\nT"), span("/")), -EINVAL);
	ASSERT_ERR(wok__h1_put_request_line(buf, 64, span("G T"), span("/")), -EINVAL);
	ASSERT_ERR(wok__h1_put_request_line(buf, 64, span(""), span("/")), -EINVAL);
	ASSERT_ERR(wok__h1_put_request_line(buf, 64, span("GET"), span("/ HTTP/1.1\r\nX:")),
		   -EINVAL);
	ASSERT_ERR(wok__h1_put_request_line(buf, 64, span("GET"), span("/a b")), -EINVAL);
	ASSERT_ERR(wok__h1_put_request_line(buf, 64, span("GET"), span("")), -EINVAL);
	ASSERT_ERR(wok__h1_put_status_line(buf, 64, 200, "O\rK"), -EINVAL);
	ASSERT_ERR(wok__h1_put_status_line(buf, 64, 99, NULL), -EINVAL);
	ASSERT_ERR(wok__h1_put_status_line(buf, 64, 1000, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(buf); i++)
		ASSERT_EQ(buf[i], 'u');
}

TEST(a_line_that_does_not_fit_is_refused_whole)
{
	char buf[64];
	int size = wok__h1_put_field(buf, sizeof(buf), span("Content-Type"), span("text/plain"));
	ASSERT_EQ(size, 26);
	ASSERT_MEM(buf, "Content-Type: text/plain\r\n", 26);
	memset(buf, 'u', sizeof(buf));
	ASSERT_ERR(wok__h1_put_field(buf, 25, span("Content-Type"), span("text/plain")), -ENOBUFS);
	ASSERT_ERR(wok__h1_put_field(buf, 0, span("A"), span("")), -ENOBUFS);
	ASSERT_EQ(buf[0], 'u');
	ASSERT_EQ(wok__h1_put_field(buf, 5, span("A"), span("")), 5);
	ASSERT_MEM(buf, "A: \r\nu", 6);
}

TEST(start_lines_read_as_usual)
{
	char buf[64];
	ASSERT_EQ(wok__h1_put_status_line(buf, sizeof(buf), 404, NULL), 24);
	ASSERT_MEM(buf, "HTTP/1.1 404 Not Found\r\n", 24);
	ASSERT_EQ(wok__h1_put_status_line(buf, sizeof(buf), 599, NULL), 15);
	ASSERT_MEM(buf, "HTTP/1.1 599 \r\n", 15);
	ASSERT_EQ(wok__h1_put_status_line(buf, sizeof(buf), 200, "Fine"), 19);
	ASSERT_MEM(buf, "HTTP/1.1 200 Fine\r\n", 19);
	ASSERT_EQ(wok__h1_put_request_line(buf, sizeof(buf), span("GET"), span("/a?b")), 19);
	ASSERT_MEM(buf, "GET /a?b HTTP/1.1\r\n", 19);
	ASSERT_STR(wok__h1_reason(200), "OK");
	ASSERT_STR(wok__h1_reason(103), "Early Hints");
	ASSERT_STR(wok__h1_reason(511), "Network Authentication Required");
	ASSERT_STR(wok__h1_reason(299), "");
	ASSERT_STR(wok__h1_reason(0), "");
	ASSERT_STR(wok__h1_reason(-1), "");
	ASSERT_STR(wok__h1_reason(600), "");
}

TEST(numbers_are_written_as_printf_would)
{
	static const uint64_t edges[] = {0,   1,   9,   10,  15,  16,   99,
					 100, 101, 255, 256, 999, 1000, 65535};
	char buf[WOK__H1_DECIMAL_MAX], expected[32];

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]) + 64; i++) {
		size_t n = sizeof(edges) / sizeof(edges[0]);
		uint64_t value = i < n ? edges[i] : UINT64_MAX >> (i - n);
		int size = snprintf(expected, sizeof(expected), "%" PRIu64, value);
		ASSERT_EQ(wok__h1_put_decimal(buf, value), size);
		ASSERT_MEM(buf, expected, (size_t) size);
		size = snprintf(expected, sizeof(expected), "%" PRIx64 "\r\n", value);
		ASSERT_EQ(wok__h1_put_chunk_head(buf, value), size);
		ASSERT_MEM(buf, expected, (size_t) size);
	}
}

TEST(hosts_are_checked_as_the_parser_does)
{
	static const char *const good[] = {
		"a", "a.b:1", "127.0.0.1:65535", "[::1]", "[fe80::1]:8080", "a%41", "xn--4ca.test"};
	static const char *const bad[] = {"",    ":1",  "a:",   "a:0",    "a:65536",
					  "a/",  "u@a", "[::1", "[::1]:", "[fe80::1%25a]",
					  "a,b", "a b", "a%4",  "[",      "[]"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!wok__h1_valid_host(good[i], strlen(good[i])))
			FAIL("%s is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (wok__h1_valid_host(bad[i], strlen(bad[i])))
			FAIL("%s is accepted", bad[i]);
	ASSERT(!wok__h1_valid_host("[::1\0]", 6));
}

/* --- names and errors ------------------------------------------------------------------------- */

TEST(every_known_name_is_found_in_any_case_and_no_other_is)
{
	for (int id = 1; id < WOK__H1_NAME_COUNT; id++) {
		struct wok__h1_span name = wok__h1_spelling((enum wok__h1_name) id);
		char text[40];
		ASSERT(name.data != NULL && name.size < sizeof(text) - 1);
		ASSERT_EQ(wok__h1_intern(name.data, name.size), id);
		for (size_t i = 0; i < name.size; i++) {
			memcpy(text, name.data, name.size);
			text[i] ^= text[i] == '-' ? 0 : 0x20; /* the other case */
			ASSERT_EQ(wok__h1_intern(text, name.size), id);
			text[i] = text[i] == '-' ? '_' : '-';
			ASSERT_EQ(wok__h1_intern(text, name.size), WOK__H1_UNKNOWN);
		}
		memcpy(text, name.data, name.size);
		text[name.size] = 'x';
		ASSERT_EQ(wok__h1_intern(text, name.size + 1), WOK__H1_UNKNOWN);
		int shorter = wok__h1_intern(text, name.size - 1);
		ASSERT(shorter == WOK__H1_UNKNOWN);
	}
	ASSERT_EQ(wok__h1_intern("", 0), WOK__H1_UNKNOWN);
	ASSERT(wok__h1_spelling(WOK__H1_UNKNOWN).data == NULL);
	ASSERT(wok__h1_spelling(WOK__H1_NAME_COUNT).data == NULL);
}

TEST(every_error_has_a_text_and_a_status)
{
	for (int i = 0; i < WOK__H1_ERROR_COUNT; i++) {
		int status = wok__h1_status_for(WOK__H1_ERROR_TOP - i);
		ASSERT(strlen(wok__h1_strerror(WOK__H1_ERROR_TOP - i)) > 5);
		ASSERT(status == 0 || (status >= 400 && *wok__h1_reason(status) != '\0'));
		for (int j = 0; j < i; j++)
			ASSERT(strcmp(wok__h1_strerror(WOK__H1_ERROR_TOP - i),
				      wok__h1_strerror(WOK__H1_ERROR_TOP - j)) != 0);
	}
	ASSERT_STR(wok__h1_strerror(WOK__H1_ERROR_TOP + 1), "not an HTTP/1.1 error");
	ASSERT_STR(wok__h1_strerror(WOK__H1_ERROR_TOP - WOK__H1_ERROR_COUNT),
		   "not an HTTP/1.1 error");
	ASSERT_EQ(wok__h1_status_for(-1), 400);
}
