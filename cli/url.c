/* SPDX-License-Identifier: MIT */
/*
 * URLs: see url.h. Strict where it matters: nothing that could end up as a second line of the
 * request's head passes, and nothing is repaired.
 */
#include "url.h"

#include <stdio.h>
#include <string.h>
#include <wok/error.h>

#include "text.h"

/* Visible ASCII only: a blank or a line end would change the request. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

static int parse_port(const char *text, const char *digits, struct url *url)
{
	size_t port;

	if (strlen(digits) > 5 || text_to_count(digits, 1, 65535, &port) < 0)
		return wok_fail(-EINVAL, "%s: \"%s\" is no port (1 to 65535)", text, digits);
	snprintf(url->port, sizeof(url->port), "%zu", port);
	return 0;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static int parse_authority(const char *text, struct url *url)
{
	const char *from = url->authority;
	const char *end;

	if (*from == '[') {
		end = strchr(++from, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return wok_fail(-EINVAL,
					"%s: the bracket of the IPv6 address is not closed", text);
	} else {
		end = from + strcspn(from, ":");
	}
	size_t size = (size_t) (end - from);
	if (size == 0 || size >= sizeof(url->host))
		return wok_fail(-EINVAL, "%s: there is no host in it", text);
	memcpy(url->host, from, size);
	url->host[size] = '\0';

	end += *end == ']';
	if (*end == ':')
		return parse_port(text, end + 1, url);
	strcpy(url->port, "80");
	return 0;
}

int url_parse(const char *text, struct url *ret_url)
{
	static const char scheme[] = "http://";
	struct url url;

	if (strncmp(text, "https://", 8) == 0)
		return wok_fail(-EPROTONOSUPPORT, "%s: https is not there yet, only http", text);
	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return wok_fail(-EINVAL, "%s: a URL begins with http://", text);
	if (!is_plain(text))
		return wok_fail(-EINVAL, "%s: a blank or a letter that a URL must escape", text);

	const char *from = text + strlen(scheme);
	size_t size = strcspn(from, "/?#");
	if (size >= sizeof(url.authority) || memchr(from, '@', size))
		return wok_fail(-EINVAL, "%s: the host is too long, or has a user before it", text);
	memcpy(url.authority, from, size);
	url.authority[size] = '\0';
	url.target = from[size] == '/' ? from + size : "/";
	if (from[size] == '?' || strchr(from, '#'))
		return wok_fail(-EINVAL, "%s: no path before the query, or a fragment", text);

	int r = parse_authority(text, &url);
	if (r < 0)
		return r;
	*ret_url = url;
	return 0;
}
