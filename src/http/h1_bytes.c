/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 bytes: which may stand where, and small parts of values (RFC 9110 section 5.6).
 *
 * White space is SP and HTAB and nothing else: 0x85 and 0xA0, which some character sets call space,
 * stay part of a value, or servers would disagree about where it ends.
 */
#include "http/h1_parts.h"

#include <string.h>

#define TCH WOK__H1_TOKEN_BYTE
#define TGT WOK__H1_TARGET_BYTE
#define HST WOK__H1_HOST_BYTE

const uint8_t wok__h1_classes[256] = {
	['0' ... '9'] = TCH | TGT | HST,
	['A' ... 'Z'] = TCH | TGT | HST,
	['a' ... 'z'] = TCH | TGT | HST,
	['!'] = TCH | TGT | HST,
	['"'] = TGT,
	['#'] = TCH,
	['$'] = TCH | TGT | HST,
	['%'] = TCH | TGT,
	['&'] = TCH | TGT | HST,
	['\''] = TCH | TGT | HST,
	['('] = TGT | HST,
	[')'] = TGT | HST,
	['*'] = TCH | TGT | HST,
	['+'] = TCH | TGT | HST,
	[','] = TGT,
	['-'] = TCH | TGT | HST,
	['.'] = TCH | TGT | HST,
	['/'] = TGT,
	[':'] = TGT,
	[';'] = TGT | HST,
	['<'] = TGT,
	['='] = TGT | HST,
	['>'] = TGT,
	['?'] = TGT,
	['@'] = TGT,
	['['] = TGT,
	['\\'] = TGT,
	[']'] = TGT,
	['^'] = TCH | TGT,
	['_'] = TCH | TGT | HST,
	['`'] = TCH | TGT,
	['{'] = TGT,
	['|'] = TCH | TGT,
	['}'] = TGT,
	['~'] = TCH | TGT | HST,
};

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char) c;
	return u >= 'A' && u <= 'Z' ? u | 0x20 : u;
}

bool wok__h1_is(struct wok__h1_span span, const char *text)
{
	size_t i = 0;
	/* Most often the letters are the same: then their case need not be looked at. */
	while (i < span.size && text[i] != '\0' &&
	       (span.data[i] == text[i] || lower(span.data[i]) == (unsigned char) text[i]))
		i++;
	return i == span.size && text[i] == '\0';
}

bool wok__h1_same(struct wok__h1_span a, struct wok__h1_span b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

static struct wok__h1_span trim(const char *p, const char *end)
{
	while (p < end && wok__h1_is_blank(*p))
		p++;
	while (p < end && wok__h1_is_blank(end[-1]))
		end--;
	return (struct wok__h1_span){p, (size_t) (end - p)};
}

bool wok__h1_list_next(struct wok__h1_span *rest, struct wok__h1_span *ret_item)
{
	while (rest->size > 0) {
		const char *end = rest->data + rest->size;
		const char *comma = memchr(rest->data, ',', rest->size);
		struct wok__h1_span item = trim(rest->data, comma != NULL ? comma : end);
		rest->data = comma != NULL ? comma + 1 : end;
		rest->size = (size_t) (end - rest->data);
		if (item.size > 0) {
			*ret_item = item;
			return true;
		}
	}
	return false;
}

static bool all_of_class(const char *data, size_t size, unsigned class_bit)
{
	return size > 0 && wok__h1_skip_class(data, data + size, class_bit) == data + size;
}

bool wok__h1_valid_token(const char *data, size_t size)
{
	return all_of_class(data, size, WOK__H1_TOKEN_BYTE);
}

bool wok__h1_valid_target(const char *data, size_t size)
{
	return all_of_class(data, size, WOK__H1_TARGET_BYTE);
}

/* Whether one of eight bytes may be a control byte: a tab, 0x7f and some behind 0x80 may be, too.
 */
static bool may_have_control(const char *p)
{
	uint64_t word, ones = UINT64_C(0x0101010101010101), tops = ones << 7;

	memcpy(&word, p, sizeof(word));
	return ((word - ones * 0x20) | (word + ones)) & ~word & tops;
}

bool wok__h1_valid_value(const char *data, size_t size)
{
	if (size == 0) /* data may be NULL */
		return true;
	const char *p = data, *end = data + size;

	/* Most values are shorter than what is looked at at once below. */
	while (end - p >= 8 && !may_have_control(p))
		p += 8;
	return wok__h1_find_control(data, p, end) == end;
}
