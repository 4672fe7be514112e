/* SPDX-License-Identifier: MIT */
/* Heads of the PROXY protocol. */
#include "http/server/proxy_protocol.h"

#include "harness/test.h"
#include "http/h1_check.h"
#include "server/exchange.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static const struct {
	const char *data;
	size_t size;
	const char *client; /* NULL: not said */
	bool bad;
} rows[] = {
	{BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n"), "1.2.3.4:1000", false},
	{BYTES("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), "[2001:db8::1]:65535", false},
	{BYTES("PROXY UNKNOWN\r\n"), NULL, false},
	{BYTES("PROXY UNKNOWN whatever it says\r\n"), NULL, false},
	{BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\n"), NULL, true},
	{BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1000 65536\r\n"), NULL, true},
	{BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 01 80\r\n"), NULL, true},
	{BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 80\r\n"), NULL, true},
	{BYTES("PROXY TCP4 1.2.3.4  5.6.7.8 1 80\r\n"), NULL, true},
	{BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 80 \r\n"), NULL, true},
	{BYTES("PROXY TCP4 ::1 ::1 1 80\r\n"), NULL, true},
	{BYTES("PROXY UDP4 1.2.3.4 5.6.7.8 1 80\r\n"), NULL, true},
	{BYTES("PROXY TCP4 1.2.3.4\0 5.6.7.8 1 80\r\n"), NULL, true},
	{BYTES("PROXY \r\n"), NULL, true},
	{BYTES("GET / HTTP/1.1\r\n"), NULL, true},
	{BYTES(SIGNATURE "\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\x03\xe8\0\x50"), "1.2.3.4:1000", false},
	{BYTES(SIGNATURE "\x21\x11\0\x0f\1\2\3\4\5\6\7\x08\x03\xe8\0\x50\x04\0\0"), "1.2.3.4:1000",
	 false},
	{BYTES(SIGNATURE "\x20\0\0\0"), NULL, false},     /* LOCAL */
	{BYTES(SIGNATURE "\x21\0\0\x02xy"), NULL, false}, /* of no kind */
	{BYTES(SIGNATURE "\x21\x11\0\x0b\1\2\3\4\5\6\7\x08\x03\xe8\0"), NULL, true}, /* cut */
	{BYTES(SIGNATURE "\x22\x11\0\0"), NULL, true},
	{BYTES(SIGNATURE "\x11\x11\0\0"), NULL, true}, /* version 1 in the binary form */
	{BYTES(SIGNATURE "\x21\x11\xff\xff"), NULL, true},
};

TEST(heads_are_read_whole_or_byte_by_byte, "server-23")
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wok__proxy_head head = {0};
		char text[WOK_ADDRESS_TEXT];
		ssize_t n = 0;
		/* no shorter part is taken for a head, nor refused if the whole is good */
		for (size_t size = 0; size < rows[i].size && n == 0; size++)
			n = wok__proxy_head_parse(rows[i].data, size, &head);
		if (!rows[i].bad)
			ASSERT_EQ(n, 0);
		n = wok__proxy_head_parse(rows[i].data, rows[i].size, &head);
		if (rows[i].bad) {
			if (n != -EINVAL)
				FAIL("row %zu was taken: %zd", i, n);
			continue;
		}
		if ((size_t) n != rows[i].size)
			FAIL("row %zu: %zd of %zu bytes", i, n, rows[i].size);
		ASSERT_EQ(head.known, rows[i].client != NULL);
		if (head.known)
			ASSERT_STR(wok_address_text(&head.client, text), rows[i].client);
	}
}

TEST(a_line_without_end_is_given_up)
{
	struct wok__proxy_head head;
	char line[128];

	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	ASSERT_EQ(wok__proxy_head_parse(line, 100, &head), 0);
	ASSERT_EQ(wok__proxy_head_parse(line, 107, &head), -EINVAL);
}

static int say_peer(wok_http_request *request, void *arg)
{
	wok_address address;
	char text[WOK_ADDRESS_TEXT];

	(void) arg;
	int r = wok_http_request_peer(request, &address);
	return wok_http_reply_text(request, 200,
				   r < 0 ? wok_errname(r) : wok_address_text(&address, text));
}

TEST_TASK(a_proxy_says_who_its_client_is, "server-23")
{
	struct peer peer = {.options = {.proxy_protocol = true}};
	struct answer answer;

	peer_route(&peer, "GET", "/", say_peer);
	peer_open(&peer);
	peer_send(&peer, "PROXY TCP4 1.2.3.4 5.6.");
	test_settle();
	exchange(&peer, &answer, "7.8 1000 80\r\n" REQUEST_GET("/%s"), "");
	ASSERT_STR(answer.body, "1.2.3.4:1000");
	expect_reply(&peer, "GET", "/", 200, "1.2.3.4:1000");
	peer_close(&peer, 0);

	/* who does not begin so, or says nothing at all, is not answered */
	peer_open(&peer);
	peer_send(&peer, REQUEST_GET("/"));
	peer_expect_end(&peer, WOK_SECOND);
	expect_no_more(&peer.in);
	peer_close(&peer, 0);
	peer_open(&peer);
	peer_send(&peer, "PROXY");
	peer_expect_end(&peer, 31 * WOK_SECOND);
	expect_no_more(&peer.in);
	peer_end(&peer);

	/* without the option nobody can make himself an address */
	struct peer plain = {0};
	peer_route(&plain, "GET", "/", say_peer);
	peer_open(&plain);
	exchange(&plain, &answer, "PROXY TCP4 1.2.3.4 5.6.7.8 1 80\r\n%s", REQUEST_GET("/"));
	ASSERT_EQ(answer.status, 400);
	peer_end(&plain);
}
