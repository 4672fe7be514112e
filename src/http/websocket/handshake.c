/* SPDX-License-Identifier: MIT */
/* Keys and origins: see http/websocket/handshake.h. */
#include "http/websocket/handshake.h"

#include <string.h>
#include <strings.h>

#include "http/params.h"
#include "platform/path.h"

int wok__ws_make_key(char key[WOK__WS_KEY_SIZE + 1])
{
	uint8_t bytes[16];
	int r = wok__sys_random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	key[wok__base64_put(key, bytes, sizeof(bytes))] = '\0';
	return 0;
}

bool wok__ws_valid_key(const char *key)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	/* 16 bytes are 21 characters, one that holds the last two bits, and two equals signs. */
	return strlen(key) == WOK__WS_KEY_SIZE && strspn(key, alphabet) == 22 &&
	       strchr("AQgw", key[21]) != NULL && strcmp(key + 22, "==") == 0;
}

void wok__ws_accept_of(const char *key, char accept[WOK__WS_ACCEPT_SIZE + 1])
{
	static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char both[WOK__WS_KEY_SIZE + sizeof(suffix) - 1];
	uint8_t digest[20];

	memcpy(both, key, WOK__WS_KEY_SIZE);
	memcpy(both + WOK__WS_KEY_SIZE, suffix, sizeof(suffix) - 1);
	wok__ws_sha1(both, sizeof(both), digest);
	accept[wok__base64_put(accept, digest, sizeof(digest))] = '\0';
}

bool wok__ws_same_host(const char *origin, const char *host)
{
	static const struct {
		const char *scheme, *port;
	} schemes[] = {{"http://", ":80"}, {"https://", ":443"}};

	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(schemes[i].scheme), host_size = strlen(host);
		if (strncasecmp(origin, schemes[i].scheme, size) != 0)
			continue;
		if (strcasecmp(origin + size, host) == 0)
			return host_size > 0;
		/* A Host may name the port that an origin leaves out. */
		size_t bare = strlen(origin + size);
		return bare > 0 && strncasecmp(origin + size, host, bare) == 0 &&
		       strcmp(host + bare, schemes[i].port) == 0;
	}
	return false;
}
