/* SPDX-License-Identifier: MIT */
/* Sockets as streams: TCP and Unix. */
#include "io/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <wok/error.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "platform/sys.h"
#include "task/park.h"

/* The state of such a stream is its descriptor, so the pointer holds it. */
static int fd_of(void *self)
{
	return (int) (intptr_t) self;
}

static ssize_t socket_read(void *self, void *data, size_t size)
{
	struct wok__io io = {.kind = WOK__IO_RECV, .fd = fd_of(self), .data = data, .size = size};

	return wok__io_wait(&io, "data from a socket");
}

static ssize_t socket_write(void *self, const struct iovec *parts, int n_parts)
{
	struct wok__io io = {
		.kind = WOK__IO_SENDMSG, .fd = fd_of(self), .parts = parts, .n_parts = n_parts};

	return wok__io_wait(&io, "room in a socket");
}

static int socket_shutdown(void *self)
{
	int r = wok__checkpoint();

	return r < 0 ? r : wok__sys_shutdown(fd_of(self), SHUT_WR);
}

static int socket_close(void *self)
{
	return wok__loop ? wok__io_close(wok__loop, fd_of(self)) : wok__sys_close(fd_of(self));
}

static const wok_stream_ops tcp_ops = {"tcp",           socket_read,  socket_write,
				       socket_shutdown, socket_close, fd_of};
static const wok_stream_ops unix_ops = {"unix",          socket_read,  socket_write,
					socket_shutdown, socket_close, fd_of};

int wok__tcp_stream_new(int fd, wok_stream **ret_stream)
{
	return wok_stream_new(&tcp_ops, (void *) (intptr_t) fd, ret_stream);
}

int wok__unix_stream_new(int fd, wok_stream **ret_stream)
{
	return wok_stream_new(&unix_ops, (void *) (intptr_t) fd, ret_stream);
}

int wok__socket_connect(const struct sockaddr *address, socklen_t size)
{
	struct wok__io io = {.kind = WOK__IO_CONNECT, .address = address, .address_size = size};

	io.fd = wok__sys_socket(address->sa_family, SOCK_STREAM);
	if (io.fd < 0)
		return io.fd;
	/* Whoever writes here writes what he has: waiting for more is the buffer's business. */
	if (address->sa_family != AF_UNIX)
		(void) wok__sys_setsockopt(io.fd, IPPROTO_TCP, TCP_NODELAY, 1);
	ssize_t r = wok__io_wait(&io, "a connection to be made");
	if (r < 0) {
		(void) wok__io_close(wok__loop, io.fd);
		return (int) r;
	}
	return io.fd;
}

int wok__unix_address(const char *path, struct sockaddr_un *ret_address, socklen_t *ret_size)
{
	size_t size = strlen(path);

	if (size == 0)
		return wok_fail(-EINVAL, "the path of a Unix socket is empty");
	if (size >= sizeof(ret_address->sun_path))
		return wok_fail(-ENAMETOOLONG,
				"%s: the path of a Unix socket has at most %zu bytes", path,
				sizeof(ret_address->sun_path) - 1);
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, size);
	*ret_size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + size + 1);
	if (path[0] == '@') {
		ret_address->sun_path[0] = '\0';
		(*ret_size)--;
	}
	return 0;
}

const char *wok__address_text(const struct sockaddr *address, char text[WOK__ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in *v4 = (const void *) address;
	const struct sockaddr_in6 *v6 = (const void *) address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, WOK__ADDRESS_TEXT_MAX, "%s:%u", host, ntohs(v4->sin_port));
	} else if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, WOK__ADDRESS_TEXT_MAX, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		snprintf(text, WOK__ADDRESS_TEXT_MAX, "a local socket");
	}
	return text;
}

socklen_t wok__address_size(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					      : sizeof(struct sockaddr_in);
}
