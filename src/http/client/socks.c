/* SPDX-License-Identifier: MIT */
/* SOCKS 5 (RFC 1928, 1929) and 4A: see http/client/proxy.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <wok/error.h>

#include "http/client/proxy.h"

enum {
	VERSION = 5,
	NO_AUTHENTICATION = 0,
	USER_AND_PASSWORD = 2,
	NOTHING_FITS = 255,
	CONNECT = 1,
	IPV4 = 1,
	NAME = 3,
	IPV6 = 4,
	TEXT_MAX = 255,
	GRANTED = 90 /* of version 4 */
};

/* A message that is put together byte by byte; the sizes of its texts are checked before. */
struct message {
	unsigned char bytes[3 * TEXT_MAX];
	size_t size;
};

static void put(struct message *message, const void *data, size_t size)
{
	memcpy(message->bytes + message->size, data, size);
	message->size += size;
}

static void put_byte(struct message *message, unsigned byte)
{
	message->bytes[message->size++] = (unsigned char) byte;
}

static void put_port(struct message *message, uint16_t port)
{
	put_byte(message, port >> 8);
	put_byte(message, port & 255);
}

static void put_text(struct message *message, const char *text)
{
	put_byte(message, (unsigned) strlen(text));
	put(message, text, strlen(text));
}

static int give(wok_stream *stream, struct message *message)
{
	int r = wok_stream_write_all(stream, message->bytes, message->size);

	explicit_bzero(message, sizeof(*message));
	return r;
}

static int receive(wok_stream *stream, const struct wok__proxy *proxy, void *data, size_t size)
{
	int r = wok_stream_read_exactly(stream, data, size, NULL);

	return r == WOK_EEOF ? wok_fail(r, "the proxy %s closed the connection in the handshake",
					proxy->text)
			     : r;
}

static int nonsense(const struct wok__proxy *proxy)
{
	return wok_fail(WOK_EPEER, "the proxy %s does not answer as SOCKS has it", proxy->text);
}

/* An IPv6 address without its zone. */
static bool read_ipv6(const char *host, struct in6_addr *ret)
{
	char text[INET6_ADDRSTRLEN];
	size_t size = strcspn(host, "%");

	if (size >= sizeof(text))
		return false;
	memcpy(text, host, size);
	text[size] = '\0';
	return inet_pton(AF_INET6, text, ret) == 1;
}

static int check(const struct wok__proxy *proxy, const char *host)
{
	if (strlen(host) > TEXT_MAX || !*host)
		return wok_fail(-EINVAL, "a host's name for a SOCKS proxy has 1 to 255 bytes");
	if (proxy->user && (strlen(proxy->user) > TEXT_MAX || strlen(proxy->password) > TEXT_MAX))
		return wok_fail(-EINVAL,
				"user and password for a SOCKS proxy have 255 bytes at most");
	return 0;
}

/* --- version 5 -------------------------------------------------------------------------------- */

static int log_in(wok_stream *stream, const struct wok__proxy *proxy)
{
	struct message message = {0};
	unsigned char answer[2];

	put_byte(&message, 1);
	put_text(&message, proxy->user);
	put_text(&message, proxy->password);
	WOK_TRY(give(stream, &message));
	WOK_TRY(receive(stream, proxy, answer, sizeof(answer)));
	if (answer[0] != 1)
		return nonsense(proxy);
	return answer[1] == 0 ? 0
			      : wok_fail(WOK_EPROXY, "the proxy %s refuses user and password",
					 proxy->text);
}

static int agree(wok_stream *stream, const struct wok__proxy *proxy)
{
	struct message message = {0};
	unsigned char answer[2];

	put_byte(&message, VERSION);
	put_byte(&message, proxy->user ? 2 : 1);
	put_byte(&message, NO_AUTHENTICATION);
	if (proxy->user)
		put_byte(&message, USER_AND_PASSWORD);
	WOK_TRY(give(stream, &message));
	WOK_TRY(receive(stream, proxy, answer, sizeof(answer)));
	if (answer[0] != VERSION)
		return nonsense(proxy);
	if (answer[1] == USER_AND_PASSWORD && proxy->user)
		return log_in(stream, proxy);
	if (answer[1] == NOTHING_FITS)
		return wok_fail(WOK_EPROXY, "the proxy %s wants %s", proxy->text,
				proxy->user ? "another authentication than user and password"
					    : "a user and a password");
	return answer[1] == NO_AUTHENTICATION ? 0 : nonsense(proxy);
}

static const char *reason(unsigned code)
{
	static const char *const reasons[] = {
		"",
		"it failed",
		"its rules forbid that",
		"the network cannot be reached",
		"the host cannot be reached",
		"the connection was refused",
		"the time to live ran out",
		"it does not know the command",
		"it does not know this kind of address",
	};

	return code < sizeof(reasons) / sizeof(reasons[0]) ? reasons[code] : "an unknown reason";
}

/* The address that the proxy uses follows; it is of no interest. */
static int take_address(wok_stream *stream, const struct wok__proxy *proxy, unsigned kind)
{
	unsigned char unused[TEXT_MAX + 2], size = 0;

	if (kind == NAME)
		WOK_TRY(receive(stream, proxy, &size, 1));
	else if (kind != IPV4 && kind != IPV6)
		return nonsense(proxy);
	size_t n = kind == IPV4 ? 4 : kind == IPV6 ? 16 : size;
	return receive(stream, proxy, unused, n + 2);
}

int wok__socks5_connect(wok_stream *stream, const struct wok__proxy *proxy, const char *host,
			uint16_t port)
{
	struct message message = {0};
	unsigned char answer[4];
	struct in6_addr v6;
	struct in_addr v4;

	WOK_TRY(check(proxy, host));
	WOK_TRY(agree(stream, proxy));
	put_byte(&message, VERSION);
	put_byte(&message, CONNECT);
	put_byte(&message, 0);
	if (inet_pton(AF_INET, host, &v4) == 1) {
		put_byte(&message, IPV4);
		put(&message, &v4, sizeof(v4));
	} else if (read_ipv6(host, &v6)) {
		put_byte(&message, IPV6);
		put(&message, &v6, sizeof(v6));
	} else {
		put_byte(&message, NAME);
		put_text(&message, host);
	}
	put_port(&message, port);
	WOK_TRY(give(stream, &message));
	WOK_TRY(receive(stream, proxy, answer, sizeof(answer)));
	if (answer[0] != VERSION)
		return nonsense(proxy);
	if (answer[1] != 0)
		return wok_fail(WOK_EPROXY, "the proxy %s does not connect to %.255s:%u: %s",
				proxy->text, host, port, reason(answer[1]));
	return take_address(stream, proxy, answer[3]);
}

/* --- version 4A ------------------------------------------------------------------------------- */

int wok__socks4a_connect(wok_stream *stream, const struct wok__proxy *proxy, const char *host,
			 uint16_t port)
{
	static const unsigned char look_it_up[4] = {0, 0, 0, 1};
	const char *user = proxy->user ? proxy->user : "";
	struct message message = {0};
	unsigned char answer[8];
	struct in_addr v4;

	WOK_TRY(check(proxy, host));
	if (strchr(host, ':'))
		return wok_fail(-EAFNOSUPPORT, "SOCKS 4A has no IPv6: %.255s", host);
	bool is_address = inet_pton(AF_INET, host, &v4) == 1;
	put_byte(&message, 4);
	put_byte(&message, CONNECT);
	put_port(&message, port);
	put(&message, is_address ? (const void *) &v4 : look_it_up, 4);
	put(&message, user, strlen(user) + 1);
	if (!is_address)
		put(&message, host, strlen(host) + 1);
	WOK_TRY(give(stream, &message));
	WOK_TRY(receive(stream, proxy, answer, sizeof(answer)));
	if (answer[0] != 0)
		return nonsense(proxy);
	return answer[1] == GRANTED
		       ? 0
		       : wok_fail(WOK_EPROXY, "the proxy %s does not connect to %.255s:%u (%u)",
				  proxy->text, host, port, answer[1]);
}
