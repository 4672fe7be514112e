/* SPDX-License-Identifier: MIT */
/*
 * Masking: see http/websocket/frame.h.
 *
 * The key is turned so that it begins at the first byte, and repeated through a vector; what is
 * left over at the end is done in words and bytes. The compiler makes of the vectors what the
 * processor has: SSE2, AVX2 or NEON.
 */
#include <string.h>

#include "http/websocket/frame.h"

typedef uint32_t keys __attribute__((vector_size(32)));

static inline void mask_vector(char *to, const char *from, const keys *key)
{
	keys block;

	/* No alignment is known; memcpy() becomes an unaligned load. */
	memcpy(&block, from, sizeof(block));
	block ^= *key;
	memcpy(to, &block, sizeof(block));
}

void wok__ws_mask(char *to, const char *from, size_t size, const uint8_t key[4], uint64_t offset)
{
	uint8_t turned[4];
	uint32_t word;
	size_t i = 0;

	for (unsigned j = 0; j < 4; j++)
		turned[j] = key[(offset + j) % 4];
	memcpy(&word, turned, sizeof(word));
	const keys all = {word, word, word, word, word, word, word, word};
	for (; size - i >= 2 * sizeof(all); i += 2 * sizeof(all)) {
		mask_vector(to + i, from + i, &all);
		mask_vector(to + i + sizeof(all), from + i + sizeof(all), &all);
	}
	for (; size - i >= sizeof(word); i += sizeof(word)) {
		uint32_t four;
		memcpy(&four, from + i, sizeof(four));
		four ^= word;
		memcpy(to + i, &four, sizeof(four));
	}
	for (; i < size; i++)
		to[i] = (char) ((uint8_t) from[i] ^ turned[i % 4]);
}
