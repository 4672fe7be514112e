/* SPDX-License-Identifier: MIT */
/* Sockets that listen: made here, or taken over. See wok_listen(). */
#include "io/listen.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <wok/error.h>

#include "io/socket.h"
#include "platform/file.h"
#include "platform/path.h"
#include "platform/sys.h"
#include "platform/sys_socket.h"

enum { BACKLOG_DEFAULT = 4096 };

/*
 * A socket file whose server is gone is in the way: it refuses connections. Others are left alone.
 */
static void remove_stale(const wok_address *address, const char *path)
{
	struct stat about;

	/* Whatever is no socket refuses connections as well. */
	if (wok__sys_file_stat_at(AT_FDCWD, path, &about) < 0 || !S_ISSOCK(about.st_mode))
		return;
	int fd = wok__sys_socket(AF_UNIX, SOCK_STREAM);
	if (fd < 0)
		return;
	if (wok__sys_connect(fd, (const void *) &address->storage, address->size) == -ECONNREFUSED)
		(void) wok__sys_unlink(path);
	(void) wok__sys_close(fd);
}

/* Accepted sockets inherit what TCP is told here, which saves a system call each. */
static int set_options(int fd, const wok_address *address, const wok_listen_options *options)
{
	if (address->storage.ss_family == AF_UNIX)
		return 0;
	WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	if (options->reuse_port)
		WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	if (address->storage.ss_family == AF_INET6)
		WOK_TRY(wok__sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->ipv6_only));
	return wok__tcp_set(fd, &options->tcp);
}

static int bind_and_listen(int fd, const wok_address *address, const char *path,
			   const wok_listen_options *options)
{
	const struct sockaddr *to = (const void *) &address->storage;

	int r = wok__sys_bind(fd, to, address->size);
	if (r == -EADDRINUSE && path) {
		remove_stale(address, path);
		r = wok__sys_bind(fd, to, address->size);
	}
	if (r < 0)
		return r;
	/* Nobody can have connected: it does not listen yet. */
	if (path && options->mode)
		r = wok__sys_chmod(path, options->mode);
	if (r == 0)
		r = wok__sys_listen(fd, options->backlog ? options->backlog : BACKLOG_DEFAULT);
	if (r < 0 && path)
		(void) wok__sys_unlink(path);
	return r;
}

static int open_socket(const wok_address *address, const char *path,
		       const wok_listen_options *options)
{
	int fd = wok__sys_socket(address->storage.ss_family, SOCK_STREAM);

	if (fd < 0)
		return fd;
	int r = set_options(fd, address, options);
	if (r == 0)
		r = bind_and_listen(fd, address, path, options);
	if (r < 0) {
		(void) wok__sys_close(fd);
		return r;
	}
	return fd;
}

static bool is_any(const wok_address *address)
{
	const struct sockaddr_in6 *v6 = (const void *) &address->storage;

	return address->storage.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

/* Where there is no IPv6, ":8080" is all of IPv4. */
static int open_any(const wok_address *address, const char *path, const wok_listen_options *options)
{
	int fd = open_socket(address, path, options);

	if (fd != -EAFNOSUPPORT || !is_any(address) || options->ipv6_only)
		return fd;
	struct sockaddr_in v4 = {.sin_family = AF_INET,
				 .sin_port = htons(wok_address_port(address))};
	wok_address all = {.size = sizeof(v4)};
	memcpy(&all.storage, &v4, sizeof(v4));
	return open_socket(&all, NULL, options);
}

/* A descriptor of our own for a socket that somebody else has made listen. */
static int take_over(int theirs)
{
	int is_listening = wok__sys_getsockopt(theirs, SOL_SOCKET, SO_ACCEPTCONN);

	if (is_listening < 0)
		return is_listening;
	if (!is_listening)
		return wok_fail(-EINVAL, "the socket does not listen");
	int fd = wok__sys_dup(theirs);
	if (fd < 0)
		return fd;
	int r = wok__sys_set_nonblocking(fd);
	if (r < 0) {
		(void) wok__sys_close(fd);
		return r;
	}
	return fd;
}

static int take_over_number(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number > INT32_MAX)
		return wok_fail(-EINVAL, "fd:%s: write fd: and the number of a descriptor", text);
	return take_over((int) number);
}

static int open_text(const char *text, const wok_listen_options *options, const char **ret_path)
{
	wok_address address;

	if (strncmp(text, "fd:", 3) == 0)
		return take_over_number(text + 3);
	if (strncmp(text, "systemd:", 8) == 0) {
		int number = wok__systemd_fd(text + 8);
		return number < 0 ? number : take_over(number);
	}
	WOK_TRY(wok_address_parse(text, &address));
	if (address.storage.ss_family == AF_UNIX && text[5] != '@')
		*ret_path = text + 5;
	int fd = open_any(&address, *ret_path, options);
	return fd < 0 ? wok_fail(fd, "cannot listen on %s: %s", text, wok_strerror(fd)) : fd;
}

int wok__listening_open(const char *text, const wok_listen_options *options,
			struct wok__listening *ret_listening)
{
	struct wok__listening listening = {.address.size = sizeof(struct sockaddr_storage)};

	int r = listening.fd = open_text(text, options, &listening.path);
	if (r >= 0)
		r = wok__sys_getsockname(listening.fd, (void *) &listening.address.storage,
					 &listening.address.size);
	if (r >= 0) {
		*ret_listening = listening;
		return 0;
	}
	if (listening.fd >= 0) {
		(void) wok__sys_close(listening.fd);
		if (listening.path)
			(void) wok__sys_unlink(listening.path);
	}
	return r;
}
