/* SPDX-License-Identifier: MIT */
/* Escaping, and queries: see wok/url.h. */
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/test.h>
#include <wok/url.h>

#include "harness/test.h"
#include "http/url.h"

static void check_query(const char *url, const wok_url_param *params, size_t n,
			const char *expected)
{
	char *text = NULL;

	ASSERT_OK(wok_url_with_query(url, params, n, &text));
	ASSERT_STR(text, expected);
	wok_free(text);
}

TEST(parameters_go_behind_the_query_and_before_the_fragment, "client-57")
{
	static const wok_url_param two[] = {{"q", "a b&c=d+e/\xc3\xa4"}, {"n m", NULL}};
	static const char escaped[] = "q=a%20b%26c%3Dd%2Be%2F%C3%A4&n%20m";
	char expected[200];
	static const char *const urls[] = {"http://h/p?", "http://h/p?x=%2f&", "http://h/p?x&",
					   "http://h?"};

	for (size_t i = 0; i < 4; i++) {
		strcat(strcpy(expected, urls[i]), escaped);
		check_query(urls[i], two, 2, expected);
	}
	check_query("http://h/p", two, 1, "http://h/p?q=a%20b%26c%3Dd%2Be%2F%C3%A4");
	check_query("http://h/p?x", two + 1, 1, "http://h/p?x&n%20m");
	check_query("http://h/p#f?g", two + 1, 1, "http://h/p?n%20m#f?g");
	check_query("http://h/p?x#f", two + 1, 1, "http://h/p?x&n%20m#f");
	check_query("http://h/%28?%zz#f", NULL, 0, "http://h/%28?%zz#f");
	check_query("/p", &(wok_url_param){"", ""}, 1, "/p?=");
}

TEST(a_query_that_was_built_is_sent_as_it_is, "client-57")
{
	char *text = NULL;
	struct wok__url url = {0};
	const wok_url_param odd = {"\r\n #", "\x01\x7f"};

	ASSERT_OK(wok_url_with_query("http://h?a=%2F", &odd, 1, &text));
	ASSERT_OK(wok__url_parse(text, &url));
	ASSERT_STR(url.text, "http://h/?a=%2F&%0D%0A%20%23=%01%7F");
	wok__url_free(&url);
	wok_free(text);
}

TEST(every_byte_survives_quoting)
{
	char all[256], *quoted = NULL, *back = NULL;
	size_t size = 0;

	for (int i = 0; i < 255; i++)
		all[i] = (char) (i + 1);
	all[255] = '\0';
	ASSERT_OK(wok_url_quote(all, NULL, &quoted));
	ASSERT_EQ(strlen(quoted), 66 + (255 - 66) * 3);
	ASSERT_OK(wok_url_unquote(quoted, &back, &size));
	ASSERT_EQ(size, 255);
	ASSERT_STR(back, all);
	wok_free(quoted);
	wok_free(back);
	ASSERT_OK(wok_url_quote("/a b/\xc3\xa4~", "/", &quoted));
	ASSERT_STR(quoted, "/a%20b/%C3%A4~");
	wok_free(quoted);
}

TEST(decoding_is_exact)
{
	static const char *const bad[] = {"%", "a%2", "%g0", "%0g", "%%41", "%-1", "% 1"};
	char *text = NULL;
	size_t size = 0;

	ASSERT_OK(wok_url_unquote("a+b%2fc%2F%00d", &text, &size));
	ASSERT_EQ(size, 8);
	ASSERT_MEM(text, "a+b/c/\0d", 9);
	wok_free(text);
	text = NULL;
	ASSERT_ERR(wok_url_unquote("a%00", &text, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(wok_url_unquote(bad[i], &text, &size), -EINVAL);
	ASSERT(!text);
}

TEST_TASK(escaping_without_memory_fails_and_leaks_nothing)
{
	const wok_url_param param = {"a", "b"};
	char *text = NULL;
	size_t size = 0;

	wok_test_fail_allocation(1, true);
	ASSERT_ERR(wok_url_quote("a", NULL, &text), -ENOMEM);
	ASSERT_ERR(wok_url_unquote("a", &text, &size), -ENOMEM);
	ASSERT_ERR(wok_url_with_query("a", &param, 1, &text), -ENOMEM);
	wok_test_fail_allocation(0, false);
	ASSERT(!text);
}
