/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the WebSocket codec. The first byte chooses the role, compression and the limit; the rest
 * comes in over the wire. Claims:
 *
 *   - how the bytes are cut changes neither events nor errors;
 *   - no piece lies outside of the input, no read goes behind it (ASan: exact blocks);
 *   - no message is larger than the limit, all that is said to be text is UTF-8;
 *   - a frame that was accepted is, written again, the same bytes.
 */
#include <wok/utf8.h>

#include "../tests/ws/transcript.h"

enum { FULL_SPLIT_MAX = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct transcript run(const struct wok__ws_decoder *setup, const char *input, size_t size,
			     size_t cut, bool each)
{
	struct transcript t = {.decoder = *setup};

	transcript_run(&t, input, size, cut, each);
	return t;
}

static void check_cuts(const struct wok__ws_decoder *setup, const char *input, size_t size)
{
	struct transcript whole = run(setup, input, size, 0, false);
	size_t step = size > FULL_SPLIT_MAX ? size / 16 : 1;

	for (size_t cut = 1; cut <= size; cut += step) {
		struct transcript t = run(setup, input, size, cut, cut == 1);
		require(t.error == whole.error && t.size == whole.size);
		require(t.size == 0 || memcmp(t.text, whole.text, t.size) == 0);
		free(t.text);
	}
	free(whole.text);
}

/* Decode once more, frame by frame, and look at what each is. */
static void check_frames(const struct wok__ws_decoder *setup, char *input, size_t size)
{
	struct wok__ws_decoder decoder = *setup;
	struct wok__ws_text text = {0};
	size_t at = 0, used, n = 0, total = 0;
	char *piece = NULL, head[WOK__WS_HEAD_MAX];
	int event;

	while ((event = wok__ws_feed(&decoder, input + at, size - at, &used, &piece, &n)) > 0) {
		at += used;
		if (event == WOK__WS_DATA) {
			total += n;
			require(total <= setup->max_message);
			if (decoder.type == WOK__WS_TEXT && !decoder.compressed)
				require(wok__ws_text_feed(&text, piece, n) == 0);
		}
		if (event == WOK__WS_MESSAGE) {
			require(wok__ws_text_end(&text) == 0);
			total = 0;
		}
		if (event == WOK__WS_DATA)
			continue;
		size_t head_size = wok__ws_put_head(head, &decoder.head);
		require(at >= head_size + decoder.head.size);
		require(memcmp(head, input + at - decoder.head.size - head_size, head_size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const struct wok__ws_decoder setup = {
		.masked = data[0] & 1,
		.deflate = data[0] & 2,
		.max_message = data[0] & 4 ? 20 : 1 << 16,
	};
	check_cuts(&setup, (const char *) data + 1, size - 1);
	char *copy = malloc(size);
	require(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	check_frames(&setup, copy, size - 1);
	free(copy);
	return 0;
}
