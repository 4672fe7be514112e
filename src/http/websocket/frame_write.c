/* SPDX-License-Identifier: MIT */
/* WebSocket frames to be sent, errors and close codes: see http/websocket/frame.h. */
#include <string.h>

#include "http/websocket/frame.h"

static const struct {
	const char *text;
	int code;
} errors[] = {
#define ENTRY(name, close_code, message) [WOK__WS_ERROR_INDEX_##name] = {message, close_code},
	WOK__WS_ERRORS(ENTRY)
#undef ENTRY
};

const char *wok__ws_strerror(int error)
{
	return wok__ws_is_error(error) ? errors[WOK__WS_ERROR_TOP - error].text
				       : "not a WebSocket error";
}

int wok__ws_close_code_for(int error)
{
	return wok__ws_is_error(error) ? errors[WOK__WS_ERROR_TOP - error].code
				       : WOK__WS_PROTOCOL_ERROR;
}

bool wok__ws_valid_close_code(unsigned code)
{
	if (code >= 3000 && code <= 4999)
		return true;
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

static size_t put_big_endian(char *buf, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf[i] = (char) (value >> 8 * (bytes - 1 - i) & 0xff);
	return bytes;
}

size_t wok__ws_put_head(char *buf, const struct wok__ws_head *head)
{
	unsigned mask = head->masked ? 0x80 : 0;
	size_t n = 2;

	buf[0] = (char) ((head->fin ? 0x80 : 0) | (head->compressed ? 0x40 : 0) | head->opcode);
	if (head->size <= 125) {
		buf[1] = (char) (mask | head->size);
	} else if (head->size <= UINT16_MAX) {
		buf[1] = (char) (mask | 126);
		n += put_big_endian(buf + n, head->size, 2);
	} else {
		buf[1] = (char) (mask | 127);
		n += put_big_endian(buf + n, head->size, 8);
	}
	if (head->masked) {
		memcpy(buf + n, head->key, sizeof(head->key));
		n += sizeof(head->key);
	}
	return n;
}

size_t wok__ws_put_close(char *buf, int code, const char *reason, size_t reason_size)
{
	if (code == WOK__WS_NO_CODE)
		return 0;
	if (reason_size > WOK__WS_REASON_MAX)
		reason_size = WOK__WS_REASON_MAX;
	size_t n = put_big_endian(buf, (uint64_t) code, 2);
	if (reason_size > 0)
		memcpy(buf + n, reason, reason_size);
	return n + reason_size;
}
