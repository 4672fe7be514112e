/* SPDX-License-Identifier: MIT */
/* URLs of requests: what they are taken apart into, and what is wrong with the others. */
#include <stdio.h>
#include <wok/error.h>

#include "harness/test.h"
#include "http/client/url.h"

static void check_span(const char *url, struct wok__h1_span span, const char *expected)
{
	if (span.size != strlen(expected) || memcmp(span.data, expected, span.size) != 0)
		FAIL("%s: \"%.*s\", not \"%s\"", url, (int) span.size, span.data, expected);
}

TEST(a_url_is_taken_apart)
{
	static const struct {
		const char *url, *host, *authority, *target;
		uint16_t port;
	} rows[] = {
		{"http://h", "h", "h", "", 80},
		{"HTTP://H/", "H", "H", "/", 80},
		{"http://h:80/a?b#c", "h", "h", "/a?b", 80}, /* the default port is left out */
		{"http://h:8080", "h", "h:8080", "", 8080},
		{"http://h:65535?q", "h", "h:65535", "?q", 65535},
		{"http://[::1]/x", "::1", "[::1]", "/x", 80},
		{"http://[::1]:80/x", "::1", "[::1]", "/x", 80},
		{"http://[2001:db8::1]:8080#f", "2001:db8::1", "[2001:db8::1]:8080", "", 8080},
		{"http://127.0.0.1:1/%28%2F%40", "127.0.0.1", "127.0.0.1:1", "/%28%2F%40", 1},
		{"http://h/a:b@c", "h", "h", "/a:b@c", 80},
		{"http://xn--4ca.test//", "xn--4ca.test", "xn--4ca.test", "//", 80},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wok__url url;
		ASSERT_OK(wok__url_parse(rows[i].url, &url));
		check_span(rows[i].url, url.host, rows[i].host);
		check_span(rows[i].url, url.authority, rows[i].authority);
		check_span(rows[i].url, url.target, rows[i].target);
		ASSERT_EQ(url.port, rows[i].port);
		ASSERT_EQ(url.bare_query, rows[i].target[0] == '?');
	}
}

TEST(a_bad_url_is_refused_with_a_message_that_names_it_and_says_why)
{
	static const struct {
		const char *url;
		int code;
		const char *why;
	} rows[] = {
		{"", -EINVAL, "no URL"},
		{"h/path", -EINVAL, "no URL"},
		{"http:/h", -EINVAL, "no URL"},
		{"https://h/", -EPROTONOSUPPORT, "http"},
		{"ftp://h/", -EPROTONOSUPPORT, "http"},
		{"httpx://h/", -EPROTONOSUPPORT, "http"},
		{"://h", -EPROTONOSUPPORT, "http"},
		{"http://", -EINVAL, "host"},
		{"http:///path", -EINVAL, "host"},
		{"http://:80/", -EINVAL, "host"},
		{"http://?q", -EINVAL, "host"},
		{"http://h:/", -EINVAL, "port"},
		{"http://h:0/", -EINVAL, "port"},
		{"http://h:65536/", -EINVAL, "65536"},
		{"http://h:99999999999999999999/", -EINVAL, "65536"},
		{"http://h:8o/", -EINVAL, "number"},
		{"http://h:-1/", -EINVAL, "number"},
		{"http://h:+1/", -EINVAL, "number"},
		{"http://h: 80/", -EINVAL, "number"},
		{"http://h:80:80/", -EINVAL, "number"},
		{"http://[::1/", -EINVAL, "bracket"},
		{"http://[::1]80/", -EINVAL, "port"},
		{"http://[]/", -EINVAL, "host"},
		{"http://[::g]/", -EINVAL, "host"},
		{"http://[fe80::1%25eth0]/", -EINVAL, "host"},
		{"http://h h/", -EINVAL, "host"},
		{"http://h\r\nX: y/", -EINVAL, "number"},
		{"http://\xc3\xa4.test/", -EINVAL, "host"},
		{"http://h/a b", -EINVAL, "%"},
		{"http://h/a\r\n", -EINVAL, "%"},
		{"http://h?\xc3\xa4", -EINVAL, "%"},
		{" http://h/", -EPROTONOSUPPORT, "http"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wok__url url = {.port = 7};
		int r = wok__url_parse(rows[i].url, &url);
		if (r != rows[i].code)
			FAIL("%s gives %d", rows[i].url, r);
		if (!strstr(wok_errmsg(r), rows[i].url) || !strstr(wok_errmsg(r), rows[i].why))
			FAIL("%s: \"%s\" does not say \"%s\"", rows[i].url, wok_errmsg(r),
			     rows[i].why);
		ASSERT_EQ(url.port, 7); /* untouched */
	}
}

TEST(a_password_in_a_url_is_refused_and_not_repeated)
{
	static const char *const urls[] = {"http://user:hunter2@host/x", "http://hunter2@host",
					   "http://a@hunter2@host/"};

	for (size_t i = 0; i < 3; i++) {
		struct wok__url url;
		ASSERT_ERR(wok__url_parse(urls[i], &url), -EINVAL);
		ASSERT(strstr(wok_errmsg(-EINVAL), "@host"));
		ASSERT(!strstr(wok_errmsg(-EINVAL), "hunter2"));
	}
}

TEST(a_long_url_makes_no_long_message)
{
	static char text[100000];
	struct wok__url url;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "http://h:0/", 11);
	ASSERT_ERR(wok__url_parse(text, &url), -EINVAL);
	ASSERT(strlen(wok_errmsg(-EINVAL)) < 1000);
	memcpy(text, "http://h/", 9);
	memset(text + 9, 'x', 10);
	ASSERT_OK(wok__url_parse(text, &url));
	ASSERT_EQ(url.target.size, sizeof(text) - 1 - 8);
}
