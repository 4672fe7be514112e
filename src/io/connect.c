/* SPDX-License-Identifier: MIT */
/* Connecting: see wok/net.h. */
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <wok/error.h>
#include <wok/net.h>
#include <wok/task.h>

#include "io/socket.h"
#include "loop/loop.h"
#include "task/park.h"

/* Only these errors are about one address: after any other the next one is not tried. */
static bool try_next(int code)
{
	return code == -ECONNREFUSED || code == -ETIMEDOUT || code == -EHOSTUNREACH ||
	       code == -ENETUNREACH || code == -EADDRNOTAVAIL || code == -ECONNRESET ||
	       code == -EAFNOSUPPORT || code == -EACCES || code == -EPERM;
}

struct attempts {
	char text[512]; /* "127.0.0.1:80: Connection refused; ..." */
	size_t size;
};

static void note(struct attempts *attempts, const struct sockaddr *address, int code)
{
	char name[WOK__ADDRESS_TEXT_MAX];
	int n = snprintf(attempts->text + attempts->size, sizeof(attempts->text) - attempts->size,
			 "%s%s: %s", attempts->size ? "; " : "", wok__address_text(address, name),
			 wok_strerror(code));

	if (n > 0 && attempts->size + (size_t) n < sizeof(attempts->text))
		attempts->size += (size_t) n;
	else
		attempts->text[attempts->size] = '\0';
}

/* The first of the addresses that accepts: a descriptor. */
static int connect_first(const char *host, const wok_addresses *addresses)
{
	struct attempts attempts = {.size = 0};
	int r = WOK_ENAME;

	for (size_t i = 0; i < addresses->n; i++) {
		const struct sockaddr *address = (const void *) &addresses->addresses[i];
		r = wok__socket_connect(address, wok__address_size(address));
		if (r >= 0 || r == -ECANCELED)
			return r;
		note(&attempts, address, r);
		if (!try_next(r))
			break;
	}
	return wok_fail(r, "cannot connect to %s (%s)", host, attempts.text);
}

/* A result on whose failure a connection is closed. */
static int or_close(int fd, int result)
{
	if (result < 0)
		(void) wok__io_close(wok__loop, fd);
	return result;
}

int wok_tcp_connect(const char *host, uint16_t port, wok_stream **ret_stream)
{
	wok_addresses addresses;

	WOK_TRY(wok_lookup(host, port, &addresses));
	int fd = connect_first(host, &addresses);
	wok_addresses_clear(&addresses);
	return fd < 0 ? fd : or_close(fd, wok__tcp_stream_new(fd, ret_stream));
}

int wok_unix_connect(const char *path, wok_stream **ret_stream)
{
	struct sockaddr_un address;
	socklen_t size;
	int fd;

	WOK_TRY(wok__unix_address(path, &address, &size));
	/* Where a TCP connect would wait for room in the backlog, a Unix one says EAGAIN. */
	while ((fd = wok__socket_connect((const void *) &address, size)) == -EAGAIN)
		WOK_TRY(wok_sleep(5 * WOK_MS));
	if (fd < 0)
		return fd == -ECANCELED
			       ? fd
			       : wok_fail(fd, "cannot connect to %s: %s", path, wok_strerror(fd));
	return or_close(fd, wok__unix_stream_new(fd, ret_stream));
}
