/* SPDX-License-Identifier: MIT */
/* Sockets as streams: TCP and Unix. */
#include "io/socket.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <wok/error.h>

#include "io/sendfile.h"
#include "loop/loop.h"
#include "platform/sys.h"
#include "platform/sys_socket.h"
#include "task/park.h"

/* The state of such a stream is its descriptor, so the pointer holds it. */
static int fd_of(void *self)
{
	return (int) (intptr_t) self;
}

static ssize_t tcp_read(void *self, void *data, size_t size)
{
	struct wok__io io = {.kind = WOK__IO_RECV,
			     .to_the_end = true,
			     .fd = fd_of(self),
			     .data = data,
			     .size = size};

	return wok__io_wait(&io, "data from a socket");
}

/* A read ends behind a message that came with descriptors, though more is there. */
static ssize_t unix_read(void *self, void *data, size_t size)
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
	WOK_TRY(wok__check());
	int r = wok__sys_shutdown(fd_of(self), SHUT_WR);
	wok__spend(); /* others run, and may close it: it is not touched after that */
	return r;
}

static int socket_close(void *self)
{
	return wok__loop ? wok__io_close(wok__loop, fd_of(self)) : wok__sys_close(fd_of(self));
}

static ssize_t socket_sendfile(void *self, int file, off_t offset, size_t size)
{
	return wok__send_by_socket(fd_of(self), file, offset, size);
}

#define SOCKET_OPS(kind, reads)                                                                    \
	{                                                                                          \
		.name = (kind), .read = (reads), .write = socket_write,                            \
		.shutdown = socket_shutdown, .close = socket_close, .fd = fd_of,                   \
		.sendfile = socket_sendfile                                                        \
	}
static const wok_stream_ops tcp_ops = SOCKET_OPS("tcp", tcp_read),
			    unix_ops = SOCKET_OPS("unix", unix_read);

int wok__tcp_stream_new(int fd, wok_stream **ret_stream)
{
	return wok_stream_new(&tcp_ops, (void *) (intptr_t) fd, ret_stream);
}

int wok__unix_stream_new(int fd, wok_stream **ret_stream)
{
	return wok_stream_new(&unix_ops, (void *) (intptr_t) fd, ret_stream);
}

static int set(int fd, int level, int option, int value, const char *name)
{
	int r = wok__sys_setsockopt(fd, level, option, value);

	return r < 0 ? wok_fail(r, "%s: %s", name, wok_strerror(r)) : 0;
}

/* A span in a unit of the kernel's, at least one of it. */
static int in_units(wok_time span, wok_time unit)
{
	wok_time n = span / unit + (span % unit != 0);

	return n > INT32_MAX ? INT32_MAX : (int) n;
}

static int set_keepalive(int fd, const wok_tcp_options *options)
{
	WOK_TRY(set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, "keepalive"));
	WOK_TRY(set(fd, IPPROTO_TCP, TCP_KEEPIDLE, in_units(options->keepalive, WOK_SECOND),
		    "keepalive"));
	if (options->keepalive_interval > 0)
		WOK_TRY(set(fd, IPPROTO_TCP, TCP_KEEPINTVL,
			    in_units(options->keepalive_interval, WOK_SECOND),
			    "keepalive_interval"));
	if (options->keepalive_probes > 0)
		WOK_TRY(set(fd, IPPROTO_TCP, TCP_KEEPCNT, options->keepalive_probes,
			    "keepalive_probes"));
	return 0;
}

int wok__tcp_set(int fd, const wok_tcp_options *options)
{
	/* Whoever writes here writes what he has: waiting for more is the buffer's business. */
	WOK_TRY(set(fd, IPPROTO_TCP, TCP_NODELAY, !options->nagle, "nagle"));
	if (options->keepalive > 0)
		WOK_TRY(set_keepalive(fd, options));
	if (options->user_timeout > 0)
		WOK_TRY(set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
			    in_units(options->user_timeout, WOK_MS), "user_timeout"));
	if (options->send_buffer > 0)
		WOK_TRY(set(fd, SOL_SOCKET, SO_SNDBUF, options->send_buffer, "send_buffer"));
	if (options->receive_buffer > 0)
		WOK_TRY(set(fd, SOL_SOCKET, SO_RCVBUF, options->receive_buffer, "receive_buffer"));
	return 0;
}

/* Bind to what the options want to connect from. */
static int bind_local(int fd, const wok_connect_options *options)
{
	const wok_address *local = options->local;

	/* The port is chosen when the peer is known, so that many connections can share one. */
	if (wok_address_port(local) == 0)
		(void) wok__sys_setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return wok__sys_bind(fd, (const void *) &local->storage, local->size);
}

static int bind_interface(int fd, const char *name)
{
	unsigned index = if_nametoindex(name);

	if (index == 0)
		return -ENODEV;
	return set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int) index, "interface");
}

static int prepare(int fd, const wok_address *address, const wok_connect_options *options)
{
	if (address->storage.ss_family == AF_UNIX)
		return 0;
	WOK_TRY(wok__tcp_set(fd, &options->tcp));
	if (options->interface)
		WOK_TRY(bind_interface(fd, options->interface));
	return options->local ? bind_local(fd, options) : 0;
}

int wok__socket_connect(const wok_address *address, const wok_connect_options *options)
{
	struct wok__io io = {.kind = WOK__IO_CONNECT,
			     .address = (const void *) &address->storage,
			     .address_size = address->size};

	io.fd = wok__sys_socket(address->storage.ss_family, SOCK_STREAM);
	if (io.fd < 0)
		return io.fd;
	ssize_t r = prepare(io.fd, address, options);
	if (r == 0)
		r = wok__io_wait(&io, "a connection to be made");
	if (r < 0) {
		(void) wok__io_close(wok__loop, io.fd);
		return (int) r;
	}
	return io.fd;
}

int wok_tcp_set_options(wok_stream *stream, const wok_tcp_options *options)
{
	int fd = wok_stream_fd(stream);

	if (fd < 0 || strcmp(wok_stream_kind(stream), tcp_ops.name) != 0)
		return wok_fail(-EINVAL, "wok_tcp_set_options: a %s stream is no TCP connection",
				wok_stream_kind(stream));
	return wok__tcp_set(fd, options);
}

int wok_stream_from_fd(int fd, wok_stream **ret_stream)
{
	wok_address address = {.size = sizeof(address.storage)};

	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_stream_from_fd: this thread runs no loop");
	int r = wok__sys_getpeername(fd, (void *) &address.storage, &address.size);
	if (r < 0)
		return wok_fail(r, "wok_stream_from_fd: descriptor %d is no connected socket: %s",
				fd, wok_strerror(r));
	if (wok__sys_getsockopt(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM)
		return wok_fail(-EINVAL, "wok_stream_from_fd: the socket %d is no stream", fd);
	WOK_TRY(wok__sys_set_nonblocking(fd));
	return address.storage.ss_family == AF_UNIX ? wok__unix_stream_new(fd, ret_stream)
						    : wok__tcp_stream_new(fd, ret_stream);
}

int wok_tcp_reset(wok_stream *stream)
{
	const struct linger now = {.l_onoff = 1};
	int fd = wok_stream_fd(stream);

	if (fd < 0 || strcmp(wok_stream_kind(stream), tcp_ops.name) != 0)
		return wok_fail(-EINVAL, "wok_tcp_reset: a %s stream is no open TCP connection",
				wok_stream_kind(stream));
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) < 0)
		return -errno;
	return wok_stream_close(stream);
}

typedef int get_name(int fd, struct sockaddr *address, socklen_t *size);

static int get_address(const wok_stream *stream, get_name *get, wok_address *ret_address)
{
	wok_address address = {.size = sizeof(address.storage)};
	int fd = wok_stream_fd(stream);

	if (fd < 0)
		return wok_fail(-ENOTSOCK, "a %s stream has no address", wok_stream_kind(stream));
	int r = get(fd, (void *) &address.storage, &address.size);
	if (r == 0)
		*ret_address = address;
	return r;
}

int wok_stream_peer_address(const wok_stream *stream, wok_address *ret_address)
{
	return get_address(stream, wok__sys_getpeername, ret_address);
}

int wok_stream_local_address(const wok_stream *stream, wok_address *ret_address)
{
	return get_address(stream, wok__sys_getsockname, ret_address);
}
