/* SPDX-License-Identifier: MIT */
/* Which cookies are taken, and where they go: RFC 6265bis. */
#include "values/cookie_check.h"

/* One Set-Cookie into an empty jar, and what a request then has. */
static const struct row {
	const char *from, *set, *to, *sent;
} rows[] = {
	/* host-only and domains */
	{"http://a.b.test/", "n=v", "http://a.b.test/", "n=v"},
	{"http://a.b.test/", "n=v", "http://A.B.test:8080/x?y", "n=v"}, /* ports share cookies */
	{"http://a.b.test/", "n=v", "http://b.test/", ""},
	{"http://a.b.test/", "n=v", "http://c.a.b.test/", ""},
	{"http://a.b.test/", "n=v;domain=b.test", "http://b.test/", "n=v"},
	{"http://a.b.test/", "n=v; Domain=.B.TEST", "http://x.y.b.test/", "n=v"},
	{"http://a.b.test/", "n=v; Domain=b.test", "http://ab.test/", ""},
	{"http://a.b.test/", "n=v; Domain=b.test", "http://xb.test/", ""},
	{"http://a.b.test/", "n=v; Domain=c.test", "http://c.test/", ""},
	{"http://a.b.test/", "n=v; Domain=x.a.b.test", "http://x.a.b.test/", ""},
	{"http://a.b.test/", "n=v; Domain=", "http://a.b.test/", "n=v"},
	{"http://a.b.test/", "n=v; Domain=b.test; Domain=a.b.test", "http://b.test/", ""},
	{"http://a.b.test/", "n=v; Domain=b.test.", "http://a.b.test/", ""},
	{"http://a.com./", "n=v; Domain=com.", "http://b.com./", ""},
	{"http://a.b.test/", "n=v; Domain=..b.test", "http://a.b.test/", ""},
	/* public suffixes, and names of one label */
	{"http://a.b.test/", "n=v; Domain=test", "http://a.b.test/", ""},
	{"http://a.b.com/", "n=v; Domain=com", "http://a.b.com/", ""},
	{"http://localhost/", "n=v; Domain=localhost", "http://localhost/", "n=v"},
	{"http://localhost/", "n=v; Domain=localhost", "http://x.localhost/", ""},
	{"http://localhost/", "n=v", "http://localhost/", "n=v"},
	/* addresses */
	{"http://127.0.0.1/", "n=v", "http://127.0.0.1/", "n=v"},
	{"http://127.0.0.1/", "n=v; Domain=127.0.0.1", "http://127.0.0.1/", "n=v"},
	{"http://127.0.0.1/", "n=v; Domain=0.0.1", "http://127.0.0.1/", ""},
	{"http://127.0.0.1/", "n=v; Domain=.1", "http://127.0.0.1/", ""},
	{"http://[::1]/", "n=v", "http://[::1]/", "n=v"},
	/* paths */
	{"http://h/foo", "n=v; Path=/foo", "http://h/foo", "n=v"},
	{"http://h/foo", "n=v; Path=/foo", "http://h/foo/bar", "n=v"},
	{"http://h/foo", "n=v; Path=/foo", "http://h/foobar", ""},
	{"http://h/foo", "n=v; Path=/foo", "http://h/foo?x", "n=v"},
	{"http://h/foo", "n=v; Path=/foo", "http://h/", ""},
	{"http://h/foo", "n=v; Path=/foo/", "http://h/foo", ""},
	{"http://h/foo", "n=v; Path=/foo/", "http://h/foo/x", "n=v"},
	{"http://h/a", "n=v; Path=/other", "http://h/other", "n=v"},
	{"http://h/a/b/c", "n=v", "http://h/a/b/x", "n=v"},
	{"http://h/a/b/c", "n=v", "http://h/a/b", "n=v"},
	{"http://h/a/b/c", "n=v", "http://h/a/", ""},
	{"http://h/a?/b/c", "n=v", "http://h/x", "n=v"},
	{"http://h/a/b", "n=v; Path=x", "http://h/a", "n=v"},
	{"http://h/a/b", "n=v; Path=/; Path=", "http://h/", ""},
	/* Secure */
	{"https://h/", "n=v; Secure", "https://h/", "n=v"},
	{"https://h/", "n=v; Secure", "wss://h/", "n=v"},
	{"https://h/", "n=v; secure=0", "http://h/", ""},
	{"http://h/", "n=v; Secure", "https://h/", ""}, /* plain http may not set it */
	{"https://h/", "n=v", "http://h/", "n=v"},
	{"http://h/", "n=v; HttpOnly", "http://h/", "n=v"},
	/* prefixes, in any case */
	{"https://h/", "__Secure-a=v; Secure", "https://h/", "__Secure-a=v"},
	{"https://h/", "__Secure-a=v", "https://h/", ""},
	{"https://h/", "__secure-a=v", "https://h/", ""},
	{"https://h/", "__Host-a=v; Secure; Path=/", "https://h/x", "__Host-a=v"},
	{"https://h/", "__Host-a=v; Secure", "https://h/", ""},
	{"https://h/", "__Host-a=v; Path=/", "https://h/", ""},
	{"https://h/", "__Host-a=v; Secure; Path=/x", "https://h/x", ""},
	{"https://a.b.test/", "__HOST-a=v; Secure; Path=/; Domain=b.test", "https://b.test/", ""},
	{"https://h/", "=__Host-a=v", "https://h/", ""},
	{"https://h/", "__Host-a", "https://h/", ""},
	/* names and values */
	{"http://h/", "n=", "http://h/", "n="},
	{"http://h/", "=v", "http://h/", "v"},
	{"http://h/", "v", "http://h/", "v"},
	{"http://h/", "=", "http://h/", ""},
	{"http://h/", "=a=b", "http://h/", ""}, /* would be sent as another one */
	{"http://h/a;b/c", "n=v", "http://h/a;b/d", "n=v"},
	{"http://h/", "", "http://h/", ""},
	{"http://h/", " ; Path=/", "http://h/", ""},
	{"http://h/", "  n  =  v w  ; Path=/", "http://h/", "n=v w"},
	{"http://h/", "n=a=b\"c,\\d", "http://h/", "n=a=b\"c,\\d"},
	{"http://h/", "n=\"q;r\"", "http://h/", "n=\"q"},
	{"http://h/", "n=v\r\nX: y", "http://h/", ""},
	{"http://h/", "n=v; x=\x01", "http://h/", ""},
	{"http://h/", "n=a\tb", "http://h/", ""},
	{"http://h/", "n=\xc3\xa4", "http://h/", "n=\xc3\xa4"},
	{"http://h/", "n=v;;;=;Unknown=x", "http://h/", "n=v"},
	{"http://h/", "Path=v", "http://h/", "Path=v"},
};

TEST(a_cookie_goes_where_it_may_and_nowhere_else, "client-30", "http-13")
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
		store(jar, rows[i].from, rows[i].set);
		char *text = NULL;
		ASSERT_OK(wok_cookie_jar_header(jar, rows[i].to, &text));
		if (strcmp(text ? text : "", rows[i].sent) != 0)
			FAIL("%s: %s -> %s: \"%s\"", rows[i].from, rows[i].set, rows[i].to, text);
		ASSERT((text == NULL) == (*rows[i].sent == '\0'));
		wok_free(text);
	}
}

TEST(a_cookie_for_a_public_suffix_is_refused, "client-31", "http-13")
{
	static const struct row psl[] = {
		{"http://a.co.uk/", "n=v; Domain=co.uk", "http://a.co.uk/", ""},
		{"http://a.co.uk/", "n=v; Domain=a.co.uk", "http://b.a.co.uk/", "n=v"},
		{"http://a.b.github.io/", "n=v; Domain=github.io", "http://x.github.io/", ""},
		{"http://github.io/", "n=v; Domain=github.io", "http://github.io/", "n=v"},
		{"http://github.io/", "n=v; Domain=github.io", "http://x.github.io/", ""},
		{"http://x.www.ck/", "n=v; Domain=www.ck", "http://www.ck/", "n=v"}, /* !www.ck */
		{"http://x.foo.ck/", "n=v; Domain=foo.ck", "http://foo.ck/", ""},    /* *.ck */
		{"http://a.xn--55qx5d.cn/", "n=v; Domain=xn--55qx5d.cn", "http://a.xn--55qx5d.cn/",
		 ""},
	};

#ifndef WOK__WITH_PSL
	SKIP("there is no libpsl");
#endif
	for (size_t i = 0; i < sizeof(psl) / sizeof(psl[0]); i++) {
		WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
		store(jar, psl[i].from, psl[i].set);
		CHECK_SENT(jar, psl[i].to, psl[i].sent);
	}
}

TEST(max_age_counts_more_than_expires_and_bad_dates_nothing, "client-30", "http-13")
{
	static const struct {
		const char *attributes;
		int64_t life; /* -1: with the session; 0: not at all */
	} lives[] = {
		{"", -1},
		{"; Max-Age=10", 10},
		{"; max-age=\"10\"", -1},
		{"; Max-Age=0", 0},
		{"; Max-Age=-1", 0},
		{"; Max-Age=-", -1},
		{"; Max-Age=", -1},
		{"; Max-Age=1x", -1},
		{"; Max-Age=+1", -1},
		{"; Max-Age=99999999999999999999999999", 400 * 86400},
		{"; Max-Age=10; Max-Age=20", 20},
		{"; Max-Age=10; Max-Age=x", 10},
		{"; Expires=Tue, 14 Nov 2023 22:13:30 GMT", 10},
		{"; Expires=Tuesday, 14-Nov-23 22:13:30 GMT", 10},
		{"; Expires=Tue Nov 14 22:13:30 2023", 10},
		{"; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"; Expires=yesterday", -1},
		{"; Expires=", -1},
		{"; Expires=Fri, 31 Dec 9999 23:59:59 GMT", 400 * 86400},
		{"; Max-Age=20; Expires=Tue, 14 Nov 2023 22:13:30 GMT", 20},
		{"; Expires=Tue, 14 Nov 2023 22:13:30 GMT; Max-Age=20", 20},
		{"; Max-Age=x; Expires=Tue, 14 Nov 2023 22:13:30 GMT", 10},
		{"; Max-Age=20; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 20},
	};

	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
		int64_t life = lives[i].life;
		char text[200];
		snprintf(text, sizeof(text), "n=v%s", lives[i].attributes);
		store(jar, "http://h/", text);
		CHECK_SENT(jar, "http://h/", life == 0 ? "" : "n=v");
		CHECK_SENT_AT(jar, "http://h/", life < 0 ? "n=v" : "", cookie_now + 401 * 86400);
		if (life > 0) {
			CHECK_SENT_AT(jar, "http://h/", "n=v", cookie_now + life - 1);
			CHECK_SENT_AT(jar, "http://h/", "", cookie_now + life);
		}
	}
}

TEST(a_cookie_that_has_ended_removes_the_one_that_is_there, "http-13")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);

	ASSERT_EQ(store(jar, "http://h/", "n=v; Path=/"), 1);
	ASSERT_EQ(store(jar, "http://h/", "n=w; Path=/x; Max-Age=0"), 0); /* another one */
	ASSERT_EQ(store(jar, "http://h/", "m=w; Path=/; Max-Age=0"), 0);
	CHECK_SENT(jar, "http://h/", "n=v");
	ASSERT_EQ(store(jar, "http://h/", "n=; Path=/; Max-Age=0"), 1);
	CHECK_SENT(jar, "http://h/", "");
	ASSERT_EQ(jar->n_cookies, 0);
	ASSERT_EQ(jar->n_domains, 0);
}

TEST(plain_http_cannot_touch_what_is_secure, "client-32")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);

	ASSERT_EQ(store(jar, "https://a.b.test/login", "n=v; Secure; Path=/login"), 1);
	ASSERT_EQ(store(jar, "http://a.b.test/", "n=evil; Path=/login"), 0);
	ASSERT_EQ(store(jar, "http://a.b.test/", "n=evil; Path=/login/x"), 0);
	ASSERT_EQ(store(jar, "http://a.b.test/", "n=evil; Domain=b.test; Path=/login"), 0);
	ASSERT_EQ(store(jar, "http://x.a.b.test/", "n=evil; Path=/login"), 0);
	ASSERT_EQ(store(jar, "http://a.b.test/", "n=; Path=/login; Max-Age=0"), 0);
	CHECK_SENT(jar, "https://a.b.test/login", "n=v");
	ASSERT_EQ(store(jar, "http://a.b.test/", "n=other; Path=/"), 1); /* does not hide it */
	ASSERT_EQ(store(jar, "http://a.b.test/", "m=other; Path=/login"), 1);
	ASSERT_EQ(store(jar, "https://a.b.test/", "n=w; Path=/login; Secure"), 1);
	CHECK_SENT(jar, "https://a.b.test/login", "n=w; m=other; n=other");
}

TEST(what_a_cookie_says_of_sites_is_kept, "client-32")
{
	static const struct {
		const char *text;
		wok_same_site same_site;
	} kinds[] = {
		{"n=v; SameSite=Strict; HttpOnly; Secure; Path=/p; Domain=b.test; Max-Age=1000000",
		 WOK_SAME_SITE_STRICT},
		{"n=v; samesite=LAX", WOK_SAME_SITE_LAX},
		{"n=v; SameSite=None", WOK_SAME_SITE_NONE},
		{"n=v; SameSite=x", WOK_SAME_SITE_DEFAULT},
		{"n=v", WOK_SAME_SITE_DEFAULT},
	};
	wok_cookie cookie = {0};

	for (size_t i = sizeof(kinds) / sizeof(kinds[0]); i-- > 0;) {
		WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
		const void *position = NULL;
		int64_t now = wok__wall_clock();
		ASSERT_EQ(wok_cookie_jar_store(jar, "https://a.b.test/x/y", kinds[i].text), 1);
		ASSERT(wok_cookie_jar_next(jar, &position, &cookie));
		ASSERT_EQ(cookie.same_site, kinds[i].same_site);
		ASSERT_STR(cookie.name, "n");
		ASSERT_STR(cookie.value, "v");
		ASSERT_STR(cookie.domain, i == 0 ? "b.test" : "a.b.test");
		ASSERT_STR(cookie.path, i == 0 ? "/p" : "/x");
		ASSERT_EQ(cookie.subdomains, i == 0);
		ASSERT_EQ(cookie.secure, i == 0);
		ASSERT_EQ(cookie.http_only, i == 0);
		if (i == 0)
			ASSERT(cookie.expires >= now + 1000000 && cookie.expires < now + 1000100);
		else
			ASSERT_EQ(cookie.expires, 0);
		ASSERT(!wok_cookie_jar_next(jar, &position, &cookie));
	}
}

TEST(long_paths_go_first_then_the_older, "client-30")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);

	store(jar, "http://a.b.test/", "one=1; Path=/");
	store(jar, "http://a.b.test/", "two=2; Path=/x/y");
	store(jar, "http://a.b.test/", "three=3; Path=/; Domain=b.test");
	store(jar, "http://a.b.test/", "four=4; Path=/x");
	store(jar, "http://a.b.test/", "five=5; Path=/");
	CHECK_SENT(jar, "http://a.b.test/x/y", "two=2; four=4; one=1; three=3; five=5");
	/* One that is set again keeps its place; another path is another cookie. */
	store(jar, "http://a.b.test/", "one=again; Path=/");
	store(jar, "http://a.b.test/", "one=longer; Path=/x");
	CHECK_SENT(jar, "http://a.b.test/x/y",
		   "two=2; four=4; one=longer; one=again; three=3; five=5");
}
