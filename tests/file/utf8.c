/* SPDX-License-Identifier: MIT */
/* What is UTF-8 and what is not: the boundaries of the Unicode standard's table. */
#include "check.h"

static void expect(const char *bytes, size_t size, int code, size_t valid)
{
	size_t got = 99;
	int r = wok_utf8_check(bytes, size, &got);

	if (r != code || got != valid)
		FAIL("%02x..: %s after %zu", (unsigned char) bytes[0], wok_errname(r), got);
}

#define GOOD(text) expect(text, sizeof(text) - 1, 0, sizeof(text) - 1)
#define BAD(text, at) expect(text, sizeof(text) - 1, -EILSEQ, at)
#define CUT(text, at) expect(text, sizeof(text) - 1, -EAGAIN, at)

TEST(text_is_told_from_what_is_none, "file-10", "filerow-6")
{
	GOOD("");
	GOOD("plain text that is longer than eight bytes\n");
	GOOD("\x7f");
	GOOD("\xc2\x80\xdf\xbf");
	GOOD("\xe0\xa0\x80\xe1\x80\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
	GOOD("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
	expect("a\0b", 3, 0, 3);
	BAD("ab\x80", 2);
	BAD("\xc0\x80", 0); /* overlong */
	BAD("\xc1\xbf", 0);
	BAD("\xe0\x9f\xbf", 0);
	BAD("\xf0\x8f\xbf\xbf", 0);
	BAD("\xed\xa0\x80", 0);     /* a surrogate */
	BAD("\xf4\x90\x80\x80", 0); /* above U+10FFFF */
	BAD("\xf5\x80\x80\x80", 0);
	BAD("\xff", 0);
	BAD("ok\xe4\xb8z", 2);
	CUT("12345678\xe4\xb8", 8);
	CUT("\xf0\x90\x80", 0);
	CUT("\xc3", 0);
}

/* Every code point there is, encoded by the definition. */
static size_t encode(uint32_t c, char to[4])
{
	if (c < 0x80)
		return (size_t) (to[0] = (char) c, 1);
	if (c < 0x800)
		return (size_t) (to[0] = (char) (0xc0 | c >> 6), to[1] = (char) (0x80 | (c & 63)),
				 2);
	if (c < 0x10000)
		return (size_t) (to[0] = (char) (0xe0 | c >> 12),
				 to[1] = (char) (0x80 | (c >> 6 & 63)),
				 to[2] = (char) (0x80 | (c & 63)), 3);
	return (size_t) (to[0] = (char) (0xf0 | c >> 18), to[1] = (char) (0x80 | (c >> 12 & 63)),
			 to[2] = (char) (0x80 | (c >> 6 & 63)), to[3] = (char) (0x80 | (c & 63)),
			 4);
}

TEST(every_character_is_known_and_none_else, "file-10")
{
	char bytes[4];
	size_t valid;

	for (uint32_t c = 0; c < 0x110800; c++) {
		size_t size = encode(c, bytes);
		bool good = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
		int r = wok_utf8_check(bytes, size, &valid);
		ASSERT_EQ(r, good ? 0 : -EILSEQ);
		for (size_t cut = 1; good && cut < size; cut++)
			ASSERT_EQ(wok_utf8_check(bytes, cut, &valid), -EAGAIN);
	}
}

static void expect_replaced(const char *bytes, size_t size, const char *text)
{
	char made[100];
	size_t n = wok_utf8_replace(bytes, size, made);

	ASSERT_EQ(wok_utf8_replace(bytes, size, NULL), n);
	made[n] = '\0';
	ASSERT_STR(made, text);
}

#define R "\xef\xbf\xbd"

TEST(each_longest_piece_that_is_no_text_becomes_one_mark, "file-10", "filerow-6")
{
	/* The example of the Unicode standard, "U+FFFD Substitution of Maximal Subparts". */
	expect_replaced("a\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", 13,
			"a" R R R "b" R "c" R R "d");
	expect_replaced("\xc0\xaf\xe0\x80\xbf", 5, R R R R R);
	expect_replaced("\xed\xa0\x80x", 4, R R R "x");
	expect_replaced("cut \xe4\xb8", 6, "cut " R);
	expect_replaced("", 0, "");
}

TEST(a_text_is_measured_and_cut_in_characters, "file-10")
{
	static const char text[] = "文件1 的";

	ASSERT_EQ(wok_utf8_length(text, sizeof(text) - 1), 5);
	ASSERT_EQ(wok_utf8_prefix(text, sizeof(text) - 1, 2), 6);
	ASSERT_EQ(wok_utf8_prefix(text, sizeof(text) - 1, 3), 7);
	ASSERT_EQ(wok_utf8_prefix(text, sizeof(text) - 1, 99), sizeof(text) - 1);
	ASSERT_EQ(wok_utf8_length("a\xff\xe4\xb8", 4), 4);
	ASSERT_EQ(wok_utf8_prefix("\xff\xffz", 3, 2), 2);
}
