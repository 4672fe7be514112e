/* SPDX-License-Identifier: MIT */
/* CONNECT through an HTTP proxy. */
#include "values/proxy_check.h"

#define ASK(extra)                                                                                 \
	"CONNECT h.test:443 HTTP/1.1\r\nHost: h.test:443\r\nUser-Agent: wok/" WOK_VERSION          \
	"\r\n" extra "\r\n"

static const struct wok__proxy plain = {.text = "http://p:3128"};
static const struct wok__proxy with_user = {
	.text = "http://p:3128", .user = "me", .password = "secret"};

struct attempt {
	const struct wok__proxy *proxy;
	const char *host;
	const wok_http_header *headers;
	size_t n_headers;
	size_t chunk;
	const struct wok__h1_limits *limits;
	const char *behind;
	struct wok__refusal refusal;
};

static int ask(struct attempt *attempt, const struct exchange_step *steps)
{
	const struct wok__tunnel tunnel = {
		.proxy = attempt->proxy ? attempt->proxy : &plain,
		.host = attempt->host ? attempt->host : "h.test",
		.port = 443,
		.headers = attempt->headers,
		.n_headers = attempt->n_headers,
		.limits = attempt->limits ? attempt->limits : &wok__h1_default_limits,
	};
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	const char *behind = attempt->behind ? attempt->behind : "";
	char rest[20] = "";

	open_line(attempt->chunk, &client, &server);
	ASSERT_OK(wok_scope_new(&scope));
	struct fake_proxy fake = {server, steps, false};
	ASSERT_OK(wok_scope_spawn(scope, run_fake_proxy, &fake));
	int r = wok__proxy_connect_tunnel(client, &tunnel, &attempt->refusal);
	if (r == 0 && *behind) {
		ASSERT_OK(wok_stream_read_exactly(client, rest, strlen(behind), NULL));
		ASSERT_STR(rest, behind);
	}
	ASSERT(r == WOK_EPROXY || attempt->refusal.status == 0);
	wok_stream_close(client);
	WOK_IGNORE(wok_scope_join(scope));
	return r;
}

TEST_TASK(a_2xx_opens_the_tunnel_whatever_its_head_says, "client-38", "http-27")
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\n\r\ntunnel",
		"HTTP/1.1 200 Connection established\r\nContent-Length: 100\r\n\r\ntunnel",
		"HTTP/1.0 204 x\r\nTransfer-Encoding: chunked\r\n\r\ntunnel",
		("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n"
		 "HTTP/1.1 200\r\n\r\ntunnel"),
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		for (size_t chunk = 0; chunk < 2; chunk++) {
			const struct exchange_step steps[] = {
				{ASK(""), sizeof(ASK("")) - 1, answers[i], strlen(answers[i])},
				{0}};
			struct attempt attempt = {.chunk = chunk, .behind = "tunnel"};
			ASSERT_OK(ask(&attempt, steps));
		}
}

TEST_TASK(the_proxy_is_told_who_asks_and_what_the_caller_adds, "client-43")
{
	static const struct exchange_step user[] = {
		STEP(ASK("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"), "HTTP/1.1 200 OK\r\n\r\n"),
		{0}};
	static const struct exchange_step own[] = {
		STEP("CONNECT [fe80::1]:443 HTTP/1.1\r\nHost: [fe80::1]:443\r\nuser-agent: x\r\n"
		     "Proxy-Authorization: y\r\n\r\n",
		     "HTTP/1.1 200 OK\r\n\r\n"),
		{0}};
	static const wok_http_header headers[] = {{"user-agent", "x"},
						  {"Proxy-Authorization", "y"}};

	ASSERT_OK(ask(&(struct attempt){.proxy = &with_user}, user));
	ASSERT_OK(ask(&(struct attempt){.proxy = &with_user,
					.host = "fe80::1%eth0",
					.headers = headers,
					.n_headers = 2},
		      own));
}

TEST_TASK(a_407_is_an_error_of_its_own_that_has_the_proxys_response, "client-43", "http-27")
{
	static const struct exchange_step needed[] = {
		STEP(ASK(""), "HTTP/1.1 407 Proxy Authentication Required\r\n"
			      "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 5\r\n\r\n"
			      "no: 5 and more"),
		{0}};
	static const struct exchange_step forbidden[] = {
		STEP(ASK(""), "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
			      "3\r\nnot\r\n4\r\n you\r\n0\r\n\r\n"),
		{0}};
	static const struct exchange_step broken[] = {
		STEP(ASK(""), "HTTP/1.1 502 Bad\r\nContent-Length: 50\r\n\r\nhalf"), {0}};
	struct attempt attempt = {0};

	ASSERT_ERR(ask(&attempt, needed), WOK_EPROXY);
	ASSERT(strstr(wok_errmsg(WOK_EPROXY), "407 Proxy Authentication Required"));
	ASSERT(strstr(wok_errmsg(WOK_EPROXY), "http://p:3128"));
	ASSERT(strstr(wok_errmsg(WOK_EPROXY), "h.test:443"));
	ASSERT_EQ(attempt.refusal.status, 407);
	ASSERT_STR(wok__head_value(&attempt.refusal.head, "Proxy-Authenticate"),
		   "Basic realm=\"x\"");
	ASSERT_EQ(attempt.refusal.body_size, 5);
	ASSERT_MEM(attempt.refusal.body, "no: 5", 5);
	wok__refusal_free(&attempt.refusal);
	ASSERT_ERR(ask(&attempt, forbidden), WOK_EPROXY);
	ASSERT_EQ(attempt.refusal.status, 403);
	ASSERT_EQ(attempt.refusal.body_size, 7);
	wok__refusal_free(&attempt.refusal);
	ASSERT_ERR(ask(&attempt, broken), WOK_EPROXY);
	ASSERT_EQ(attempt.refusal.body_size, 4);
	wok__refusal_free(&attempt.refusal);
}

static int ask_and_get(struct attempt *attempt, const char *answer)
{
	const struct exchange_step steps[] = {
		{ASK(""), sizeof(ASK("")) - 1, answer, strlen(answer)}, {0}};

	return ask(attempt, steps);
}

TEST_TASK(a_proxys_answer_is_limited_and_checked, "http-27")
{
	struct wok__h1_limits limits = wok__h1_default_limits;
	static char interim[2000], large[60000];
	struct attempt attempt = {0};

	ASSERT_ERR(ask_and_get(&attempt, ""), WOK_EEOF);
	ASSERT_ERR(ask_and_get(&attempt, "HTTP/1.1 200 OK\r\n"), WOK_EEOF);
	ASSERT_ERR(ask_and_get(&attempt, "SSH-2.0-x\r\n\r\n"), WOK_EPEER);
	for (int i = 0; i < 17; i++)
		strcat(interim, "HTTP/1.1 100 Continue\r\n\r\n");
	strcat(interim, "HTTP/1.1 200 OK\r\n\r\n");
	ASSERT_ERR(ask_and_get(&attempt, interim), WOK_EPEER);
	ASSERT_OK(ask_and_get(&attempt, interim + strlen("HTTP/1.1 100 Continue\r\n\r\n")));
	limits.fields = 1;
	attempt.limits = &limits;
	ASSERT_ERR(ask_and_get(&attempt, "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n"), WOK_ELIMIT);
	/* What a proxy says of its no has a limit, too. */
	attempt.limits = NULL;
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "HTTP/1.1 500 No\r\n\r\n", 19);
	ASSERT_ERR(ask_and_get(&attempt, large), WOK_EPROXY);
	ASSERT_EQ(attempt.refusal.body_size, 16384);
	wok__refusal_free(&attempt.refusal);
}

TEST_TASK(what_must_not_be_sent_to_a_proxy_is_refused, "http-26")
{
	static const struct exchange_step none[] = {{0}};
	static const wok_http_header bad[] = {
		{"A\r\nB", "c"}, {"A", "b\r\nC: d"}, {"Content-Length", "5"}};

	for (size_t i = 0; i < 3; i++)
		ASSERT_ERR(ask(&(struct attempt){.headers = &bad[i], .n_headers = 1}, none),
			   -EINVAL);
	ASSERT_ERR(ask(&(struct attempt){.proxy = &(struct wok__proxy){.text = "p",
								       .user = "a:b",
								       .password = "c"}},
		       none),
		   -EINVAL);
}

static int ask_mute(void *arg)
{
	const struct wok__tunnel tunnel = {&plain, "h", 1, NULL, 0, &wok__h1_default_limits};
	struct wok__refusal refusal = {0};

	return wok__proxy_connect_tunnel(arg, &tunnel, &refusal);
}

static int half_a_refusal(void *arg)
{
	static const char half[] = "HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\nha";

	return wok_stream_write_all(arg, half, sizeof(half) - 1);
}

TEST_TASK(a_silent_proxy_is_left_when_time_is_over)
{
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_stream) *client = NULL;
		WOK_AUTO(wok_stream) *server = NULL;
		open_line(0, &client, &server);
		if (i == 1)
			ASSERT_OK(half_a_refusal(server));
		ASSERT_ERR(wok_wait_for(ask_mute, client, WOK_SECOND), -ETIMEDOUT);
	}
}

TEST_TASK(a_tunnel_without_memory_fails_and_leaks_nothing)
{
	static const struct exchange_step steps[] = {
		STEP(ASK("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"),
		     "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"),
		{0}};
	int failed = 0;

	/* The pair, the scope and the fake allocate, too: the first that fail are theirs. */
	for (int at = 1; at < 12; at++) {
		const struct wok__tunnel tunnel = {&with_user, "h.test", 443,
						   NULL,       0,        &wok__h1_default_limits};
		WOK_AUTO(wok_stream) *client = NULL;
		WOK_AUTO(wok_stream) *server = NULL;
		WOK_AUTO(wok_scope) *scope = NULL;
		struct wok__refusal refusal = {0};
		open_line(0, &client, &server);
		ASSERT_OK(wok_scope_new(&scope));
		struct fake_proxy fake = {server, steps, false};
		ASSERT_OK(wok_scope_spawn(scope, run_fake_proxy, &fake));
		wok_test_fail_allocation((uint64_t) at, false);
		int r = wok__proxy_connect_tunnel(client, &tunnel, &refusal);
		wok_test_fail_allocation(0, false);
		ASSERT(r == WOK_EPROXY || r == -ENOMEM);
		failed += r == -ENOMEM;
		wok__refusal_free(&refusal);
		wok_stream_close(client);
		wok_scope_cancel(scope, NULL);
		WOK_IGNORE(wok_scope_join(scope));
	}
	ASSERT(failed >= 4);
}
