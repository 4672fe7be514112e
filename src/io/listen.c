/* SPDX-License-Identifier: MIT */
/* Listening and accepting: see wok/net.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <wok/error.h>
#include <wok/net.h>
#include <wok/task.h>

#include "base/memory.h"
#include "io/socket.h"
#include "loop/loop.h"
#include "loop/report.h"
#include "platform/sys.h"
#include "task/park.h"

enum { BACKLOG_DEFAULT = 4096 };
#define EXHAUSTED_RETRY (50 * WOK_MS)
#define EXHAUSTED_REPORT WOK_SECOND

struct wok_listener {
	int fd;
	int kept; /* a connection that was accepted when there was no memory for its stream; or -1
		   */
	bool closed;
	bool is_unix;
	uint16_t port;
	bool reported;        /* that descriptors or memory ran out: */
	wok_time reported_at; /* the last time */
	char *path;           /* of a Unix socket that is to be removed */
};

struct address {
	struct sockaddr_storage storage;
	socklen_t size;
	const char *path; /* of a Unix socket that has a file */
};

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

/* "host:port", "[host]:port" or ":port" */
static int parse_tcp(const char *text, struct address *ret)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in6 *v6 = (void *) &ret->storage;
	struct sockaddr_in *v4 = (void *) &ret->storage;
	char host[INET6_ADDRSTRLEN + 2];
	uint16_t port;

	if (!colon)
		return bad_address(text, "the port is missing");
	WOK_TRY(parse_port(text, colon + 1, &port));
	size_t size = (size_t) (colon - text);
	bool bracketed = size >= 2 && text[0] == '[' && colon[-1] == ']';
	if (size >= sizeof(host))
		return bad_address(text, "this is no IP address");
	memcpy(host, text + bracketed, size - (bracketed ? 2 : 0));
	host[size - (bracketed ? 2 : 0)] = '\0';
	if (size == 0 || bracketed) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		ret->size = sizeof(*v6);
		if (size > 0 && inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
			return bad_address(text, "there is no IPv6 address between the brackets");
		return 0;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	ret->size = sizeof(*v4);
	if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
		return bad_address(text, "this is no IP address");
	return 0;
}

static int parse(const char *text, struct address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (strncmp(text, "unix:", 5) != 0)
		return parse_tcp(text, ret);
	if (text[5] != '@')
		ret->path = text + 5;
	return wok__unix_address(text + 5, (void *) &ret->storage, &ret->size);
}

/*
 * A socket file whose server is gone is in the way: it refuses connections. Others are left alone.
 */
static void remove_stale(const struct address *address)
{
	int fd = wok__sys_socket(AF_UNIX, SOCK_STREAM);

	if (fd < 0)
		return;
	if (wok__sys_connect(fd, (const void *) &address->storage, address->size) == -ECONNREFUSED)
		(void) wok__sys_unlink(address->path);
	(void) wok__sys_close(fd);
}

static int set_options(int fd, const struct address *address, const wok_listen_options *options)
{
	if (address->storage.ss_family == AF_UNIX)
		return 0;
	WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	if (options->reuse_port)
		WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	/* Accepted sockets inherit it, which saves a system call each. */
	if (!options->nagle)
		WOK_TRY(wok__sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	if (address->storage.ss_family == AF_INET6)
		WOK_TRY(wok__sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
	return 0;
}

static int bind_and_listen(int fd, const struct address *address, const wok_listen_options *options)
{
	const struct sockaddr *to = (const void *) &address->storage;

	WOK_TRY(set_options(fd, address, options));
	int r = wok__sys_bind(fd, to, address->size);
	if (r == -EADDRINUSE && address->path) {
		remove_stale(address);
		r = wok__sys_bind(fd, to, address->size);
	}
	if (r < 0)
		return r;
	return wok__sys_listen(fd, options->backlog ? options->backlog : BACKLOG_DEFAULT);
}

static int open_socket(const struct address *address, const wok_listen_options *options)
{
	int fd = wok__sys_socket(address->storage.ss_family, SOCK_STREAM);
	if (fd < 0)
		return fd;
	int r = bind_and_listen(fd, address, options);
	if (r < 0) {
		(void) wok__sys_close(fd);
		return r;
	}
	return fd;
}

/* The port that a socket was bound to, 0 for a Unix one; -errno. */
static int port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof(address);

	WOK_TRY(wok__sys_getsockname(fd, (void *) &address, &size));
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *) (void *) &address)->sin6_port);
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *) (void *) &address)->sin_port);
	return 0;
}

static bool is_any(const struct address *address)
{
	const struct sockaddr_in6 *v6 = (const void *) &address->storage;

	return address->storage.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

/* Where there is no IPv6, ":8080" is all of IPv4. */
static int open_any(struct address *address, const wok_listen_options *options)
{
	int fd = open_socket(address, options);

	if (fd != -EAFNOSUPPORT || !is_any(address))
		return fd;
	in_port_t port = ((struct sockaddr_in6 *) (void *) &address->storage)->sin6_port;
	memset(&address->storage, 0, sizeof(address->storage));
	*(struct sockaddr_in *) (void *) &address->storage =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	address->size = sizeof(struct sockaddr_in);
	return open_socket(address, options);
}

/* Fill in a listener; what it holds by then is its own, also on failure. */
static int open_listener(wok_listener *listener, const char *text,
			 const wok_listen_options *options)
{
	struct address address;

	WOK_TRY(parse(text, &address));
	if (address.path && !(listener->path = wok__strdup(address.path)))
		return -ENOMEM;
	int r = listener->fd = open_any(&address, options);
	if (r >= 0)
		r = port_of(listener->fd);
	if (r < 0)
		return wok_fail(r, "cannot listen on %s: %s", text, wok_strerror(r));
	listener->port = (uint16_t) r;
	listener->is_unix = address.storage.ss_family == AF_UNIX;
	return 0;
}

int wok_listen(const char *address, const wok_listen_options *options, wok_listener **ret_listener)
{
	const wok_listen_options defaults = {0};

	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_listen: this thread runs no loop");
	wok_listener *listener = wok__alloc_zeroed(sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->fd = listener->kept = -1;
	int r = open_listener(listener, address, options ? options : &defaults);
	if (r < 0) {
		listener->closed = listener->fd < 0; /* there is nothing to close */
		wok_listener_free(listener);
		return r;
	}
	*ret_listener = listener;
	return 0;
}

uint16_t wok_listener_port(const wok_listener *listener)
{
	return listener->port;
}

/* The system is out of something that may come back. */
static bool exhausted(ssize_t code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOBUFS || code == -ENOMEM;
}

/* The connection was given up before it was accepted: accept(2) lists what Linux passes on. */
static bool given_up(ssize_t code)
{
	switch (code) {
	case -ECONNABORTED:
	case -ENETDOWN:
	case -EPROTO:
	case -ENOPROTOOPT:
	case -EHOSTDOWN:
	case -ENONET:
	case -EHOSTUNREACH:
	case -EOPNOTSUPP:
	case -ENETUNREACH:
	case -EPERM: /* a firewall's word */
		return true;
	default:
		return false;
	}
}

static int wait_for_room(wok_listener *listener, int code)
{
	wok_time now = wok_now();

	if (!listener->reported || now - listener->reported_at >= EXHAUSTED_REPORT) {
		wok__report(code, NULL, NULL, "cannot accept connections for now: %s",
			    wok_strerror(code));
		listener->reported = true;
		listener->reported_at = now;
	}
	return wok_sleep(EXHAUSTED_RETRY);
}

static ssize_t accept_fd(wok_listener *listener)
{
	struct wok__io io = {.kind = WOK__IO_ACCEPT, .fd = listener->fd};
	int kept = listener->kept;

	if (kept < 0)
		return wok__io_wait(&io, "a connection to accept");
	listener->kept = -1;
	wok__spend();
	return kept;
}

static int accept_stream(wok_listener *listener, wok_stream **ret_stream)
{
	ssize_t fd = accept_fd(listener);

	if (fd < 0)
		return (int) fd;
	int r = listener->is_unix ? wok__unix_stream_new((int) fd, ret_stream)
				  : wok__tcp_stream_new((int) fd, ret_stream);
	if (r < 0)
		listener->kept = (int) fd;
	return r;
}

int wok_accept(wok_listener *listener, wok_stream **ret_stream)
{
	for (;;) {
		WOK_TRY(wok__check());
		if (listener->closed)
			return wok_fail(-EBADF, "the listener is closed");
		int r = accept_stream(listener, ret_stream);
		if (exhausted(r))
			WOK_TRY(wait_for_room(listener, r));
		else if (!given_up(r))
			return r;
	}
}

int wok_listener_close(wok_listener *listener)
{
	if (listener->closed)
		return -EBADF;
	listener->closed = true;
	if (listener->path)
		(void) wok__sys_unlink(listener->path);
	if (listener->kept >= 0)
		(void) wok__sys_close(listener->kept);
	return wok__loop ? wok__io_close(wok__loop, listener->fd) : wok__sys_close(listener->fd);
}

void wok_listener_free(wok_listener *listener)
{
	if (!listener)
		return;
	(void) wok_listener_close(listener);
	wok_free(listener->path);
	wok_free(listener);
}
