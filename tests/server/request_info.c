/* SPDX-License-Identifier: MIT */
/* What a handler learns of a request besides its head: query, cookies, the client, trailers. */
#include <wok/memory.h>

#include "harness/needs.h"
#include "server/exchange.h"

static int say_query(wok_http_request *request, void *arg)
{
	char text[256] = "", *value = NULL;
	int used = 0, r;

	(void) arg;
	for (size_t i = 0; (r = wok_http_request_query_value(request, "a b", i, &value)) == 0;
	     i++) {
		used += snprintf(text + used, sizeof(text) - (size_t) used, "[%s]", value);
		wok_free(WOK_TAKE(value));
	}
	snprintf(text + used, sizeof(text) - (size_t) used, " %s", wok_errname(r));
	return wok_http_reply_text(request, 200, text);
}

TEST_TASK(parameters_of_the_query_are_decoded, "server-2")
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/", say_query);
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, " ENOENT");
	expect_reply(&peer, "GET", "/?a+b=1&b=2&a%20b=x%26y+z&&a+b&%61+b=", 200,
		     "[1][x&y z][][] ENOENT");
	expect_reply(&peer, "GET", "/?a+b=1&a+b=%zz", 200, "[1] EINVAL");
	expect_reply(&peer, "GET", "/?a+b=%00", 200, " EINVAL");
	expect_reply(&peer, "GET", "/?a+bc=1&a+=2&a=%", 200, " ENOENT");
	peer_end(&peer);
}

static const char key[] = "a key of some length", old_key[] = "the key before that";
static const wok_view keys[] = {{key, sizeof(key)}, {old_key, sizeof(old_key)}};

static int say_cookies(wok_http_request *request, void *arg)
{
	char text[256], *value = NULL;
	int used = 0;

	(void) arg;
	int r = wok_http_request_cookie(request, "a", &value);
	used = snprintf(text, sizeof(text), "%s", r < 0 ? wok_errname(r) : value);
	wok_free(WOK_TAKE(value));
	r = wok_http_request_signed_cookie(request, "s", keys, 2, &value);
	snprintf(text + used, sizeof(text) - (size_t) used, " %s", r < 0 ? wok_errname(r) : value);
	wok_free(value);
	return wok_http_reply_text(request, 200, text);
}

static int set_cookies(wok_http_request *request, void *arg)
{
	const wok_http_set_cookie all = {
		.name = "__Secure-x",
		.value = "v=1",
		.path = "/p",
		.domain = "a.test",
		.max_age = 90 * WOK_SECOND,
		.script = true,
		.secure = true,
		.same_site = WOK_HTTP_SAME_SITE_NONE,
	};
	static const wok_http_set_cookie bad[] = {
		{.name = NULL},
		{.name = "a b"},
		{.name = "a", .value = "x;y"},
		{.name = "a", .value = "x\r\ny"},
		{.name = "a", .path = "x"},
		{.name = "a", .path = "/;x"},
		{.name = "a", .domain = "x;y"},
		{.name = "a", .same_site = WOK_HTTP_SAME_SITE_NONE},
		{.name = "__Host-a"},
		{.name = "__Host-a", .secure = true, .domain = "x"},
		{.name = "a", .key = {"short", 5}},
	};

	(void) arg;
	WOK_TRY(wok_http_reply_cookie(request, &(wok_http_set_cookie){.name = "a"}));
	WOK_TRY(wok_http_reply_cookie(request, &all));
	WOK_TRY(wok_http_reply_cookie(
		request, &(wok_http_set_cookie){.name = "gone", .value = "x", .remove = true}));
	WOK_TRY(wok_http_reply_cookie(
		request, &(wok_http_set_cookie){.name = "s", .value = "me", .key = keys[1]}));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(wok_http_reply_cookie(request, &bad[i]), -EINVAL);
	return wok_http_reply_text(request, 200, "set");
}

TEST_TASK(cookies_come_and_go, "server-27")
{
	NEEDS_TLS();
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/", say_cookies);
	peer_route(&peer, "GET", "/set", set_cookies);
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, "ENOENT ENOENT");
	exchange(&peer, &answer,
		 "GET / HTTP/1.1\r\nHost: a\r\nCookie: b=1; a=\"x y\" ;a=2\r\nCookie: c\r\n\r\n");
	ASSERT_STR(answer.body, "x y ENOENT");
	exchange(&peer, &answer, REQUEST_GET("/%s"), "set");
	ASSERT(strstr(answer.head, "Set-Cookie: a=; Path=/; HttpOnly; SameSite=Lax\r\n"));
	ASSERT(strstr(answer.head, "Set-Cookie: __Secure-x=v=1; Path=/p; Domain=a.test; "
				   "Max-Age=90; Secure; SameSite=None\r\n"));
	ASSERT(strstr(answer.head,
		      "Set-Cookie: gone=; Path=/; Max-Age=0; "
		      "Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax\r\n"));
	const char *at = strstr(answer.head, "Set-Cookie: s=");
	ASSERT(at);
	char cookie[128];
	snprintf(cookie, sizeof(cookie), "%.*s", (int) strcspn(at + 12, ";"), at + 12);
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n", cookie);
	ASSERT_STR(answer.body, "ENOENT me");
	/* another value, and another cookie's signature */
	cookie[2] = 'b';
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n", cookie);
	ASSERT_STR(answer.body, "ENOENT EBADMSG");
	cookie[2] = 'm';
	cookie[strlen(cookie) - 2] ^= 1;
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n", cookie);
	ASSERT_STR(answer.body, "ENOENT EBADMSG");
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost: a\r\nCookie: s=me\r\n\r\n");
	ASSERT_STR(answer.body, "ENOENT EBADMSG");
	peer_end(&peer);
}

static int say_client(wok_http_request *request, void *arg)
{
	char address[WOK_ADDRESS_TEXT], text[300];
	wok_http_client client;

	(void) arg;
	wok_http_request_client(request, &client);
	snprintf(text, sizeof(text), "%s %s %s", wok_address_text(&client.address, address),
		 client.secure ? "https" : "http", client.host);
	return wok_http_reply_text(request, 200, text);
}

/* A stream in memory has no address: the PROXY protocol gives it one. */
static void expect_client(const char *proxy, bool forwarded, const char *headers,
			  const char *expected)
{
	static const char *const trusted[] = {"10.0.0.0/8", "::1"};
	struct peer peer = {0};
	struct answer answer;

	peer.options = (wok_http_serve_options){
		.proxy_protocol = true, .trusted = trusted, .n_trusted = 2, .forwarded = forwarded};
	peer_route(&peer, "GET", "/", say_client);
	peer_open(&peer);
	exchange(&peer, &answer, "PROXY %s 1000 80\r\nGET / HTTP/1.1\r\nHost: a\r\n%s\r\n", proxy,
		 headers);
	if (strcmp(answer.body, expected) != 0)
		FAIL("%s%s: \"%s\", not \"%s\"", proxy, headers, answer.body, expected);
	peer_end(&peer);
}

#define NEAR "TCP4 10.0.0.1 127.0.0.1"

TEST_TASK(x_forwarded_headers_of_trusted_proxies_are_believed, "server-25")
{
	static const char *const rows[][2] = {
		{"", "10.0.0.1:1000 http a"},
		{"X-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: 1.2.3.4:99\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.9.9.9\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n", "1.2.3.4:0 http a"},
		/* all lines are one list */
		{"X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX: y\r\nx-forwarded-for: 10.2.2.2\r\n"
		 "X-Forwarded-For: 10.3.3.3, 10.4.4.4\r\n",
		 "1.2.3.4:0 http a"},
		{"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For:\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: 10.2.2.2\r\nX-Forwarded-For: 10.3.3.3\r\n", "10.2.2.2:0 http a"},
		{"X-Forwarded-For: 6.6.6.6, nonsense, 10.9.9.9\r\n", "10.9.9.9:0 http a"},
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: \"\r\nX-Forwarded-For: 10.9.9.9\r\n",
		 "10.9.9.9:0 http a"},
		/* IPv4 as IPv6 has it */
		{"X-Forwarded-For: 1.2.3.4, ::ffff:10.2.2.2\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: ::ffff:1.2.3.4\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: [::ffff:102:304]:80\r\n", "1.2.3.4:0 http a"},
		{"X-Forwarded-For: 2001:db8::7\r\nX-Forwarded-Proto: https\r\n"
		 "X-Forwarded-Host: x.test\r\n",
		 "[2001:db8::7]:0 https x.test"},
		{"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", "10.0.0.1:1000 http a"},
		{"X-Forwarded-Host: x/y\r\nX-Forwarded-Proto: gopher\r\n", "10.0.0.1:1000 http a"},
		/* What the proxy does not write is the client's own. */
		{"Forwarded: for=6.6.6.6;host=x;proto=https\r\nX-Forwarded-For: 1.2.3.4\r\n",
		 "1.2.3.4:0 http a"},
		{"Forwarded: for=6.6.6.6;host=x;proto=https\r\n", "10.0.0.1:1000 http a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_client(NEAR, false, rows[i][0], rows[i][1]);
	expect_client("TCP4 9.9.9.9 127.0.0.1", false, "X-Forwarded-For: 1.2.3.4\r\n",
		      "9.9.9.9:1000 http a");
	/* as a socket for both has it */
	expect_client("TCP6 ::ffff:10.0.0.1 ::1", false, "", "10.0.0.1:1000 http a");
	expect_client("TCP6 ::ffff:10.0.0.1 ::1", false, "X-Forwarded-For: 1.2.3.4\r\n",
		      "1.2.3.4:0 http a");
}

TEST_TASK(forwarded_is_read_where_the_proxies_write_it, "server-25")
{
	static const char *const rows[][2] = {
		{"Forwarded: for=6.6.6.6, for=\"[2001:db8::1]:99\";proto=https;host=\"y.test:8\", "
		 "for=10.1.1.1\r\nX-Forwarded-For: 7.7.7.7\r\n",
		 "[2001:db8::1]:0 https y.test:8"},
		{"Forwarded: for=6.6.6.6, for=1.2.3.4\r\nForwarded: for=10.1.1.1\r\n",
		 "1.2.3.4:0 http a"},
		/* A quote that the client leaves open does not swallow what the proxy adds. */
		{"Forwarded: for=1.2.3.4;x=\", for=9.9.9.9\r\n", "9.9.9.9:0 http a"},
		{"Forwarded: for=1.2.3.4;x=\"\r\nForwarded: for=9.9.9.9\r\n", "9.9.9.9:0 http a"},
		{"Forwarded: for=1.2.3.4;x=\", for=9.9.9.9;by=\"a,\\\"b\"\r\n", "9.9.9.9:0 http a"},
		{"Forwarded: host=\"b;for=1.2.3.4;\";for=9.9.9.9\r\n",
		 "9.9.9.9:0 http b;for=1.2.3.4;"},
		{"Forwarded: for=_hidden;proto=https\r\n", "10.0.0.1:1000 https a"},
		/* What the proxy does not write is the client's own. */
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: x\r\n", "10.0.0.1:1000 http a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_client(NEAR, true, rows[i][0], rows[i][1]);
	expect_client("TCP4 9.9.9.9 127.0.0.1", true, "Forwarded: for=1.2.3.4\r\n",
		      "9.9.9.9:1000 http a");
}

TEST_TASK(networks_that_make_no_sense_are_refused)
{
	static const char *const bad[] = {"",           "x",      "1.2.3",
					  "1.2.3.4/33", "::/129", "1.2.3.4/",
					  "1.2.3.4/x",  "::1/-1", "::ffff:10.0.0.0/8"};
	WOK_AUTO(wok_http_app) *app = NULL;
	wok_stream *a, *b;

	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_stream_pair(0, &a, &b));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wok_http_serve_options options = {.trusted = &bad[i], .n_trusted = 1};
		ASSERT_ERR(wok_http_serve_stream(app, a, &options), -EINVAL);
	}
	wok_stream_free(a);
	wok_stream_free(b);
}

static int say_trailers(wok_http_request *request, void *arg)
{
	wok_view body;
	char text[128];

	(void) arg;
	ASSERT(!wok_http_request_trailer(request, "X-Sum"));
	WOK_TRY(wok_http_request_body(request, &body));
	const char *sum = wok_http_request_trailer(request, "x-sum");
	const char *length = wok_http_request_trailer(request, "Content-Length");
	snprintf(text, sizeof(text), "%s %s %s %s", body.data, sum ? sum : "-",
		 length ? length : "-", wok_http_request_header(request, "X-Sum") ? "head" : "-");
	return wok_http_reply_text(request, 200, text);
}

TEST_TASK(trailers_of_a_request_are_apart_from_its_head, "http-50", "server-10")
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "POST", "/", say_trailers);
	peer_open(&peer);
	for (int i = 0; i < 2; i++) {
		exchange(&peer, &answer,
			 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "2\r\nhi\r\n0\r\n%s\r\n",
			 i == 0 ? "X-Sum: 42\r\nContent-Length: 9\r\nX-Sum: 43\r\n" : "");
		ASSERT_STR(answer.body, i == 0 ? "hi 42 - -" : "hi - - -");
	}
	/* both ways to say a length: refused, and closed */
	peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
			 "Content-Length: 2\r\n\r\n0\r\n\r\n");
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 400, NULL);
	peer_end(&peer);
}

static int say_secret(wok_http_request *request, int status, int error, void *arg)
{
	const char *secret = wok_http_request_header(request, "X-Secret");

	(void) error;
	(void) arg;
	return wok_http_reply_text(request, status, secret ? secret : "none");
}

/* A proxy sends the requests of many over one connection. */
TEST_TASK(a_request_without_a_head_has_no_headers_of_the_one_before)
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/", say_hello);
	wok_http_on_error(peer.app, say_secret, NULL);
	peer_open(&peer);
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost: a\r\nX-Secret: mine\r\n\r\n");
	peer_send(&peer, "GET / HTT");
	peer_expect_end(&peer, 31 * WOK_SECOND);
	expect_answer(&peer.in, 408, "none");
	peer_end(&peer);
}
