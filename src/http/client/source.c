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
	source->plain = (uint64_t) (size - source->offset);
	return 0;
}

/* The coding that the body is to be sent in: one, by its name. */
static int choose_coding(struct wok__source *source, const char *name)
{
	enum wok__coding coding;
	int r = wok__coding_find(name, strlen(name), &coding);

	if (r < 0 || coding == WOK__CODING_IDENTITY)
		return wok_fail(-EINVAL, "compress: \"%.40s\" is no coding, as \"gzip\" is", name);
	if (!wok__coding_kind(coding))
		return wok_fail(-ENOTSUP, "compress: \"%.40s\" is not built in: there are %s", name,
				wok__coding_accepted());
	source->coding = coding;
	return 0;
}

int wok__source_open(struct wok__source *source, const wok_http_options *options)
{
	int kinds = (options->body_size > 0) + (options->body_file != NULL) +
		    (options->body_read != NULL);

	if (kinds > 1 || (options->body_size > 0 && !options->body))
		return wok_fail(-EINVAL,
				"a request's body comes from body, body_file or body_read");
	wok__source_drop(source);
	*source = (struct wok__source){
		.data = options->body,
		.file = options->body_file,
		.offset = options->body_offset,
		.read = options->body_read,
		.rewind = options->body_rewind,
		.arg = options->body_arg,
		.plain = options->body_size,
		.coding = WOK__CODING_IDENTITY,
	};
	if (source->file)
		WOK_TRY(open_file(source));
	else if (source->read)
		source->plain = options->body_length ? options->body_length : WOK__LENGTH_UNKNOWN;
	if (options->compress && source->plain > 0)
		WOK_TRY(choose_coding(source, options->compress));
	/* What comes out of a coding is known when it is out. */
	source->length =
		source->coding == WOK__CODING_IDENTITY ? source->plain : WOK__LENGTH_UNKNOWN;
	return 0;
}

bool wok__source_rewind(struct wok__source *source)
{
	if (source->read && (!source->rewind || source->rewind(source->arg) < 0))
		return false;
	wok__encoder_free(WOK_TAKE(source->encoder));
	source->taken = 0;
	source->failed = false;
	return true;
}

void wok__source_drop(struct wok__source *source)
{
	wok__encoder_free(source->encoder);
	*source = (struct wok__source){.coding = WOK__CODING_IDENTITY};
}

static int wrong_length(const struct wok__source *source, bool more)
{
	return wok_fail(-EINVAL,
			"the request's body has %s bytes than the %llu that were announced",
			more ? "more" : "fewer", (unsigned long long) source->plain);
}

static ssize_t take_memory(struct wok__source *source, void *data, size_t size)
{
	uint64_t left = source->plain - source->taken;
	size_t n = left < size ? (size_t) left : size;

	if (n > 0)
		memcpy(data, (const char *) source->data + source->taken, n);
	return (ssize_t) n;
}

static ssize_t take_file(struct wok__source *source, void *data, size_t size)
{
	uint64_t left = source->plain - source->taken;

	if (left == 0)
		return 0;
	return wok_file_pread(source->file, data, left < size ? (size_t) left : size,
			      source->offset + (off_t) source->taken);
}

static ssize_t check(const struct wok__source *source, ssize_t n)
{
	if (source->plain == WOK__LENGTH_UNKNOWN || n < 0)
		return n;
	if ((uint64_t) n > source->plain - source->taken)
		return wrong_length(source, true);
	if (n == 0 && source->taken < source->plain)
		return wrong_length(source, false);
	return n;
}

/* The next bytes as they come. */
static ssize_t take_plain(void *arg, void *data, size_t size)
{
	struct wok__source *source = arg;
	ssize_t n = source->read   ? source->read(source->arg, data, size)
		    : source->file ? take_file(source, data, size)
				   : take_memory(source, data, size);

	n = check(source, n);
	if (n > 0)
		source->taken += (uint64_t) n;
	return n;
}

static ssize_t take_packed(struct wok__source *source, void *data, size_t size)
{
	if (!source->encoder)
		WOK_TRY(wok__encoder_new(source->coding, 0, &source->encoder));
	return wok__encoder_read(source->encoder, take_plain, source, data, size);
}

ssize_t wok__source_take(struct wok__source *source, void *data, size_t size)
{
	ssize_t n = source->coding == WOK__CODING_IDENTITY ? take_plain(source, data, size)
							   : take_packed(source, data, size);

	if (n < 0)
		source->failed = true;
	return n;
}
