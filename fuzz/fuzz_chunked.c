/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes chunked bodies, both ways. The first byte chooses the limits, the second how large the
 * chunks are that are written. Claims:
 *
 *   - how the bytes are cut changes neither data, nor error, nor where the body ends;
 *   - no piece lies outside of the input (ASan: exact blocks);
 *   - what is written as chunks is read back, whatever it is, and nothing behind it is taken.
 */
#include <stdlib.h>
#include <string.h>

#include "http/h1.h"

enum { FULL_SPLIT_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static const struct wok__h1_limits tight = {
	.trailer_fields = 2,
	.trailer_bytes = 40,
	.field_line = 30,
	.chunk_ext_line = 8,
	.chunk_ext_total = 12,
	.chunk_overhead = 24,
	.overhead_per_byte = 2,
	.body = 20,
};

struct decoded {
	char *data;
	size_t size;
	size_t end; /* of the body, in the input */
	int result; /* the last event, or the error */
};

/* What has come lies in a block of its own, which ends where the input so far does. */
static struct decoded decode(const struct wok__h1_limits *limits, const char *data, size_t size,
			     long step)
{
	struct decoded all = {.data = malloc(size + 1)};
	struct wok__h1_body body;
	size_t come = 0;

	require(all.data);
	all.result = wok__h1_body_init(&body, WOK__H1_CHUNKED, 0, limits);
	do {
		size_t more = step > 0                ? (size_t) step
			      : step < 0 && come == 0 ? (size_t) -step
						      : size;
		come = size - come < more ? size : come + more;
		char *copy = malloc(come - all.end + 1);
		require(copy);
		memcpy(copy + 1, data + all.end, come - all.end);
		size_t at = 0, n = come - all.end;
		do {
			struct wok__h1_span piece = {0};
			size_t consumed = 0;
			all.result =
				wok__h1_body_feed(&body, copy + 1 + at, n - at, &consumed, &piece);
			if (all.result == WOK__H1_DATA) {
				memcpy(all.data + all.size, piece.data, piece.size);
				all.size += piece.size;
			}
			if (all.result >= 0)
				at += consumed;
		} while (all.result == WOK__H1_DATA);
		all.end += at;
		free(copy);
	} while (all.result == WOK__H1_MORE && come < size);
	return all;
}

static void check_cuts(const struct wok__h1_limits *limits, const char *data, size_t size)
{
	struct decoded whole = decode(limits, data, size, 0);
	long most = size < FULL_SPLIT_MAX ? (long) size : 3;

	for (long step = -most; step <= most; step++) {
		struct decoded cut = decode(limits, data, size, step);
		require(cut.result == whole.result);
		if (whole.result >= 0) {
			require(cut.size == whole.size && cut.end == whole.end);
			require(memcmp(cut.data, whole.data, cut.size) == 0);
		}
		free(cut.data);
	}
	free(whole.data);
}

static void check_written(const char *data, size_t size, size_t chunk)
{
	const struct wok__h1_limits no_limits = {.chunk_overhead = UINT32_MAX,
						 .overhead_per_byte = 100,
						 .body = WOK__H1_NO_LIMIT,
						 .trailer_bytes = 100,
						 .trailer_fields = 10,
						 .field_line = 100};
	char *text = malloc((size / chunk + 2) * (WOK__H1_CHUNK_HEAD_MAX + 2) + size + 10);
	size_t n = 0;

	require(text);
	for (size_t at = 0; at < size; at += chunk) {
		size_t piece = size - at < chunk ? size - at : chunk;
		n += wok__h1_put_chunk_head(text + n, piece);
		memcpy(text + n, data + at, piece);
		memcpy(text + n + piece, "\r\n", 2);
		n += piece + 2;
	}
	memcpy(text + n, "0\r\n\r\nGET", 8);
	struct decoded all = decode(&no_limits, text, n + 8, 0);
	require(all.result == WOK__H1_END && all.end == n + 5);
	require(all.size == size && memcmp(all.data, data, size) == 0);
	free(all.data);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *input = (const char *) data + 2;
	check_cuts(data[0] & 1 ? &tight : NULL, input, size - 2);
	check_written(input, size - 2, 1 + (size_t) data[1] * data[1]);
	return 0;
}
