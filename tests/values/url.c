/* SPDX-License-Identifier: MIT */
/* URLs of requests: what they are taken apart into, and what is wrong with the others. */
#include <stdio.h>
#include <wok/error.h>
#include <wok/test.h>

#include "harness/test.h"
#include "http/url.h"

static void check_span(const char *url, struct wok__h1_span span, const char *expected)
{
	if (span.size != strlen(expected) || memcmp(span.data, expected, span.size) != 0)
		FAIL("%s: \"%.*s\", not \"%s\"", url, (int) span.size, span.data, expected);
}

static const struct row {
	const char *url, *host, *authority, *target;
	uint16_t port;
} rows[] = {
	{"http://h", "h", "h", "/", 80},
	{"HTTP://H/", "h", "h", "/", 80},
	{"http://h:80/a?b#c", "h", "h", "/a?b", 80}, /* the default port is left out */
	{"http://h:443", "h", "h:443", "/", 443},
	{"https://h:443/", "h", "h", "/", 443},
	{"https://h:80/", "h", "h:80", "/", 80},
	{"ws://h", "h", "h", "/", 80},
	{"wss://h:443/chat", "h", "h", "/chat", 443},
	{"http://h:8080", "h", "h:8080", "/", 8080},
	{"http://h:65535?q", "h", "h:65535", "/?q", 65535},
	{"http://[::1]/x", "::1", "[::1]", "/x", 80},
	{"http://[::1]:80/x", "::1", "[::1]", "/x", 80},
	{"http://[2001:DB8::1]:8080#f", "2001:db8::1", "[2001:db8::1]:8080", "/", 8080},
	{"http://[fe80::1%25eth0]/", "fe80::1%eth0", "[fe80::1]", "/", 80},
	{"http://[fe80::1%eth0.7]:81/", "fe80::1%eth0.7", "[fe80::1]:81", "/", 81},
	{"http://127.0.0.1:1/%28%2F%40", "127.0.0.1", "127.0.0.1:1", "/%28%2F%40", 1},
	{"http://h/a:b@c", "h", "h", "/a:b@c", 80},
	{"http://xn--4ca.test//", "xn--4ca.test", "xn--4ca.test", "//", 80},
	{"http://ex%61mple.test/", "example.test", "example.test", "/", 80},
	{"http://h/a b?c d", "h", "h", "/a%20b?c%20d", 80},
	{"http://h?\xc3\xa4", "h", "h", "/?%C3%A4", 80},
	{"http://h/\xff%ff", "h", "h", "/%FF%ff", 80},
	{"http://h/%zz%", "h", "h", "/%zz%", 80}, /* nobody's to mend */
	{"http://h/a/../b/./c;{}|\\^`\"<>[]", "h", "h", "/a/../b/./c;{}|\\^`\"<>[]", 80},
};

static void check_row(const struct row *row)
{
	struct wok__url url = {0};

	if (wok__url_parse(row->url, &url) < 0)
		FAIL("%s", wok_errmsg(-EINVAL));
	check_span(row->url, url.host, row->host);
	check_span(row->url, url.authority, row->authority);
	check_span(row->url, url.target, row->target);
	ASSERT_EQ(url.port, row->port);
	ASSERT(!url.user && !url.password);
	wok__url_free(&url);
}

TEST(a_url_is_taken_apart_and_its_target_stays_byte_by_byte, "http-12", "http-29")
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

TEST(the_scheme_says_the_default_port_and_whether_it_is_secret)
{
	static const char *const urls[] = {"http://h", "https://h", "ws://h", "wss://h"};

	for (int i = 0; i < 4; i++) {
		struct wok__url url = {0};
		ASSERT_OK(wok__url_parse(urls[i], &url));
		ASSERT_EQ(url.scheme, i);
		ASSERT_EQ(url.secure, i % 2);
		ASSERT_EQ(url.port, i % 2 ? 443 : 80);
		ASSERT_EQ(wok__scheme_port(url.scheme), url.port);
		ASSERT(strncmp(urls[i], wok__scheme_name(url.scheme),
			       strlen(wok__scheme_name(url.scheme))) == 0);
		wok__url_free(&url);
	}
}

TEST(user_and_password_are_decoded_and_stand_in_no_text)
{
	static const struct {
		const char *url, *user, *password;
	} good[] = {
		{"http://user:hunter2@h/x", "user", "hunter2"},
		{"http://user@h/x", "user", ""},
		{"http://user:@h/x", "user", ""},
		{"http://:pw@h/x", "", "pw"},
		{"http://@h/x", "", ""},
		{"http://a%40b%3A:p%3aw:%25@h/x", "a@b:", "p:w:%"},
		{"http://a@b:c@h/x", "a@b", "c"}, /* the last "@" counts, as in browsers */
		{"http://\xc3\xa4:\xff@h/x", "\xc3\xa4", "\xff"},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wok__url url = {0};
		ASSERT_OK(wok__url_parse(good[i].url, &url));
		ASSERT_STR(url.user, good[i].user);
		ASSERT_STR(url.password, good[i].password);
		ASSERT_STR(url.text, "http://h/x");
		check_span(good[i].url, url.authority, "h");
		wok__url_free(&url);
	}
}

TEST(the_fragment_is_kept_apart)
{
	struct wok__url url = {0};

	ASSERT_OK(wok__url_parse("https://u@[fe80::1%25lo]:444/a?b#c#d%20", &url));
	ASSERT_STR(url.fragment, "c#d%20");
	ASSERT_STR(url.text, "https://[fe80::1]:444/a?b");
	wok__url_free(&url);
	ASSERT_OK(wok__url_parse("http://h/#", &url));
	ASSERT_STR(url.fragment, "");
	wok__url_free(&url);
	ASSERT_OK(wok__url_parse("http://h/", &url));
	ASSERT(!url.fragment);
	wok__url_free(&url);
	wok__url_free(&url); /* nothing left to release */
}

TEST(international_names_are_sent_as_dns_knows_them, "client-83")
{
	static const struct {
		const char *url, *host;
	} good[] = {
		{"http://b\xc3\xbc"
		 "cher.test/",
		 "xn--bcher-kva.test"},
		{"http://B\xc3\x9c"
		 "CHER.test/",
		 "xn--bcher-kva.test"},
		{"http://fa\xc3\x9f.de/", "xn--fa-hia.de"},         /* and not fass.de */
		{"http://b%C3%BCcher.test/", "xn--bcher-kva.test"}, /* as in a Location */
		{"http://a\xe3\x80\x82"
		 "b.test/",
		 "a.b.test"},                                         /* an ideographic stop */
		{"http://\xef\xbd\x88\xef\xbd\x94.test/", "ht.test"}, /* full-width letters */
	};

#ifndef WOK__WITH_IDN2
	SKIP("there is no libidn2");
#endif
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wok__url url = {0};
		ASSERT_OK(wok__url_parse(good[i].url, &url));
		check_span(good[i].url, url.host, good[i].host);
		ASSERT(strncmp(url.authority.data, good[i].host, url.host.size) == 0);
		wok__url_free(&url);
	}
}

static const struct {
	const char *url;
	int code;
	const char *why;
} bad_rows[] = {
	{"", -EINVAL, "no URL"},
	{"h/path", -EINVAL, "no URL"},
	{"http:/h", -EINVAL, "no URL"},
	{"ftp://h/", -EPROTONOSUPPORT, "http"},
	{"httpx://h/", -EPROTONOSUPPORT, "http"},
	{"htt://h/", -EPROTONOSUPPORT, "http"},
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
	{"http://[1.2.3.4]/", -EINVAL, "host"},
	{"http://[::1%]/", -EINVAL, "zone"},
	{"http://[::1%25]/", -EINVAL, "zone"},
	{"http://[::1%25a b]/", -EINVAL, "zone"},
	{"http://[::1%25a/]", -EINVAL, "bracket"},
	{"http://[::1%25%0a]/", -EINVAL, "zone"},
	{"http://[::1%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]/", -EINVAL, "zone"},
	{"http://h h/", -EINVAL, "host"},
	{"http://h\\x/", -EINVAL, "host"},
	{"http://.h/", -EINVAL, "host"},
	{"http://h%3a80/", -EINVAL, "host"},
	{"http://h%2fx/", -EINVAL, "host"},
	{"http://h%00/", -EINVAL, "host"},
	{"http://h%2500/", -EINVAL, "host"},
	{"http://%5b%5d/", -EINVAL, "host"},
	{"http://%5b::1%5d/", -EINVAL, "number"},
	{"http://h%4/", -EINVAL, "host"},
	{"http://h\r\nX: y/", -EINVAL, "number"},
#ifdef WOK__WITH_IDN2 /* else it cannot be told what is a letter */
	{"http://h\xff/", -EINVAL, "host"},
	{"http://\xe2\x98\x83.test/", -EINVAL, "host"}, /* a snowman: no letter */
#endif
	{"http://h/a\r\n", -EINVAL, "control"},
	{"http://h/\x7f", -EINVAL, "control"},
	{"http://h/a\tb", -EINVAL, "control"},
	{" http://h/", -EPROTONOSUPPORT, "http"},
};

TEST(a_bad_url_is_refused_with_a_message_that_names_it_and_says_why, "http-26")
{
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		struct wok__url url = {.port = 7};
		int r = wok__url_parse(bad_rows[i].url, &url);
		if (r != bad_rows[i].code)
			FAIL("%s gives %d", bad_rows[i].url, r);
		if (!strstr(wok_errmsg(r), bad_rows[i].url) ||
		    !strstr(wok_errmsg(r), bad_rows[i].why))
			FAIL("%s: \"%s\" does not say \"%s\"", bad_rows[i].url, wok_errmsg(r),
			     bad_rows[i].why);
		ASSERT_EQ(url.port, 7); /* untouched */
	}
}

TEST(no_message_about_a_bad_url_repeats_a_password)
{
	static const char *const urls[] = {
		"http://user:hunter2@host:0/x",
		"http://hunter2@host:0",
		"http://a@hunter2@host:0/",
		"ftp://user:hunter2@host/",
		"user:hunter2@host",
		"http://user:hunter2/@host/",
		"http://u:hunter2%0a@host/",
		"http://u:hunter2%zz@host/",
		"http://user:hunter2@host/\x01 a",
		"http://hunter2:hunter2%00@host",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct wok__url url;
		int r = wok__url_parse(urls[i], &url);
		ASSERT(r < 0);
		ASSERT(strstr(wok_errmsg(r), "@host"));
		ASSERT(!strstr(wok_errmsg(r), "hunter2"));
	}
}

TEST(a_long_url_makes_no_long_message)
{
	static char text[100000];
	struct wok__url url = {0};

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "http://h:0/", 11);
	ASSERT_ERR(wok__url_parse(text, &url), -EINVAL);
	ASSERT(strlen(wok_errmsg(-EINVAL)) < 1000);
	memcpy(text, "http://h/", 9);
	memset(text + 9, 'x', 10);
	ASSERT_OK(wok__url_parse(text, &url));
	ASSERT_EQ(url.target.size, sizeof(text) - 1 - 8);
	wok__url_free(&url);
	memcpy(text, "http://hxx", 10); /* a host of 99,993 bytes */
	ASSERT_ERR(wok__url_parse(text, &url), -EINVAL);
	memset(text + 7, 'x', 256);
	text[7 + 256] = '\0';
	ASSERT_ERR(wok__url_parse(text, &url), -EINVAL);
	text[7 + 255] = '\0';
	ASSERT_OK(wok__url_parse(text, &url));
	wok__url_free(&url);
}

TEST(an_origin_is_scheme_host_and_port)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{"http://h/a", "http://H:80/b", true},
		{"http://h/", "https://h/", false},
		{"http://h/", "http://h:81/", false},
		{"http://h/", "http://h.test/", false},
		{"https://h/", "wss://h/", true},
		{"http://u@h/", "http://h/", true},
		{"http://h:443/", "https://h/", false},
		{"http://a.test/", "http://b.test/", false},
		{"http://[::1]/", "http://[::1]:80/", true},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct wok__url a = {0}, b = {0};
		ASSERT_OK(wok__url_parse(pairs[i].a, &a));
		ASSERT_OK(wok__url_parse(pairs[i].b, &b));
		ASSERT_EQ(wok__url_same_origin(&a, &b), pairs[i].same);
		wok__url_free(&a);
		wok__url_free(&b);
	}
}

TEST_TASK(a_url_without_memory_is_refused_and_leaks_nothing)
{
	for (int at = 1; at < 4; at++) {
		struct wok__url url = {0};
		wok_test_fail_allocation((uint64_t) at, true);
		int r = wok__url_parse("http://u:p@h/a b#c", &url);
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || r == -ENOMEM);
		ASSERT_EQ(r == 0, at > 1); /* it takes one */
		wok__url_free(&url);
	}
}
