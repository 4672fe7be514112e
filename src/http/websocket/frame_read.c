/* SPDX-License-Identifier: MIT */
/*
 * WebSocket frames that come: see http/websocket/frame.h.
 *
 * A head is gathered byte by byte until it is whole; all rules are applied to it before a byte of
 * its payload is looked at, so that what is announced too large is refused before it comes.
 */
#include <errno.h>
#include <string.h>
#include <wok/utf8.h>

#include "http/websocket/frame.h"

static bool is_control(const struct wok__ws_head *head)
{
	return head->opcode >= WOK__WS_CLOSE;
}

/* How many bytes a head has, as far as its first two tell. */
static size_t head_size(const uint8_t *raw, size_t have)
{
	if (have < 2)
		return 2;
	unsigned length = raw[1] & 0x7f;
	return 2 + (length == 126 ? 2u : length == 127 ? 8u : 0u) + (raw[1] & 0x80 ? 4u : 0u);
}

/* What the first two bytes tell is refused at once: the rest of the head may never come. */
static int check_start(const struct wok__ws_decoder *decoder, const uint8_t *raw)
{
	unsigned opcode = raw[0] & 0x0f, length = raw[1] & 0x7f;
	bool control = opcode >= WOK__WS_CLOSE, first = opcode != WOK__WS_CONTINUATION && !control;

	if (raw[0] & 0x30 || (raw[0] & 0x40 && !(decoder->deflate && first)))
		return WOK__WS_RESERVED_BITS;
	if ((opcode > WOK__WS_BINARY && !control) || opcode > WOK__WS_PONG)
		return WOK__WS_RESERVED_OPCODE;
	if (!(raw[1] & 0x80) != !decoder->masked)
		return decoder->masked ? WOK__WS_UNMASKED : WOK__WS_MASKED;
	if (control && !(raw[0] & 0x80))
		return WOK__WS_FRAGMENTED_CONTROL;
	if (control && length > WOK__WS_CONTROL_MAX)
		return WOK__WS_LONG_CONTROL;
	if (opcode == WOK__WS_CONTINUATION && !decoder->open)
		return WOK__WS_NOTHING_TO_CONTINUE;
	if (first && decoder->open)
		return WOK__WS_UNFINISHED_MESSAGE;
	return 0;
}

static int read_length(const uint8_t *raw, uint64_t *ret_size)
{
	unsigned length = raw[1] & 0x7f, bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
	uint64_t size = 0;

	for (unsigned i = 0; i < bytes; i++)
		size = size << 8 | raw[2 + i];
	if (bytes == 0)
		size = length;
	else if (size <= (bytes == 2 ? 125 : UINT16_MAX))
		return WOK__WS_LENGTH_NOT_MINIMAL;
	if (size > INT64_MAX)
		return WOK__WS_LENGTH_OVERFLOW;
	*ret_size = size;
	return 0;
}

/* A whole head lies in raw. */
static int begin_frame(struct wok__ws_decoder *decoder)
{
	struct wok__ws_head *head = &decoder->head;
	const uint8_t *raw = decoder->raw;
	uint64_t size = 0;
	int r = read_length(raw, &size);

	if (r < 0)
		return r;
	head->opcode = raw[0] & 0x0f;
	head->fin = raw[0] & 0x80;
	head->compressed = raw[0] & 0x40;
	head->masked = raw[1] & 0x80;
	head->size = decoder->left = size;
	if (head->masked)
		memcpy(head->key, raw + decoder->raw_size - 4, 4);
	decoder->in_payload = true;
	if (is_control(head)) {
		decoder->control_size = 0;
		return 0;
	}
	if (head->opcode != WOK__WS_CONTINUATION) {
		decoder->open = true;
		decoder->type = head->opcode;
		decoder->compressed = head->compressed;
		decoder->declared = 0;
		decoder->text.size = 0;
	}
	if (size > decoder->max_message - decoder->declared)
		return WOK__WS_TOO_LARGE;
	decoder->declared += size;
	return 0;
}

/* Gather the head: 1 when a payload begins, 0 if more is needed, or an error. */
static int take_head(struct wok__ws_decoder *decoder, const char *data, size_t size, size_t *at)
{
	while (decoder->raw_size < head_size(decoder->raw, decoder->raw_size)) {
		if (*at == size)
			return 0;
		decoder->raw[decoder->raw_size++] = (uint8_t) data[(*at)++];
		if (decoder->raw_size == 2) {
			int r = check_start(decoder, decoder->raw);
			if (r < 0)
				return r;
		}
	}
	int r = begin_frame(decoder);
	return r < 0 ? r : 1;
}

static int check_close(struct wok__ws_decoder *decoder)
{
	const unsigned char *bytes = (const unsigned char *) decoder->control;
	size_t valid;

	decoder->close_code = WOK__WS_NO_CODE;
	if (decoder->control_size == 0)
		return 0;
	if (decoder->control_size == 1)
		return WOK__WS_CLOSE_OF_ONE_BYTE;
	decoder->close_code = (uint16_t) (bytes[0] << 8 | bytes[1]);
	if (!wok__ws_valid_close_code(decoder->close_code))
		return WOK__WS_BAD_CLOSE_CODE;
	if (wok_utf8_check(bytes + 2, decoder->control_size - 2u, &valid) < 0)
		return WOK__WS_BAD_REASON;
	return 0;
}

/* The frame's payload is complete: the event that it makes. */
static int end_frame(struct wok__ws_decoder *decoder)
{
	const struct wok__ws_head *head = &decoder->head;
	int r = 0;

	decoder->in_payload = false;
	decoder->raw_size = 0;
	if (is_control(head)) {
		decoder->control_opcode = head->opcode;
		r = head->opcode == WOK__WS_CLOSE ? check_close(decoder) : 0;
		return r < 0 ? r : WOK__WS_CONTROL;
	}
	if (!head->fin)
		return WOK__WS_FRAGMENT;
	if (decoder->type == WOK__WS_TEXT && !decoder->compressed)
		r = wok__ws_text_end(&decoder->text);
	decoder->open = false;
	return r < 0 ? r : WOK__WS_MESSAGE;
}

/* Unmask and check a piece of the payload. */
static int take_payload(struct wok__ws_decoder *decoder, char *data, size_t size)
{
	const struct wok__ws_head *head = &decoder->head;

	if (head->masked)
		wok__ws_mask(data, data, size, head->key, head->size - decoder->left);
	decoder->left -= size;
	if (is_control(head)) {
		memcpy(decoder->control + decoder->control_size, data, size);
		decoder->control_size = (uint8_t) (decoder->control_size + size);
		return 0;
	}
	if (decoder->type == WOK__WS_TEXT && !decoder->compressed)
		return wok__ws_text_feed(&decoder->text, data, size);
	return 0;
}

static int feed(struct wok__ws_decoder *decoder, char *data, size_t size, size_t *at,
		char **ret_piece, size_t *ret_size)
{
	if (!decoder->in_payload) {
		int r = take_head(decoder, data, size, at);
		if (r <= 0)
			return r;
	}
	size_t n = size - *at;
	if (n > decoder->left)
		n = (size_t) decoder->left;
	if (n > 0) {
		char *piece = data + *at;
		*at += n;
		int r = take_payload(decoder, piece, n);
		if (r < 0)
			return r;
		if (!is_control(&decoder->head)) {
			*ret_piece = piece;
			*ret_size = n;
			return WOK__WS_DATA;
		}
	}
	return decoder->left == 0 ? end_frame(decoder) : WOK__WS_MORE;
}

int wok__ws_feed(struct wok__ws_decoder *decoder, char *data, size_t size, size_t *ret_consumed,
		 char **ret_piece, size_t *ret_size)
{
	size_t at = 0;
	int r = decoder->error;

	if (r == 0)
		r = feed(decoder, data, size, &at, ret_piece, ret_size);
	if (r < 0)
		decoder->error = r;
	*ret_consumed = at;
	return r;
}
