/* SPDX-License-Identifier: MIT */
#ifndef SEED_BLOCKING_H
#define SEED_BLOCKING_H
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wok/error.h>

/* A blocking HTTP client on plain sockets: what the library "requests" is in the notes. It waits in
 * the kernel, so nothing else in its thread runs meanwhile. */

static inline int requests_connect(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses;
	int r = -ENOENT;

	int error = getaddrinfo(host, port, &hints, &addresses);
	if (error != 0)
		return wok_fail(WOK_ENAME, "%s: %s", host, gai_strerror(error));
	for (const struct addrinfo *a = addresses; a && r < 0; a = a->ai_next) {
		int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
			r = fd;
			continue;
		}
		r = -errno;
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(addresses);
	return r < 0 ? wok_fail(r, "%s:%s: %s", host, port, wok_strerror(r)) : r;
}

static inline int requests_send(int fd, const char *host, const char *port, const char *path)
{
	char request[1024];
	int size = snprintf(request, sizeof(request),
			    "GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", path,
			    host, port);
	if (size >= (int) sizeof(request))
		return -ENAMETOOLONG;
	/* All at once: a new connection has room for it. Without the flag a peer that has closed
	 * already would kill the process. */
	return send(fd, request, (size_t) size, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Read all of the response. Returns its status. */
static inline int requests_receive(FILE *response)
{
	char body[4096];
	int status;

	if (fscanf(response, "HTTP/%*s %d", &status) != 1)
		return wok_fail(WOK_EPEER, "the response does not begin with a status");
	while (fread(body, 1, sizeof(body), response) > 0)
		;
	return ferror(response) ? -errno : status;
}

/* Fetch "http://host[:port]/path". Returns the status of the response, or an error. */
static inline int requests_get(const char *url)
{
	char host[128], port[6] = "80";
	int path = 0;

	/* The second %n counts only where there is a port. */
	if (sscanf(url, "http://%127[^:/]%n:%5[0-9]%n", host, &path, port, &path) < 1)
		return wok_fail(-EINVAL, "%s: not a URL of http", url);
	int fd = requests_connect(host, port);
	if (fd < 0)
		return fd;
	FILE *response = fdopen(fd, "r");
	if (!response) {
		close(fd);
		return -ENOMEM;
	}
	int r = requests_send(fd, host, port, url + path);
	if (r == 0)
		r = requests_receive(response);
	fclose(response);
	return r;
}

#endif
