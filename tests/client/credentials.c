/* SPDX-License-Identifier: MIT */
/* What a client says of itself, and to whom: names and passwords, cookies; and what it decodes. */
#include <wok/cookie.h>

#include "client/check.h"
#include "harness/needs.h"

TEST_TASK(basic_credentials_go_with_the_first_request_to_their_origin_only, "client-34")
{
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.user = "me", .password = "secret"});
	ASSERT_EQ(get(session, "http://a.test/"), 200);
	ASSERT_STR(field_of(peer.head, "Authorization"), "Basic bWU6c2VjcmV0");
	ASSERT_EQ(get(session, "http://you:x%40y@a.test/"), 200);
	ASSERT_STR(field_of(peer.head, "Authorization"), "Basic eW91OnhAeQ==");
	ASSERT(!strstr(peer.head, "you:"));
	const wok_http_header own = {"Authorization", "Bearer t"};
	ASSERT_EQ(fetch(session, "GET", "http://a.test/",
			&(wok_http_options){.headers = &own, .n_headers = 1}),
		  200);
	ASSERT_STR(field_of(peer.head, "Authorization"), "Bearer t");
	peer_close(&peer);
}

static const char *lead_away(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) body;
	return strstr(head, "GET /away ")
		       ? "HTTP/1.1 302 x\r\nLocation: http://b.test/\r\nSet-Cookie: hop=1\r\n"
			 "Content-Length: 0\r\n\r\n"
	       : strstr(head, "GET /near ")
		       ? "HTTP/1.1 302 x\r\nLocation: /end\r\nSet-Cookie: near=2; Path=/\r\n"
			 "Set-Cookie: other=3\r\nContent-Length: 0\r\n\r\n"
		       : OK_HELLO;
}

TEST_TASK(credentials_do_not_follow_a_redirect_elsewhere, "client-34", "client-26")
{
	struct peer peer = {.answer = lead_away};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.user = "me", .password = "secret"});
	ASSERT_EQ(get(session, "http://a.test/near"), 200);
	ASSERT(field_of(peer.head, "Authorization"));
	ASSERT_EQ(get(session, "http://a.test/away"), 200);
	ASSERT_STR(field_of(peer.head, "Host"), "b.test");
	ASSERT(!field_of(peer.head, "Authorization"));
	peer_close(&peer);
}

TEST_TASK(cookies_of_a_redirect_go_with_the_next_request, "client-30", "http-14")
{
	struct peer peer = {.answer = lead_away};
	WOK_AUTO(wok_cookie_jar) *jar = NULL;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_EQ(get(session, "http://a.test/near"), 200);
	ASSERT(strstr(peer.head, "GET /end "));
	ASSERT_STR(field_of(peer.head, "Cookie"), "near=2; other=3");
	ASSERT_EQ(get(session, "http://a.test/away"), 200);
	ASSERT(!field_of(peer.head, "Cookie")); /* b.test has none */
	WOK_AUTO(wok_http_session) *none =
		session_of(&peer, &(wok_http_session_options){.no_cookies = true});
	ASSERT_EQ(get(none, "http://a.test/near"), 200);
	ASSERT(!field_of(peer.head, "Cookie"));
	/* a jar can be shared, and outlives its sessions */
	ASSERT_OK(wok_cookie_jar_new(NULL, &jar));
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_http_session) *shared =
			session_of(&peer, &(wok_http_session_options){.cookies = jar});
		ASSERT_EQ(get(shared, i ? "http://a.test/" : "http://a.test/near"), 200);
		ASSERT_STR(field_of(peer.head, "Cookie"), "near=2; other=3");
	}
	peer_close(&peer);
}

static const char *challenge(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) body;
	return strstr(head, "\r\nAuthorization: Digest username=\"me\"")
		       ? OK_HELLO
		       : "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"r\"\r\n"
			 "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", "
			 "algorithm=SHA-256\r\nContent-Length: 0\r\n\r\n";
}

TEST_TASK(a_digest_is_sent_when_it_is_asked_for_and_from_then_on, "client-35")
{
	NEEDS_TLS();
	struct peer peer = {.answer = challenge};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){
			       .user = "me", .password = "secret", .auth = WOK_HTTP_AUTH_DIGEST});
	ASSERT_EQ(get(session, "http://a.test/"), 200);
	ASSERT_EQ(peer.requests, 2);
	ASSERT(strstr(peer.head, "nc=00000001"));
	ASSERT(!strstr(peer.head, "secret"));
	ASSERT_EQ(fetch(session, "POST", "http://a.test/x",
			&(wok_http_options){.body = "b", .body_size = 1}),
		  200);
	ASSERT_EQ(peer.requests, 3);
	ASSERT(strstr(peer.head, "nc=00000002"));
	/* whom it does not believe it tells once more, and that is all */
	ASSERT_EQ(fetch(session, "GET", "http://a.test/",
			&(wok_http_options){
				.user = "you", .password = "x", .auth = WOK_HTTP_AUTH_DIGEST}),
		  401);
	ASSERT_EQ(peer.requests, 5);
	peer_close(&peer);
}

static const char *next_nonce(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) body;
	if (!strstr(head, "\r\nAuthorization: Digest"))
		return "HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
		       "qop=\"auth\", algorithm=SHA-256\r\nContent-Length: 0\r\n\r\n";
	return strstr(head, "nonce=\"n\"")
		       ? "HTTP/1.1 200 OK\r\nAuthentication-Info: nextnonce=\"m\", qop=auth\r\n"
			 "Content-Length: 0\r\n\r\n"
		       : OK_HELLO;
}

TEST_TASK(a_server_may_want_another_nonce_for_the_next_digest, "client-35")
{
	NEEDS_TLS();
	struct peer peer = {.answer = next_nonce};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){
			       .user = "me", .password = "secret", .auth = WOK_HTTP_AUTH_DIGEST});
	ASSERT_EQ(get(session, "http://a.test/"), 200);
	ASSERT(strstr(peer.head, "nonce=\"n\""));
	for (int i = 1; i < 3; i++) {
		char count[20];
		snprintf(count, sizeof(count), "nc=%08x", i);
		ASSERT_EQ(get(session, "http://a.test/"), 200);
		ASSERT(strstr(peer.head, "nonce=\"m\""));
		ASSERT(strstr(peer.head, count));
	}
	ASSERT_EQ(peer.requests, 4);
	peer_close(&peer);
}

static const char *asks_for_the_body(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) head;
	(void) body;
	return "HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
	       "qop=\"auth-int\"\r\nContent-Length: 0\r\n\r\n";
}

static ssize_t nothing_more(void *arg, void *data, size_t size)
{
	int *left = arg;

	(void) size;
	memcpy(data, "x", 1);
	return *left > 0 ? (*left)-- : 0;
}

static int once_more(void *arg)
{
	*(int *) arg = 1;
	return 0;
}

TEST_TASK(a_digest_is_never_of_another_body_than_the_one_sent, "client-35")
{
	NEEDS_TLS();
	struct peer peer = {.answer = asks_for_the_body};
	int left = 1;
	wok_http_options options = {
		.body_read = nothing_more, .body_rewind = once_more, .body_arg = &left};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){
			       .user = "me", .password = "secret", .auth = WOK_HTTP_AUTH_DIGEST});
	ASSERT_ERR(fetch(session, "POST", "http://a.test/", &options), -ENOTSUP);
	options = (wok_http_options){.body = "x", .body_size = 1, .compress = "gzip"};
	ASSERT_ERR(fetch(session, "POST", "http://b.test/", &options), -ENOTSUP);
	ASSERT_EQ(peer.requests, 2);
	peer_close(&peer);
}

/* "hello hello hello\n" by gzip. */
static const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
				       0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x5c,
				       0x00, 0x3b, 0x7c, 0x8a, 0xdf, 0x12, 0x00, 0x00, 0x00};

static int send_packed(struct peer *peer, wok_stream *stream)
{
	char head[200];

	while (peer_take(peer, stream) > 0) {
		bool cut = strstr(peer->head, "/cut") != NULL;
		size_t size = sizeof(packed) - (cut ? 5 : 0);
		snprintf(head, sizeof(head),
			 "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
			 strstr(peer->head, "/odd") ? "odd" : "gzip", size);
		WOK_TRY(peer_say(stream, head));
		if (strncmp(peer->head, "HEAD", 4) != 0)
			WOK_TRY(wok_stream_write_all(stream, packed, size));
	}
	return 0;
}

static void expect_body(wok_http_session *session, const char *url, const wok_http_options *options,
			const void *want, size_t size)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	ASSERT_OK(wok_http_get(session, url, options, &response));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, size);
	ASSERT_MEM(body.data, want, size);
}

TEST_TASK(coded_bodies_are_asked_for_and_decoded, "client-67", "http-20")
{
	NEEDS_ZLIB();
	struct peer peer = {.serve = send_packed};
	static const char text[] = "hello hello hello\n";

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	const wok_http_options raw = {.no_decode = true};
	expect_body(session, "http://a.test/", NULL, text, 18);
	ASSERT(strstr(field_of(peer.head, "Accept-Encoding"), "gzip"));
	ASSERT_POOL(session, 1, 1, 0);
	expect_body(session, "http://a.test/", &raw, packed, sizeof(packed));
	ASSERT(!field_of(peer.head, "Accept-Encoding"));
	expect_body(session, "http://a.test/odd", NULL, packed, sizeof(packed));
	ASSERT_EQ(fetch(session, "HEAD", "http://a.test/", NULL), 200);
	ASSERT_EQ(peer.connections, 1);
	ASSERT_ERR(get(session, "http://a.test/cut"), WOK_EEOF);
	ASSERT_SAYS(WOK_EEOF, "GET http://a.test/cut");
	peer_close(&peer);
}

static const char *lines(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) head;
	(void) body;
	return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	       "3\r\none\r\n7\r\n\ntwo\r\n\n\r\n3\r\nend\r\n0\r\n\r\n";
}

TEST_TASK(a_body_can_be_read_line_by_line, "client-70")
{
	struct peer peer = {.answer = lines};
	wok_http_response *response = NULL;
	static const char *const want[] = {"one", "two", "", "end"};
	wok_view line;
	char rest[20];

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_OK(wok_http_get(session, "http://a.test/", NULL, &response));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(wok_http_next_line(response, 0, &line), 1);
		ASSERT_STR(line.data, want[i]);
		ASSERT_EQ(line.size, strlen(want[i]));
	}
	ASSERT_EQ(wok_http_next_line(response, 0, &line), 0);
	ASSERT_POOL(session, 1, 1, 0);
	wok_http_response_free(response);
	/* a line, and the rest as bytes; and one that is too long */
	ASSERT_OK(wok_http_get(session, "http://a.test/", NULL, &response));
	ASSERT_ERR(wok_http_next_line(response, 2, &line), WOK_ELIMIT);
	ASSERT_EQ(wok_http_next_line(response, 0, &line), 1);
	size_t size = 0;
	ssize_t n;
	while ((n = wok_http_read(response, rest + size, sizeof(rest) - size)) > 0)
		size += (size_t) n;
	ASSERT_EQ(n, 0);
	ASSERT_EQ(size, 9);
	ASSERT_MEM(rest, "two\r\n\nend", 9);
	wok_http_response_free(response);
	peer_close(&peer);
}
