/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_NETWORKS_H
#define WOK_HTTP_SERVER_NETWORKS_H
/* Sets of addresses: whom to believe. */
#include <stdbool.h>
#include <stdint.h>
#include <wok/address.h>

struct wok__network {
	uint8_t bytes[16]; /* IPv4 as IPv6 has it, ::ffff:1.2.3.4 */
	unsigned bits;
	bool is_unix;
};

/* "10.0.0.0/8", "::1", "unix:": 0; -EINVAL with a message. */
int wok__network_parse(const char *text, struct wok__network *ret_network);
bool wok__network_has(const struct wok__network *networks, size_t n, const wok_address *address);

/* The 16 bytes of an IP address; false if it is none. */
bool wok__address_bytes(const wok_address *address, uint8_t bytes[16]);

/* Make ::ffff:1.2.3.4, as a socket for both kinds has it, 1.2.3.4; the port stays. */
void wok__address_unmap(wok_address *address);

/*
 * An address as Forwarded and X-Forwarded-For have it: "1.2.3.4", "1.2.3.4:80", "[::1]:80", "::1".
 * Its port is left out. False for anything else.
 */
bool wok__address_of_text(const char *text, size_t size, wok_address *ret_address);
#endif
