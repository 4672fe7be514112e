/* SPDX-License-Identifier: MIT */
/* URLs of proxies, and which one a request goes through. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/error.h>
#include <wok/test.h>

#include "harness/test.h"
#include "http/client/proxy.h"

TEST(a_proxys_url_is_taken_apart)
{
	static const struct {
		const char *url, *text, *host, *user, *password;
		enum wok__proxy_kind kind;
		uint16_t port;
	} good[] = {
		{"http://p", "http://p:80", "p", NULL, NULL, WOK__PROXY_HTTP, 80},
		{"p.test:3128", "http://p.test:3128", "p.test", NULL, NULL, WOK__PROXY_HTTP, 3128},
		{"p", "http://p:80", "p", NULL, NULL, WOK__PROXY_HTTP, 80},
		{"HTTPS://p/", "https://p:443", "p", NULL, NULL, WOK__PROXY_HTTPS, 443},
		{"https://p:80/x?y", "https://p:80", "p", NULL, NULL, WOK__PROXY_HTTPS, 80},
		{"socks5://p", "socks5://p:1080", "p", NULL, NULL, WOK__PROXY_SOCKS5, 1080},
		{"socks5://p:80", "socks5://p:80", "p", NULL, NULL, WOK__PROXY_SOCKS5, 80},
		{"socks5h://p:443", "socks5h://p:443", "p", NULL, NULL, WOK__PROXY_SOCKS5H, 443},
		{"socks4a://p", "socks4a://p:1080", "p", NULL, NULL, WOK__PROXY_SOCKS4A, 1080},
		{"u%40:p%3A@[::1]:81", "http://[::1]:81", "::1", "u@", "p:", WOK__PROXY_HTTP, 81},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wok__proxy proxy = {0};
		ASSERT_OK(wok__proxy_parse(good[i].url, &proxy));
		ASSERT_STR(proxy.text, good[i].text);
		ASSERT_STR(proxy.host, good[i].host);
		ASSERT_STR(proxy.user, good[i].user);
		ASSERT_STR(proxy.password, good[i].password);
		ASSERT_EQ(proxy.kind, good[i].kind);
		ASSERT_EQ(proxy.port, good[i].port);
		wok__proxy_free(&proxy);
	}
}

TEST(a_bad_proxy_is_refused_and_its_password_not_repeated)
{
	static const char *const bad[] = {"ftp://u:hunter2@p",    "socks4://hunter2@p",
					  "http://u:hunter2@p:0", "http://u:hunter2@",
					  "u:hunter2@p:x",        "socks5://u:hunter2@p\n"};
	struct wok__proxy proxy = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int r = wok__proxy_parse(bad[i], &proxy);
		ASSERT(r == -EINVAL || r == -EPROTONOSUPPORT);
		ASSERT(strstr(wok_errmsg(r), "proxy"));
		ASSERT(!strstr(wok_errmsg(r), "hunter2"));
	}
	ASSERT(!proxy.memory);
}

TEST(proxies_with_other_users_are_others)
{
	static const char *const urls[] = {"http://p",    "http://u@p",   "http://u:p@p",
					   "http://up@p", "https://p:80", "http://p:81"};
	struct wok__proxy proxies[6] = {0};

	for (int i = 0; i < 6; i++)
		ASSERT_OK(wok__proxy_parse(urls[i], &proxies[i]));
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < i; j++)
			ASSERT(strcmp(proxies[i].key, proxies[j].key) != 0);
	for (int i = 0; i < 6; i++)
		wok__proxy_free(&proxies[i]);
}

TEST(a_list_of_exceptions_has_names_addresses_and_ports, "client-42")
{
	static const struct {
		const char *list, *host;
		uint16_t port;
		bool has;
	} cases[] = {
		{"", "h", 80, false},
		{" , ,", "h", 80, false},
		{"*", "h", 80, true},
		{"x, *", "1.2.3.4", 80, true},
		{"a.test", "a.test", 80, true},
		{"A.Test", "a.test", 80, true},
		{"a.test.", "a.test", 80, true},
		{"a.test", "a.test.", 80, true},
		{"a.test", "b.a.test", 80, true},
		{"a.test", "ba.test", 80, false},
		{".a.test", "b.a.test", 80, true},
		{".a.test", "a.test", 80, true},
		{".a.test", "ba.test", 80, false},
		{"*.a.test", "b.a.test", 80, true},
		{"*.a.test", "ba.test", 80, false},
		{"x*", "xy", 80, false},
		{".", "h", 80, false},
		{"x,a.test:80 y", "a.test", 80, true},
		{"a.test:81", "a.test", 80, false},
		{"a.test:", "a.test", 80, false},
		{"a.test:65616", "a.test", 80, false},
		{"a.test:80", "b.a.test", 80, true},
		{"127.0.0.1", "127.0.0.1", 80, true},
		{"127.0.0.1:80", "127.0.0.1", 80, true},
		{"127.0.0.1:81", "127.0.0.1", 80, false},
		{"0.0.1", "127.0.0.1", 80, false}, /* no suffix of an address */
		{"10.0.0.0/8", "10.200.3.4", 80, true},
		{"10.0.0.0/8", "11.0.0.0", 80, false},
		{"10.0.0.0/9", "10.127.0.1", 80, true},
		{"10.0.0.0/9", "10.128.0.1", 80, false},
		{"10.0.0.0/0", "1.2.3.4", 80, true},
		{"1.2.3.4/32", "1.2.3.4", 80, true},
		{"1.2.3.4/32", "1.2.3.5", 80, false},
		{"1.2.3.4/33", "1.2.3.4", 80, false},
		{"1.2.3.4/", "1.2.3.4", 80, false},
		{"1.2.3.4/x", "1.2.3.4", 80, false},
		{"10.0.0.0/8", "h10.0.0.0", 80, false},
		{"::1", "::1", 80, true},
		{"0:0::0:1", "::1", 80, true},
		{"[::1]", "::1", 80, true},
		{"[::1]:80", "::1", 80, true},
		{"[::1]:81", "::1", 80, false},
		{"[::1]x", "::1", 80, false},
		{"fd00::/8", "fdab::1", 80, true},
		{"fd00::/8", "fe80::1", 80, false},
		{"fe80::/10", "fe80::1%eth0", 80, true},
		{"10.0.0.0/8", "::ffff:10.1.2.3", 80, true},
		{"::/0", "1.2.3.4", 80, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (wok__no_proxy_has(cases[i].list, cases[i].host, cases[i].port) != cases[i].has)
			FAIL("\"%s\" and %s:%u", cases[i].list, cases[i].host, cases[i].port);
}

static void clear_environment(void)
{
	static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
					    "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
					    "no_proxy",    "NO_PROXY",   "REQUEST_METHOD"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

/* Which proxy a URL gets; "" for none. */
static void check(const char *proxy, const char *no_proxy, const char *url, const char *expected)
{
	struct wok__proxies proxies;
	struct wok__url parsed = {0};

	ASSERT_OK(wok__proxies_open(&proxies, proxy, no_proxy));
	ASSERT_OK(wok__url_parse(url, &parsed));
	const struct wok__proxy *chosen = wok__proxies_choose(&proxies, &parsed);
	ASSERT_STR(chosen ? chosen->text : "", expected);
	wok__url_free(&parsed);
	wok__proxies_close(&proxies);
}

TEST(the_environment_says_which_proxy, "client-42")
{
	clear_environment();
	check(NULL, NULL, "http://h", "");
	setenv("ALL_PROXY", "socks5://all", 1);
	check(NULL, NULL, "http://h", "socks5://all:1080");
	check(NULL, NULL, "https://h", "socks5://all:1080");
	setenv("HTTPS_PROXY", "http://upper", 1);
	setenv("HTTP_PROXY", "http://upper", 1);
	check(NULL, NULL, "https://h", "http://upper:80");
	check(NULL, NULL, "ws://h", "http://upper:80");
	setenv("https_proxy", "http://lower", 1);
	setenv("http_proxy", "lower:81", 1);
	check(NULL, NULL, "wss://h", "http://lower:80");
	check(NULL, NULL, "http://h", "http://lower:81");
	setenv("http_proxy", "", 1); /* none, though there are others */
	check(NULL, NULL, "http://h", "");
	setenv("NO_PROXY", "h", 1);
	check(NULL, NULL, "https://h", "");
	check(NULL, NULL, "https://i", "http://lower:80");
	setenv("no_proxy", "i", 1);
	check(NULL, NULL, "https://h", "http://lower:80");
	check(NULL, NULL, "https://i", "");
	check(NULL, "j", "https://i", "http://lower:80");
}

TEST(a_clients_header_cannot_name_a_cgi_programs_proxy, "client-42")
{
	clear_environment();
	setenv("HTTP_PROXY", "http://evil", 1); /* from a header "Proxy: http://evil" */
	setenv("REQUEST_METHOD", "GET", 1);
	check(NULL, NULL, "http://h", "");
	setenv("http_proxy", "http://good", 1);
	check(NULL, NULL, "http://h", "http://good:80");
}

TEST(what_the_session_says_counts_more_than_the_environment, "client-42")
{
	clear_environment();
	setenv("http_proxy", "http://env", 1);
	setenv("no_proxy", "h", 1);
	check("http://own", NULL, "http://h", "http://own:80"); /* its exceptions are not ours */
	check("http://own", NULL, "https://h", "http://own:80");
	check("http://own", "h", "https://h", "");
	check("", NULL, "http://i", "");
	struct wok__proxies proxies;
	setenv("https_proxy", "http://u:hunter2@h:x", 1);
	ASSERT_ERR(wok__proxies_open(&proxies, NULL, NULL), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "https_proxy"));
	ASSERT(!strstr(wok_errmsg(-EINVAL), "hunter2"));
}

TEST_TASK(proxies_without_memory_fail_and_leak_nothing)
{
	int r = -1;

	for (int at = 1; r < 0; at++) {
		struct wok__proxies proxies;
		wok_test_fail_allocation((uint64_t) at, false);
		r = wok__proxies_open(&proxies, "http://u:p@h:1", "a,b");
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || r == -ENOMEM);
		wok__proxies_close(&proxies);
		ASSERT(at < 20);
	}
}
