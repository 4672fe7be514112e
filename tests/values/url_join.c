/* SPDX-License-Identifier: MIT */
/* References against a base: the examples of RFC 3986 section 5.4, and what redirects bring. */
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/test.h>
#include <wok/url.h>

#include "harness/test.h"
#include "http/url.h"

static const struct row {
	const char *reference, *expected;
} rfc[] = {
	{"g:h", "g:h"},
	{"g", "http://a/b/c/g"},
	{"./g", "http://a/b/c/g"},
	{"g/", "http://a/b/c/g/"},
	{"/g", "http://a/g"},
	{"//g", "http://g"},
	{"?y", "http://a/b/c/d;p?y"},
	{"g?y", "http://a/b/c/g?y"},
	{"#s", "http://a/b/c/d;p?q#s"},
	{"g#s", "http://a/b/c/g#s"},
	{"g?y#s", "http://a/b/c/g?y#s"},
	{";x", "http://a/b/c/;x"},
	{"g;x", "http://a/b/c/g;x"},
	{"g;x?y#s", "http://a/b/c/g;x?y#s"},
	{"", "http://a/b/c/d;p?q"},
	{".", "http://a/b/c/"},
	{"./", "http://a/b/c/"},
	{"..", "http://a/b/"},
	{"../", "http://a/b/"},
	{"../g", "http://a/b/g"},
	{"../..", "http://a/"},
	{"../../", "http://a/"},
	{"../../g", "http://a/g"},
	{"../../../g", "http://a/g"},
	{"../../../../g", "http://a/g"},
	{"/./g", "http://a/g"},
	{"/../g", "http://a/g"},
	{"g.", "http://a/b/c/g."},
	{".g", "http://a/b/c/.g"},
	{"g..", "http://a/b/c/g.."},
	{"..g", "http://a/b/c/..g"},
	{"./../g", "http://a/b/g"},
	{"./g/.", "http://a/b/c/g/"},
	{"g/./h", "http://a/b/c/g/h"},
	{"g/../h", "http://a/b/c/h"},
	{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
	{"g;x=1/../y", "http://a/b/c/y"},
	{"g?y/./x", "http://a/b/c/g?y/./x"},
	{"g?y/../x", "http://a/b/c/g?y/../x"},
	{"g#s/./x", "http://a/b/c/g#s/./x"},
	{"g#s/../x", "http://a/b/c/g#s/../x"},
	{"http:g", "http:g"}, /* strict: it is no URL for a request */
};

static void check(const char *base, const char *reference, const char *expected)
{
	char *joined = NULL;

	ASSERT_OK(wok_url_join(base, reference, &joined));
	ASSERT_STR(joined, expected);
	wok_free(joined);
}

TEST(references_are_resolved_as_rfc_3986_has_it, "client-29")
{
	for (size_t i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++)
		check("http://a/b/c/d;p?q", rfc[i].reference, rfc[i].expected);
}

TEST(a_reference_stays_byte_by_byte_but_for_dot_segments, "http-12")
{
	check("http://a/x", "%28%2F%40?%zz", "http://a/%28%2F%40?%zz");
	check("http://a/x", "/%2e%2e/b", "http://a/%2e%2e/b");
	check("http://a/x", "caf\xc3\xa9 b", "http://a/caf\xc3\xa9 b");
	check("http://a", "b", "http://a/b");
	check("http://a?q", "b", "http://a/b");
	check("http://a", "?q", "http://a?q");
	check("http://a", "", "http://a");
	check("http://a/b/../c?d", "?q", "http://a/b/../c?q"); /* the base's own path stays */
	check("http://a/b", "//u:p@c:81//d//", "http://u:p@c:81//d//");
	check("http://a//b//c", "d", "http://a//b//d");
	check("http://u:p@a/b", "/c", "http://u:p@a/c");
	check("https://a/b", "http://c", "http://c");
	check("http://a/b#f", "c", "http://a/c");
	check("http://[::1]:81/b", "c:d", "c:d");
	check("http://[::1]:81/b", "./c:d", "http://[::1]:81/c:d");
	check("mailto:x", "y", "mailto:/y");
}

TEST(a_redirect_inherits_the_fragment_unless_it_has_one, "client-29")
{
	static const struct {
		const char *base, *location, *expected;
	} cases[] = {
		{"http://a/b#f", "/c", "http://a/c#f"},
		{"http://a/b#f", "/c#g", "http://a/c#g"},
		{"http://a/b#f", "/c#", "http://a/c#"},
		{"http://a/b#f", "http://d/", "http://d/#f"},
		{"http://a/b#f", "", "http://a/b#f"},
		{"http://a/b", "?q", "http://a/b?q"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *url = NULL;
		ASSERT_OK(wok__url_redirect(cases[i].base, cases[i].location, &url));
		ASSERT_STR(url, cases[i].expected);
		wok_free(url);
	}
}

TEST(a_location_that_is_not_ascii_can_be_requested, "client-29")
{
	char *text = NULL;
	struct wok__url url = {0};

	ASSERT_OK(wok__url_redirect("http://a/b?c", "caf\xc3\xa9 \xff%20", &text));
	ASSERT_OK(wok__url_parse(text, &url));
	ASSERT_STR(url.text, "http://a/caf%C3%A9%20%FF%20");
	wok__url_free(&url);
	wok_free(text);
}

TEST(what_cannot_be_joined_is_refused_and_no_message_has_the_password)
{
	char *url = NULL;

	ASSERT_ERR(wok_url_join("//h/x", "y", &url), -EINVAL);
	ASSERT_ERR(wok_url_join("", "y", &url), -EINVAL);
	ASSERT_ERR(wok_url_join("http://h/\n", "y", &url), -EINVAL);
	ASSERT_ERR(wok_url_join("http://h/", "y\r\nX: y", &url), -EINVAL);
	ASSERT_ERR(wok_url_join("http://u:hunter2@h/\x7f", "y", &url), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "control"));
	ASSERT(!strstr(wok_errmsg(-EINVAL), "hunter2"));
	ASSERT(!url);
}

TEST(many_dot_segments_take_no_longer_than_many_bytes)
{
	enum { N = 300000 };
	static char reference[3 * N + 1];
	char *url = NULL;

	for (size_t i = 0; i < N; i++)
		memcpy(reference + 3 * i, i < N / 2 ? "/aa" : "/..", 3);
	ASSERT_OK(wok_url_join("http://h/x", reference, &url));
	ASSERT_STR(url, "http://h/");
	wok_free(url);
}

TEST_TASK(joining_without_memory_fails_and_leaks_nothing)
{
	int failed = 0;

	for (int at = 1; at < 4; at++) {
		char *url = NULL;
		wok_test_fail_allocation((uint64_t) at, true);
		int r = wok_url_join("http://h/a/b", "../c", &url);
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || (r == -ENOMEM && !url));
		failed += r < 0;
		wok_free(url);
	}
	ASSERT_EQ(failed, 2); /* the result's, and that of the merged path */
}
