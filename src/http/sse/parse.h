/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SSE_PARSE_H
#define WOK_HTTP_SSE_PARSE_H
/*
 * Server-sent events (WHATWG HTML, 9.2.6), without I/O: bytes in, events out. Lines end with CR,
 * LF or both, however the bytes were cut.
 */
#include <wok/base.h>

#include "http/buffer.h"

struct wok__sse {
	size_t max; /* bytes of a line, and of an event's data */
	struct wok__buffer line;
	struct wok__buffer data; /* of the event, each line with an LF behind it */
	struct wok__buffer type;
	struct wok__buffer pending_id; /* becomes the last one when its event is complete */
	struct wok__buffer id;         /* the last one; a NUL stands behind it */
	wok_time retry;                /* -1: none was sent */
	bool begun;                    /* the first line has been read: no mark can follow */
	bool after_cr;                 /* an LF belongs to it */
	bool handed_out;               /* data and type are those of an event that was told */
	bool has_id;                   /* pending_id is set */
	int error;
};

void wok__sse_init(struct wok__sse *sse, size_t max);
void wok__sse_free(struct wok__sse *sse);

/* Another connection: what was not complete is forgotten, the last id is not. */
void wok__sse_restart(struct wok__sse *sse);

/*
 * Take bytes: 1 when an event is complete, which lives until the next call; 0 when all are taken;
 * WOK_ELIMIT, -ENOMEM, and again at each further call.
 */
int wok__sse_feed(struct wok__sse *sse, const char *data, size_t size, size_t *ret_consumed);

/* Of an event that was told: C strings. */
const char *wok__sse_type(const struct wok__sse *sse); /* "message" if none was sent */
const char *wok__sse_id(const struct wok__sse *sse);   /* "" before the first one */
wok_view wok__sse_data(const struct wok__sse *sse);

/* The id to begin with. 0; -EINVAL if it has a control character; -ENOMEM. */
int wok__sse_set_id(struct wok__sse *sse, const char *id);
#endif
