/* SPDX-License-Identifier: MIT */
/* Bodies of requests: see http/client/source.h. */
#include "http/client/source.h"

#include <string.h>

void wok__source_open(struct wok__source *source, const wok_http_options *options)
{
	*source = (struct wok__source){
		.data = options->body,
		.read = options->body_read,
		.arg = options->body_arg,
		.length = options->body_read ? WOK__LENGTH_UNKNOWN : options->body_size,
	};
}

bool wok__source_rewind(struct wok__source *source)
{
	if (source->read)
		return false;
	source->taken = 0;
	return true;
}

static ssize_t call(struct wok__source *source, void *data, size_t size)
{
	ssize_t n = source->read(source->arg, data, size);

	if (n < 0)
		source->failed = true;
	else
		source->taken += (uint64_t) n;
	return n;
}

ssize_t wok__source_take(struct wok__source *source, void *data, size_t size)
{
	if (source->read)
		return call(source, data, size);
	uint64_t left = source->length - source->taken;
	size_t n = left < size ? (size_t) left : size;
	if (n > 0)
		memcpy(data, (const char *) source->data + source->taken, n);
	source->taken += n;
	return (ssize_t) n;
}
