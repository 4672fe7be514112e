/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_ANSWERS_H
#define TESTS_HTTP_ANSWERS_H
/*
 * Responses as they came over the wire, taken apart by the codec: a malformed one fails the test.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/test.h"
#include "http/h1.h"

/* Bytes that were read, and how many of them have been looked at. */
struct received {
	char *data;
	size_t size, capacity, at;
};

static inline void received_add(struct received *received, const char *data, size_t size)
{
	if (received->capacity - received->size < size + 1) {
		received->capacity = (received->size + size + 1) * 2;
		received->data = realloc(received->data, received->capacity);
		ASSERT(received->data);
	}
	memcpy(received->data + received->size, data, size);
	received->size += size;
	received->data[received->size] = '\0';
}

struct answer {
	int status;
	bool keep_alive;
	struct wok__h1_response parsed;
	const char *head;
	struct wok__h1_field fields[32];
	char body[4096]; /* decoded, cut off, with a NUL */
	size_t body_size;
	bool whole; /* all of the body has come */
};

/* The value of a header, or NULL; valid until the next call. */
static inline const char *answer_header(const struct answer *answer, const char *name)
{
	static char value[512];

	for (size_t i = 0; i < answer->parsed.message.fields; i++) {
		const struct wok__h1_field *field = &answer->fields[i];
		if (field->name_size == strlen(name) &&
		    strncasecmp(answer->head + field->name, name, field->name_size) == 0) {
			snprintf(value, sizeof(value), "%.*s", (int) field->value_size,
				 answer->head + field->value);
			return value;
		}
	}
	return NULL;
}

static inline void take_body(struct received *received, struct answer *answer)
{
	struct wok__h1_body body;
	int event = WOK__H1_DATA;

	ASSERT_OK(wok__h1_body_init(&body, answer->parsed.message.framing,
				    answer->parsed.message.content_length, NULL));
	while (event == WOK__H1_DATA) {
		struct wok__h1_span piece;
		size_t n, room = sizeof(answer->body) - 1 - answer->body_size;
		event = wok__h1_body_feed(&body, received->data + received->at,
					  received->size - received->at, &n, &piece);
		if (event < 0)
			FAIL("the body is broken: %s\n%s", wok__h1_strerror(event), received->data);
		received->at += n;
		size_t kept = piece.size < room ? piece.size : room;
		if (kept > 0)
			memcpy(answer->body + answer->body_size, piece.data, kept);
		answer->body_size += kept;
	}
	answer->body[answer->body_size] = '\0';
	answer->whole = event == WOK__H1_END;
}

/* The next response; flags: WOK__H1_FOR_HEAD ... False if nothing more has come. */
static inline bool next_answer(struct received *received, unsigned flags, struct answer *answer)
{
	struct wok__h1_scan scan = WOK__H1_SCAN_RESPONSE;
	size_t size;

	memset(answer, 0, sizeof(*answer));
	if (received->at == received->size)
		return false;
	answer->head = received->data + received->at;
	int r = wok__h1_scan_head(&scan, answer->head, received->size - received->at, NULL, &size);
	if (r <= 0)
		FAIL("no whole head: %s\n%s", r < 0 ? wok__h1_strerror(r) : "cut off",
		     answer->head);
	r = wok__h1_parse_response(answer->head, size, flags | WOK__H1_RESPONSE, NULL,
				   answer->fields, 32, &answer->parsed);
	if (r < 0)
		FAIL("a malformed head: %s\n%s", wok__h1_strerror(r), answer->head);
	received->at += size;
	answer->status = answer->parsed.status;
	answer->keep_alive = answer->parsed.message.keep_alive;
	take_body(received, answer);
	return true;
}

static inline void expect_answer(struct received *received, int status, const char *body)
{
	struct answer answer;

	if (!next_answer(received, 0, &answer))
		FAIL("there is no response, not one of status %d", status);
	if (answer.status != status)
		FAIL("the status is %d, not %d:\n%s", answer.status, status, answer.head);
	if (!answer.whole)
		FAIL("the body is cut off:\n%s", answer.head);
	if (body)
		ASSERT_STR(answer.body, body);
}

static inline void expect_no_more(const struct received *received)
{
	if (received->at < received->size)
		FAIL("something follows the last response:\n%s", received->data + received->at);
}
#endif
