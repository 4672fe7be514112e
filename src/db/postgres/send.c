/* SPDX-License-Identifier: MIT */
/* The messages that a client sends: see send.h. */
#include "db/postgres/send.h"

#include <errno.h>

size_t wok__pg_send_begin(struct wok__pg_buffer *out, char type)
{
	char *head = wok__pg_buffer_room(out, 5);

	if (head)
		*head = type;
	return out->size - 4;
}

void wok__pg_send_end(struct wok__pg_buffer *out, size_t begun)
{
	if (out->error < 0)
		return;
	if (out->size - begun > INT32_MAX)
		out->error = -EMSGSIZE;
	else
		wok__pg_buffer_patch(out, begun, (uint32_t) (out->size - begun));
}

void wok__pg_send_bare(struct wok__pg_buffer *out, char type)
{
	wok__pg_buffer_byte(out, (uint8_t) type);
	wok__pg_buffer_int32(out, 4);
}

void wok__pg_send_text(struct wok__pg_buffer *out, char type, const char *text)
{
	const size_t begun = wok__pg_send_begin(out, type);

	wok__pg_buffer_text(out, text);
	wok__pg_send_end(out, begun);
}

void wok__pg_send_named(struct wok__pg_buffer *out, char type, char what, const char *name)
{
	const size_t begun = wok__pg_send_begin(out, type);

	wok__pg_buffer_byte(out, (uint8_t) what);
	wok__pg_buffer_text(out, name);
	wok__pg_send_end(out, begun);
}

void wok__pg_send_parse(struct wok__pg_buffer *out, const char *name, const char *sql,
			const uint32_t *types, size_t n_types)
{
	const size_t begun = wok__pg_send_begin(out, 'P');

	wok__pg_buffer_text(out, name);
	wok__pg_buffer_text(out, sql);
	wok__pg_buffer_int16(out, (uint16_t) n_types);
	for (size_t i = 0; i < n_types; i++)
		wok__pg_buffer_int32(out, types[i]);
	wok__pg_send_end(out, begun);
}

void wok__pg_send_execute(struct wok__pg_buffer *out, const char *portal, uint32_t rows)
{
	const size_t name = strlen(portal) + 1, size = 4 + name + 4;
	char *message = wok__pg_buffer_room(out, 1 + size);

	if (!message)
		return;
	*message = 'E';
	wok__pg_put32(message + 1, (uint32_t) size);
	memcpy(message + 5, portal, name);
	wok__pg_put32(message + 5 + name, rows);
}
