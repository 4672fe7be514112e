/* SPDX-License-Identifier: MIT */
/* The server's side of the handshake: what is accepted, and how the rest is refused. */
#include <wok/websocket.h>

#include "harness/needs.h"
#include "http/server_check.h"
#include "http/websocket/handshake.h"
#include "ws/frames.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define START "GET /ws HTTP/1.1\r\nHost: example.org\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define GOOD START UPGRADE "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"

/* Of the handler below. */
static wok_ws_options options;
static int accepted, result;
static char subprotocol[40], extensions[160];

static int echo(wok_http_request *request, void *arg)
{
	WOK_AUTO(wok_ws) *ws = NULL;
	wok_ws_message message;
	int r;

	(void) arg;
	result = wok_ws_accept(request, &options, &ws);
	if (result < 0)
		return result;
	accepted++;
	snprintf(subprotocol, sizeof(subprotocol), "%s",
		 wok_ws_subprotocol(ws) ? wok_ws_subprotocol(ws) : "none");
	snprintf(extensions, sizeof(extensions), "%s", wok_ws_extensions(ws));
	while ((r = wok_ws_receive(ws, &message)) > 0)
		WOK_TRY(wok_ws_send(ws, message.type, message.data, message.size));
	return result = r;
}

static void open_peer(struct peer *peer)
{
	accepted = 0;
	result = 1;
	peer_route(peer, "*", "/ws", echo);
	peer_open(peer);
}

/* The answer to a handshake: its status. */
static int shake_hands(struct peer *peer, const char *text, struct answer *answer)
{
	peer_send(peer, text);
	peer_listen(peer);
	if (!next_answer(&peer->in, WOK__H1_FOR_UPGRADE, answer))
		FAIL("no answer to %s", text);
	return answer->status;
}

static void leave(struct peer *peer)
{
	struct bytes bytes = {0};

	add_text(&bytes, true, FIN | 8, "\x03\xe8");
	peer_send_bytes(peer, bytes.data, bytes.size);
	bytes_free(&bytes);
	peer_end(peer);
}

TEST(the_answer_to_a_key_is_that_of_the_standard, "http-57")
{
	char accept[WOK__WS_ACCEPT_SIZE + 1], key[WOK__WS_KEY_SIZE + 1], other[sizeof(key)];
	uint8_t digest[20];

	wok__ws_accept_of(KEY, accept);
	ASSERT_STR(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	ASSERT_OK(wok__ws_make_key(key));
	ASSERT_OK(wok__ws_make_key(other));
	ASSERT(wok__ws_valid_key(key) && wok__ws_valid_key(KEY));
	ASSERT(strcmp(key, other) != 0);
	wok__ws_sha1("abc", 3, digest);
	ASSERT_MEM(digest,
		   "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0"
		   "\xd8\x9d",
		   20);
	wok__ws_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, digest);
	ASSERT_MEM(digest,
		   "\x84\x98\x3e\x44\x1c\x3b\xd2\x6e\xba\xae\x4a\xa1\xf9\x51\x29\xe5\xe5\x46"
		   "\x70\xf1",
		   20);
}

TEST_TASK(a_good_request_is_answered_by_101, "http-57", "server-13")
{
	struct peer peer = {0};
	struct answer answer;

	open_peer(&peer);
	ASSERT_EQ(shake_hands(&peer, GOOD "\r\n", &answer), 101);
	ASSERT_STR(answer_header(&answer, "Upgrade"), "websocket");
	ASSERT_STR(answer_header(&answer, "Connection"), "Upgrade");
	ASSERT_STR(answer_header(&answer, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	ASSERT(answer_header(&answer, "Sec-WebSocket-Protocol") == NULL);
	ASSERT(answer_header(&answer, "Sec-WebSocket-Extensions") == NULL);
	ASSERT_STR(subprotocol, "none");
	leave(&peer);
	ASSERT_EQ(result, 0);
}

TEST_TASK(frames_right_behind_the_request_are_not_lost, "http-57")
{
	struct peer peer = {0};
	struct bytes bytes = {0};
	struct answer answer;

	bytes_add(&bytes, GOOD "\r\n", strlen(GOOD "\r\n"));
	add_text(&bytes, true, FIN | 1, "early");
	open_peer(&peer);
	peer_send_bytes(&peer, bytes.data, bytes.size);
	peer_listen(&peer);
	ASSERT(next_answer(&peer.in, WOK__H1_FOR_UPGRADE, &answer));
	ASSERT_EQ(answer.status, 101);
	ASSERT_EQ(peer.in.size - peer.in.at, 7);
	ASSERT_MEM(peer.in.data + peer.in.at,
		   "\x81\x05"
		   "early",
		   7);
	bytes_free(&bytes);
	leave(&peer);
}

TEST_TASK(a_server_that_watches_its_clients_has_websockets_too)
{
	struct peer peer = {.options = {.cancel_on_disconnect = true}};
	struct bytes bytes = {0};
	struct answer answer;

	open_peer(&peer);
	ASSERT_EQ(shake_hands(&peer, GOOD "\r\n", &answer), 101);
	add_text(&bytes, true, FIN | 1, "later");
	peer_send_bytes(&peer, bytes.data, bytes.size);
	peer_listen(&peer);
	ASSERT_EQ(peer.in.size - peer.in.at, 7);
	bytes_free(&bytes);
	leave(&peer);
	ASSERT_EQ(result, 0);
}

TEST_TASK(names_of_the_handshake_are_read_in_any_case_and_in_lists, "http-57")
{
	struct peer peer = {0};
	struct answer answer;

	open_peer(&peer);
	ASSERT_EQ(shake_hands(&peer,
			      START "upgrade: foo, WebSocket\r\nConnection: keep-alive, upgrade\r\n"
				    "Sec-WebSocket-Key: " KEY
				    "\r\nSec-WebSocket-Version: 13\r\n\r\n",
			      &answer),
		  101);
	leave(&peer);
}

TEST_TASK(a_request_that_is_not_a_handshake_is_refused, "http-57")
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{START "\r\n", 426},
		{START "Upgrade: websocket\r\nSec-WebSocket-Key: " KEY
		       "\r\nSec-WebSocket-Version: 13\r\n\r\n",
		 426},
		{START "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY
		       "\r\nSec-WebSocket-Version: 13\r\n\r\n",
		 426},
		{START UPGRADE "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 8\r\n\r\n",
		 426},
		{START UPGRADE "Sec-WebSocket-Key: " KEY "\r\n\r\n", 426},
		{START UPGRADE "Sec-WebSocket-Version: 13\r\n\r\n", 400},
		{START UPGRADE "Sec-WebSocket-Key: dGhl\r\nSec-WebSocket-Version: 13\r\n\r\n", 400},
		{START UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n"
			       "Sec-WebSocket-Version: 13\r\n\r\n",
		 400},
		{START UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSBhYWFh\r\n"
			       "Sec-WebSocket-Version: 13\r\n\r\n",
		 400},
		{"POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" UPGRADE
		 "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
		 400},
		{GOOD "Content-Length: 1\r\n\r\nx", 400},
		{GOOD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{GOOD "Origin: https://evil.example\r\n\r\n", 403},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {0};
		struct answer answer;
		open_peer(&peer);
		int status = shake_hands(&peer, rows[i].text, &answer);
		if (status != rows[i].status)
			FAIL("row %zu: %d, not %d", i, status, rows[i].status);
		if (status == 426)
			ASSERT_STR(answer_header(&answer, "Sec-WebSocket-Version"), "13");
		ASSERT_EQ(result, WOK_EPEER);
		ASSERT_EQ(accepted, 0);
		peer_end(&peer);
	}
}

TEST_TASK(an_origin_is_the_hosts_own_or_one_of_those_allowed, "server-13")
{
	static const char *const two[] = {"https://a.example", "null"};
	static const struct {
		const char *origin, *host;
		int own, listed; /* the status with the default, and with the list above */
	} rows[] = {
		{"http://example.org", "example.org", 101, 403},
		{"https://Example.ORG", "example.org", 101, 403},
		{"https://example.org:8443", "example.org:8443", 101, 403},
		{"https://example.org", "example.org:443", 101, 403},
		{"https://example.org", "example.org:80", 403, 403},
		{"https://example.org:8443", "example.org", 403, 403},
		{"https://example.org.evil.example", "example.org", 403, 403},
		{"https://evil.example/example.org", "example.org", 403, 403},
		{"https://", "example.org", 403, 403},
		{"null", "example.org", 403, 101},
		{"file://example.org", "example.org", 403, 403},
		{"https://a.example", "example.org", 403, 101},
		{"https://A.example", "example.org", 403, 101},
	};

	for (size_t i = 0; i < 3 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {0};
		struct answer answer;
		char text[600];
		int expected = i % 3 == 0 ? rows[i / 3].own : i % 3 == 1 ? rows[i / 3].listed : 101;
		options = (wok_ws_options){.any_origin = i % 3 == 2};
		if (i % 3 == 1)
			options = (wok_ws_options){.origins = two, .n_origins = 2};
		snprintf(text, sizeof(text),
			 "GET /ws HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n" UPGRADE
			 "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
			 rows[i / 3].host, rows[i / 3].origin);
		open_peer(&peer);
		int status = shake_hands(&peer, text, &answer);
		if (status != expected)
			FAIL("origin %s at %s: %d, not %d", rows[i / 3].origin, rows[i / 3].host,
			     status, expected);
		if (status == 101)
			leave(&peer);
		else
			peer_end(&peer);
	}
}

TEST_TASK(the_servers_best_subprotocol_that_the_client_offers_is_taken, "http-57")
{
	static const char *const ours[] = {"chat.v2", "chat.v1"};
	static const struct {
		const char *offer, *chosen;
	} rows[] = {
		{"Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n", "chat.v2"},
		{"Sec-WebSocket-Protocol: foo\r\nSec-WebSocket-Protocol: chat.v1\r\n", "chat.v1"},
		{"Sec-WebSocket-Protocol: CHAT.V1, foo\r\n", "none"},
		{"", "none"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {0};
		struct answer answer;
		char text[600];
		options = (wok_ws_options){.subprotocols = ours, .n_subprotocols = 2};
		snprintf(text, sizeof(text), GOOD "%s\r\n", rows[i].offer);
		open_peer(&peer);
		ASSERT_EQ(shake_hands(&peer, text, &answer), 101);
		ASSERT_STR(subprotocol, rows[i].chosen);
		const char *header = answer_header(&answer, "Sec-WebSocket-Protocol");
		ASSERT_STR(header ? header : "none", rows[i].chosen);
		leave(&peer);
	}
}

TEST_TASK(the_answer_may_carry_headers_of_the_application)
{
	static const wok_http_header cookie = {"Set-Cookie", "a=b"};
	struct peer peer = {0};
	struct answer answer;

	options = (wok_ws_options){.headers = &cookie, .n_headers = 1};
	open_peer(&peer);
	ASSERT_EQ(shake_hands(&peer, GOOD "\r\n", &answer), 101);
	ASSERT_STR(answer_header(&answer, "Set-Cookie"), "a=b");
	leave(&peer);
}

/* Options that make no sense: the handler's mistake, told before anything is sent. */
static int accept_badly(wok_http_request *request, void *arg)
{
	static const char *const names[] = {"two words"};
	static const wok_http_header split = {"X", "a\r\nb"}, wrong = {"Upgrade", "x"};
	const wok_ws_options rows[] = {
		{.subprotocols = names, .n_subprotocols = 1},
		{.headers = &split, .n_headers = 1},
		{.headers = &wrong, .n_headers = 1},
		{.deflate = {.enable = true, .window_bits = 8}},
		{.deflate = {.enable = true, .mem_level = 10}},
	};
	wok_ws *ws = NULL;

	(void) arg;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_ERR(wok_ws_accept(request, &rows[i], &ws), -EINVAL);
	ASSERT_OK(wok_http_reply_text(request, 200, "nothing was sent"));
	ASSERT_ERR(wok_ws_accept(request, NULL, &ws), -EALREADY);
	ASSERT(ws == NULL);
	return 0;
}

TEST_TASK(options_that_make_no_sense_are_refused_before_anything_is_sent, "http-26")
{
	NEEDS_ZLIB();
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/ws", accept_badly);
	peer_open(&peer);
	ASSERT_EQ(shake_hands(&peer, GOOD "\r\n", &answer), 200);
	peer_end(&peer);
}

/* --- compression ------------------------------------------------------------------------------ */

static const struct {
	const char *offer;
	const char *answer; /* "": none */
} offers[] = {
	{"permessage-deflate", "permessage-deflate; server_max_window_bits=12"},
	{"permessage-deflate; client_max_window_bits",
	 "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"},
	{"permessage-deflate; client_max_window_bits=9; server_max_window_bits=10",
	 "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9"},
	{"permessage-deflate;server_no_context_takeover ; client_no_context_takeover",
	 "permessage-deflate; server_max_window_bits=12; server_no_context_takeover; "
	 "client_no_context_takeover"},
	{"permessage-deflate; server_max_window_bits=\"15\"",
	 "permessage-deflate; server_max_window_bits=12"},
	{"permessage-deflate; server_max_window_bits=8",
	 "permessage-deflate; server_max_window_bits=8"},
	{"x-webkit-deflate-frame, permessage-deflate",
	 "permessage-deflate; server_max_window_bits=12"},
	{"permessage-deflate; foo, permessage-deflate; server_max_window_bits=9",
	 "permessage-deflate; server_max_window_bits=9"},
	{"permessage-deflate; server_max_window_bits", ""},
	{"permessage-deflate; server_max_window_bits=7", ""},
	{"permessage-deflate; server_max_window_bits=16", ""},
	{"permessage-deflate; server_max_window_bits=010", ""},
	{"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", ""},
	{"permessage-deflate; client_max_window_bits=x", ""},
	{"permessage-deflate; client_no_context_takeover=1", ""},
	{"permessage-deflate; client_no_context_takeover; client_no_context_takeover", ""},
	{"permessage-deflate; ", ""},
	{"permessage-deflate-x", ""},
	{"foo", ""},
};

TEST_TASK(compression_is_agreed_on_if_the_server_wants_it, "http-57", "server-13")
{
	NEEDS_ZLIB();
	for (size_t i = 0; i < 2 * sizeof(offers) / sizeof(offers[0]); i++) {
		struct peer peer = {0};
		struct answer answer;
		char text[600];
		bool wanted = i % 2;
		options = (wok_ws_options){.deflate = {.enable = wanted}};
		snprintf(text, sizeof(text), GOOD "Sec-WebSocket-Extensions: %s\r\n\r\n",
			 offers[i / 2].offer);
		open_peer(&peer);
		ASSERT_EQ(shake_hands(&peer, text, &answer), 101);
		const char *header = answer_header(&answer, "Sec-WebSocket-Extensions");
		ASSERT_STR(header ? header : "", wanted ? offers[i / 2].answer : "");
		ASSERT_STR(extensions, header ? header : "");
		leave(&peer);
	}
}

TEST_TASK(a_peer_that_does_not_read_the_answer_has_no_websocket_yet)
{
	struct peer peer = {0};
	struct answer answer;

	options = (wok_ws_options){0};
	accepted = 0;
	result = 1;
	peer_route(&peer, "*", "/ws", echo);
	peer_open_sized(&peer, 64);
	peer_send(&peer, GOOD "\r\n");
	/* Longer than nobody has to receive, and than a heartbeat. */
	for (int i = 0; i < 20; i++)
		wok_test_advance(WOK_SECOND);
	ASSERT_EQ(accepted, 0);
	peer_listen(&peer);
	ASSERT(next_answer(&peer.in, WOK__H1_FOR_UPGRADE, &answer));
	ASSERT_EQ(answer.status, 101);
	ASSERT_EQ(accepted, 1);
	leave(&peer);
}
