/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CODING_SSE_CHECK_H
#define TESTS_CODING_SSE_CHECK_H
/* A stream of events as a text, the same however its bytes are cut. Also for fuzz/. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/sse/parse.h"

struct events {
	struct wok__buffer text; /* "type|id|data;" for each */
	wok_time retry;
	int result;
};

static inline void events_add(struct events *events, const struct wok__sse *sse)
{
	wok_view data = wok__sse_data(sse);

	wok__buffer_text(&events->text, wok__sse_type(sse));
	wok__buffer_text(&events->text, "|");
	wok__buffer_text(&events->text, wok__sse_id(sse));
	wok__buffer_text(&events->text, "|");
	wok__buffer_add(&events->text, data.data, data.size);
	wok__buffer_text(&events->text, ";");
}

/* Parse in pieces of step bytes (0: at once; below 0: a first piece of -step bytes). */
static inline struct events events_parse(const char *data, size_t size, long step, size_t max)
{
	struct events events = {.result = 0};
	struct wok__sse sse;
	size_t at = 0;

	wok__sse_init(&sse, max);
	while (at < size && events.result == 0) {
		size_t left = size - at;
		size_t n = step > 0 ? (size_t) step : step < 0 && at == 0 ? (size_t) -step : left;
		n = n < left ? n : left;
		char *copy = malloc(n + 1); /* exact, so that a sanitizer sees who reads on */
		memcpy(copy + 1, data + at, n);
		for (size_t done = 0, consumed; done < n && events.result == 0; done += consumed) {
			int r = wok__sse_feed(&sse, copy + 1 + done, n - done, &consumed);
			if (r > 0)
				events_add(&events, &sse);
			else
				events.result = r;
		}
		free(copy);
		at += n;
	}
	events.retry = sse.retry;
	wok__buffer_add(&events.text, "", 1);
	wok__sse_free(&sse);
	return events;
}
#endif
