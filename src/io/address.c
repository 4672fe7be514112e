/* SPDX-License-Identifier: MIT */
/* Addresses and their texts: see wok/address.h. */
#include <wok/address.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <wok/error.h>

#include "io/socket.h"

enum { HOST_MAX = INET6_ADDRSTRLEN + IF_NAMESIZE };

static int bad_address(const char *address, const char *why)
{
	return wok_fail(-EINVAL, "%s: %s; write 127.0.0.1:8080, [::1]:8080, :8080 or unix:/path",
			address, why);
}

static int parse_port(const char *address, const char *text, uint16_t *ret_port)
{
	char *end;

	if (*text < '0' || *text > '9')
		return bad_address(address, "the port is missing");
	unsigned long port = strtoul(text, &end, 10);
	if (*end || port > 65535)
		return bad_address(address, "the port must be a number below 65536");
	*ret_port = (uint16_t) port;
	return 0;
}

/* "::1", or "fe80::1%eth0": a link-local address holds for one interface. */
static int parse_v6(const char *text, char *host, struct sockaddr_in6 *v6)
{
	char *zone = strchr(host, '%');

	if (zone) {
		*zone++ = '\0';
		v6->sin6_scope_id = if_nametoindex(zone);
		if (v6->sin6_scope_id == 0)
			v6->sin6_scope_id = (uint32_t) strtoul(zone, NULL, 10);
		if (v6->sin6_scope_id == 0)
			return bad_address(text, "there is no network interface of that name");
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return bad_address(text, "there is no IPv6 address between the brackets");
	return 0;
}

int wok__address_split(const char *text, wok_view *ret_host, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');

	if (!colon)
		return bad_address(text, "the port is missing");
	WOK_TRY(parse_port(text, colon + 1, ret_port));
	bool bracketed = colon - text >= 2 && text[0] == '[' && colon[-1] == ']';
	ret_host->data = text + bracketed;
	ret_host->size = (size_t) (colon - text) - (bracketed ? 2 : 0);
	return 0;
}

static int parse_ip(const char *text, wok_address *ret)
{
	char host[HOST_MAX];
	wok_view part;
	uint16_t port;

	WOK_TRY(wok__address_split(text, &part, &port));
	bool bracketed = part.data > text;
	if (part.size >= sizeof(host))
		return bad_address(text, "this is no IP address");
	memcpy(host, part.data, part.size);
	host[part.size] = '\0';
	if (bracketed || part.size == 0) {
		struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
		if (bracketed) /* without a host: all addresses */
			WOK_TRY(parse_v6(text, host, &v6));
		memcpy(&ret->storage, &v6, ret->size = sizeof(v6));
		return 0;
	}
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	if (inet_pton(AF_INET, host, &v4.sin_addr) != 1)
		return bad_address(text, "this is no IP address");
	memcpy(&ret->storage, &v4, ret->size = sizeof(v4));
	return 0;
}

int wok__unix_address(const char *path, wok_address *ret_address)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t size = strlen(path);

	if (size == 0)
		return wok_fail(-EINVAL, "the path of a Unix socket is empty");
	if (size >= sizeof(name.sun_path))
		return wok_fail(-ENAMETOOLONG,
				"%s: the path of a Unix socket has at most %zu bytes", path,
				sizeof(name.sun_path) - 1);
	memcpy(name.sun_path, path, size);
	*ret_address = (wok_address){0};
	ret_address->size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + size + 1);
	if (path[0] == '@') {
		name.sun_path[0] = '\0';
		ret_address->size--;
	}
	memcpy(&ret_address->storage, &name, sizeof(name));
	return 0;
}

int wok_address_parse(const char *text, wok_address *ret_address)
{
	wok_address address = {0};

	WOK_TRY(strncmp(text, "unix:", 5) == 0 ? wok__unix_address(text + 5, &address)
					       : parse_ip(text, &address));
	*ret_address = address;
	return 0;
}

static void unix_text(const wok_address *address, char text[WOK_ADDRESS_TEXT])
{
	const struct sockaddr_un *name = (const void *) &address->storage;
	size_t start = offsetof(struct sockaddr_un, sun_path);
	size_t size = address->size > start ? address->size - start : 0;

	if (size > 0 && name->sun_path[0] == '\0')
		snprintf(text, WOK_ADDRESS_TEXT, "unix:@%.*s", (int) size - 1, name->sun_path + 1);
	else
		snprintf(text, WOK_ADDRESS_TEXT, "unix:%.*s", (int) size, name->sun_path);
}

static void v6_text(const struct sockaddr_in6 *v6, char text[WOK_ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "?", zone[IF_NAMESIZE + 1] = "";

	inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
	if (v6->sin6_scope_id && if_indextoname(v6->sin6_scope_id, zone + 1))
		zone[0] = '%';
	snprintf(text, WOK_ADDRESS_TEXT, "[%s%s]:%u", host, zone, ntohs(v6->sin6_port));
}

const char *wok_address_text(const wok_address *address, char text[WOK_ADDRESS_TEXT])
{
	const struct sockaddr_in *v4 = (const void *) &address->storage;
	char host[INET_ADDRSTRLEN] = "?";

	switch (address->storage.ss_family) {
	case AF_INET:
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, WOK_ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
		break;
	case AF_INET6:
		v6_text((const void *) &address->storage, text);
		break;
	case AF_UNIX:
		unix_text(address, text);
		break;
	default:
		snprintf(text, WOK_ADDRESS_TEXT, "?");
	}
	return text;
}

uint16_t wok_address_port(const wok_address *address)
{
	if (address->storage.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *) (const void *) address)->sin_port);
	if (address->storage.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *) (const void *) address)->sin6_port);
	return 0;
}
