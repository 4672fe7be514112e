/* SPDX-License-Identifier: MIT */
/* Server-sent events: see http/sse/parse.h. */
#include "http/sse/parse.h"

#include <string.h>
#include <wok/error.h>

enum { RETRY_DIGITS_MAX = 9 };

void wok__sse_init(struct wok__sse *sse, size_t max)
{
	*sse = (struct wok__sse){.max = max, .retry = -1};
}

void wok__sse_free(struct wok__sse *sse)
{
	wok__buffer_free(&sse->line);
	wok__buffer_free(&sse->data);
	wok__buffer_free(&sse->type);
	wok__buffer_free(&sse->pending_id);
	wok__buffer_free(&sse->id);
}

void wok__sse_restart(struct wok__sse *sse)
{
	wok__buffer_clear(&sse->line);
	wok__buffer_clear(&sse->data);
	wok__buffer_clear(&sse->type);
	sse->begun = sse->after_cr = sse->handed_out = sse->has_id = false;
}

static void set(struct wok__buffer *buffer, const char *data, size_t size)
{
	wok__buffer_clear(buffer);
	wok__buffer_add(buffer, data, size);
	wok__buffer_add(buffer, "", 1);
}

/* An id goes back to the server in a header: what cannot stand there is no id, NUL above all. */
static bool is_id(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char) data[i] < 0x20 && data[i] != '\t') || data[i] == 0x7f)
			return false;
	return true;
}

int wok__sse_set_id(struct wok__sse *sse, const char *id)
{
	if (!is_id(id, strlen(id)))
		return -EINVAL;
	set(&sse->id, id, strlen(id));
	return sse->id.error;
}

static bool is(const char *name, size_t size, const char *word)
{
	return size == strlen(word) && memcmp(name, word, size) == 0;
}

/* Digits and nothing else: milliseconds. */
static void set_retry(struct wok__sse *sse, const char *value, size_t size)
{
	wok_time ms = 0;

	if (size == 0 || size > RETRY_DIGITS_MAX)
		return;
	for (size_t i = 0; i < size; i++) {
		if (value[i] < '0' || value[i] > '9')
			return;
		ms = ms * 10 + (value[i] - '0');
	}
	sse->retry = ms * WOK_MS;
}

static void take_field(struct wok__sse *sse, const char *name, size_t name_size, const char *value,
		       size_t size)
{
	if (is(name, name_size, "data")) {
		wok__buffer_add(&sse->data, value, size);
		wok__buffer_add(&sse->data, "\n", 1);
	} else if (is(name, name_size, "event")) {
		set(&sse->type, value, size);
	} else if (is(name, name_size, "id") && is_id(value, size)) {
		set(&sse->pending_id, value, size);
		sse->has_id = true;
	} else if (is(name, name_size, "retry")) {
		set_retry(sse, value, size);
	}
}

/* The empty line: an event is complete. Without data it is none, but its id holds. */
static bool complete(struct wok__sse *sse)
{
	if (sse->has_id)
		set(&sse->id, sse->pending_id.data, sse->pending_id.size - 1);
	sse->has_id = false;
	sse->handed_out = true;
	if (sse->data.size == 0)
		return false;
	sse->data.data[sse->data.size - 1] = '\0'; /* in place of the last line's end */
	return true;
}

/* A whole line: whether an event is complete. */
static bool take_line(struct wok__sse *sse)
{
	const char *line = sse->line.data, *colon;
	size_t size = sse->line.size;

	if (!sse->begun && size >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3;
		size -= 3;
	}
	sse->begun = true;
	if (size == 0)
		return complete(sse);
	colon = memchr(line, ':', size);
	if (colon == line)
		return false; /* a comment */
	size_t name = colon ? (size_t) (colon - line) : size;
	size_t value = name + (colon ? 1 : 0);
	if (value < size && line[value] == ' ')
		value++;
	take_field(sse, line, name, line + value, size - value);
	return false;
}

static int check(const struct wok__sse *sse)
{
	if (sse->line.size > sse->max || sse->data.size > sse->max)
		return wok_fail(WOK_ELIMIT, "an event has more than %zu bytes", sse->max);
	return sse->line.error < 0   ? sse->line.error
	       : sse->data.error < 0 ? sse->data.error
	       : sse->type.error < 0 ? sse->type.error
	       : sse->id.error < 0   ? sse->id.error
				     : sse->pending_id.error;
}

/* The event that was told is over. */
static void forget(struct wok__sse *sse)
{
	if (!sse->handed_out)
		return;
	wok__buffer_clear(&sse->data);
	wok__buffer_clear(&sse->type);
	sse->handed_out = false;
}

int wok__sse_feed(struct wok__sse *sse, const char *data, size_t size, size_t *ret_consumed)
{
	size_t at = 0;
	bool whole = false;

	while (sse->error == 0 && !whole && at < size) {
		size_t from = at;
		forget(sse);
		if (sse->after_cr && data[at] == '\n')
			from = ++at;
		sse->after_cr = false;
		while (at < size && data[at] != '\r' && data[at] != '\n')
			at++;
		wok__buffer_add(&sse->line, data + from, at - from);
		if (at < size) {
			sse->after_cr = data[at++] == '\r';
			sse->error = check(sse);
			whole = sse->error == 0 && take_line(sse);
			wok__buffer_clear(&sse->line);
		}
		if (sse->error == 0)
			sse->error = check(sse);
	}
	*ret_consumed = at;
	return sse->error < 0 ? sse->error : whole;
}

const char *wok__sse_type(const struct wok__sse *sse)
{
	/* An empty one is none. */
	return sse->type.size > 1 ? sse->type.data : "message";
}

const char *wok__sse_id(const struct wok__sse *sse)
{
	return sse->id.size > 0 ? sse->id.data : "";
}

wok_view wok__sse_data(const struct wok__sse *sse)
{
	return (wok_view){sse->data.data, sse->data.size - 1};
}
