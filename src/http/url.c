/* SPDX-License-Identifier: MIT */
/* URLs of requests: see http/url.h. */
#include "http/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/buffer.h"

/* A name in DNS has at most 253 bytes; before it is made ASCII it may be longer. */
enum { HOST_MAX = 255, RAW_HOST_MAX = 1024, ZONE_MAX = 32 };

static const struct {
	const char *name;
	uint16_t port;
} schemes[] = {
	[WOK__HTTP] = {"http", 80},
	[WOK__HTTPS] = {"https", 443},
	[WOK__WS] = {"ws", 80},
	[WOK__WSS] = {"wss", 443},
};

enum { SCHEMES = sizeof(schemes) / sizeof(schemes[0]) };

/* What was found in the text, before it is copied. */
struct parts {
	const char *whole;
	struct wok__h1_span userinfo, host, port, target;
	const char *fragment;
	bool has_userinfo, is_ipv6;
	struct host *name;
};

/* The host, as it is sent: lower case, and an address without its brackets. */
struct host {
	size_t size;
	char text[HOST_MAX + 1];
	char zone[ZONE_MAX + 1];
};

const char *wok__scheme_name(enum wok__scheme scheme)
{
	return schemes[scheme].name;
}

uint16_t wok__scheme_port(enum wok__scheme scheme)
{
	return schemes[scheme].port;
}

/*
 * A password with a slash in it makes it hard to say where the host begins: in a URL that could not
 * be read, all up to the last "@" may be secret.
 */
int wok__bad_url(int code, const char *url, const char *why)
{
	const char *at_sign = strrchr(url, '@');

	return wok_fail(code, "%s%.300s: %s", at_sign ? "..." : "", at_sign ? at_sign : url, why);
}

static int bad(const struct parts *parts, const char *why)
{
	return wok__bad_url(-EINVAL, parts->whole, why);
}

/* --- taking apart ----------------------------------------------------------------------------- */

static int parse_scheme(const char *url, enum wok__scheme *ret_scheme, const char **ret_rest)
{
	for (int i = 0; i < SCHEMES; i++) {
		size_t size = strlen(schemes[i].name);
		if (strncasecmp(url, schemes[i].name, size) == 0 &&
		    strncmp(url + size, "://", 3) == 0) {
			*ret_scheme = (enum wok__scheme) i;
			*ret_rest = url + size + 3;
			return 0;
		}
	}
	if (!strstr(url, "://"))
		return wok__bad_url(-EINVAL, url, "this is no URL: http://host/path is one");
	return wok__bad_url(-EPROTONOSUPPORT, url, "the scheme must be http or https");
}

/* "user:password@host:80" or "[::1]:80". */
static int split_authority(struct parts *parts, const char *at, const char *end)
{
	const char *at_sign = memrchr(at, '@', (size_t) (end - at)), *host_end;

	if (at_sign) {
		parts->has_userinfo = true;
		parts->userinfo = (struct wok__h1_span){at, (size_t) (at_sign - at)};
		at = at_sign + 1;
	}
	parts->is_ipv6 = at < end && *at == '[';
	if (parts->is_ipv6) {
		at++;
		host_end = memchr(at, ']', (size_t) (end - at));
		if (!host_end)
			return bad(parts, "the IPv6 address has no closing bracket");
		if (host_end + 1 != end && host_end[1] != ':')
			return bad(parts, "only a port may follow the IPv6 address");
		if (host_end + 1 != end)
			parts->port =
				(struct wok__h1_span){host_end + 2, (size_t) (end - host_end - 2)};
	} else {
		host_end = memchr(at, ':', (size_t) (end - at));
		if (host_end)
			parts->port =
				(struct wok__h1_span){host_end + 1, (size_t) (end - host_end - 1)};
		else
			host_end = end;
	}
	parts->host = (struct wok__h1_span){at, (size_t) (host_end - at)};
	return at == host_end ? bad(parts, "the host is missing") : 0;
}

static int parse_port(const struct parts *parts, uint16_t *port)
{
	unsigned value = 0;

	if (!parts->port.data)
		return 0; /* the scheme's */
	if (parts->port.size == 0)
		return bad(parts, "the port is missing");
	for (size_t i = 0; i < parts->port.size; i++) {
		char c = parts->port.data[i];
		if (c < '0' || c > '9')
			return bad(parts, "the port is not a number");
		value = value * 10 + (unsigned) (c - '0');
		if (value > 65535)
			return bad(parts, "the port must be below 65536");
	}
	if (value == 0)
		return bad(parts, "the port must not be 0");
	*port = (uint16_t) value;
	return 0;
}

/* --- hosts ------------------------------------------------------------------------------------ */

static char lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static void make_lower(struct host *name)
{
	for (char *c = name->text; *c; c++)
		*c = lower(*c);
}

/* "fe80::1%25eth0", as RFC 6874 has it, or "fe80::1%eth0", as people write it. */
static int read_address(struct parts *parts)
{
	struct host *name = parts->name;
	const char *at = parts->host.data, *end = at + parts->host.size;
	const char *percent = memchr(at, '%', parts->host.size);
	struct in6_addr unused;

	name->size = (size_t) ((percent ? percent : end) - at);
	if (name->size >= INET6_ADDRSTRLEN)
		return bad(parts, "the host is no IPv6 address");
	memcpy(name->text, at, name->size);
	name->text[name->size] = '\0';
	if (inet_pton(AF_INET6, name->text, &unused) != 1)
		return bad(parts, "the host is no IPv6 address");
	make_lower(name);
	if (!percent)
		return 0;
	const char *zone =
		percent + (end - percent >= 3 && strncmp(percent, "%25", 3) == 0 ? 3 : 1);
	size_t size = (size_t) (end - zone);
	if (size == 0 || size > ZONE_MAX)
		return bad(parts, "the zone of the host's IPv6 address is not good");
	for (size_t i = 0; i < size; i++)
		if (!wok__h1_valid_token(zone + i, 1) || zone[i] == '%')
			return bad(parts, "the zone of the host's IPv6 address is not good");
	memcpy(name->zone, zone, size);
	name->zone[size] = '\0';
	return 0;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text >= 0x80)
			return false;
	return true;
}

/* A name that needs more than to be copied: percent signs, what is not ASCII. */
static int read_unusual_name(struct parts *parts)
{
	char raw[RAW_HOST_MAX + 1];
	struct host *name = parts->name;

	if (parts->host.size > RAW_HOST_MAX)
		return bad(parts, "the host's name is too long");
	memcpy(raw, parts->host.data, parts->host.size);
	ssize_t size = wok__percent_decode(raw, parts->host.size);
	if (size < 0 || memchr(raw, '\0', (size_t) size))
		return bad(parts, "the host has bytes that are not allowed");
	raw[size] = '\0';
	if (!is_ascii(raw)) {
		int r = wok__idn_to_ascii(raw, name->text, sizeof(name->text));
		if (r < 0)
			return wok__bad_url(r, parts->whole, wok_errmsg(r));
	} else if (size > HOST_MAX) {
		return bad(parts, "the host's name has more than 255 bytes");
	} else {
		memcpy(name->text, raw, (size_t) size + 1);
	}
	make_lower(name);
	name->size = strlen(name->text);
	/* A colon or a percent sign that was hidden must not come out as one. */
	if (!wok__h1_valid_host(name->text, name->size) || strpbrk(name->text, ":%["))
		return bad(parts, "the host has bytes that are not allowed");
	return 0;
}

/* What names in DNS and IPv4 addresses consist of, once they are in lower case. */
static bool is_usual(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static int read_name(struct parts *parts)
{
	struct host *name = parts->name;
	size_t most = parts->host.size < HOST_MAX ? parts->host.size : HOST_MAX, n = 0;

	for (char c; n < most && is_usual(c = lower(parts->host.data[n])); n++)
		name->text[n] = c;
	name->size = n;
	name->text[n] = '\0';
	if (n < parts->host.size)
		WOK_TRY(read_unusual_name(parts));
	if (name->text[0] == '.')
		return bad(parts, "the host has bytes that are not allowed");
	return 0;
}

static int read_host(struct parts *parts)
{
	parts->name->zone[0] = '\0';
	return parts->is_ipv6 ? read_address(parts) : read_name(parts);
}

/* --- putting together ------------------------------------------------------------------------- */

static void put_authority(struct wok__buffer *out, const struct parts *parts,
			  const struct wok__url *url)
{
	if (parts->is_ipv6)
		wok__buffer_text(out, "[");
	wok__buffer_add(out, parts->name->text, parts->name->size);
	if (parts->is_ipv6)
		wok__buffer_text(out, "]");
	if (url->port == schemes[url->scheme].port)
		return;
	wok__buffer_text(out, ":");
	wok__buffer_decimal(out, url->port);
}

static int put_target(struct wok__buffer *out, const struct parts *parts)
{
	static const char digits[] = "0123456789ABCDEF";

	if (parts->target.size == 0 || parts->target.data[0] != '/')
		wok__buffer_text(out, "/");
	for (size_t i = 0, good; i < parts->target.size; i += good + 1) {
		const char *at = parts->target.data + i;
		good = 0;
		while (i + good < parts->target.size && at[good] > ' ' && at[good] < 0x7f)
			good++;
		wok__buffer_add(out, at, good);
		if (i + good == parts->target.size)
			break;
		unsigned char c = (unsigned char) at[good];
		if (c < ' ' || c == 0x7f)
			return bad(parts, "it has a control character");
		wok__buffer_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
	return 0;
}

/* Decoded, with a NUL behind it. */
static int put_secret(struct wok__buffer *out, const struct parts *parts, struct wok__h1_span part)
{
	char *room = wok__buffer_room(out, part.size + 1);

	if (!room)
		return out->error;
	memcpy(room, part.data, part.size);
	ssize_t size = wok__percent_decode(room, part.size);
	if (size < 0)
		return bad(parts, "a percent sign in the user's name or password is not followed "
				  "by two digits");
	for (ssize_t i = 0; i < size; i++)
		if ((unsigned char) room[i] < ' ' || room[i] == 0x7f)
			return bad(parts, "the user's name or password has a control character");
	room[size] = '\0';
	out->size += (size_t) size + 1;
	return 0;
}

/* Where things begin in the block, until it has stopped moving. */
struct layout {
	size_t authority, target, end, host, host_end, user, password, fragment;
};

static int put_userinfo(struct wok__buffer *out, const struct parts *parts, struct layout *layout)
{
	struct wok__h1_span user = parts->userinfo, password = {"", 0};
	const char *colon = user.size ? memchr(user.data, ':', user.size) : NULL;

	if (colon) {
		password = (struct wok__h1_span){colon + 1,
						 user.size - (size_t) (colon + 1 - user.data)};
		user.size = (size_t) (colon - user.data);
	}
	layout->user = out->size;
	WOK_TRY(put_secret(out, parts, user));
	layout->password = out->size;
	return put_secret(out, parts, password);
}

static int put_all(struct wok__buffer *out, const struct parts *parts, const struct wok__url *url,
		   struct layout *layout)
{
	wok__buffer_text(out, schemes[url->scheme].name);
	wok__buffer_text(out, "://");
	layout->authority = out->size;
	put_authority(out, parts, url);
	layout->target = out->size;
	WOK_TRY(put_target(out, parts));
	layout->end = out->size;
	wok__buffer_add(out, "", 1);
	layout->host = out->size;
	wok__buffer_add(out, parts->name->text, parts->name->size);
	if (parts->name->zone[0]) {
		wok__buffer_text(out, "%");
		wok__buffer_text(out, parts->name->zone);
	}
	layout->host_end = out->size;
	wok__buffer_add(out, "", 1);
	if (parts->has_userinfo)
		WOK_TRY(put_userinfo(out, parts, layout));
	layout->fragment = out->size;
	if (parts->fragment)
		wok__buffer_add(out, parts->fragment, strlen(parts->fragment) + 1);
	return out->error;
}

static struct wok__h1_span between(const char *data, size_t from, size_t to)
{
	return (struct wok__h1_span){data + from, to - from};
}

static int put_together(const struct parts *parts, struct wok__url *url)
{
	struct wok__buffer out = {0};
	struct layout layout = {0};
	int r = put_all(&out, parts, url, &layout);

	if (r < 0) {
		wok__buffer_free(&out);
		return r;
	}
	url->text = out.data;
	url->authority = between(out.data, layout.authority, layout.target);
	url->target = between(out.data, layout.target, layout.end);
	url->host = between(out.data, layout.host, layout.host_end);
	url->user = parts->has_userinfo ? out.data + layout.user : NULL;
	url->password = parts->has_userinfo ? out.data + layout.password : NULL;
	url->fragment = parts->fragment ? out.data + layout.fragment : NULL;
	return 0;
}

int wok__url_parse(const char *text, struct wok__url *ret_url)
{
	struct host name; /* set by read_host() */
	struct parts parts = {.whole = text, .name = &name};
	struct wok__url url = {0};
	const char *rest = NULL;

	WOK_TRY(parse_scheme(text, &url.scheme, &rest));
	size_t size = strcspn(rest, "/?#");
	WOK_TRY(split_authority(&parts, rest, rest + size));
	url.secure = url.scheme == WOK__HTTPS || url.scheme == WOK__WSS;
	url.port = schemes[url.scheme].port;
	WOK_TRY(parse_port(&parts, &url.port));
	WOK_TRY(read_host(&parts));
	parts.target = (struct wok__h1_span){rest + size, strcspn(rest + size, "#")};
	if (parts.target.data[parts.target.size] == '#')
		parts.fragment = parts.target.data + parts.target.size + 1;
	WOK_TRY(put_together(&parts, &url));
	*ret_url = url;
	return 0;
}

void wok__url_free(struct wok__url *url)
{
	wok_free(url->text);
	*url = (struct wok__url){0};
}

bool wok__url_same_origin(const struct wok__url *a, const struct wok__url *b)
{
	return a->secure == b->secure && a->port == b->port && a->host.size == b->host.size &&
	       memcmp(a->host.data, b->host.data, a->host.size) == 0;
}
