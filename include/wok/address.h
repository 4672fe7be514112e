/* SPDX-License-Identifier: MIT */
#ifndef WOK_ADDRESS_H
#define WOK_ADDRESS_H
#include <sys/socket.h>
#include <wok/base.h>

WOK_BEGIN_DECLS

/* The address of a socket: IPv4, IPv6 or Unix. All zero is none. */
typedef struct {
	struct sockaddr_storage storage;
	socklen_t size;
} wok_address;

/* Bytes of the longest text of an address, its NUL included. */
#define WOK_ADDRESS_TEXT 128

/**
 * Read an address. Names are not looked up: wok_lookup() does that.
 *
 * text:       "127.0.0.1:8080", "[::1]:8080", "[fe80::1%eth0]:8080", ":8080" for all of IPv6 and
 *             IPv4; "unix:/path" or "unix:@abstract"
 * Returns:    0; -EINVAL for a text that is none, -ENAMETOOLONG for a path: the message names it
 * Checkpoint: never
 * Threads:    any
 */
int wok_address_parse(const char *text, wok_address *ret_address) WOK_MUST_CHECK;

/**
 * Write an address as wok_address_parse() reads it.
 *
 * text:       where to; "unix:" for a Unix socket without a name, "?" for what is no address
 * Returns:    text
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_address_text(const wok_address *address, char text[WOK_ADDRESS_TEXT]);

/**
 * The port of an address.
 *
 * Returns:    0 to 65535; 0 for a Unix socket
 * Checkpoint: never
 * Threads:    any
 */
uint16_t wok_address_port(const wok_address *address);

WOK_END_DECLS
#endif
