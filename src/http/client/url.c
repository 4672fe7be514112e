/* SPDX-License-Identifier: MIT */
/*
 * URLs of requests: see http/client/url.h.
 *
 * The target is sent byte by byte as it was given: percent signs are nobody's to change. Bytes that
 * must not stand in a request are refused, not escaped.
 */
#include "http/client/url.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>

enum { PORT_HTTP = 80 };

static int bad(const char *url, const char *why)
{
	return wok_fail(-EINVAL, "%.300s: %s", url, why);
}

/* "host", "host:80" or "[::1]:80"; the port's text, or NULL. */
static int split_authority(const char *url, struct wok__h1_span authority,
			   struct wok__h1_span *ret_host, const char **ret_port)
{
	const char *end = authority.data + authority.size, *at = authority.data;
	const char *host_end, *at_sign;

	at_sign = memrchr(authority.data, '@', authority.size);
	if (at_sign) /* and no message repeats a password */
		return bad(at_sign,
			   "a user name or password in the URL is not supported; use a header");
	if (authority.size > 0 && *at == '[') {
		at++;
		host_end = memchr(at, ']', (size_t) (end - at));
		if (!host_end)
			return bad(url, "the IPv6 address has no closing bracket");
		*ret_port = host_end + 1 < end && host_end[1] == ':' ? host_end + 2 : NULL;
		if (!*ret_port && host_end + 1 != end)
			return bad(url, "only a port may follow the IPv6 address");
	} else {
		host_end = memchr(at, ':', authority.size);
		*ret_port = host_end ? host_end + 1 : NULL;
		if (!host_end)
			host_end = end;
	}
	*ret_host = (struct wok__h1_span){at, (size_t) (host_end - at)};
	return at == host_end ? bad(url, "the host is missing") : 0;
}

static int parse_port(const char *url, const char *at, const char *end, uint16_t *ret_port)
{
	unsigned port = 0;

	if (at == end)
		return bad(url, "the port is missing");
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return bad(url, "the port is not a number");
		port = port * 10 + (unsigned) (*at - '0');
		if (port > 65535)
			return bad(url, "the port must be below 65536");
	}
	if (port == 0)
		return bad(url, "the port must not be 0");
	*ret_port = (uint16_t) port;
	return 0;
}

static int parse_authority(const char *url, struct wok__h1_span authority, struct wok__url *ret)
{
	const char *port = NULL, *end = authority.data + authority.size;
	int r = split_authority(url, authority, &ret->host, &port);

	if (r < 0)
		return r;
	ret->authority = authority;
	ret->port = PORT_HTTP;
	if (port) {
		r = parse_port(url, port, end, &ret->port);
		if (r < 0)
			return r;
		if (ret->port == PORT_HTTP)
			ret->authority.size = (size_t) (port - 1 - authority.data);
	}
	if (!wok__h1_valid_host(ret->authority.data, ret->authority.size))
		return bad(url, "the host has bytes that are not allowed");
	return 0;
}

static int parse_scheme(const char *url, const char **ret_rest)
{
	const char *colon = strstr(url, "://");

	if (!colon)
		return bad(url, "this is no URL: http://host/path is one");
	if (colon - url != 4 || strncasecmp(url, "http", 4) != 0)
		return wok_fail(-EPROTONOSUPPORT, "%.300s: the scheme must be http", url);
	*ret_rest = colon + 3;
	return 0;
}

int wok__url_parse(const char *text, struct wok__url *ret_url)
{
	struct wok__url url = {0};
	const char *rest = NULL;
	int r = parse_scheme(text, &rest);

	if (r < 0)
		return r;
	size_t size = strcspn(rest, "/?#");
	r = parse_authority(text, (struct wok__h1_span){rest, size}, &url);
	if (r < 0)
		return r;
	url.target = (struct wok__h1_span){rest + size, strcspn(rest + size, "#")};
	url.bare_query = url.target.size > 0 && *url.target.data == '?';
	for (size_t i = 0; i < url.target.size; i++)
		if ((unsigned char) url.target.data[i] <= ' ' ||
		    (unsigned char) url.target.data[i] >= 0x7f)
			return bad(text, "the path has a byte that must be written as %XX");
	*ret_url = url;
	return 0;
}
