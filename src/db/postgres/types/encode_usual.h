/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_ENCODE_USUAL_H
#define WOK_DB_POSTGRES_ENCODE_USUAL_H
/*
 * What most parameters are, written in line: integers, and short texts of ASCII. There is one for
 * each field of each row of a batch or a COPY, so each instruction here counts.
 */
#include "db/postgres/types/types.h"

/* Texts that are copied here; in longer ones a loop over more bytes at a time pays. */
#define WOK__PG_SHORT 64

/* What one takes at most, with its length. */
#define WOK__PG_USUAL (4 + WOK__PG_SHORT)

/* Eight bytes of 1 to 127 each: that nothing borrows from its neighbour then is what tells. */
static inline bool wok__pg_is_plain(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;

	return (((word - ones) | word) & tops) == 0;
}

/* Copy, looking at each byte: is all of it ASCII without a NUL? The last word or half of one may go
 * over bytes for a second time, which is quicker than to take them one by one. */
static inline bool wok__pg_copy_plain(char *to, const char *text, size_t size)
{
	uint64_t word = 0x0101010101010101u, last;
	bool plain = true;

	if (size >= sizeof(word)) {
		const size_t end = size - sizeof(word);

		for (size_t i = 0; i < end; i += sizeof(word)) {
			memcpy(&word, text + i, sizeof(word));
			memcpy(to + i, &word, sizeof(word));
			plain &= wok__pg_is_plain(word);
		}
		memcpy(&last, text + end, sizeof(last));
		memcpy(to + end, &last, sizeof(last));
		return plain & wok__pg_is_plain(last);
	}
	if (size >= sizeof(uint32_t)) {
		uint32_t half[2];

		memcpy(&half[0], text, sizeof(half[0]));
		memcpy(&half[1], text + size - sizeof(half[1]), sizeof(half[1]));
		memcpy(to, &half[0], sizeof(half[0]));
		memcpy(to + size - sizeof(half[1]), &half[1], sizeof(half[1]));
		return wok__pg_is_plain((uint64_t) half[0] << 32 | half[1]);
	}
	for (; size > 0; size--) {
		word = word << 8 | (unsigned char) *text;
		*to++ = *text++;
	}
	return wok__pg_is_plain(word);
}

static inline char *wok__pg_put_usual_text(const wok_value *value, char *to)
{
	if (value->kind != WOK_VALUE_TEXT || value->size > WOK__PG_SHORT)
		return NULL;
	wok__pg_put32(to, (uint32_t) value->size);
	return wok__pg_copy_plain(to + 4, value->text, value->size) ? to + 4 + value->size : NULL;
}

/* Write a value with its length: where it ends; NULL: it is something else, or wrong. to: there is
 * room for WOK__PG_USUAL bytes. *ret_format: 0 text, 1 binary. */
static inline char *wok__pg_put_usual(const struct wok__pg_type *type, const wok_value *value,
				      char *to, int16_t *ret_format)
{
	const unsigned kind = type ? type->kind : WOK__PG_OTHER;

	if (kind == WOK__PG_TEXT) {
		*ret_format = WOK__PG_FORM_TEXT;
		return wok__pg_put_usual_text(value, to);
	}
	*ret_format = WOK__PG_FORM_BINARY;
	if (value->kind != WOK_VALUE_INT)
		return NULL;
	if (kind == WOK__PG_INT4 && value->integer == (int32_t) value->integer) {
		wok__pg_put64(to, (uint64_t) 4 << 32 | (uint32_t) value->integer);
		return to + 8;
	}
	if (kind != WOK__PG_INT8)
		return NULL;
	wok__pg_put32(to, 8);
	wok__pg_put64(to + 4, (uint64_t) value->integer);
	return to + 12;
}

/* The same, appended. No memory is for the other way to find out. */
static inline bool wok__pg_add_usual(const struct wok__pg_type *type, const wok_value *value,
				     struct wok__pg_buffer *out, int16_t *ret_format)
{
	char *to = wok__pg_buffer_spare(out, WOK__PG_USUAL);
	char *end = to ? wok__pg_put_usual(type, value, to, ret_format) : NULL;

	if (end)
		out->size += (size_t) (end - to);
	else if (!to)
		out->error = 0;
	return end;
}
#endif
