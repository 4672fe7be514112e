/* SPDX-License-Identifier: MIT */
/* Text of any charset as UTF-8. */
#include <wok/charset.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/test.h>

#include "harness/test.h"

#define UE "\xc3\xbc"      /* a u with two dots, in UTF-8 */
#define BAD "\xef\xbf\xbd" /* U+FFFD */

static const struct row {
	const char *type, *bytes;
	size_t size;
	const char *expected;
} rows[] = {
	{"text/plain; charset=utf-8", UE, 2, UE},
	{"text/plain; charset=UTF-8", UE, 2, UE},
	{"text/plain; Charset=\"utf-8\"", UE, 2, UE},
	{"text/plain;charset=iso-8859-1", "\xfc", 1, UE},
	{"text/plain;charset=\"Latin1\"; x=y", "\xfc", 1, UE},
	{"text/plain;charset=windows-1252", "\x80", 1, "\xe2\x82\xac"},
	{"text/plain;charset=UTF-16LE", "a\0\xfc\0", 4, "a" UE},
	{"text/plain;charset=utf-16be", "\0a\0\xfc", 4, "a" UE},
	{"text/plain;charset=koi8-r", "\xc1", 1, "\xd0\xb0"},
	{"text/plain;charset=Shift_JIS", "\x82\xa0", 2, "\xe3\x81\x82"},
	{"text/plain;charset=gb2312", "\xd6\xd0", 2, "\xe4\xb8\xad"},
	{"text/plain;charset=euc-kr", "\xb0\xa1", 2, "\xea\xb0\x80"},
	{"text/plain;charset=iso-2022-jp", "\x1b$B$\"\x1b(B", 8, "\xe3\x81\x82"},
	/* no charset, none that is known: UTF-8 */
	{NULL, UE, 2, UE},
	{"", UE, 2, UE},
	{"text/plain",
	 "a\xfc"
	 "b",
	 3, "a" BAD "b"},
	{"text/plain; charset=", "a", 1, "a"},
	{"text/plain; charset=nonsense", UE, 2, UE},
	{"text/plain; charset=UTF-7", "+AOQ-", 5, "+AOQ-"},
	{"text/plain; charset=\"../../x//TRANSLIT\"", UE, 2, UE},
	{"text/plain; charset=ISO-2022-CN-EXT", "a", 1, "a"}, /* not on the list */
	{"text/plain; charset=utf-8\"", UE, 2, UE},
	{"text/plain; charset=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", UE, 2, UE},
	/* a mark counts more */
	{"text/plain; charset=iso-8859-1", "\xef\xbb\xbf" UE, 5, UE},
	{"text/plain; charset=iso-8859-1", "\xff\xfe\xfc\0", 4, UE},
	{NULL, "\xfe\xff\0\xfc", 4, UE},
	{NULL, "\xef\xbb\xbf", 3, ""},
	{NULL, "", 0, ""},
	{"text/plain; charset=utf-16", "", 0, ""},
	/* what is broken */
	{"text/plain; charset=utf-8", "\xc3(\xe2\x82", 4, BAD "(" BAD},
	{"text/plain; charset=utf-16le",
	 "a\0\0\xdc"
	 "b\0\xfc",
	 7, "a" BAD "b" BAD},
	{"text/plain; charset=shift_jis", "a\x82", 2, "a" BAD},
	{"text/plain; charset=euc-jp",
	 "\xff"
	 "a",
	 2, BAD "a"},
};

TEST(a_text_becomes_utf8_by_its_mark_or_its_charset, "client-82", "http-33")
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = NULL;
		size_t size = 99;
		ASSERT_OK(wok_charset_to_utf8(rows[i].type, rows[i].bytes, rows[i].size, NULL,
					      &text, &size));
		if (strcmp(text, rows[i].expected) != 0)
			FAIL("%zu: %s gives \"%s\"", i, rows[i].type, text);
		ASSERT_EQ(size, strlen(rows[i].expected));
		wok_free(text);
	}
}

struct guessed {
	const char *answer;
	char asked[40];
	int times;
};

static const char *guess(void *arg, const char *charset, const void *data, size_t size)
{
	struct guessed *guessed = arg;

	ASSERT_EQ(size, 1);
	ASSERT_MEM(data, "\xfc", 1);
	strcpy(guessed->asked, charset ? charset : "nothing");
	guessed->times++;
	return guessed->answer;
}

TEST(who_asks_is_asked_for_a_charset_that_is_not_known, "client-82", "http-33")
{
	struct guessed guessed = {.answer = "latin1"};
	const wok_charset_options options = {.guess = guess, .arg = &guessed};
	char *text = NULL;

	ASSERT_OK(wok_charset_to_utf8("text/x; charset=Klingon", "\xfc", 1, &options, &text, NULL));
	ASSERT_STR(text, UE);
	ASSERT_STR(guessed.asked, "Klingon");
	wok_free(text);
	ASSERT_OK(wok_charset_to_utf8(NULL, "\xfc", 1, &options, &text, NULL));
	ASSERT_STR(text, UE);
	ASSERT_STR(guessed.asked, "nothing");
	wok_free(text);
	guessed.answer = NULL;
	ASSERT_OK(wok_charset_to_utf8(NULL, "\xfc", 1, &options, &text, NULL));
	ASSERT_STR(text, BAD);
	wok_free(text);
	ASSERT_EQ(guessed.times, 3);
	ASSERT_OK(wok_charset_to_utf8("x; charset=koi8-r", "\xfc", 1, &options, &text, NULL));
	wok_free(text);
	ASSERT_EQ(guessed.times, 3);
}

TEST(a_strict_reader_gets_an_error_that_says_where, "client-82")
{
	const wok_charset_options strict = {.strict = true};
	char *text = NULL;

	ASSERT_ERR(wok_charset_to_utf8(NULL, "ab\xfc", 3, &strict, &text, NULL), -EILSEQ);
	ASSERT(strstr(wok_errmsg(-EILSEQ), "byte 2"));
	ASSERT_ERR(wok_charset_to_utf8("x;charset=euc-jp", "a\xff", 2, &strict, &text, NULL),
		   -EILSEQ);
	ASSERT(strstr(wok_errmsg(-EILSEQ), "byte 1"));
	ASSERT_ERR(wok_charset_to_utf8("x;charset=utf-16", "a\0b", 3, &strict, &text, NULL),
		   -EILSEQ);
	ASSERT(!text);
}

TEST_TASK(a_long_text_is_converted_on_a_tasks_stack_and_without_memory_not_at_all, "client-82")
{
	enum { SIZE = 100000 };
	static char bytes[SIZE];
	char *text = NULL;
	size_t size = 0;
	int r = -1;

	memset(bytes, '\xfc', SIZE);
	for (int at = 1; r < 0; at++) {
		wok_test_fail_allocation((uint64_t) at, false);
		r = wok_charset_to_utf8("x; charset=latin1", bytes, SIZE, NULL, &text, &size);
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || r == -ENOMEM);
		ASSERT(at < 20);
	}
	ASSERT_EQ(size, 2 * SIZE);
	ASSERT_MEM(text + size - 2, UE, 3);
	wok_free(text);
}
