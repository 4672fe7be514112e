/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WS_TRANSCRIPT_H
#define TESTS_WS_TRANSCRIPT_H
/*
 * What a decoder makes of some bytes, as a text that does not depend on how they were cut:
 *
 *	T"..." B"..."	a message; a bar stands where a fragment ends
 *	ping"..." pong"..."	control frames; close1000"..." with the code
 *	!	an error: what was not complete before it is left out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/websocket/frame.h"

struct transcript {
	struct wok__ws_decoder decoder; /* masked, deflate and max_message are set before */
	char *text;
	size_t size, capacity;
	size_t begun; /* where what is not complete begins */
	int error;    /* 0, or the error */
	size_t fed;   /* bytes that were fed in pieces before it */
};

static inline void transcript_add(struct transcript *t, const char *data, size_t size)
{
	if (t->size + size + 1 > t->capacity) {
		t->capacity = 2 * (t->size + size) + 256;
		t->text = realloc(t->text, t->capacity);
		if (!t->text)
			abort();
	}
	memcpy(t->text + t->size, data, size);
	t->size += size;
	t->text[t->size] = '\0';
}

static inline void transcript_say(struct transcript *t, const char *text)
{
	transcript_add(t, text, strlen(text));
}

static inline void transcript_control(struct transcript *t)
{
	const struct wok__ws_decoder *decoder = &t->decoder;
	char word[24];

	if (decoder->control_opcode == WOK__WS_CLOSE)
		snprintf(word, sizeof(word), "close%u\"", decoder->close_code);
	else
		snprintf(word, sizeof(word), "%s\"",
			 decoder->control_opcode == WOK__WS_PING ? "ping" : "pong");
	transcript_say(t, word);
	size_t skip = decoder->control_opcode == WOK__WS_CLOSE && decoder->control_size ? 2 : 0;
	transcript_add(t, decoder->control + skip, decoder->control_size - skip);
	transcript_say(t, "\"");
}

static inline void transcript_event(struct transcript *t, int event, const char *piece, size_t n)
{
	switch (event) {
	case WOK__WS_DATA:
		transcript_add(t, piece, n);
		return; /* not complete yet */
	case WOK__WS_FRAGMENT:
		transcript_say(t, "|");
		break;
	case WOK__WS_MESSAGE:
		transcript_say(t, "\"");
		break;
	case WOK__WS_CONTROL:
		transcript_control(t);
		break;
	}
	t->begun = t->size;
}

/* Feed a piece; false after an error. */
static inline bool transcript_feed(struct transcript *t, char *data, size_t size)
{
	size_t used, n = 0, at = 0;
	char *piece = NULL;
	int event;

	do {
		event = wok__ws_feed(&t->decoder, data + at, size - at, &used, &piece, &n);
		at += used;
		if (at > size)
			abort();
		if (event == WOK__WS_DATA && (n == 0 || piece < data || piece + n > data + size))
			abort();
		if (event > 0)
			transcript_event(t, event, piece, n);
	} while (event > 0);
	if (event < 0)
		t->error = event;
	else if (at != size)
		abort();
	return event == 0;
}

/* Feed bytes, cut before each place that a bit of the seed chooses; cut > 0: only there. */
static inline void transcript_run(struct transcript *t, const char *data, size_t size, size_t cut,
				  bool each)
{
	while (t->fed < size) {
		size_t n = each ? 1 : t->fed < cut && cut < size ? cut - t->fed : size - t->fed;
		/* A block of its own: what is read outside of it, a sanitizer sees. */
		char *block = malloc(n);
		if (!block)
			abort();
		memcpy(block, data + t->fed, n);
		bool go_on = transcript_feed(t, block, n);
		free(block);
		if (!go_on)
			break;
		t->fed += n;
	}
	/* What did not end is the same for all cuts, but what an error cut off is not. */
	if (t->error < 0)
		t->size = t->begun;
	if (t->text)
		t->text[t->size] = '\0';
}
#endif
