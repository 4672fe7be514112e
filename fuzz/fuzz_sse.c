/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the codec of server-sent events. The first byte chooses the limit. Claims:
 *
 *   - how the bytes are cut changes neither events nor errors;
 *   - no read goes behind the input (ASan: exact blocks);
 *   - an id is fit to be sent back: no control character but a tab.
 */
#include <wok/error.h>

#include "../tests/coding/sse_check.h"

enum { FULL_SPLIT_MAX = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_id(const char *data, size_t size)
{
	struct wok__sse sse;
	size_t consumed, at = 0;

	wok__sse_init(&sse, 1000);
	while (at < size && wok__sse_feed(&sse, data + at, size - at, &consumed) >= 0)
		at += consumed;
	for (const char *id = wok__sse_id(&sse); *id; id++)
		require((unsigned char) *id >= 0x20 || *id == '\t');
	wok__sse_free(&sse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t max = data[0] & 1 ? 12 : 1 << 16;
	const char *input = (const char *) data + 1;
	size -= 1;
	struct events whole = events_parse(input, size, 0, max);
	long most = size < FULL_SPLIT_MAX ? (long) size : 3;
	for (long step = -most; step <= most; step++) {
		struct events cut = events_parse(input, size, step, max);
		require(cut.result == whole.result && cut.retry == whole.retry);
		require(cut.text.size == whole.text.size);
		require(memcmp(cut.text.data, whole.text.data, cut.text.size) == 0);
		wok__buffer_free(&cut.text);
	}
	wok__buffer_free(&whole.text);
	check_id(input, size);
	return 0;
}
