/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes content codings. The first byte chooses one, or a chain of two; the second how large the
 * pieces are. Claims:
 *
 *   - how the bytes are cut, and how much is read at once, changes neither data nor error;
 *   - no more comes out than the limits allow;
 *   - whatever was encoded is decoded to the same.
 */
#include <stdlib.h>
#include <string.h>
#include <wok/error.h>
#include <wok/task.h>
#include <wok/test.h>

#include "http/coding/decoder.h"
#include "http/coding/encoder.h"

enum { OUT_MAX = 1 << 17 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

struct source {
	const char *data;
	size_t size, at, piece;
};

static ssize_t read_source(void *arg, void *data, size_t size)
{
	struct source *source = arg;
	size_t n = source->size - source->at;

	n = n < size ? n : size;
	n = n < source->piece ? n : source->piece;
	memcpy(data, source->data + source->at, n);
	source->at += n;
	return (ssize_t) n;
}

struct decoded {
	char *data;
	size_t size;
	int result;
};

static struct decoded decode(const struct wok__codings *codings, const char *data, size_t size,
			     size_t piece, size_t room)
{
	const struct wok__decoder_limits limits = {.bytes = OUT_MAX};
	struct source source = {data, size, 0, piece};
	struct decoded all = {.data = malloc(OUT_MAX + room)};
	struct wok__decoder *decoder = NULL;
	ssize_t n = 1;

	require(all.data);
	require(wok__decoder_new(codings, &limits, read_source, &source, &decoder) == 0);
	while (n > 0) {
		n = wok__decoder_read(decoder, all.data + all.size, room);
		require(n <= (ssize_t) room);
		if (n > 0)
			all.size += (size_t) n;
		require(all.size <= OUT_MAX);
	}
	all.result = (int) n;
	wok__decoder_free(decoder);
	return all;
}

static void check_cuts(const struct wok__codings *codings, const char *data, size_t size,
		       size_t piece)
{
	struct decoded whole = decode(codings, data, size, SIZE_MAX, 1 << 16);
	struct decoded cut = decode(codings, data, size, piece, 1 + piece * 3);

	/* Of a bomb, or of data that is corrupt, the one may have got further than the other. */
	require((cut.result < 0) == (whole.result < 0));
	if (whole.result == 0)
		require(cut.size == whole.size && memcmp(cut.data, whole.data, cut.size) == 0);
	free(whole.data);
	free(cut.data);
}

static void check_both_ways(enum wok__coding coding, const char *data, size_t size, size_t piece)
{
	const struct wok__codings codings = {.list = {coding}, .n = 1};
	struct wok__buffer out = {0};
	struct wok__encoder *encoder = NULL;

	require(wok__encoder_new(coding, (int) (piece % 5), &encoder) == 0);
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		require(wok__encoder_put(encoder, data + at, n,
					 at % 2 ? WOK__CODING_FLUSH : WOK__CODING_MORE, &out) == 0);
	}
	require(wok__encoder_put(encoder, "", 0, WOK__CODING_END, &out) == 0);
	wok__encoder_free(encoder);
	struct decoded all = decode(&codings, out.data, out.size, SIZE_MAX, 1 << 16);
	require(all.result == 0 && all.size == size && memcmp(all.data, data, size) == 0);
	free(all.data);
	wok__buffer_free(&out);
}

static int run(void *arg)
{
	const struct input *input = arg;
	const char *data = (const char *) input->data + 2;
	size_t size = input->size - 2, piece = 1 + input->data[1];
	enum wok__coding first = input->data[0] % WOK__CODING_COUNT;
	enum wok__coding second = input->data[0] / WOK__CODING_COUNT % WOK__CODING_COUNT;
	struct wok__codings codings = {.list = {second, first}, .n = input->data[0] & 64 ? 2 : 1};

	if (codings.n == 1)
		codings.list[0] = first;
	check_cuts(&codings, data, size, piece);
	check_both_ways(first, data, size, piece);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	if (size < 2 || size > 4096)
		return 0;
	for (int i = 0; i < WOK__CODING_COUNT; i++)
		require(wok__coding_kind((enum wok__coding) i) != NULL);
	require(wok_test_run(run, &input, NULL) == 0);
	return 0;
}
