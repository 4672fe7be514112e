/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_COOKIE_CHECK_H
#define WOK_TEST_COOKIE_CHECK_H
/* A jar whose clock is the test's. */
#include <stdio.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "harness/test.h"
#include "http/client/cookie.h"

static const int64_t cookie_now = 1700000000; /* 2023-11-14 22:13:20 */

static inline int store_at(wok_cookie_jar *jar, const char *url, const char *text, int64_t now)
{
	struct wok__url parsed = {0};

	ASSERT_OK(wok__url_parse(url, &parsed));
	int r = wok__cookies_store(jar, &parsed, text, now);
	wok__url_free(&parsed);
	return r;
}

static inline int store(wok_cookie_jar *jar, const char *url, const char *text)
{
	return store_at(jar, url, text, cookie_now);
}

static inline void check_sent_at(wok_cookie_jar *jar, const char *url, const char *expected,
				 int64_t now, const char *file, int line)
{
	struct wok__url parsed = {0};
	struct wok__buffer out = {0};

	ASSERT_OK(wok__url_parse(url, &parsed));
	ASSERT_OK(wok__cookies_value(jar, &parsed, now, &out));
	wok__buffer_add(&out, "", 1);
	if (strcmp(out.data, expected) != 0)
		test_fail(file, line, "%s gets \"%s\", not \"%s\"", url, out.data, expected);
	wok__buffer_free(&out);
	wok__url_free(&parsed);
}

#define CHECK_SENT(jar, url, expected)                                                             \
	check_sent_at(jar, url, expected, cookie_now, __FILE__, __LINE__)
#define CHECK_SENT_AT(jar, url, expected, now)                                                     \
	check_sent_at(jar, url, expected, now, __FILE__, __LINE__)

static inline wok_cookie_jar *new_jar(const wok_cookie_jar_options *options)
{
	wok_cookie_jar *jar = NULL;

	ASSERT_OK(wok_cookie_jar_new(options, &jar));
	return jar;
}
#endif
