/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_PROXY_PROTOCOL_H
#define WOK_HTTP_SERVER_PROXY_PROTOCOL_H
/*
 * The head that a proxy puts before a connection, to say who the client is: version 1, a line of
 * text, and version 2, binary (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
 */
#include <stdbool.h>
#include <wok/address.h>

struct wok__proxy_head {
	bool known; /* else the proxy speaks for itself, or of a family that nobody knows */
	wok_address client;
	wok_address server; /* what the client has connected to */
};

enum {
	WOK__PROXY_HEAD_MAX = 16 + 4096, /* of version 2, its extensions included */
};

/* Bytes of the head at the front of data: its size; 0: more is needed; -EINVAL: there is none. */
ssize_t wok__proxy_head_parse(const char *data, size_t size, struct wok__proxy_head *ret_head);
#endif
