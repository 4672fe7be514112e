/* SPDX-License-Identifier: MIT */
/* Bytes on their way out: see tls/buffer.h. */
#include "tls/buffer.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <wok/memory.h>

enum { FIRST = 1024, KEPT = 2048 };

int wok__tls_buffer_reserve(struct wok__tls_buffer *buffer, size_t size)
{
	size_t need, capacity = buffer->capacity ? 2 * buffer->capacity : FIRST;

	if (__builtin_add_overflow(buffer->end, size, &need))
		return -ENOMEM;
	if (need <= buffer->capacity)
		return 0;
	if (capacity < need)
		capacity = need;
	char *grown = wok_realloc(buffer->data, capacity);
	if (!grown)
		return -ENOMEM;
	buffer->data = grown;
	buffer->capacity = capacity;
	return 0;
}

int wok__tls_buffer_add(struct wok__tls_buffer *buffer, const void *data, size_t size)
{
	int r = wok__tls_buffer_reserve(buffer, size);

	if (r < 0)
		return r;
	memcpy(buffer->data + buffer->end, data, size);
	buffer->end += size;
	return 0;
}

void wok__tls_buffer_drop(struct wok__tls_buffer *buffer, size_t size)
{
	buffer->start += size;
	if (buffer->start < buffer->end)
		return;
	buffer->start = buffer->end = 0;
	/* What a big write needed is not kept by a connection that idles. */
	if (buffer->capacity > KEPT)
		wok__tls_buffer_clear(buffer);
}

void wok__tls_buffer_clear(struct wok__tls_buffer *buffer)
{
	wok_free(buffer->data);
	*buffer = (struct wok__tls_buffer){0};
}
