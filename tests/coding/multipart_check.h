/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CODING_MULTIPART_CHECK_H
#define TESTS_CODING_MULTIPART_CHECK_H
/* What a multipart body is made of, as a text: the same however its bytes are cut. Also for fuzz/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

#include "http/body/multipart.h"

struct parts {
	char *text; /* "[head]data;[head]data;." */
	size_t size, capacity;
	int result; /* 0, or the error */
};

static inline void parts_add(struct parts *parts, const char *data, size_t size)
{
	if (parts->capacity - parts->size < size + 1) {
		parts->capacity = 2 * parts->capacity + size + 64;
		parts->text = realloc(parts->text, parts->capacity);
	}
	if (size > 0)
		memcpy(parts->text + parts->size, data, size);
	parts->size += size;
	parts->text[parts->size] = '\0';
}

static inline void parts_event(struct parts *parts, int event, wok_view piece)
{
	if (event == WOK__MULTIPART_PART)
		parts_add(parts, "[", 1);
	if (event == WOK__MULTIPART_PART || event == WOK__MULTIPART_DATA)
		parts_add(parts, piece.data, piece.size);
	if (event == WOK__MULTIPART_PART)
		parts_add(parts, "]", 1);
	if (event == WOK__MULTIPART_PART_END)
		parts_add(parts, ";", 1);
	if (event == WOK__MULTIPART_END)
		parts_add(parts, ".", 1);
}

static const struct wok__multipart_limits parts_limits = {
	.parts = 5, .head = 200, .part = 1000, .bytes = 4000};

/*
 * Parse a body that arrives in pieces of step bytes (0: at once; below 0: a first piece of -step).
 * What is fed lies in a block of its own, so that a sanitizer sees who reads beyond it.
 */
static inline struct parts parts_parse(const char *boundary, const char *data, size_t size,
				       long step, const struct wok__multipart_limits *limits)
{
	struct wok__multipart parser;
	struct parts parts = {0};
	size_t at = 0, end = 0;
	int event = 0;

	parts_add(&parts, "", 0);
	parts.result = wok__multipart_init(&parser, (wok_view){boundary, strlen(boundary)},
					   limits ? limits : &parts_limits);
	while (parts.result == 0) {
		size_t consumed, more = step > 0               ? (size_t) step
					: step < 0 && end == 0 ? (size_t) -step
							       : size;
		wok_view piece = {0};
		end = size - end < more ? size : end + more;
		do {
			char *copy = malloc(end - at + 1);
			memcpy(copy + 1, data + at, end - at);
			event = wok__multipart_feed(&parser, copy + 1, end - at, &consumed, &piece);
			parts_event(&parts, event, piece);
			free(copy);
			at += consumed;
		} while (event > 0);
		if (event < 0)
			parts.result = event;
		else if (end == size)
			break;
	}
	if (parts.result == 0)
		parts.result = wok__multipart_eof(&parser);
	return parts;
}
#endif
