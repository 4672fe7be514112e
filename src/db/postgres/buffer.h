/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_BUFFER_H
#define WOK_DB_POSTGRES_BUFFER_H
/*
 * Bytes that are gathered before they are sent, in network order. A failed append is remembered,
 * and everything after it does nothing: so a message is written part by part, and checked once.
 */
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wok__pg_buffer {
	char *data;
	size_t size;
	size_t capacity;
	int error; /* the first failure: -ENOMEM */
};

void wok__pg_buffer_free(struct wok__pg_buffer *buffer);

/* Write over 4 bytes that stand there already: a length that was not known before. */
void wok__pg_buffer_patch(struct wok__pg_buffer *buffer, size_t at, uint32_t value);

/* Numbers in network order, from and to any address. */
static inline uint16_t wok__pg_get16(const char *data)
{
	uint16_t value;

	memcpy(&value, data, sizeof(value));
	return be16toh(value);
}

static inline uint32_t wok__pg_get32(const char *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return be32toh(value);
}

static inline uint64_t wok__pg_get64(const char *data)
{
	uint64_t value;

	memcpy(&value, data, sizeof(value));
	return be64toh(value);
}

static inline void wok__pg_put16(char *data, uint16_t value)
{
	value = htobe16(value);
	memcpy(data, &value, sizeof(value));
}

static inline void wok__pg_put32(char *data, uint32_t value)
{
	value = htobe32(value);
	memcpy(data, &value, sizeof(value));
}

static inline void wok__pg_put64(char *data, uint64_t value)
{
	value = htobe64(value);
	memcpy(data, &value, sizeof(value));
}

/* What wok__pg_buffer_room() does when there is not enough. */
char *wok__pg_buffer_grow(struct wok__pg_buffer *buffer, size_t size);

/* Room for size more bytes at the end, to be written by the caller; NULL after a failure. */
static inline char *wok__pg_buffer_room(struct wok__pg_buffer *buffer, size_t size)
{
	if (buffer->error < 0 || size > buffer->capacity - buffer->size)
		return wok__pg_buffer_grow(buffer, size);
	char *room = buffer->data + buffer->size;
	buffer->size += size;
	return room;
}

/* The same, of which the caller adds to buffer->size what it has used. */
static inline char *wok__pg_buffer_spare(struct wok__pg_buffer *buffer, size_t size)
{
	char *room = wok__pg_buffer_room(buffer, size);

	if (room)
		buffer->size -= size;
	return room;
}

static inline void wok__pg_buffer_add(struct wok__pg_buffer *buffer, const void *data, size_t size)
{
	char *room = size > 0 ? wok__pg_buffer_room(buffer, size) : NULL;

	if (room)
		memcpy(room, data, size);
}

/* A text with its NUL. */
static inline void wok__pg_buffer_text(struct wok__pg_buffer *buffer, const char *text)
{
	wok__pg_buffer_add(buffer, text, strlen(text) + 1);
}

static inline void wok__pg_buffer_byte(struct wok__pg_buffer *buffer, uint8_t value)
{
	char *room = wok__pg_buffer_room(buffer, 1);

	if (room)
		*room = (char) value;
}

static inline void wok__pg_buffer_int16(struct wok__pg_buffer *buffer, uint16_t value)
{
	char *room = wok__pg_buffer_room(buffer, 2);

	if (room)
		wok__pg_put16(room, value);
}

static inline void wok__pg_buffer_int32(struct wok__pg_buffer *buffer, uint32_t value)
{
	char *room = wok__pg_buffer_room(buffer, 4);

	if (room)
		wok__pg_put32(room, value);
}

static inline void wok__pg_buffer_int64(struct wok__pg_buffer *buffer, uint64_t value)
{
	char *room = wok__pg_buffer_room(buffer, 8);

	if (room)
		wok__pg_put64(room, value);
}
#endif
