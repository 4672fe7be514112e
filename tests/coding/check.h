/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CODING_CHECK_H
#define TESTS_CODING_CHECK_H
/* Bodies that come in pieces, and what becomes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "http/coding/decoder.h"
#include "http/coding/encoder.h"

#define CODED(text) (text), sizeof(text) - 1

/* Where coded bytes come from. */
struct source {
	const char *data;
	size_t size, at;
	size_t piece;   /* bytes at a time; 0: as many as there is room for */
	int fail_once;  /* the next read returns this */
	size_t fail_at; /* when so many have been read */
	int reads;
};

static inline ssize_t source_read(void *arg, void *data, size_t size)
{
	struct source *source = arg;
	size_t n = source->size - source->at;

	WOK_TRY(wok_yield());
	source->reads++;
	if (source->fail_once < 0 && source->at >= source->fail_at) {
		int r = source->fail_once;
		source->fail_once = 0;
		return r;
	}
	n = n < size ? n : size;
	if (source->piece > 0 && n > source->piece)
		n = source->piece;
	memcpy(data, source->data + source->at, n);
	source->at += n;
	return (ssize_t) n;
}

/* What has been decoded. */
struct decoded {
	char *data;
	size_t size, capacity;
	int result; /* 0 at a proper end */
};

static inline struct wok__codings codings_of(const char *value)
{
	struct wok__codings codings = {.n = 0};

	ASSERT_OK(wok__codings_add(&codings, value));
	return codings;
}

static inline void decoded_free(struct decoded *decoded)
{
	free(decoded->data);
	*decoded = (struct decoded){0};
}

/* Decode all of a source; room is the size of each read. */
static inline struct decoded decode_all(const char *value, const struct wok__decoder_limits *limits,
					struct source *source, size_t room)
{
	struct wok__codings codings = codings_of(value);
	struct decoded all = {0};
	struct wok__decoder *decoder = NULL;
	ssize_t n = 1;

	all.result = wok__decoder_new(&codings, limits, source_read, source, &decoder);
	while (all.result == 0 && n > 0) {
		if (all.capacity - all.size < room + 1) {
			all.capacity = (all.size + room + 1) * 2;
			all.data = realloc(all.data, all.capacity);
			ASSERT(all.data);
		}
		n = wok__decoder_read(decoder, all.data + all.size, room);
		if (n < 0)
			all.result = (int) n;
		else
			all.size += (size_t) n;
	}
	if (all.data)
		all.data[all.size] = '\0';
	wok__decoder_free(decoder);
	return all;
}

static inline void expect_decoded(const char *value, const char *data, size_t size,
				  const char *expected)
{
	static const size_t pieces[] = {0, 1, 2, 3, 7};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		for (size_t room = 1; room <= 4096; room *= 16) {
			struct source source = {.data = data, .size = size, .piece = pieces[i]};
			struct decoded all = decode_all(value, NULL, &source, room);
			if (all.result < 0)
				FAIL("%s: %s: %s", value, wok_errname(all.result),
				     wok_errmsg(all.result));
			ASSERT_STR(all.data, expected);
			ASSERT_EQ(source.at, size);
			decoded_free(&all);
		}
	}
}

static inline void expect_undecodable(const char *value, const char *data, size_t size, int code)
{
	for (size_t piece = 0; piece < 3; piece++) {
		struct source source = {.data = data, .size = size, .piece = piece};
		struct decoded all = decode_all(value, NULL, &source, 64);
		if (all.result != code)
			FAIL("%s, piece %zu: %s, not %s", value, piece, wok_errname(all.result),
			     wok_errname(code));
		decoded_free(&all);
	}
}

/* All that there is: those that are not built in are left out. */
static inline bool next_coding(enum wok__coding *coding)
{
	while (*coding < WOK__CODING_COUNT && !wok__coding_kind(*coding))
		(*coding)++;
	return *coding < WOK__CODING_COUNT;
}

#define EACH_CODING(coding) for (enum wok__coding coding = 0; next_coding(&(coding)); (coding)++)

static inline struct wok__buffer encode(enum wok__coding coding, const void *data, size_t size)
{
	struct wok__buffer out = {0};

	ASSERT_OK(wok__encode(coding, 0, data, size, &out));
	return out;
}

/* Text that compresses as text does: words in no order. */
static inline char *make_text(size_t size)
{
	static const char *const words[] = {"a ", "task ", "waits\n", "scope ", "{ \"wok\": 1 } "};
	uint32_t random = 1;
	char *text = malloc(size + 16);
	size_t n = 0;

	ASSERT(text);
	while (n < size) {
		random = random * 1103515245 + 12345;
		const char *word = words[(random >> 16) % 5];
		memcpy(text + n, word, strlen(word));
		n += strlen(word);
		if ((random >> 20) % 4 == 0 && n < size)
			text[n++] = (char) ('a' + (random >> 24) % 26);
	}
	text[size] = '\0';
	return text;
}
#endif
