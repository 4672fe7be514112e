/* SPDX-License-Identifier: MIT */
/* Connecting: see wok/net.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/net.h>
#include <wok/task.h>

#include "io/lookup.h"
#include "io/socket.h"
#include "loop/loop.h"
#include "task/park.h"

enum { HOST_SIZE = 256 }; /* names have 253 bytes at most */

/* A result on whose failure a connection is closed. */
static int or_close(int fd, int result)
{
	if (result < 0)
		(void) wok__io_close(wok__loop, fd);
	return result;
}

int wok__tcp_connect_any(const char *host, const wok_addresses *addresses,
			 const wok_connect_options *options, wok_stream **ret_stream)
{
	const wok_connect_options defaults = {0};
	int fd = wok__connect_any(host, addresses, options ? options : &defaults);

	return fd < 0 ? fd : or_close(fd, wok__tcp_stream_new(fd, ret_stream));
}

int wok_tcp_connect_with(const char *host, uint16_t port, const wok_connect_options *options,
			 wok_stream **ret_stream)
{
	wok_addresses addresses;

	WOK_TRY(wok_lookup(host, port, &addresses));
	int r = wok__tcp_connect_any(host, &addresses, options, ret_stream);
	wok_addresses_clear(&addresses);
	return r;
}

int wok_tcp_connect(const char *host, uint16_t port, wok_stream **ret_stream)
{
	return wok_tcp_connect_with(host, port, NULL, ret_stream);
}

static int connect_named(const char *address, const wok_connect_options *options,
			 wok_stream **ret_stream)
{
	char host[HOST_SIZE];
	wok_view part;
	uint16_t port;

	WOK_TRY(wok__address_split(address, &part, &port));
	if (part.size == 0)
		return wok_fail(-EINVAL, "%s: there is no host to connect to", address);
	if (part.size >= sizeof(host))
		return wok_fail(-EINVAL, "%s: the host's name is too long", address);
	if (part.data == address && memchr(part.data, ':', part.size))
		return wok_fail(-EINVAL,
				"%s: an IPv6 address stands in brackets, before the port: [::1]:80",
				address);
	memcpy(host, part.data, part.size);
	host[part.size] = '\0';
	return wok_tcp_connect_with(host, port, options, ret_stream);
}

int wok_connect(const char *address, const wok_connect_options *options, wok_stream **ret_stream)
{
	WOK_TRY(wok__check());
	if (strncmp(address, "unix:", 5) == 0)
		return wok_unix_connect(address + 5, ret_stream);
	return connect_named(address, options, ret_stream);
}

int wok_unix_connect(const char *path, wok_stream **ret_stream)
{
	wok_address address;
	int fd;

	WOK_TRY(wok__unix_address(path, &address));
	/* Where a TCP connect would wait for room in the backlog, a Unix one says EAGAIN. */
	while ((fd = wok__socket_connect(&address, NULL)) == -EAGAIN)
		WOK_TRY(wok_sleep(5 * WOK_MS));
	if (fd < 0)
		return fd == -ECANCELED
			       ? fd
			       : wok_fail(fd, "cannot connect to %s: %s", path, wok_strerror(fd));
	return or_close(fd, wok__unix_stream_new(fd, ret_stream));
}
