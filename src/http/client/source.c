/* SPDX-License-Identifier: MIT */
/* Bodies of requests: see http/client/source.h. */
#include "http/client/source.h"

#include <string.h>
#include <wok/error.h>

static int open_file(struct wok__source *source)
{
	off_t size = wok_file_size(source->file);

	if (size < 0)
		return (int) size;
	if (source->offset < 0 || source->offset > size)
		return wok_fail(-EINVAL, "body_offset lies behind the end of the file");
	source->length = (uint64_t) (size - source->offset);
	return 0;
}

int wok__source_open(struct wok__source *source, const wok_http_options *options)
{
	int kinds = (options->body_size > 0) + (options->body_file != NULL) +
		    (options->body_read != NULL);

	if (kinds > 1 || (options->body_size > 0 && !options->body))
		return wok_fail(-EINVAL,
				"a request's body comes from body, body_file or body_read");
	*source = (struct wok__source){
		.data = options->body,
		.file = options->body_file,
		.offset = options->body_offset,
		.read = options->body_read,
		.rewind = options->body_rewind,
		.arg = options->body_arg,
		.length = options->body_size,
	};
	if (source->file)
		return open_file(source);
	if (source->read)
		source->length = options->body_length ? options->body_length : WOK__LENGTH_UNKNOWN;
	return 0;
}

bool wok__source_rewind(struct wok__source *source)
{
	if (source->read && (!source->rewind || source->rewind(source->arg) < 0))
		return false;
	source->taken = 0;
	source->failed = false;
	return true;
}

void wok__source_drop(struct wok__source *source)
{
	*source = (struct wok__source){0};
}

static int wrong_length(const struct wok__source *source, bool more)
{
	return wok_fail(-EINVAL,
			"the request's body has %s bytes than the %llu that were announced",
			more ? "more" : "fewer", (unsigned long long) source->length);
}

static ssize_t take_memory(struct wok__source *source, void *data, size_t size)
{
	uint64_t left = source->length - source->taken;
	size_t n = left < size ? (size_t) left : size;

	if (n > 0)
		memcpy(data, (const char *) source->data + source->taken, n);
	return (ssize_t) n;
}

static ssize_t take_file(struct wok__source *source, void *data, size_t size)
{
	uint64_t left = source->length - source->taken;

	if (left == 0)
		return 0;
	return wok_file_pread(source->file, data, left < size ? (size_t) left : size,
			      source->offset + (off_t) source->taken);
}

static ssize_t check(const struct wok__source *source, ssize_t n)
{
	if (source->length == WOK__LENGTH_UNKNOWN || n < 0)
		return n;
	if ((uint64_t) n > source->length - source->taken)
		return wrong_length(source, true);
	if (n == 0 && source->taken < source->length)
		return wrong_length(source, false);
	return n;
}

ssize_t wok__source_take(struct wok__source *source, void *data, size_t size)
{
	ssize_t n = source->read   ? source->read(source->arg, data, size)
		    : source->file ? take_file(source, data, size)
				   : take_memory(source, data, size);

	n = check(source, n);
	if (n < 0)
		source->failed = true;
	else
		source->taken += (uint64_t) n;
	return n;
}
