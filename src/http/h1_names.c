/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 field names, interned: WOK__H1_NAMES in h1.h.
 *
 * A perfect hash of length, first and last letter. It needs no generator: the table is built by
 * designated initialisers, and two names in one slot are a compile error (-Woverride-init, in
 * -Wextra). Then change the factors, or leave the new name unknown.
 */
#include "http/h1_parts.h"

#include <string.h>

#define SLOTS 256
#define SLOT(size, first, last) (((size) + 16UL * (first) + 9UL * (last)) % SLOTS)
#define NAME_MAX_SIZE 25

static const uint8_t slots[SLOTS] = {
#define ENTRY(id, text, first, last, traits) [SLOT(sizeof(text) - 1, first, last)] = WOK__H1_##id,
	WOK__H1_NAMES(ENTRY)
#undef ENTRY
};

static const struct {
	uint8_t size;
	uint8_t traits;
	char text[NAME_MAX_SIZE + 1];
} names[] = {
#define ENTRY(id, text, first, last, traits) [WOK__H1_##id] = {sizeof(text) - 1, traits, text},
	WOK__H1_NAMES(ENTRY)
#undef ENTRY
};

static uint64_t load_8(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return word | UINT64_C(0x2020202020202020);
}

static uint32_t load_4(const char *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof(word));
	return word | UINT32_C(0x20202020);
}

/*
 * Equal but for case, a word at a time; the last one overlaps the one before it. Setting bit 5 maps
 * letters to lower case; apart from them it merges only bytes of which no known name has either (a
 * token has no control bytes, and the known names consist of letters and hyphens).
 */
static bool equal(const char *a, const char *b, size_t size)
{
	if (size < 4) /* and not below two */
		return (a[0] | 0x20) == (b[0] | 0x20) && (a[1] | 0x20) == (b[1] | 0x20) &&
		       (a[size - 1] | 0x20) == (b[size - 1] | 0x20);
	if (size < 8)
		return load_4(a) == load_4(b) && load_4(a + size - 4) == load_4(b + size - 4);
	for (size_t i = 0; i + 8 < size; i += 8)
		if (load_8(a + i) != load_8(b + i))
			return false;
	return load_8(a + size - 8) == load_8(b + size - 8);
}

enum wok__h1_name wok__h1_intern(const char *name, size_t size)
{
	if (size < 2 || size > NAME_MAX_SIZE)
		return WOK__H1_UNKNOWN;
	unsigned first = (unsigned char) name[0] | 0x20u;
	unsigned last = (unsigned char) name[size - 1] | 0x20u;
	unsigned id = slots[SLOT(size, first, last)];
	if (names[id].size != size || !equal(name, names[id].text, size))
		return WOK__H1_UNKNOWN;
	return (enum wok__h1_name) id;
}

struct wok__h1_span wok__h1_spelling(enum wok__h1_name id)
{
	if (id <= WOK__H1_UNKNOWN || id >= WOK__H1_NAME_COUNT)
		return (struct wok__h1_span){NULL, 0};
	return (struct wok__h1_span){names[id].text, names[id].size};
}

unsigned wok__h1_traits(enum wok__h1_name id)
{
	return names[id].traits;
}
