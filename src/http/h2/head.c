/* SPDX-License-Identifier: MIT */
/*
 * Heads that come, field by field, written down as HTTP/1.1 has them: so one parser checks and
 * understands both. nghttp2 has seen to it that names and values have no bytes that could break a
 * line, that names are in lower case, and that no field belongs to a connection.
 *
 * Sizes are counted as HTTP/1.1 would have them on the wire, so that one limit means the same in
 * both. HPACK can blow up a byte to four thousand: so a head over a limit is thrown away at once.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>

#include "http/h1_parts.h"
#include "http/h2/parts.h"

/* The request's own names, in head->at. */
enum { METHOD, TARGET, AUTHORITY, SCHEME, NOWHERE };

enum { LINE_EXTRA = 4 /* ": " and the line's end */ };

static const char *part(const struct wok__h2_head *head, int which)
{
	return head->at[which] > 0 ? head->names.data + head->at[which] - 1 : NULL;
}

static void drop(struct wok__h2_head *head, int error)
{
	head->error = error;
	wok__buffer_free(&head->text);
	wok__buffer_free(&head->names);
	wok__buffer_free(&head->cookie);
	memset(head->at, 0, sizeof(head->at));
}

void wok__h2_head_free(struct wok__h2_head *head)
{
	drop(head, 0);
	*head = (struct wok__h2_head){0};
}

static bool is(wok_view text, const char *name)
{
	return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

static void put_line(struct wok__buffer *out, wok_view name, wok_view value)
{
	wok__buffer_add(out, name.data, name.size);
	wok__buffer_text(out, ": ");
	wok__buffer_add(out, value.data, value.size);
	wok__buffer_text(out, "\r\n");
}

/* --- the first line --------------------------------------------------------------------------- */

static void keep_name(struct wok__h2_head *head, wok_view name, wok_view value,
		      const struct wok__h1_limits *limits)
{
	int which = is(name, ":method")      ? METHOD
		    : is(name, ":path")      ? TARGET
		    : is(name, ":authority") ? AUTHORITY
		    : is(name, ":scheme")    ? SCHEME
					     : NOWHERE;

	if (value.size > limits->start_line) {
		drop(head, WOK__H1_START_LINE_TOO_LONG);
		return;
	}
	if (which == NOWHERE)
		return; /* nghttp2 lets none pass that was not agreed on */
	head->at[which] = (uint32_t) head->names.size + 1;
	wok__buffer_add(&head->names, value.data, value.size);
	wok__buffer_add(&head->names, "", 1);
}

static void begin_request(struct wok__h2_head *head)
{
	struct wok__buffer *out = &head->text;
	const char *method = part(head, METHOD), *authority = part(head, AUTHORITY);
	const char *target = part(head, TARGET);

	if (!target)
		target = authority; /* CONNECT */
	if (!method || !target)
		return; /* nghttp2 will say so at the head's end */
	wok__buffer_text(out, method);
	wok__buffer_text(out, " ");
	wok__buffer_text(out, target);
	wok__buffer_text(out, " HTTP/1.1\r\n");
	if (authority) {
		wok__buffer_text(out, "Host: ");
		wok__buffer_text(out, authority);
		wok__buffer_text(out, "\r\n");
	}
}

static void begin(struct wok__h2_stream *stream)
{
	struct wok__h2_head *head = &stream->head;
	char line[32];

	if (head->begun)
		return;
	head->begun = true;
	if (stream->h2->settings.server) {
		begin_request(head);
	} else {
		snprintf(line, sizeof(line), "HTTP/1.1 %d \r\n", head->status);
		wok__buffer_text(&head->text, line);
	}
}

/* --- fields ----------------------------------------------------------------------------------- */

static void add_crumb(struct wok__h2_head *head, wok_view value,
		      const struct wok__h1_limits *limits)
{
	if (head->cookie.size + value.size > limits->field_line) {
		drop(head, WOK__H1_FIELD_TOO_LONG);
		return;
	}
	if (head->cookie.size > 0)
		wok__buffer_text(&head->cookie, "; ");
	wok__buffer_add(&head->cookie, value.data, value.size);
}

static void add_field(struct wok__h2_stream *stream, wok_view name, wok_view value)
{
	struct wok__h2_head *head = &stream->head;
	const struct wok__h1_limits *limits = stream->h2->settings.limits;
	bool crumb = stream->h2->settings.server && is(name, "cookie");

	if (name.size + value.size + LINE_EXTRA - 2 > limits->field_line) {
		drop(head, WOK__H1_FIELD_TOO_LONG);
	} else if (crumb) {
		add_crumb(head, value, limits);
	} else if (++head->n_fields > limits->fields) {
		drop(head, WOK__H1_TOO_MANY_FIELDS);
	} else {
		begin(stream);
		put_line(&head->text, name, value);
	}
}

static int status_of(wok_view value)
{
	int status = 0;

	for (size_t i = 0; i < value.size && i < 3; i++)
		status = status * 10 + (value.data[i] - '0');
	return status;
}

/* A Host that says the same as the authority is not needed; another one is caught at the end. */
static bool is_host_again(const struct wok__h2_head *head, wok_view name, wok_view value)
{
	const char *authority = part(head, AUTHORITY);

	return is(name, "host") && authority && strlen(authority) == value.size &&
	       strncasecmp(authority, value.data, value.size) == 0;
}

void wok__h2_head_add(struct wok__h2_stream *stream, wok_view name, wok_view value)
{
	struct wok__h2_head *head = &stream->head;
	const struct wok__h1_limits *limits = stream->h2->settings.limits;

	if (head->error < 0)
		return;
	/* A stream of headers costs its sender nothing, if they are empty: so each counts a line.
	 */
	size_t size = head->size + name.size + value.size + LINE_EXTRA;
	if (size > limits->head) {
		drop(head, WOK__H1_HEAD_TOO_LARGE);
		return;
	}
	head->size = (uint32_t) size;
	if (is(name, ":status"))
		head->status = status_of(value);
	else if (name.size > 0 && name.data[0] == ':')
		keep_name(head, name, value, limits);
	else if (!is_host_again(head, name, value))
		add_field(stream, name, value);
	if (head->error == 0 &&
	    (head->text.error < 0 || head->names.error < 0 || head->cookie.error < 0))
		drop(head, -ENOMEM);
}

int wok__h2_head_complete(struct wok__h2_stream *stream)
{
	struct wok__h2_head *head = &stream->head;
	struct wok__buffer *out = &head->text;

	head->complete = true;
	if (head->error < 0)
		return 0;
	begin(stream);
	if (head->cookie.size > 0)
		put_line(out, (wok_view){"cookie", 6},
			 (wok_view){head->cookie.data, head->cookie.size});
	wok__buffer_text(out, "\r\n");
	wok__buffer_free(&head->names);
	wok__buffer_free(&head->cookie);
	memset(head->at, 0, sizeof(head->at));
	if (out->error < 0)
		drop(head, -ENOMEM);
	return head->error;
}
