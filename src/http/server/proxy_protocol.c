/* SPDX-License-Identifier: MIT */
/* The PROXY protocol: see http/server/proxy_protocol.h. */
#include "http/server/proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <wok/error.h>

enum { LINE_MAX_SIZE = 107, BINARY_HEAD = 16, LOCAL = 0x20, PROXIED = 0x21 };

static const char signature[12] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static void set_ipv4(wok_address *address, const void *ip, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&in.sin_addr, ip, 4);
	*address = (wok_address){.size = sizeof(in)};
	memcpy(&address->storage, &in, sizeof(in));
}

static void set_ipv6(wok_address *address, const void *ip, uint16_t port)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&in.sin6_addr, ip, 16);
	*address = (wok_address){.size = sizeof(in)};
	memcpy(&address->storage, &in, sizeof(in));
}

static void set_unix(wok_address *address, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, path, sizeof(un.sun_path));
	*address = (wok_address){.size = sizeof(un)};
	memcpy(&address->storage, &un, sizeof(un));
}

/* --- version 1 -------------------------------------------------------------------------------- */

/* The next word of a line, up to one space: false if there is none. */
static bool next_word(char **at, char **ret_word)
{
	char *word = *at;

	if (!word || !*word)
		return false;
	char *space = strchr(word, ' ');
	if (space)
		*space = '\0';
	*at = space ? space + 1 : NULL;
	*ret_word = word;
	return *word;
}

static bool read_port(const char *text, uint16_t *ret_port)
{
	unsigned value = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 5 || text[n] || (n > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (unsigned) (text[i] - '0');
	*ret_port = (uint16_t) value;
	return value <= UINT16_MAX;
}

static bool set_text(wok_address *address, int family, const char *ip, uint16_t port)
{
	unsigned char bytes[16];

	if (inet_pton(family, ip, bytes) != 1)
		return false;
	if (family == AF_INET)
		set_ipv4(address, bytes, port);
	else
		set_ipv6(address, bytes, port);
	return true;
}

/* Behind "PROXY ", without its end. */
static bool parse_line(char *line, struct wok__proxy_head *head)
{
	char *word, *ips[2], *ports[2];
	uint16_t from, to;

	if (!next_word(&line, &word))
		return false;
	if (strcmp(word, "UNKNOWN") == 0)
		return true; /* whatever follows */
	bool v4 = strcmp(word, "TCP4") == 0;
	if (!v4 && strcmp(word, "TCP6") != 0)
		return false;
	if (!next_word(&line, &ips[0]) || !next_word(&line, &ips[1]) ||
	    !next_word(&line, &ports[0]) || !next_word(&line, &ports[1]) || line)
		return false;
	int family = v4 ? AF_INET : AF_INET6;
	head->known = true;
	return read_port(ports[0], &from) && read_port(ports[1], &to) &&
	       set_text(&head->client, family, ips[0], from) &&
	       set_text(&head->server, family, ips[1], to);
}

static ssize_t parse_text(const char *data, size_t size, struct wok__proxy_head *head)
{
	static const char start[] = "PROXY ";
	char line[LINE_MAX_SIZE + 1];
	size_t begun = size < sizeof(start) - 1 ? size : sizeof(start) - 1;

	if (memcmp(data, start, begun) != 0)
		return -EINVAL;
	const char *end = memchr(data, '\n', size < LINE_MAX_SIZE ? size : LINE_MAX_SIZE);
	if (!end)
		return size < LINE_MAX_SIZE ? 0 : -EINVAL;
	size_t used = (size_t) (end - data) + 1;
	if (used < sizeof(start) + 1 || end[-1] != '\r' || memchr(data, '\0', used))
		return -EINVAL;
	memcpy(line, data, used - 2);
	line[used - 2] = '\0';
	return parse_line(line + sizeof(start) - 1, head) ? (ssize_t) used : -EINVAL;
}

/* --- version 2 -------------------------------------------------------------------------------- */

static uint16_t two_bytes(const char *data)
{
	return (uint16_t) ((unsigned char) data[0] << 8 | (unsigned char) data[1]);
}

/* The addresses, of which the head says the family: false if there are too few bytes. */
static bool parse_addresses(const char *data, size_t size, int family, struct wok__proxy_head *head)
{
	switch (family) {
	case 0x11: /* TCP over IPv4 */
		if (size < 12)
			return false;
		set_ipv4(&head->client, data, two_bytes(data + 8));
		set_ipv4(&head->server, data + 4, two_bytes(data + 10));
		break;
	case 0x21:
		if (size < 36)
			return false;
		set_ipv6(&head->client, data, two_bytes(data + 32));
		set_ipv6(&head->server, data + 16, two_bytes(data + 34));
		break;
	case 0x31:
		if (size < 216)
			return false;
		set_unix(&head->client, data);
		set_unix(&head->server, data + 108);
		break;
	default:
		return true; /* of unknown kind, or none: the receiver is to use the real one */
	}
	head->known = true;
	return true;
}

static ssize_t parse_binary(const char *data, size_t size, struct wok__proxy_head *head)
{
	if (size < BINARY_HEAD)
		return 0;
	int command = (unsigned char) data[12];
	size_t rest = two_bytes(data + 14);
	if ((command != LOCAL && command != PROXIED) || rest > WOK__PROXY_HEAD_MAX - BINARY_HEAD)
		return -EINVAL;
	if (size < BINARY_HEAD + rest)
		return 0;
	if (command == PROXIED &&
	    !parse_addresses(data + BINARY_HEAD, rest, (unsigned char) data[13], head))
		return -EINVAL;
	return (ssize_t) (BINARY_HEAD + rest);
}

ssize_t wok__proxy_head_parse(const char *data, size_t size, struct wok__proxy_head *ret_head)
{
	size_t begun = size < sizeof(signature) ? size : sizeof(signature);
	struct wok__proxy_head head = {0};
	ssize_t n = 0;

	if (size > 0)
		n = memcmp(data, signature, begun) == 0 ? parse_binary(data, size, &head)
							: parse_text(data, size, &head);
	if (n > 0)
		*ret_head = head;
	return n;
}
