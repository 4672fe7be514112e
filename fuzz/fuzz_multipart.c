/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the codec of multipart bodies, with the boundary "b", and what is made of a part's head.
 * The first byte chooses the limits. Claims:
 *
 *   - how the bytes are cut changes neither events nor errors;
 *   - no piece lies outside of the input, no read goes behind it (ASan: exact blocks);
 *   - a head is understood or refused, and what was understood has no NUL, CR or LF in it.
 */
#include <stdlib.h>
#include <string.h>

#include "../tests/coding/multipart_check.h"
#include "http/body/part.h"

enum { FULL_SPLIT_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static const struct wok__multipart_limits tight = {
	.parts = 2, .head = 30, .part = 20, .bytes = 100};
static const struct wok__multipart_limits wide = {
	.parts = 1000, .head = 8192, .part = 1 << 20, .bytes = 1 << 20};

static void check_cuts(const char *data, size_t size, const struct wok__multipart_limits *limits)
{
	struct parts whole = parts_parse("b", data, size, 0, limits);
	long most = size < FULL_SPLIT_MAX ? (long) size : 3;

	for (long step = -most; step <= most; step++) {
		struct parts cut = parts_parse("b", data, size, step, limits);
		require(cut.result == whole.result);
		/* Of a part that is too large more or less is told before that is seen. */
		if (whole.result != WOK_ELIMIT)
			require(strcmp(cut.text, whole.text) == 0);
		free(cut.text);
	}
	free(whole.text);
}

static void check_clean(const char *text)
{
	require(!text || !text[strcspn(text, "\r\n")]);
}

/* The input as the lines of a head, and as a Content-Type. */
static void check_head(const char *data, size_t size)
{
	struct wok__part part = {0};
	char *boundary = NULL, *copy = malloc(size + 1);

	require(copy);
	memcpy(copy, data, size);
	if (wok__part_parse(&part, copy, size) == 0) {
		require(part.name && part.content_type);
		check_clean(part.name);
		check_clean(part.filename);
		check_clean(part.content_type);
	}
	wok__part_free(&part);
	copy[size] = '\0';
	if (wok__multipart_boundary(copy, &boundary) > 0)
		free(boundary);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const char *input = (const char *) data + 1;
	check_cuts(input, size - 1, data[0] & 1 ? &tight : &wide);
	check_head(input, size - 1);
	return 0;
}
