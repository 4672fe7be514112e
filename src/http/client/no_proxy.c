/* SPDX-License-Identifier: MIT */
/* The list of hosts that are asked without a proxy: see wok__no_proxy_has(). */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "http/client/proxy.h"

enum { ENTRY_MAX = 300 };

/* An address as 16 bytes or 4; an IPv4 address within IPv6 counts as IPv4. */
struct address {
	unsigned char bytes[16];
	unsigned size;
};

static bool read_address(const char *text, struct address *ret)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (inet_pton(AF_INET, text, ret->bytes) == 1) {
		ret->size = 4;
		return true;
	}
	if (inet_pton(AF_INET6, text, ret->bytes) != 1)
		return false;
	ret->size = 16;
	if (memcmp(ret->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(ret->bytes, ret->bytes + 12, 4);
		ret->size = 4;
	}
	return true;
}

static bool same_bits(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->size != b->size || memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

/* "/8" of an entry; false if that is no number, or too large. */
static bool read_bits(const char *text, unsigned max, unsigned *ret_bits)
{
	unsigned bits = 0;

	if (!*text || strlen(text) > 3)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		bits = bits * 10 + (unsigned) (*text - '0');
	}
	*ret_bits = bits;
	return bits <= max;
}

static bool fits_address(char *entry, const struct address *host)
{
	char *slash = strchr(entry, '/');
	struct address address;
	unsigned bits = 0;

	if (slash)
		*slash = '\0';
	bool found = read_address(entry, &address);
	if (slash)
		*slash = '/';
	if (!found)
		return false;
	if (!slash)
		bits = address.size * 8;
	else if (!read_bits(slash + 1, address.size * 8, &bits))
		return false;
	return same_bits(&address, host, bits);
}

/* "example.com", ".example.com" and "*.example.com" all mean the name and what is below it. */
static bool fits_name(const char *entry, const char *host, size_t size)
{
	entry += strncmp(entry, "*.", 2) == 0 ? 2 : *entry == '.';
	size_t n = strlen(entry);
	if (n > 0 && entry[n - 1] == '.')
		n--;
	if (n == 0 || n > size || strncasecmp(host + size - n, entry, n) != 0)
		return false;
	return n == size || host[size - n - 1] == '.';
}

/* Cut a port off "host:80" or "[::1]:80", and the brackets; false if it is another port. */
static bool cut_port(char **entry, uint16_t port)
{
	char *colon = strrchr(*entry, ':'), *bracket = strrchr(*entry, ']');
	unsigned value = 0;

	if (**entry == '[' && bracket) {
		if (bracket[1] && bracket[1] != ':')
			return false;
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		*bracket = '\0';
		++*entry;
	} else if (colon != strchr(*entry, ':')) {
		return true; /* an IPv6 address without brackets, and so without a port */
	}
	if (!colon)
		return true;
	*colon = '\0';
	for (const char *c = colon + 1; *c; c++) {
		if (*c < '0' || *c > '9' || value > 65535)
			return false;
		value = value * 10 + (unsigned) (*c - '0');
	}
	return value == port;
}

bool wok__no_proxy_has(const char *list, const char *host, uint16_t port)
{
	size_t size = strcspn(host, "%"); /* a zone */
	char text[ENTRY_MAX], *entry;
	struct address address;

	if (size > 0 && host[size - 1] == '.')
		size--;
	if (size >= sizeof(text))
		return false;
	memcpy(text, host, size);
	text[size] = '\0';
	bool is_address = read_address(text, &address);
	for (size_t n; *(list += strspn(list, ", \t\r\n")); list += n) {
		n = strcspn(list, ", \t\r\n");
		if (n >= sizeof(text))
			continue;
		memcpy(text, list, n);
		text[n] = '\0';
		entry = text;
		if (strcmp(entry, "*") == 0)
			return true;
		if (!cut_port(&entry, port))
			continue;
		if (is_address ? fits_address(entry, &address) : fits_name(entry, host, size))
			return true;
	}
	return false;
}
