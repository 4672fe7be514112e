/* SPDX-License-Identifier: MIT */
/*
 * Writing HTTP/1.1: lines that the strictest peer accepts, or none.
 *
 * Whoever puts a CR, LF or NUL from outside into a line lets the outside write the next line; so
 * nothing is written here that h1_fields.c and h1_request.c would refuse to read.
 */
#include "http/h1_parts.h"

#include <errno.h>
#include <string.h>

size_t wok__h1_put_decimal(char *buf, uint64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char text[WOK__H1_DECIMAL_MAX];
	char *p = text + sizeof(text);

	for (; value >= 100; value /= 100) {
		p -= 2;
		memcpy(p, pairs + value % 100 * 2, 2);
	}
	if (value >= 10) {
		p -= 2;
		memcpy(p, pairs + value * 2, 2);
	} else {
		*--p = (char) ('0' + value);
	}
	size_t size = (size_t) (text + sizeof(text) - p);
	memcpy(buf, p, size);
	return size;
}

size_t wok__h1_put_chunk_head(char *buf, uint64_t size)
{
	size_t digits = size == 0 ? 1 : (size_t) (67 - __builtin_clzll(size)) / 4;

	for (size_t i = digits; i-- > 0; size >>= 4)
		buf[i] = "0123456789abcdef"[size & 15];
	buf[digits] = '\r';
	buf[digits + 1] = '\n';
	return digits + 2;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Five parts make a line. All of them are checked by now. */
static int put_parts(char *buf, size_t room, const struct wok__h1_span parts[5])
{
	size_t size = 0;
	for (size_t i = 0; i < 5; i++)
		if (parts[i].size > room || __builtin_add_overflow(size, parts[i].size, &size))
			return -ENOBUFS;
	if (size > room || size > INT32_MAX)
		return -ENOBUFS;
	for (size_t i = 0; i < 5; i++) {
		if (parts[i].size > 0)
			memcpy(buf, parts[i].data, parts[i].size);
		buf += parts[i].size;
	}
	return (int) size;
}

#define TEXT(literal) ((struct wok__h1_span){literal, sizeof(literal) - 1})

int wok__h1_put_request_line(char *buf, size_t room, struct wok__h1_span method,
			     struct wok__h1_span target)
{
	if (!wok__h1_valid_token(method.data, method.size) ||
	    !wok__h1_valid_target(target.data, target.size))
		return -EINVAL;
	const struct wok__h1_span parts[5] = {method, TEXT(" "), target, TEXT(" HTTP/1.1\r\n")};
	return put_parts(buf, room, parts);
}

int wok__h1_put_status_line(char *buf, size_t room, int status, const char *reason)
{
	char digits[WOK__H1_DECIMAL_MAX];

	if (status < 100 || status > 999)
		return -EINVAL;
	if (reason == NULL)
		reason = wok__h1_reason(status);
	struct wok__h1_span text = {reason, strlen(reason)};
	if (!wok__h1_valid_value(text.data, text.size))
		return -EINVAL;
	struct wok__h1_span code = {digits, wok__h1_put_decimal(digits, (uint64_t) status)};
	const struct wok__h1_span parts[5] = {TEXT("HTTP/1.1 "), code, TEXT(" "), text,
					      TEXT("\r\n")};
	return put_parts(buf, room, parts);
}

int wok__h1_put_field(char *buf, size_t room, struct wok__h1_span name, struct wok__h1_span value)
{
	if (!wok__h1_valid_token(name.data, name.size) ||
	    !wok__h1_valid_value(value.data, value.size))
		return -EINVAL;
	const struct wok__h1_span parts[5] = {name, TEXT(": "), value, TEXT("\r\n")};
	return put_parts(buf, room, parts);
}
