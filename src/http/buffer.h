/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_BUFFER_H
#define WOK_HTTP_BUFFER_H
/*
 * Bytes that are gathered before they are sent. A failed append is remembered, and everything after
 * it does nothing: so a head is written line by line, and checked once.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wok__buffer {
	char *data;
	size_t size;
	size_t capacity;
	int error; /* the first failure: -ENOMEM, or -EINVAL for bytes that must not be sent */
};

void wok__buffer_clear(struct wok__buffer *buffer); /* keeps the memory */
void wok__buffer_free(struct wok__buffer *buffer);

/* Get more memory: wok__buffer_room() where there is too little, or after a failure. */
char *wok__buffer_grow(struct wok__buffer *buffer, size_t size);

/* Room for size more bytes at the end, to be written by the caller; NULL after a failure. */
static inline char *wok__buffer_room(struct wok__buffer *buffer, size_t size)
{
	if (buffer->error == 0 && buffer->capacity - buffer->size >= size)
		return buffer->data + buffer->size;
	return wok__buffer_grow(buffer, size);
}

/* Inline, as heads consist of constants: their sizes are known here. */
static inline void wok__buffer_add(struct wok__buffer *buffer, const void *data, size_t size)
{
	char *room = size > 0 ? wok__buffer_room(buffer, size) : NULL;

	if (!room)
		return;
	memcpy(room, data, size);
	buffer->size += size;
}

static inline void wok__buffer_text(struct wok__buffer *buffer, const char *text)
{
	wok__buffer_add(buffer, text, strlen(text));
}

void wok__buffer_decimal(struct wok__buffer *buffer, uint64_t value);

/* A field of a head, with its line end; a name or value that must not be sent is an error. */
void wok__buffer_field(struct wok__buffer *buffer, const char *name, const char *value);

/* The same where nobody need look at the name; start: "Name: ". */
void wok__buffer_known(struct wok__buffer *buffer, const char *start, const char *value);
#endif
