/* SPDX-License-Identifier: MIT */
/* Keys and origins: see http/websocket/handshake.h. */
#include "http/websocket/handshake.h"

#include <string.h>
#include <strings.h>

#include "platform/path.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(const uint8_t *data, size_t size, char *text)
{
	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = (uint32_t) data[i] << 16;
		three |= i + 1 < size ? (uint32_t) data[i + 1] << 8 : 0;
		three |= i + 2 < size ? data[i + 2] : 0;
		*text++ = alphabet[three >> 18];
		*text++ = alphabet[three >> 12 & 63];
		*text++ = (char) (i + 1 < size ? alphabet[three >> 6 & 63] : '=');
		*text++ = (char) (i + 2 < size ? alphabet[three & 63] : '=');
	}
	*text = '\0';
}

int wok__ws_make_key(char key[WOK__WS_KEY_SIZE + 1])
{
	uint8_t bytes[16];
	int r = wok__sys_random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	put_base64(bytes, sizeof(bytes), key);
	return 0;
}

bool wok__ws_valid_key(const char *key)
{
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
	put_base64(digest, sizeof(digest), accept);
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
