/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_MESSAGE_H
#define WOK_HTTP_MESSAGE_H
/*
 * What client and server share about a message that arrives: its head, copied out of the stream's
 * buffer so that it outlives the reading of the body, and the body as it comes.
 */
#include <wok/http_client.h>
#include <wok/stream.h>

#include "http/h1.h"

/* An option's value, or its default where it is zero. */
static inline wok_time wok__time_or(wok_time value, wok_time otherwise)
{
	return value > 0 ? value : otherwise;
}

/* A head whose names and values are C strings. */
struct wok__head {
	char *data; /* the head's bytes; separators have become NULs */
	size_t size, capacity;
	struct wok__h1_field *fields; /* behind the bytes, or where they do not fit there: many */
	size_t n_fields;
	struct wok__h1_field *many;
	size_t many_capacity;
};

/* Copy a head; -ENOMEM. The fields are set by wok__head_keep_fields(), after parsing the copy. */
int wok__head_copy(struct wok__head *head, const char *data, size_t size);
int wok__head_keep_fields(struct wok__head *head, const struct wok__h1_field *fields, size_t n);
void wok__head_free(struct wok__head *head);

/* The first value of a name in any case; NULL if there is none. */
const char *wok__head_value(const struct wok__head *head, const char *name);
/* Whether there is a field of a known name. */
static inline bool wok__head_has(const struct wok__head *head, enum wok__h1_name id)
{
	return wok__h1_find(head->fields, head->n_fields, 0, id) != NULL;
}

bool wok__head_at(const struct wok__head *head, size_t index, wok_http_header *ret_header);

/* Whether a name is one of those that wok sets itself, from what it knows of the message. */
bool wok__is_framing_header(const char *name);

/* A body that is read from a stream. Set trailers behind wok__incoming_begin(). */
struct wok__incoming {
	struct wok__h1_body body;
	struct wok__h1_limits limits;
	wok_stream *stream;
	struct wok__head *trailers; /* where they are kept; NULL: they are not */
	int failed;     /* an error, which ends the body: the codec has passed what it was about */
	size_t decoded; /* so many bytes at the front of the stream's buffer are data, not framing
			 */
	bool ended;
};

/* An error of the codec, as wok's: WOK_ELIMIT, WOK_EEOF or WOK_EPEER, with its message. */
int wok__h1_to_wok(int error, const char *what);

int wok__incoming_begin(struct wok__incoming *incoming, wok_stream *stream,
			const struct wok__h1_message *message, const struct wok__h1_limits *limits);

/* Keep what stands in body.trailers: 0; -ENOMEM; an error of the codec. */
int wok__incoming_keep_trailers(struct wok__incoming *incoming);

/* Take data that is buffered already: how much; 0 if there is none, or at the end; an error. */
ssize_t wok__incoming_take(struct wok__incoming *incoming, void *data, size_t size);

/* Wait for data and take it; 0 at the end. Always a checkpoint. */
ssize_t wok__incoming_read(struct wok__incoming *incoming, void *data, size_t size);

/* A body that is read as a whole; the owner releases the data by wok_free(). */
struct wok__gathered {
	char *data; /* a NUL stands behind it when it is complete */
	size_t size, capacity;
	bool ended; /* set by who reads: nothing follows, and there is no need to ask again */
	bool complete;
};

/*
 * Read the rest of a body. read(self, ...) is how, so that time limits apply. What has come stays
 * when the call fails: after a cancel it can be continued. WOK_ELIMIT beyond max bytes.
 */
int wok__gather_body(struct wok__gathered *gathered,
		     ssize_t (*read)(void *self, void *data, size_t size), void *self, size_t hint,
		     size_t max);

/* An option for a limit of the codec, whose default stands in limits; sizes are bytes. */
void wok__set_head_limits(struct wok__h1_limits *limits, size_t max_line, size_t max_head,
			  size_t max_headers);
#endif
