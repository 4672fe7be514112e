/* SPDX-License-Identifier: MIT */
/* Sets of addresses: see http/server/networks.h. */
#include "http/server/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool wok__address_bytes(const wok_address *address, uint8_t bytes[16])
{
	if (address->storage.ss_family == AF_INET) {
		memcpy(bytes, mapped, 12);
		memcpy(bytes + 12, &((const struct sockaddr_in *) &address->storage)->sin_addr, 4);
		return true;
	}
	if (address->storage.ss_family != AF_INET6)
		return false;
	memcpy(bytes, &((const struct sockaddr_in6 *) &address->storage)->sin6_addr, 16);
	return true;
}

static void to_address(const uint8_t bytes[16], wok_address *ret_address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	*ret_address = (wok_address){0};
	if (memcmp(bytes, mapped, 12) == 0) {
		memcpy(&in.sin_addr, bytes + 12, 4);
		ret_address->size = sizeof(in);
		memcpy(&ret_address->storage, &in, sizeof(in));
	} else {
		memcpy(&in6.sin6_addr, bytes, 16);
		ret_address->size = sizeof(in6);
		memcpy(&ret_address->storage, &in6, sizeof(in6));
	}
}

void wok__address_unmap(wok_address *address)
{
	const struct sockaddr_in6 *in6 = (const void *) &address->storage;
	uint8_t bytes[16];

	if (address->storage.ss_family != AF_INET6 || !wok__address_bytes(address, bytes) ||
	    memcmp(bytes, mapped, 12) != 0)
		return;
	in_port_t port = in6->sin6_port;
	to_address(bytes, address);
	((struct sockaddr_in *) &address->storage)->sin_port = port;
}

/* 4 or 6; 0 if the text is no address. */
static int read_bytes(const char *text, uint8_t bytes[16])
{
	if (inet_pton(AF_INET6, text, bytes) == 1)
		return 6;
	memcpy(bytes, mapped, 12);
	return inet_pton(AF_INET, text, bytes + 12) == 1 ? 4 : 0;
}

int wok__network_parse(const char *text, struct wok__network *ret_network)
{
	struct wok__network network = {.bits = 128};
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t) (slash - text) : strlen(text);
	char copy[64];
	int version = 0;

	if (strcmp(text, "unix:") == 0) {
		*ret_network = (struct wok__network){.is_unix = true};
		return 0;
	}
	if (size < sizeof(copy)) {
		memcpy(copy, text, size);
		copy[size] = '\0';
		version = read_bytes(copy, network.bytes);
	}
	unsigned most = version == 4 ? 32 : 128;
	if (slash && version > 0) {
		char *end;
		unsigned long bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || bits > most)
			version = 0;
		network.bits = (unsigned) bits + (128 - most);
		/* "::ffff:10.0.0.0/8" is no network of IPv4, but nearly everything. */
		if (network.bits < 96 && memcmp(network.bytes, mapped, 12) == 0)
			version = 0;
	}
	if (version == 0)
		return wok_fail(-EINVAL,
				"\"%s\" is no network: it must be as \"10.0.0.0/8\", "
				"\"2001:db8::/32\", an address, or \"unix:\"",
				text);
	*ret_network = network;
	return 0;
}

static bool has(const struct wok__network *network, const uint8_t bytes[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || (network->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

bool wok__network_has(const struct wok__network *networks, size_t n, const wok_address *address)
{
	uint8_t bytes[16] = {0};
	bool is_ip = wok__address_bytes(address, bytes);
	bool is_unix = address->storage.ss_family == AF_UNIX;

	for (size_t i = 0; i < n; i++)
		if (networks[i].is_unix ? is_unix : is_ip && has(&networks[i], bytes))
			return true;
	return false;
}

bool wok__address_of_text(const char *text, size_t size, wok_address *ret_address)
{
	char copy[64];
	uint8_t bytes[16];

	if (size == 0 || size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	char *ip = copy, *end = NULL;
	if (copy[0] == '[') {
		ip = copy + 1;
		end = strchr(ip, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
	} else if (strchr(copy, ':') == strrchr(copy, ':')) {
		end = strchr(copy, ':'); /* IPv6 has more of them */
	}
	if (end)
		*end = '\0';
	if (read_bytes(ip, bytes) == 0)
		return false;
	to_address(bytes, ret_address);
	return true;
}
