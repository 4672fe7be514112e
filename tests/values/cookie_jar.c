/* SPDX-License-Identifier: MIT */
/* The jar: its limits, who goes when it is full, and what is put in by hand. */
#include <wok/test.h>

#include "values/cookie_check.h"

static size_t count(const wok_cookie_jar *jar)
{
	const void *position = NULL;
	wok_cookie cookie;
	size_t n = 0;

	while (wok_cookie_jar_next(jar, &position, &cookie))
		n++;
	return n;
}

static void store_n(wok_cookie_jar *jar, const char *host, int from, int to, const char *attributes,
		    int64_t now)
{
	char url[100], text[200];

	snprintf(url, sizeof(url), "https://%s/", host);
	for (int i = from; i < to; i++) {
		snprintf(text, sizeof(text), "n%d=v%s", i, attributes);
		store_at(jar, url, text, now);
	}
}

TEST(a_host_has_fifty_cookies_at_most_and_the_stalest_goes, "client-32")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);

	store_n(jar, "h", 0, 50, "; Path=/never", cookie_now);
	store_n(jar, "other", 0, 50, "", cookie_now);
	store(jar, "https://h/", "used=1; Path=/");
	ASSERT_EQ(count(jar), 100);
	ASSERT_EQ(store(jar, "https://h/", "n0=again; Path=/never"), 1); /* was evicted */
	ASSERT_EQ(count(jar), 100);
	CHECK_SENT(jar, "https://h/", "used=1"); /* which makes it fresh */
	store_n(jar, "h", 100, 149, "; Path=/never", cookie_now);
	CHECK_SENT(jar, "https://h/", "used=1");
	store_n(jar, "h", 200, 250, "; Path=/never", cookie_now);
	CHECK_SENT(jar, "https://h/", "");
	ASSERT_EQ(count(jar), 100);
}

TEST(what_has_expired_goes_first_and_what_is_secure_last, "client-32")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(&(wok_cookie_jar_options){.limit_per_host = 3});

	store(jar, "https://h/", "old=1; Secure");
	store(jar, "https://h/", "plain=1");
	store(jar, "https://h/", "short=1; Max-Age=5");
	store_at(jar, "https://h/", "new=1", cookie_now + 5);
	CHECK_SENT_AT(jar, "https://h/", "old=1; plain=1; new=1", cookie_now + 5);
	store_at(jar, "https://h/", "newer=1", cookie_now + 5);
	CHECK_SENT_AT(jar, "https://h/", "old=1; new=1; newer=1", cookie_now + 5);
	store_at(jar, "https://h/", "a=1; Secure", cookie_now + 5);
	store_at(jar, "https://h/", "b=1; Secure", cookie_now + 5);
	store_at(jar, "https://h/", "c=1; Secure", cookie_now + 5);
	CHECK_SENT_AT(jar, "https://h/", "a=1; b=1; c=1", cookie_now + 5);
}

TEST(a_full_jar_drops_what_has_expired_and_then_the_stalest, "client-32")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	char host[20];

	for (int i = 0; i < 60; i++) {
		snprintf(host, sizeof(host), "h%d.test", i);
		store_n(jar, host, 0, 50, i == 30 ? "; Max-Age=1" : "", cookie_now);
	}
	ASSERT_EQ(jar->n_cookies, 3000);
	ASSERT_EQ(jar->n_domains, 60);
	store_at(jar, "https://new.test/", "a=b", cookie_now + 1);
	ASSERT_EQ(jar->n_cookies, 2951);
	ASSERT_EQ(jar->n_domains, 60); /* one went as a whole */
	store_n(jar, "new2.test", 0, 50, "", cookie_now + 1);
	ASSERT_EQ(jar->n_cookies, 3000);
	ASSERT_EQ(wok__cookie_domain_find(jar, "h0.test", 7)->n_cookies, 49); /* the stalest went */
}

TEST(a_jar_of_one_cookie_works)
{
	WOK_AUTO(wok_cookie_jar) *jar =
		new_jar(&(wok_cookie_jar_options){.limit = 1, .limit_per_host = 1});

	for (int i = 0; i < 5; i++) {
		store(jar, "http://a.test/", "x=1; Domain=a.test");
		store(jar, "http://a.test/", "y=1");
		store(jar, "http://b.test/", "x=2");
		store(jar, "http://b.test/", "y=2; Max-Age=1");
		store_at(jar, "http://b.test/", "z=2", cookie_now + 1 + i);
		ASSERT_EQ(jar->n_cookies, 1);
		ASSERT_EQ(jar->n_domains, 1);
		CHECK_SENT(jar, "http://b.test/", "z=2");
	}
}

TEST(a_cookie_over_four_kilobytes_is_ignored, "client-32")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	static char text[6000] = "n=";

	memset(text + 2, 'x', 4095);
	ASSERT_EQ(store(jar, "http://h/", text), 1);
	text[2 + 4095] = 'x';
	ASSERT_EQ(store(jar, "http://h/", text), 0);
	/* An attribute over 1 KiB is as if it were not there. */
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "m=1; Path=/", 11);
	text[10 + 1024] = '\0';
	ASSERT_EQ(store(jar, "http://h/", text), 1);
	text[10 + 1024] = 'x';
	text[11 + 1024] = '\0';
	memcpy(text, "k=1", 3);
	ASSERT_EQ(store(jar, "http://h/", text), 1);
	ASSERT_EQ(count(jar), 3);
	wok_cookie_jar_clear(jar, NULL);
	ASSERT_EQ(store(jar, "http://h/", text), 1);
	CHECK_SENT(jar, "http://h/", "k=1");
}

TEST(a_request_has_so_many_bytes_of_cookies_at_most)
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(&(wok_cookie_jar_options){.max_header = 14});

	store(jar, "http://h/", "a=1234; Path=/");
	store(jar, "http://h/", "b=1234; Path=/p");
	CHECK_SENT(jar, "http://h/p", "b=1234; a=1234");
	store(jar, "http://h/", "c=12; Path=/p");
	CHECK_SENT(jar, "http://h/p", "b=1234; c=12"); /* the longer paths */
	CHECK_SENT(jar, "http://h/", "a=1234");
}

TEST(a_cookie_is_put_in_by_hand)
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	int64_t now = wok__wall_clock();
	const wok_cookie good[] = {
		{.name = "a", .value = "1", .domain = "H.Test"},
		{.name = "b", .value = "2", .domain = "h.test", .path = "/p", .subdomains = true},
		{.name = "c", .value = "", .domain = ".h.test", .expires = now + 100},
		{.name = "d", .value = "4", .domain = "com", .subdomains = true},
		{.name = "a", .value = "5 6", .domain = "h.test", .secure = true},
		{.name = "c", .domain = ".h.test", .expires = 1},
	};
	char *text = NULL;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ASSERT_OK(wok_cookie_jar_set(jar, &good[i]));
	ASSERT_OK(wok_cookie_jar_header(jar, "https://h.test/p", &text));
	ASSERT_STR(text, "b=2; a=5 6");
	wok_free(text);
	ASSERT_OK(wok_cookie_jar_header(jar, "http://x.com/p", &text));
	ASSERT_STR(text, "d=4");
	wok_free(text);
}

TEST(what_a_header_cannot_have_is_refused, "http-26")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	static char long_text[5000];
	const wok_cookie bad[] = {
		{.name = "a", .value = "1"},
		{.name = "a", .value = "1", .domain = ""},
		{.name = "a", .value = "1", .domain = "."},
		{.name = "a", .value = "1", .domain = "h h"},
		{.name = "a", .value = "1", .domain = "h\th"},
		{.name = "a\r\nX", .value = "1", .domain = "h"},
		{.name = "a", .value = "1\r\nX: y", .domain = "h"},
		{.name = "a", .value = "1; b=2", .domain = "h"},
		{.name = "a=b", .value = "1", .domain = "h"},
		{.name = "a ", .value = "1", .domain = "h"},
		{.name = "a", .value = " 1", .domain = "h"},
		{.name = "", .value = "a=1", .domain = "h"},
		{.name = "", .value = "", .domain = "h"},
		{.domain = "h"},
		{.name = "a", .value = "1", .domain = "h", .path = "x"},
		{.name = "a", .value = "1", .domain = "h", .path = "/\n"},
		{.name = "a", .value = long_text, .domain = "h"},
		{.name = "a", .value = "1", .domain = long_text},
	};

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (wok_cookie_jar_set(jar, &bad[i]) != -EINVAL)
			FAIL("%zu is taken", i);
	ASSERT_EQ(jar->n_cookies, 0);
	char *text = NULL;
	ASSERT_ERR(wok_cookie_jar_store(jar, "h", "a=b"), -EINVAL);
	ASSERT_ERR(wok_cookie_jar_header(jar, "h", &text), -EINVAL);
}

TEST(a_jar_is_cleared_by_domain_or_as_a_whole)
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);

	store(jar, "http://b.test/", "a=1");
	store(jar, "http://a.b.test/", "b=1");
	store(jar, "http://ab.test/", "c=1");
	store(jar, "http://c.test/", "d=1");
	wok_cookie_jar_clear(jar, "B.test");
	ASSERT_EQ(count(jar), 2);
	CHECK_SENT(jar, "http://ab.test/", "c=1");
	wok_cookie_jar_clear(jar, "nobody.test");
	ASSERT_EQ(count(jar), 2);
	wok_cookie_jar_clear(jar, NULL);
	ASSERT_EQ(count(jar), 0);
	wok_cookie_jar_free(NULL);
}

static int fill(wok_cookie_jar *jar)
{
	char host[30];

	for (int i = 0; i < 70; i++) { /* over the first table */
		const wok_cookie cookie = {.name = "a", .value = "b", .domain = host};
		snprintf(host, sizeof(host), "h%d.test", i);
		WOK_TRY(wok_cookie_jar_set(jar, &cookie));
	}
	char *text = NULL;
	WOK_TRY(wok_cookie_jar_header(jar, "http://h3.test", &text));
	wok_free(text);
	return 0;
}

TEST_TASK(a_jar_without_memory_says_so_and_stays_whole)
{
	int at = 1;

	for (int r = -1; r < 0; at++) {
		wok_cookie_jar *jar = NULL;
		wok_test_fail_allocation((uint64_t) at, false);
		r = wok_cookie_jar_new(NULL, &jar);
		if (r == 0)
			r = fill(jar);
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || r == -ENOMEM);
		if (jar)
			ASSERT_OK(fill(jar));
		wok_cookie_jar_free(jar);
	}
	ASSERT(at > 140);
}
