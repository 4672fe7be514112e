/* SPDX-License-Identifier: MIT */
/* inet, cidr, macaddr, macaddr8. An address: family, bits, whether it is a cidr, size, bytes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "db/postgres/types/own.h"

enum { HEAD = 4, V4 = 2, V6 = 3 };

bool wok__pg_inet_is_right(const char *data, size_t size)
{
	const size_t bytes = size - HEAD;

	if (size < HEAD || (data[0] != V4 && data[0] != V6))
		return false;
	return bytes == (data[0] == V4 ? 4 : 16) && (unsigned char) data[3] == bytes &&
	       (unsigned char) data[1] <= bytes * 8;
}

static void put_v4(struct wok__pg_writer *writer, const uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			wok__pg_put(writer, '.');
		wok__pg_put_digits(writer, bytes[i], 1);
	}
}

static unsigned group_at(const uint8_t *bytes, int i)
{
	const size_t at = 2 * (size_t) i;

	return (unsigned) bytes[at] << 8 | bytes[at + 1];
}

/* The longest run of zero groups, the first of those, from two on: it becomes "::". */
static int longest_run(const uint8_t *bytes, int *ret_length)
{
	int best = -1, length = 1;

	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && group_at(bytes, i + n) == 0)
			n++;
		if (n > length) {
			best = i;
			length = n;
		}
		i += n;
	}
	*ret_length = best < 0 ? 0 : length;
	return best;
}

/* Which addresses of version 4 show as such is the server's choice. */
static bool shows_v4(const uint8_t *bytes, int run, int length)
{
	if (run != 0)
		return false;
	return length == 6 || (length == 7 && (bytes[14] != 0 || bytes[15] != 1)) ||
	       (length == 5 && bytes[10] == 0xff && bytes[11] == 0xff);
}

static void put_v6(struct wok__pg_writer *writer, const uint8_t *bytes)
{
	int length;
	const int run = longest_run(bytes, &length);

	for (int i = 0; i < 8; i++) {
		char group[8];

		if (run >= 0 && i >= run && i < run + length) {
			if (i == run)
				wok__pg_put(writer, ':');
			continue;
		}
		if (i > 0)
			wok__pg_put(writer, ':');
		if (i == 6 && shows_v4(bytes, run, length)) {
			put_v4(writer, bytes + 12);
			return;
		}
		snprintf(group, sizeof(group), "%x", group_at(bytes, i));
		wok__pg_puts(writer, group);
	}
	if (run >= 0 && run + length == 8)
		wok__pg_put(writer, ':');
}

void wok__pg_write_inet(struct wok__pg_writer *writer, const char *data, size_t size)
{
	const unsigned bits = (unsigned char) data[1];

	if (data[0] == V4)
		put_v4(writer, (const uint8_t *) data + HEAD);
	else
		put_v6(writer, (const uint8_t *) data + HEAD);
	if (data[2] != 0 || bits < (size - HEAD) * 8) {
		wok__pg_put(writer, '/');
		wok__pg_put_digits(writer, bits, 1);
	}
}

size_t wok__pg_build_inet(const wok_pg_network *network, bool cidr, char *to)
{
	const size_t bytes = network->v6 ? 16 : 4;

	to[0] = network->v6 ? V6 : V4;
	to[1] = (char) (network->bits > bytes * 8 ? bytes * 8 : network->bits);
	to[2] = (char) cidr;
	to[3] = (char) bytes;
	memcpy(to + HEAD, network->address, bytes);
	return HEAD + bytes;
}

/* Short forms of networks, as "10.1/16", are left to the server. */
ssize_t wok__pg_parse_inet(bool cidr, const char *text, size_t size, char *to)
{
	const char *slash = memchr(text, '/', size);
	const size_t length = slash ? (size_t) (slash - text) : size;
	wok_pg_network network = {0};
	char host[64];

	if (length >= sizeof(host) || memchr(text, '\0', length))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	network.v6 = strchr(host, ':') != NULL;
	if (inet_pton(network.v6 ? AF_INET6 : AF_INET, host, network.address) != 1)
		return -EINVAL;
	int64_t bits = network.v6 ? 128 : 32;
	if (slash) {
		struct wok__pg_scan scan = {slash + 1, text + size};
		const int64_t most = bits;

		if (!wok__pg_take_number(&scan, &bits, NULL) || bits > most || scan.at != scan.end)
			return -EINVAL;
	}
	network.bits = (uint8_t) bits;
	return (ssize_t) wok__pg_build_inet(&network, cidr, to);
}

static wok_value native(uint32_t oid, const wok_pg_network *network)
{
	if (!network)
		return wok_value_null();
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_NATIVE,
		.type = oid,
		.data = network,
	};
}

wok_value wok_pg_inet(const wok_pg_network *network)
{
	return native(WOK__PG_OID_INET, network);
}

wok_value wok_pg_cidr(const wok_pg_network *network)
{
	return native(WOK__PG_OID_CIDR, network);
}

int wok_pg_get_inet(const wok_value *value, wok_pg_network *ret_network)
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_INET, "an inet or cidr", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	wok_pg_network network = {.v6 = data[0] == V6, .bits = (uint8_t) data[1]};
	memcpy(network.address, data + HEAD, size - HEAD);
	*ret_network = network;
	return 0;
}

int wok_pg_network_of(const wok_address *address, wok_pg_network *ret_network)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *) &address->storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) &address->storage;
	wok_pg_network network = {0};

	if (address->storage.ss_family == AF_INET) {
		network.bits = 32;
		memcpy(network.address, &v4->sin_addr, 4);
	} else if (address->storage.ss_family == AF_INET6) {
		network.v6 = true;
		network.bits = 128;
		memcpy(network.address, &v6->sin6_addr, 16);
	} else {
		return wok_fail(-EINVAL, "only addresses of IPv4 and IPv6 are networks");
	}
	*ret_network = network;
	return 0;
}

void wok_pg_network_address(const wok_pg_network *network, uint16_t port, wok_address *ret_address)
{
	wok_address address = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *) &address.storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &address.storage;

	if (network->v6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, network->address, 16);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, network->address, 4);
	}
	address.size = network->v6 ? sizeof(*v6) : sizeof(*v4);
	*ret_address = address;
}

void wok__pg_write_macaddr(struct wok__pg_writer *writer, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char byte[4];

		snprintf(byte, sizeof(byte), "%02x", (unsigned char) data[i]);
		if (i > 0)
			wok__pg_put(writer, ':');
		wok__pg_puts(writer, byte);
	}
}

/* "08:00:2b:01:02:03" alone: it has more forms, which the server reads. */
ssize_t wok__pg_parse_macaddr(size_t bytes, const char *text, size_t size, char *to)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	if (size != bytes * 3 - 1)
		return -EINVAL;
	for (size_t i = 0; i < bytes; i++) {
		const char *high = wok__pg_find_in(digits, text[3 * i]);
		const char *low = wok__pg_find_in(digits, text[3 * i + 1]);

		if (!high || !low || (i + 1 < bytes && text[3 * i + 2] != ':'))
			return -EINVAL;
		to[i] = (char) (((high - digits) & 15) << 4 | ((low - digits) & 15));
	}
	return (ssize_t) bytes;
}

wok_value wok_pg_macaddr(const uint8_t *bytes, size_t size)
{
	if (!bytes)
		return wok_value_null();
	return (wok_value){
		.kind = size == 6 || size == 8 ? WOK_VALUE_OWN : WOK_VALUE_WRONG,
		.format = WOK__PG_FORM_BINARY,
		.type = size == 8 ? WOK__PG_OID_MACADDR8 : WOK__PG_OID_MACADDR,
		.size = size,
		.data = bytes,
	};
}

ssize_t wok_pg_get_macaddr(const wok_value *value, uint8_t ret_bytes[8])
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_MACADDR, "a macaddr", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	memcpy(ret_bytes, data, size);
	return (ssize_t) size;
}
