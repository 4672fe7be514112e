/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_SOCKET_H
#define WOK_IO_SOCKET_H
#include <wok/address.h>
#include <wok/net.h>
#include <wok/stream.h>

/*
 * Make a stream of a connected socket, which is the stream's from now on; on failure it stays the
 * caller's. Exactly one of the two kinds.
 */
int wok__tcp_stream_new(int fd, wok_stream **ret_stream);
int wok__unix_stream_new(int fd, wok_stream **ret_stream);

/*
 * A new socket, connected to an address; waits. The descriptor, or an error. options are for TCP.
 */
int wok__socket_connect(const wok_address *address, const wok_connect_options *options);

/*
 * A socket connected to one of some addresses, by Happy Eyeballs; waits. On failure the error has a
 * message that names the host and lists what was tried.
 */
int wok__connect_any(const char *host, const wok_addresses *addresses,
		     const wok_connect_options *options);

/* Options of a TCP socket: 0, or an error that names the option. */
int wok__tcp_set(int fd, const wok_tcp_options *options);

/* The address of a Unix socket: a path, or "@name" for an abstract one; as wok_address_parse(). */
int wok__unix_address(const char *path, wok_address *ret_address);

/*
 * Take "host:port" or "[host]:port" apart: the host without its brackets, perhaps empty; or
 * -EINVAL, with a message about the port.
 */
int wok__address_split(const char *text, wok_view *ret_host, uint16_t *ret_port);
#endif
