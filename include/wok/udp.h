/* SPDX-License-Identifier: MIT */
#ifndef WOK_UDP_H
#define WOK_UDP_H
#include <wok/address.h>
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A UDP socket: messages that arrive whole, late, twice, out of order, or not at all. One task may
 * receive while others send.
 */
typedef struct wok_udp wok_udp;

/* How to open one. Zero in a field means the default. */
typedef struct {
	bool reuse_port; /* share the port with other sockets (SO_REUSEPORT) */
	bool ipv6_only;  /* "[::]:53" and ":53" take no IPv4 */
	bool broadcast;  /* may send to a network's broadcast address */
	int send_buffer; /* bytes; the system's */
	int receive_buffer;
} wok_udp_options;

/* A message, or the room for one. */
typedef struct {
	void *data;
	size_t size;         /* bytes to send; when receiving the room, and then what came */
	wok_address address; /* whom to, all zero: the peer; or who it came from */
	bool truncated;      /* there was no room for all of it: the rest is lost */
} wok_datagram;

/**
 * Open a socket.
 *
 * address:    to receive at, as wok_address_parse(), port 0 being any free one; NULL for any port
 *             of all addresses
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -EADDRINUSE, -EACCES, -EADDRNOTAVAIL ...; -EINVAL for an address that makes no
 *             sense, or a Unix one
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_udp_open(const char *address, const wok_udp_options *options, wok_udp **ret_udp)
	WOK_MUST_CHECK;

/**
 * Settle whom a socket talks to: only that peer's messages are received, and those that are sent
 * without an address go there. Nothing is sent. That the peer's host says nobody is there
 * (-ECONNREFUSED) is then told by a later call, once; the socket goes on.
 *
 * peer:       NULL takes it back
 * Returns:    0; -EAFNOSUPPORT, -ENETUNREACH ...
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_udp_connect(wok_udp *udp, const wok_address *peer) WOK_MUST_CHECK;

/**
 * Send a message; waits only while the system has no room for it.
 *
 * size:       bytes; 0 is a message, too
 * to:         NULL: the peer
 * Returns:    size; -EMSGSIZE if it is larger than messages can be; -EDESTADDRREQ without a peer;
 *             -ECONNREFUSED, -EHOSTUNREACH ... what an earlier one met; -EBADF if the socket is
 *             closed; -ECANCELED, with nothing sent
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_udp_send(wok_udp *udp, const void *data, size_t size, const wok_address *to)
	WOK_MUST_CHECK;

/**
 * Send several messages, with as few system calls as possible.
 *
 * Returns:    how many were sent, from the first on: fewer than n if the next one failed, which is
 *             then the first of the next call, and its error; as wok_udp_send()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_udp_send_many(wok_udp *udp, const wok_datagram *datagrams, size_t n) WOK_MUST_CHECK;

/**
 * Wait for a message.
 *
 * size:       the room: what is longer is cut off
 * ret_from:   who sent it; NULL if that is of no interest
 * Returns:    the bytes of the message, perhaps 0; more than size if it was cut off; -ECONNREFUSED,
 *             -EHOSTUNREACH ... what a message sent before met; -EBUSY if another task receives;
 *             -EBADF if the socket is closed; -ECANCELED, with no message lost
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_udp_receive(wok_udp *udp, void *data, size_t size, wok_address *ret_from)
	WOK_MUST_CHECK;

/**
 * Wait for a message, and take what others are there, with one system call.
 *
 * datagrams:  n of them, each with its room
 * Returns:    how many came, 1 to n (at most 64 at once); as wok_udp_receive()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_udp_receive_many(wok_udp *udp, wok_datagram *datagrams, size_t n) WOK_MUST_CHECK;

/**
 * The address that a socket receives at.
 *
 * Returns:    0; -EBADF if it is closed
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_udp_local_address(const wok_udp *udp, wok_address *ret_address) WOK_MUST_CHECK;

/**
 * The descriptor below, to set options on, such as the groups of a multicast; it stays the
 * socket's.
 *
 * Returns:    a descriptor; -1 if it is closed
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_udp_fd(const wok_udp *udp);

/**
 * Close a socket. Tasks that wait in it get -EBADF.
 *
 * Returns:    0; -EBADF if it is closed already
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_udp_close(wok_udp *udp);

/**
 * Close a socket and release it. No task may be in a call on it.
 *
 * udp:        NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_udp_free(wok_udp *udp);
WOK_DEFINE_AUTO(wok_udp)

WOK_END_DECLS
#endif
