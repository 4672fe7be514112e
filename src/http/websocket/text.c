/* SPDX-License-Identifier: MIT */
/* Text that comes in pieces: see http/websocket/frame.h. */
#include <errno.h>
#include <string.h>
#include <wok/utf8.h>

#include "http/websocket/frame.h"

/* Go on with the character that was cut off: how many bytes of data belong to it, or BAD_TEXT. */
static int end_character(struct wok__ws_text *text, const char *data, size_t size)
{
	size_t valid, taken = 0;

	while (taken < size) {
		text->carried[text->size++] = data[taken++];
		int r = wok_utf8_check(text->carried, text->size, &valid);
		if (r == -EILSEQ)
			return WOK__WS_BAD_TEXT;
		if (r == 0) {
			text->size = 0;
			break;
		}
	}
	return (int) taken;
}

int wok__ws_text_feed(struct wok__ws_text *text, const char *data, size_t size)
{
	size_t valid;

	if (text->size > 0) {
		int taken = end_character(text, data, size);
		if (taken < 0)
			return taken;
		data += taken;
		size -= (size_t) taken;
	}
	int r = size > 0 ? wok_utf8_check(data, size, &valid) : 0;
	if (r == -EILSEQ)
		return WOK__WS_BAD_TEXT;
	if (r == -EAGAIN) {
		text->size = (uint8_t) (size - valid); /* 3 at most */
		memcpy(text->carried, data + valid, text->size);
	}
	return 0;
}

int wok__ws_text_end(struct wok__ws_text *text)
{
	bool cut = text->size > 0;

	text->size = 0;
	return cut ? WOK__WS_BAD_TEXT : 0;
}
