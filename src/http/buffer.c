/* SPDX-License-Identifier: MIT */
/* Gathering what is sent: see http/buffer.h. */
#include "http/buffer.h"

#include <errno.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/h1.h"

enum { FIRST = 512, NAME_SHOWN = 40 };

void wok__buffer_clear(struct wok__buffer *buffer)
{
	buffer->size = 0;
	buffer->error = 0;
}

void wok__buffer_free(struct wok__buffer *buffer)
{
	wok_free(buffer->data);
	*buffer = (struct wok__buffer){0};
}

char *wok__buffer_grow(struct wok__buffer *buffer, size_t size)
{
	if (buffer->error < 0)
		return NULL;
	size_t capacity = buffer->capacity ? buffer->capacity : FIRST;
	while (capacity - buffer->size < size)
		capacity *= 2;
	char *grown = wok_realloc(buffer->data, capacity);
	if (!grown) {
		buffer->error = -ENOMEM;
		return NULL;
	}
	buffer->data = grown;
	buffer->capacity = capacity;
	return grown + buffer->size;
}

void wok__buffer_decimal(struct wok__buffer *buffer, uint64_t value)
{
	char *room = wok__buffer_room(buffer, WOK__H1_DECIMAL_MAX);

	if (room)
		buffer->size += wok__h1_put_decimal(room, value);
}

static void refuse_field(struct wok__buffer *buffer, const char *name, size_t size)
{
	buffer->error = wok_fail(-EINVAL,
				 "the header \"%.*s\" cannot be sent: its name or value has bytes "
				 "that are not allowed",
				 (int) (size < NAME_SHOWN ? size : NAME_SHOWN), name);
}

void wok__buffer_field(struct wok__buffer *buffer, const char *name, const char *value)
{
	const struct wok__h1_span n = {name, strlen(name)}, v = {value, strlen(value)};
	size_t most = n.size + v.size + 4;
	char *room = wok__buffer_room(buffer, most);

	if (!room)
		return;
	int r = wok__h1_put_field(room, most, n, v);
	if (r < 0)
		refuse_field(buffer, name, n.size);
	else
		buffer->size += (size_t) r;
}

void wok__buffer_known(struct wok__buffer *buffer, const char *start, const char *value)
{
	size_t n = strlen(start), size = strlen(value);
	char *room = wok__buffer_room(buffer, n + size + 2);

	if (!room)
		return;
	if (!wok__h1_valid_value(value, size)) {
		refuse_field(buffer, start, n - 2);
		return;
	}
	room = mempcpy(mempcpy(room, start, n), value, size);
	room[0] = '\r';
	room[1] = '\n';
	buffer->size += n + size + 2;
}
