/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WS_FRAMES_H
#define TESTS_WS_FRAMES_H
/* Frames as a peer would write them, right or wrong. */
#include <stdlib.h>
#include <string.h>

#include "harness/test.h"
#include "http/websocket/frame.h"

struct bytes {
	char *data;
	size_t size;
};

static inline void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	char *grown = realloc(bytes->data, bytes->size + size + 1);

	ASSERT(grown != NULL);
	bytes->data = grown;
	if (size > 0)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
	bytes->data[bytes->size] = '\0';
}

static inline void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

enum { FIN = 0x80, RSV1 = 0x40 };

/* bits: FIN, RSV1 and the opcode. */
static inline void add_frame(struct bytes *bytes, bool masked, unsigned bits, const void *payload,
			     size_t size)
{
	static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
	char head[WOK__WS_HEAD_MAX], *copy = malloc(size + 1);
	struct wok__ws_head frame = {
		.opcode = bits & 0x0f,
		.fin = bits & FIN,
		.compressed = bits & RSV1,
		.masked = masked,
		.size = size,
	};

	ASSERT(copy != NULL);
	memcpy(frame.key, key, sizeof(key));
	size_t head_size = wok__ws_put_head(head, &frame);
	head[0] = (char) bits; /* the reserved ones, too */
	bytes_add(bytes, head, head_size);
	if (size > 0)
		memcpy(copy, payload, size);
	if (masked)
		for (size_t i = 0; i < size; i++)
			copy[i] = (char) (copy[i] ^ key[i % 4]);
	bytes_add(bytes, copy, size);
	free(copy);
}

static inline void add_text(struct bytes *bytes, bool masked, unsigned bits, const char *text)
{
	add_frame(bytes, masked, bits, text, strlen(text));
}
#endif
