/* SPDX-License-Identifier: MIT */
/* Bytes to be sent: see buffer.h. */
#include "db/postgres/buffer.h"

#include <errno.h>

#include "base/memory.h"

void wok__pg_buffer_free(struct wok__pg_buffer *buffer)
{
	wok_free(buffer->data);
	*buffer = (struct wok__pg_buffer){0};
}

char *wok__pg_buffer_room(struct wok__pg_buffer *buffer, size_t size)
{
	if (buffer->error < 0)
		return NULL;
	if (size > SIZE_MAX - buffer->size ||
	    wok__grow((void **) &buffer->data, &buffer->capacity, buffer->size + size, 1) < 0) {
		buffer->error = -ENOMEM;
		return NULL;
	}
	char *room = buffer->data + buffer->size;
	buffer->size += size;
	return room;
}

void wok__pg_buffer_add(struct wok__pg_buffer *buffer, const void *data, size_t size)
{
	char *room = wok__pg_buffer_room(buffer, size);

	if (room && size > 0)
		memcpy(room, data, size);
}

void wok__pg_buffer_byte(struct wok__pg_buffer *buffer, uint8_t value)
{
	wok__pg_buffer_add(buffer, &value, 1);
}

void wok__pg_buffer_int16(struct wok__pg_buffer *buffer, uint16_t value)
{
	char *room = wok__pg_buffer_room(buffer, 2);

	if (room)
		wok__pg_put16(room, value);
}

void wok__pg_buffer_int32(struct wok__pg_buffer *buffer, uint32_t value)
{
	char *room = wok__pg_buffer_room(buffer, 4);

	if (room)
		wok__pg_put32(room, value);
}

void wok__pg_buffer_int64(struct wok__pg_buffer *buffer, uint64_t value)
{
	char *room = wok__pg_buffer_room(buffer, 8);

	if (room)
		wok__pg_put64(room, value);
}

void wok__pg_buffer_text(struct wok__pg_buffer *buffer, const char *text)
{
	wok__pg_buffer_add(buffer, text, strlen(text) + 1);
}

void wok__pg_buffer_patch(struct wok__pg_buffer *buffer, size_t at, uint32_t value)
{
	if (buffer->error == 0)
		wok__pg_put32(buffer->data + at, value);
}
