/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_WEBSOCKET_HANDSHAKE_H
#define WOK_HTTP_WEBSOCKET_HANDSHAKE_H
/* The key of a handshake and its answer (RFC 6455, section 4), and lists of names. */
#include <wok/websocket.h>

#include "http/h1.h"

enum {
	WOK__WS_KEY_SIZE = 24,    /* characters of base64 */
	WOK__WS_ACCEPT_SIZE = 28, /* likewise */
};

/* A key that nobody can guess, with a NUL behind it. 0 or -errno. */
int wok__ws_make_key(char key[WOK__WS_KEY_SIZE + 1]);

/* Whether a text is the base64 of 16 bytes. */
bool wok__ws_valid_key(const char *key);

/* What a server answers to a key, with a NUL behind it. */
void wok__ws_accept_of(const char *key, char accept[WOK__WS_ACCEPT_SIZE + 1]);

/* Whether an origin, as a browser sends it, has the host (and port) of the request. */
bool wok__ws_same_host(const char *origin, const char *host);

/* The SHA-1 of some bytes (sha1.c). It secures nothing here; the protocol asks for it. */
void wok__ws_sha1(const void *data, size_t size, uint8_t digest[20]);
#endif
