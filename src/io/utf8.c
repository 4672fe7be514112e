/* SPDX-License-Identifier: MIT */
/*
 * UTF-8: see wok/utf8.h. Pure functions of bytes.
 *
 * The table is the Unicode standard's ("Well-Formed UTF-8 Byte Sequences"): the first byte says how
 * many follow, and between which bounds the second lies; all later ones lie between 80 and BF.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/utf8.h>

/* What a first byte asks for. */
struct lead {
	unsigned follow;
	unsigned char low, high; /* of the second byte */
};

/* false: no character begins with it. */
static bool find_lead(unsigned char byte, struct lead *ret_lead)
{
	static const struct {
		unsigned char first, last;
		struct lead lead;
	} table[] = {
		{0x00, 0x7f, {0, 0, 0}},       {0xc2, 0xdf, {1, 0x80, 0xbf}},
		{0xe0, 0xe0, {2, 0xa0, 0xbf}}, {0xe1, 0xec, {2, 0x80, 0xbf}},
		{0xed, 0xed, {2, 0x80, 0x9f}}, {0xee, 0xef, {2, 0x80, 0xbf}},
		{0xf0, 0xf0, {3, 0x90, 0xbf}}, {0xf1, 0xf3, {3, 0x80, 0xbf}},
		{0xf4, 0xf4, {3, 0x80, 0x8f}},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (byte < table[i].first || byte > table[i].last)
			continue;
		*ret_lead = table[i].lead;
		return true;
	}
	return false;
}

/*
 * The character at the start, of size bytes at least 1: 1 if it is whole, 0 if it is cut off at the
 * end, -1 if it is none. *ret_size: how many bytes belong together; of what is none, those that
 * could have begun a character.
 */
static int scan(const unsigned char *at, size_t size, size_t *ret_size)
{
	struct lead lead;

	*ret_size = 1;
	if (!find_lead(at[0], &lead))
		return -1;
	for (unsigned i = 1; i <= lead.follow; i++) {
		if (i == size)
			return 0;
		unsigned char low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xbf;
		if (at[i] < low || at[i] > high)
			return -1;
		*ret_size = i + 1;
	}
	return 1;
}

/* How many bytes from the start are ASCII, eight at a time. */
static size_t skip_ascii(const unsigned char *at, size_t size)
{
	size_t n = 0;
	uint64_t eight;

	for (; size - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, at + n, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < size && at[n] < 0x80)
		n++;
	return n;
}

int wok_utf8_check(const void *data, size_t size, size_t *ret_valid)
{
	const unsigned char *bytes = data;
	size_t n, at = 0;
	int whole = 1;

	while ((at += skip_ascii(bytes + at, size - at)) < size) {
		whole = scan(bytes + at, size - at, &n);
		if (whole <= 0)
			break;
		at += n;
	}
	*ret_valid = at;
	return whole > 0 ? 0 : whole == 0 ? -EAGAIN : -EILSEQ;
}

size_t wok_utf8_prefix(const void *data, size_t size, size_t n)
{
	const unsigned char *bytes = data;
	size_t piece, at = 0;

	for (; n > 0 && at < size; n--, at += piece)
		if (scan(bytes + at, size - at, &piece) <= 0)
			piece = 1;
	return at;
}

size_t wok_utf8_length(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t piece, n = 0;

	for (size_t at = 0; at < size; at += piece, n++)
		if (scan(bytes + at, size - at, &piece) <= 0)
			piece = 1;
	return n;
}

static size_t put(char *to, size_t at, const void *from, size_t size)
{
	if (to)
		memcpy(to + at, from, size);
	return at + size;
}

size_t wok_utf8_replace(const void *data, size_t size, char *to)
{
	const unsigned char *bytes = data;
	size_t made = 0, piece, valid;

	for (size_t at = 0; at < size; at += valid + piece) {
		piece = 0;
		int r = wok_utf8_check(bytes + at, size - at, &valid);
		made = put(to, made, bytes + at, valid);
		if (r == 0)
			continue;
		(void) scan(bytes + at + valid, size - at - valid, &piece);
		made = put(to, made, "\xef\xbf\xbd", 3);
	}
	return made;
}
