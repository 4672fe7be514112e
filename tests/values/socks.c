/* SPDX-License-Identifier: MIT */
/* Handshakes with SOCKS proxies. */
#include "values/proxy_check.h"

typedef int socks_connect(wok_stream *stream, const struct wok__proxy *proxy, const char *host,
			  uint16_t port);

static const struct wok__proxy plain = {.text = "socks5://p:1080"};
static const struct wok__proxy with_user = {
	.text = "socks5://p:1080", .user = "me", .password = "pass"};

/* One handshake; what follows it must be what the proxy sent behind. */
static int shake(socks_connect *connect, const struct wok__proxy *proxy, const char *host,
		 const struct exchange_step *steps, size_t chunk, const char *behind)
{
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	char rest[20];

	open_line(chunk, &client, &server);
	ASSERT_OK(wok_scope_new(&scope));
	struct fake_proxy fake = {server, steps, false};
	ASSERT_OK(wok_scope_spawn(scope, run_fake_proxy, &fake));
	int r = connect(client, proxy, host, 443);
	if (r == 0) {
		ssize_t n = 0, got;
		while ((got = wok_stream_read(client, rest + n, sizeof(rest) - (size_t) n)) > 0)
			n += got;
		ASSERT_EQ(n, strlen(behind));
		ASSERT_MEM(rest, behind, (size_t) n);
	}
	wok_stream_close(client);
	WOK_IGNORE(wok_scope_join(scope));
	return r;
}

TEST_TASK(a_name_an_ipv4_and_an_ipv6_address_go_through_socks5, "client-41")
{
	static const struct exchange_step name[] = {
		STEP("\5\1\0", "\5\0"),
		STEP("\5\1\0\3\6h.test\1\xbb", "\5\0\0\1\1\2\3\4\0\5tunnel"),
		{0}};
	static const struct exchange_step v4[] = {
		STEP("\5\1\0", "\5\0"),
		STEP("\5\1\0\1\x7f\0\0\1\1\xbb", "\5\0\0\3\4name\0\5tunnel"),
		{0}};
	static const struct exchange_step v6[] = {
		STEP("\5\1\0", "\5\0"),
		STEP("\5\1\0\4\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb",
		     "\5\0\0\4"
		     "0123456789abcdef\0\5tunnel"),
		{0}};

	for (size_t chunk = 0; chunk < 2; chunk++) {
		ASSERT_OK(shake(wok__socks5_connect, &plain, "h.test", name, chunk, "tunnel"));
		ASSERT_OK(shake(wok__socks5_connect, &plain, "127.0.0.1", v4, chunk, "tunnel"));
		ASSERT_OK(shake(wok__socks5_connect, &plain, "fe80::1%lo", v6, chunk, "tunnel"));
	}
}

TEST_TASK(socks5_takes_a_user_and_a_password, "client-41")
{
	static const struct exchange_step good[] = {
		STEP("\5\2\0\2", "\5\2"),
		STEP("\1\2me\4pass", "\1\0"),
		STEP("\5\1\0\3\1h\1\xbb", "\5\0\0\1\1\2\3\4\0\5"),
		{0}};
	static const struct exchange_step not_wanted[] = {
		STEP("\5\2\0\2", "\5\0"), STEP("\5\1\0\3\1h\1\xbb", "\5\0\0\1\1\2\3\4\0\5"), {0}};
	static const struct exchange_step wrong[] = {
		STEP("\5\2\0\2", "\5\2"), STEP("\1\2me\4pass", "\1\1"), {0}};
	static const struct exchange_step needed[] = {STEP("\5\1\0", "\5\xff"), {0}};

	ASSERT_OK(shake(wok__socks5_connect, &with_user, "h", good, 1, ""));
	ASSERT_OK(shake(wok__socks5_connect, &with_user, "h", not_wanted, 0, ""));
	ASSERT_ERR(shake(wok__socks5_connect, &with_user, "h", wrong, 0, ""), WOK_EPROXY);
	ASSERT(strstr(wok_errmsg(WOK_EPROXY), "user and password"));
	ASSERT(!strstr(wok_errmsg(WOK_EPROXY), "me:") && !strstr(wok_errmsg(WOK_EPROXY), "pass "));
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", needed, 0, ""), WOK_EPROXY);
	ASSERT(strstr(wok_errmsg(WOK_EPROXY), "wants a user"));
}

TEST_TASK(a_socks_proxy_that_says_no_is_named_with_its_reason, "client-41")
{
	static const struct exchange_step refused[] = {
		STEP("\5\1\0", "\5\0"), STEP("\5\1\0\3\1h\1\xbb", "\5\5\0\1\1\2\3\4\0\5"), {0}};
	static const struct exchange_step unknown[] = {
		STEP("\5\1\0", "\5\0"), STEP("\5\1\0\3\1h\1\xbb", "\5\x99\0\1\1\2\3\4\0\5"), {0}};

	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", refused, 0, ""), WOK_EPROXY);
	ASSERT(strstr(wok_errmsg(WOK_EPROXY), "refused") &&
	       strstr(wok_errmsg(WOK_EPROXY), "socks5://p:1080") &&
	       strstr(wok_errmsg(WOK_EPROXY), "h:443"));
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", unknown, 0, ""), WOK_EPROXY);
}

TEST_TASK(socks4a_sends_names_and_ipv4_addresses, "client-41")
{
	static const struct exchange_step name[] = {
		STEP("\4\1\1\xbb\0\0\0\1\0h.test\0", "\0\x5a\0\0\0\0\0\0tunnel"), {0}};
	static const struct exchange_step v4[] = {
		STEP("\4\1\1\xbb\x7f\0\0\1me\0", "\0\x5a\0\0\0\0\0\0"), {0}};
	static const struct exchange_step no[] = {
		STEP("\4\1\1\xbb\0\0\0\1\0h\0", "\0\x5b\0\0\0\0\0\0"), {0}};
	static const struct exchange_step none[] = {{0}};

	ASSERT_OK(shake(wok__socks4a_connect, &plain, "h.test", name, 1, "tunnel"));
	ASSERT_OK(shake(wok__socks4a_connect, &with_user, "127.0.0.1", v4, 0, ""));
	ASSERT_ERR(shake(wok__socks4a_connect, &plain, "h", no, 0, ""), WOK_EPROXY);
	ASSERT_ERR(shake(wok__socks4a_connect, &plain, "::1", none, 0, ""), -EAFNOSUPPORT);
}

TEST_TASK(nonsense_from_a_socks_proxy_is_an_error, "client-41")
{
	static const struct exchange_step no_socks[] = {STEP("\5\1\0", "HT"), {0}};
	static const struct exchange_step other_method[] = {STEP("\5\1\0", "\5\2"), {0}};
	static const struct exchange_step other_version[] = {
		STEP("\5\1\0", "\5\0"), STEP("\5\1\0\3\1h\1\xbb", "\4\0\0\1\1\2\3\4\0\5"), {0}};
	static const struct exchange_step other_address[] = {
		STEP("\5\1\0", "\5\0"), STEP("\5\1\0\3\1h\1\xbb", "\5\0\0\2\1\2\3\4\0\5"), {0}};
	static const struct exchange_step cut[] = {
		STEP("\5\1\0", "\5\0"), STEP("\5\1\0\3\1h\1\xbb", "\5\0\0\1\1\2"), {0}};
	static const struct exchange_step silent[] = {STEP("\5\1\0", ""), {0}};
	static const struct exchange_step four[] = {STEP("\4\1\1\xbb\0\0\0\1\0h\0", "HTTP/1.1"),
						    {0}};
	static const struct exchange_step none[] = {{0}};
	static char long_name[257];

	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", no_socks, 0, ""), WOK_EPEER);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", other_method, 0, ""), WOK_EPEER);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", other_version, 0, ""), WOK_EPEER);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", other_address, 0, ""), WOK_EPEER);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", cut, 0, ""), WOK_EEOF);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "h", silent, 0, ""), WOK_EEOF);
	ASSERT_ERR(shake(wok__socks4a_connect, &plain, "h", four, 0, ""), WOK_EPEER);
	memset(long_name, 'x', 256);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, long_name, none, 0, ""), -EINVAL);
	ASSERT_ERR(shake(wok__socks5_connect, &plain, "", none, 0, ""), -EINVAL);
	ASSERT_ERR(shake(wok__socks5_connect,
			 &(struct wok__proxy){.text = "p", .user = long_name, .password = ""}, "h",
			 none, 0, ""),
		   -EINVAL);
}

static int connect_to_mute(void *arg)
{
	return wok__socks5_connect(arg, &plain, "h", 1);
}

TEST_TASK(a_silent_socks_proxy_is_left_when_time_is_over)
{
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;

	open_line(0, &client, &server);
	ASSERT_ERR(wok_wait_for(connect_to_mute, client, WOK_SECOND), -ETIMEDOUT);
}
