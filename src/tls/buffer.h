/* SPDX-License-Identifier: MIT */
#ifndef WOK_TLS_BUFFER_H
#define WOK_TLS_BUFFER_H
#include <stdbool.h>
#include <stddef.h>

/* Bytes between OpenSSL and the stream below. All zero is an empty one. */
struct wok__tls_buffer {
	char *data;
	size_t start, end, capacity;
};

static inline size_t wok__tls_buffered(const struct wok__tls_buffer *buffer)
{
	return buffer->end - buffer->start;
}

/* Room for size bytes more: 0 or -ENOMEM. */
int wok__tls_buffer_reserve(struct wok__tls_buffer *buffer, size_t size);
int wok__tls_buffer_add(struct wok__tls_buffer *buffer, const void *data, size_t size);

/* Drop the first bytes. An empty buffer gives memory back, if it has much. */
void wok__tls_buffer_drop(struct wok__tls_buffer *buffer, size_t size);
void wok__tls_buffer_clear(struct wok__tls_buffer *buffer);
#endif
