/* SPDX-License-Identifier: MIT */
/* The must-reject list of behaviours/http.md, request heads: items 18 to 40. */
#include "http/h1_reject_head.h"

TEST(a_malformed_line_of_the_head_is_refused_however_it_is_cut)
{
	CHECK_REJECTIONS((struct transcript){0}, lines);
}

TEST(a_malformed_request_line_is_refused_however_it_is_cut)
{
	CHECK_REJECTIONS((struct transcript){0}, start_lines);
}

TEST(a_missing_doubled_or_malformed_host_is_refused)
{
	CHECK_REJECTIONS((struct transcript){0}, hosts);
}

/* Control bytes one by one, in each part of a head, at each distance from a vector's edge. */
TEST(each_control_byte_is_refused_in_names_values_and_targets)
{
	static const char *const heads[] = {
		"GET /@ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX@: v\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: @\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789abcdef0123456789@\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: @ and then a tail of some length\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		for (int c = 0; c < 0x80; c++) {
			char text[96];
			size_t size = strlen(heads[i]);
			if ((c >= 0x20 && c != 0x7f) || c == '\t')
				continue;
			memcpy(text, heads[i], size);
			*(char *) memchr(text, '@', size) = (char) c;
			struct transcript t = {0};
			transcript_run(&t, text, size);
			int error = c == '\n'   ? WOK__H1_BARE_LF
				    : c == '\r' ? WOK__H1_BARE_CR
						: WOK__H1_CONTROL_BYTE;
			if (t.error != error)
				FAIL("head %zu, byte 0x%02x:\n%s", i, c, t.text);
			transcript_free(&t);
		}
	}
}
