/* SPDX-License-Identifier: MIT */
/* HTTP/1.1 request targets (RFC 9112 section 3.2) and the hosts in them and in the Host field. */
#include "http/h1_parts.h"

#include <arpa/inet.h>
#include <string.h>

/* --- hosts ------------------------------------------------------------------------------------ */

static bool valid_port(const char *p, const char *end)
{
	unsigned port = 0;
	if (p == end || end - p > 5)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		port = port * 10 + (unsigned) (*p - '0');
	}
	return port > 0 && port <= 65535;
}

/* The inside of [...]: an IPv6 address. A zone id means nothing to the peer: refused. */
static bool valid_ipv6(const char *p, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (size == 0 || size >= sizeof(text) || memchr(p, '\0', size) != NULL)
		return false;
	memcpy(text, p, size);
	text[size] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* The end of a name or IPv4 address; where it stops is for the caller to judge. */
static inline const char *skip_name(const char *p, const char *end)
{
	for (;;) {
		p = wok__h1_skip_class(p, end, WOK__H1_HOST_BYTE);
		if (end - p < 3 || *p != '%' || !is_hex(p[1]) || !is_hex(p[2]))
			return p;
		p += 3;
	}
}

/* Where the host ends and its colon or nothing follows; NULL if it is none. */
__attribute__((always_inline)) static inline const char *host_end(const char *data, size_t size)
{
	const char *end = data + size;
	if (size > 0 && *data == '[') {
		const char *bracket = memchr(data, ']', size);
		if (bracket == NULL || !valid_ipv6(data + 1, (size_t) (bracket - data - 1)))
			return NULL;
		return bracket + 1;
	}
	const char *p = skip_name(data, end);
	return p == data ? NULL : p;
}

bool wok__h1_valid_host(const char *data, size_t size)
{
	const char *p = host_end(data, size);
	if (p == NULL)
		return false;
	if (p == data + size)
		return true;
	return *p == ':' && valid_port(p + 1, data + size);
}

/* --- targets ---------------------------------------------------------------------------------- */

static struct wok__h1_span between(const char *p, const char *end)
{
	return (struct wok__h1_span){p, (size_t) (end - p)};
}

static void split_path(struct wok__h1_request *request, const char *p, const char *end)
{
	const char *mark = memchr(p, '?', (size_t) (end - p));
	request->path = between(p, mark != NULL ? mark : end);
	if (mark != NULL)
		request->query = between(mark + 1, end);
}

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static const char *skip_scheme(const char *p, const char *end)
{
	if (p == end || !is_alpha(*p))
		return p;
	while (p < end &&
	       (is_alpha(*p) || (*p >= '0' && *p <= '9') || *p == '+' || *p == '-' || *p == '.'))
		p++;
	return p;
}

/* scheme://authority[/path][?query]: other kinds of URI mean nothing to a server. */
static int split_absolute(struct wok__h1_request *request)
{
	const char *p = request->target.data, *end = p + request->target.size;
	const char *colon = skip_scheme(p, end);

	if (colon == p || end - colon < 3 || memcmp(colon, "://", 3) != 0)
		return WOK__H1_BAD_TARGET;
	const char *authority = colon + 3, *path = authority;
	while (path < end && *path != '/' && *path != '?')
		path++;
	request->form = WOK__H1_ABSOLUTE_FORM;
	request->scheme = between(p, colon);
	request->authority = between(authority, path);
	if (!wok__h1_valid_host(authority, request->authority.size))
		return WOK__H1_BAD_TARGET;
	split_path(request, path, end);
	return 0;
}

/* host:port, where CONNECT cannot do without the port. */
static int split_authority(struct wok__h1_request *request)
{
	struct wok__h1_span target = request->target;
	const char *p = host_end(target.data, target.size);

	if (p == NULL || p == target.data + target.size ||
	    !wok__h1_valid_host(target.data, target.size))
		return WOK__H1_BAD_TARGET;
	request->form = WOK__H1_AUTHORITY_FORM;
	request->authority = target;
	return 0;
}

int wok__h1_split_target(struct wok__h1_request *request)
{
	struct wok__h1_span target = request->target;

	if (request->method_id == WOK__H1_CONNECT)
		return split_authority(request);
	if (target.data[0] == '/') {
		request->form = WOK__H1_ORIGIN_FORM;
		split_path(request, target.data, target.data + target.size);
		return 0;
	}
	if (target.data[0] == '*' && target.size == 1) {
		request->form = WOK__H1_ASTERISK_FORM;
		return request->method_id == WOK__H1_OPTIONS ? 0 : WOK__H1_BAD_TARGET;
	}
	return split_absolute(request);
}
