/* SPDX-License-Identifier: MIT */
/* SHA-1 (RFC 3174), for the handshake: see http/websocket/handshake.h. */
#include <string.h>

#include "http/websocket/handshake.h"

enum { BLOCK = 64, WORDS = 80, LENGTH_AT = 56 };

static uint32_t turn(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

static void expand(const uint8_t *block, uint32_t w[WORDS])
{
	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t) block[4 * i] << 24 | (uint32_t) block[4 * i + 1] << 16 |
		       (uint32_t) block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < WORDS; i++)
		w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

static void add_block(uint32_t h[5], const uint8_t *block)
{
	uint32_t w[WORDS], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	expand(block, w);
	for (size_t i = 0; i < WORDS; i++) {
		uint32_t f = i < 20   ? 0x5a827999 + ((b & c) | (~b & d))
			     : i < 40 ? 0x6ed9eba1 + (b ^ c ^ d)
			     : i < 60 ? 0x8f1bbcdc + ((b & c) | (b & d) | (c & d))
				      : 0xca62c1d6 + (b ^ c ^ d);
		uint32_t next = turn(a, 5) + f + e + w[i];
		e = d;
		d = c;
		c = turn(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void wok__ws_sha1(const void *data, size_t size, uint8_t digest[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t last[2 * BLOCK] = {0};
	const uint8_t *bytes = data;
	size_t left = size;

	for (; left >= BLOCK; left -= BLOCK, bytes += BLOCK)
		add_block(h, bytes);
	if (left > 0)
		memcpy(last, bytes, left);
	last[left] = 0x80;
	size_t blocks = left < LENGTH_AT ? 1 : 2;
	for (size_t i = 0; i < 8; i++)
		last[blocks * BLOCK - 1 - i] = (uint8_t) ((uint64_t) size * 8 >> 8 * i & 0xff);
	for (size_t i = 0; i < blocks; i++)
		add_block(h, last + i * BLOCK);
	for (size_t i = 0; i < 20; i++)
		digest[i] = (uint8_t) (h[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
}
