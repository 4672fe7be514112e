/* SPDX-License-Identifier: MIT */
/* Through proxies. The peer is the proxy, and the server behind it, too. */
#include "client/check.h"

TEST_TASK(an_http_proxy_is_asked_for_the_whole_url, "client-38", "client-43")
{
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){.proxy = "http://me:secret@proxy.test:3128",
						   .no_proxy = "near.test"});
	ASSERT_EQ(get(session, "http://a.test:81/x?y=%2F"), 200);
	ASSERT_STR(peer.asked, "proxy.test:3128");
	ASSERT(strncmp(peer.head, "GET http://a.test:81/x?y=%2F HTTP/1.1\r\nHost: a.test:81\r\n",
		       56) == 0);
	ASSERT_STR(field_of(peer.head, "Proxy-Authorization"), "Basic bWU6c2VjcmV0");
	ASSERT_EQ(get(session, "http://near.test/"), 200);
	ASSERT_STR(peer.asked, "near.test:80");
	ASSERT(strncmp(peer.head, "GET / HTTP/1.1\r\n", 16) == 0);
	ASSERT(!field_of(peer.head, "Proxy-Authorization"));
	peer_close(&peer);
}

/* A proxy that agrees to a CONNECT, or does not, and is the server then. */
static char connect_head[2000];

static int tunnel(struct peer *peer, wok_stream *stream)
{
	while (peer_take(peer, stream) > 0) {
		if (strncmp(peer->head, "CONNECT", 7) != 0) {
			WOK_TRY(peer_say(stream, OK_HELLO));
			continue;
		}
		snprintf(connect_head, sizeof(connect_head), "%.1900s", peer->head);
		if (peer->arg)
			return peer_say(stream, peer->arg);
		WOK_TRY(peer_say(stream, "HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\n"));
	}
	return 0;
}

TEST_TASK(a_tunnel_can_be_had_for_http_as_well, "client-39", "http-27")
{
	struct peer peer = {.serve = tunnel};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){.proxy = "http://me:secret@proxy.test:3128",
						   .proxy_tunnel = true});
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(get(session, "http://a.test/x"), 200);
		ASSERT(strncmp(peer.head, "GET /x HTTP/1.1\r\n", 17) == 0);
		ASSERT(!field_of(peer.head, "Proxy-Authorization"));
	}
	ASSERT(strncmp(connect_head, "CONNECT a.test:80 HTTP/1.1\r\n", 28) == 0);
	ASSERT_STR(field_of(connect_head, "Proxy-Authorization"), "Basic bWU6c2VjcmV0");
	ASSERT_EQ(peer.connections, 1);
	peer_close(&peer);
}

TEST_TASK(a_refusal_of_the_proxy_is_an_error_of_its_own, "client-43", "http-27")
{
	struct peer peer = {
		.serve = tunnel,
		.arg = (char *) (uintptr_t) "HTTP/1.1 407 Who\r\nContent-Length: 4\r\n\r\nwho?"};
	wok_http_timings timings;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.proxy = "proxy.test:3128"});
	ASSERT_ERR(
		fetch(session, "GET", "https://a.test/", &(wok_http_options){.timings = &timings}),
		WOK_EPROXY);
	ASSERT_SAYS(WOK_EPROXY, "407");
	ASSERT_EQ(timings.phase, WOK_HTTP_PHASE_PROXY);
	ASSERT_EQ(timings.proxy_status, 407);
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
}

static int silent(struct peer *peer, wok_stream *stream)
{
	char rest[500];
	ssize_t n;

	(void) peer;
	while ((n = wok_stream_read(stream, rest, sizeof(rest))) > 0)
		;
	return (int) n;
}

static int refuse_and_stall(struct peer *peer, wok_stream *stream)
{
	WOK_TRY(peer_take(peer, stream));
	WOK_TRY(peer_say(stream, "HTTP/1.1 407 Who\r\nContent-Length: 100\r\n\r\nwh"));
	return wok_sleep(WOK_MINUTE);
}

TEST_TASK(a_refusal_is_one_though_the_rest_of_its_body_never_comes, "client-43")
{
	struct peer peer = {.serve = refuse_and_stall};
	wok_http_timings timings;
	wok_time start = wok_now();

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.proxy = "proxy.test:3128"});
	ASSERT_ERR(
		fetch(session, "GET", "https://a.test/", &(wok_http_options){.timings = &timings}),
		WOK_EPROXY);
	ASSERT_EQ(timings.proxy_status, 407);
	ASSERT_EQ(wok_now() - start, WOK_SECOND);
	peer_close(&peer);
}

TEST_TASK(a_silent_proxy_has_a_limit_that_is_named, "http-19", "client-21")
{
	static const char *const proxies[] = {"http://p.test:1", "socks5h://p.test:1",
					      "socks4a://p.test:1"};
	struct peer peer = {.serve = silent};
	wok_http_timings timings;

	peer_open(&peer);
	for (int i = 0; i < 3; i++) {
		WOK_AUTO(wok_http_session) *session = session_of(
			&peer, &(wok_http_session_options){.proxy = proxies[i],
							   .connect_timeout = 2 * WOK_SECOND});
		wok_time start = wok_now();
		ASSERT_ERR(fetch(session, "GET", "https://a.test/",
				 &(wok_http_options){.timings = &timings}),
			   -ETIMEDOUT);
		ASSERT_EQ(timings.phase, WOK_HTTP_PHASE_PROXY);
		ASSERT_EQ(wok_now() - start, 2 * WOK_SECOND);
		ASSERT_SAYS(-ETIMEDOUT, "proxy");
		ASSERT_POOL(session, 0, 0, 0);
	}
	peer_close(&peer);
}

static int socks(struct peer *peer, wok_stream *stream)
{
	unsigned char hello[3], request[64];

	WOK_TRY(wok_stream_read_exactly(stream, hello, 3, NULL));
	ASSERT_MEM(hello, "\5\1\0", 3);
	WOK_TRY(wok_stream_write_all(stream, "\5\0", 2));
	WOK_TRY(wok_stream_read_exactly(stream, request, 13, NULL));
	ASSERT_MEM(request, "\5\1\0\3\6a.test\0\120", 13);
	WOK_TRY(wok_stream_write_all(stream, "\5\0\0\1\0\0\0\0\0\0", 10));
	return tunnel(peer, stream);
}

TEST_TASK(a_socks_proxy_can_look_the_name_up, "client-41")
{
	struct peer peer = {.serve = socks};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.proxy = "socks5h://proxy.test"});
	ASSERT_EQ(get(session, "http://a.test/x"), 200);
	ASSERT_STR(peer.asked, "proxy.test:1080");
	ASSERT(strncmp(peer.head, "GET /x HTTP/1.1\r\n", 17) == 0);
	peer_close(&peer);
}
