/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_BUFFER_H
#define WOK_HTTP_BUFFER_H
/*
 * Bytes that are gathered before they are sent. A failed append is remembered, and everything after
 * it does nothing: so a head is written line by line, and checked once.
 */
#include <stddef.h>
#include <stdint.h>

struct wok__buffer {
	char *data;
	size_t size;
	size_t capacity;
	int error; /* the first failure: -ENOMEM, or -EINVAL for bytes that must not be sent */
};

void wok__buffer_clear(struct wok__buffer *buffer); /* keeps the memory */
void wok__buffer_free(struct wok__buffer *buffer);

void wok__buffer_add(struct wok__buffer *buffer, const void *data, size_t size);
void wok__buffer_text(struct wok__buffer *buffer, const char *text);
void wok__buffer_decimal(struct wok__buffer *buffer, uint64_t value);

/* A field of a head, with its line end; a name or value that must not be sent is an error. */
void wok__buffer_field(struct wok__buffer *buffer, const char *name, const char *value);

/* Room for size more bytes at the end, to be written by the caller; NULL after a failure. */
char *wok__buffer_room(struct wok__buffer *buffer, size_t size);
#endif
