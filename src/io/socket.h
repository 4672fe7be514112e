/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_SOCKET_H
#define WOK_IO_SOCKET_H
#include <sys/socket.h>
#include <wok/stream.h>

/*
 * Make a stream of a connected socket, which is the stream's from now on; on failure it stays the
 * caller's. Exactly one of the two kinds.
 */
int wok__tcp_stream_new(int fd, wok_stream **ret_stream);
int wok__unix_stream_new(int fd, wok_stream **ret_stream);

/* A new socket, connected to an address; waits. The descriptor, or an error. */
int wok__socket_connect(const struct sockaddr *address, socklen_t size);

/*
 * The address of a Unix socket: a path, or "@name" for an abstract one. 0, or -EINVAL or
 * -ENAMETOOLONG with a message.
 */
struct sockaddr_un;
int wok__unix_address(const char *path, struct sockaddr_un *ret_address, socklen_t *ret_size);

/* An address as people write it, for messages. */
#define WOK__ADDRESS_TEXT_MAX 128
const char *wok__address_text(const struct sockaddr *address, char text[WOK__ADDRESS_TEXT_MAX]);
socklen_t wok__address_size(const struct sockaddr *address);
#endif
