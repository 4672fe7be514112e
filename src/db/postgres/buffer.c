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

char *wok__pg_buffer_grow(struct wok__pg_buffer *buffer, size_t size)
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

void wok__pg_buffer_patch(struct wok__pg_buffer *buffer, size_t at, uint32_t value)
{
	if (buffer->error == 0)
		wok__pg_put32(buffer->data + at, value);
}
