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

static inline char *put(char *at, struct wok__h1_span part)
{
	if (part.size > 0)
		memcpy(at, part.data, part.size);
	return at + part.size;
}

/* Two parts with constants before, between and behind. All of them are checked by now. */
static inline int put_line(char *buf, size_t room, const struct wok__h1_span constants[3],
			   struct wok__h1_span first, struct wok__h1_span second)
{
	size_t fixed = constants[0].size + constants[1].size + constants[2].size, size;

	room = room < INT32_MAX ? room : INT32_MAX;
	if (__builtin_add_overflow(first.size, second.size, &size) || room < fixed ||
	    size > room - fixed)
		return -ENOBUFS;
	char *at = put(buf, constants[0]);
	at = put(at, first);
	at = put(at, constants[1]);
	at = put(at, second);
	(void) put(at, constants[2]);
	return (int) (size + fixed);
}

#define TEXT(literal) ((struct wok__h1_span){literal, sizeof(literal) - 1})

int wok__h1_put_request_line(char *buf, size_t room, struct wok__h1_span method,
			     struct wok__h1_span target)
{
	if (!wok__h1_valid_token(method.data, method.size) ||
	    !wok__h1_valid_target(target.data, target.size))
		return -EINVAL;
	const struct wok__h1_span constants[] = {TEXT(""), TEXT(" "), TEXT(" HTTP/1.1\r\n")};
	return put_line(buf, room, constants, method, target);
}

int wok__h1_put_status_line(char *buf, size_t room, int status, const char *reason)
{
	char start[] = "HTTP/1.1 000 ";
	enum { START = sizeof(start) - 1 };

	if (status < 100 || status > 999)
		return -EINVAL;
	const char *text = reason ? reason : wok__h1_reason(status);
	size_t size = strlen(text);
	if (reason && !wok__h1_valid_value(text, size))
		return -EINVAL;
	room = room < INT32_MAX ? room : INT32_MAX;
	if (room < START + 2 || size > room - START - 2)
		return -ENOBUFS;
	start[9] = (char) ('0' + status / 100);
	start[10] = (char) ('0' + status / 10 % 10);
	start[11] = (char) ('0' + status % 10);
	char *end = mempcpy(mempcpy(buf, start, START), text, size);
	end[0] = '\r';
	end[1] = '\n';
	return (int) (START + size + 2);
}

int wok__h1_put_field(char *buf, size_t room, struct wok__h1_span name, struct wok__h1_span value)
{
	if (!wok__h1_valid_token(name.data, name.size) ||
	    !wok__h1_valid_value(value.data, value.size))
		return -EINVAL;
	const struct wok__h1_span constants[] = {TEXT(""), TEXT(": "), TEXT("\r\n")};
	return put_line(buf, room, constants, name, value);
}
