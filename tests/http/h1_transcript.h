/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_H1_TRANSCRIPT_H
#define TESTS_HTTP_H1_TRANSCRIPT_H
/*
 * A connection on paper: feeds bytes to the codec in pieces, as a client or server would, and
 * writes down all that it says. The tests and the fuzzer compare such transcripts: how the bytes
 * were cut must not show in them. Adjacent pieces of data are joined for that.
 *
 * Each call sees its bytes in a block of exactly their size, so ASan catches one that reads on.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/h1.h"

#define TRANSCRIPT_FIELDS 128

/* Where the input is cut: WHOLE, EACH_BYTE, at one position (> 0), or by a random seed. */
enum { CUT_WHOLE = 0, CUT_EACH_BYTE = -1, CUT_RANDOM = -2 };

struct transcript {
	/* Given. */
	unsigned flags; /* enum wok__h1_flags */
	const struct wok__h1_limits *limits;
	long cut;
	uint32_t seed;
	bool no_eof; /* the connection stays open behind the input */

	/* Found. */
	char *text;
	size_t text_size;
	int error;         /* 0, or what ended the connection */
	size_t error_at;   /* the absolute offset that was reported for it */
	unsigned messages; /* complete ones, interim responses included */
	size_t left;       /* bytes behind the last complete message */
	size_t body_size;  /* data of all messages */
	size_t trailers;   /* trailer fields of all messages */

	/* Private. */
	const char *input;
	size_t size;
	size_t visible; /* bytes that have come */
	size_t taken;   /* bytes that were consumed */
	bool in_data;
	bool in_body;
	bool stop;
	struct wok__h1_scan scan;
	struct wok__h1_body body;
};

static inline void transcript_raw(struct transcript *t, const char *data, size_t size)
{
	t->text = realloc(t->text, t->text_size + size + 1);
	if (t->text == NULL)
		abort();
	if (size > 0)
		memcpy(t->text + t->text_size, data, size);
	t->text_size += size;
	t->text[t->text_size] = '\0';
}

__attribute__((format(printf, 2, 3))) static inline void transcript_line(struct transcript *t,
									 const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	transcript_raw(t, line, (size_t) n < sizeof(line) ? (size_t) n : sizeof(line) - 1);
}

/* A part by its place, and proof that it has one: a span outside of the input aborts. */
static inline void transcript_span(struct transcript *t, const char *what, struct wok__h1_span span,
				   const char *data, size_t size)
{
	if (span.data == NULL)
		return;
	if (span.data < data || span.data > data + size ||
	    span.size > (size_t) (data + size - span.data))
		abort();
	transcript_line(t, " %s=", what);
	transcript_raw(t, span.data, span.size);
}

static inline void transcript_fields(struct transcript *t, const char *data, size_t size,
				     const struct wok__h1_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		transcript_line(t, "field %d at %u:", fields[i].id, fields[i].name);
		transcript_span(t, "name", wok__h1_name_of(data, &fields[i]), data, size);
		transcript_span(t, "value", wok__h1_value_of(data, &fields[i]), data, size);
		transcript_line(t, "\n");
	}
}

static inline void transcript_message(struct transcript *t, const struct wok__h1_message *m)
{
	transcript_line(t, " minor=%d framing=%d length=%llu present=%llx keep=%d up=%d close=%d\n",
			m->minor, m->framing, (unsigned long long) m->content_length,
			(unsigned long long) m->present, m->keep_alive, m->upgrade, m->close);
}

static inline void transcript_fail(struct transcript *t, int error, size_t at)
{
	t->error = error;
	t->error_at = at;
	t->stop = true;
	transcript_line(t, "error %d at %zu: %s\n", error, at, wok__h1_strerror(error));
}

static inline bool transcript_request(struct transcript *t, const char *data, size_t size,
				      struct wok__h1_message *ret_message)
{
	struct wok__h1_field fields[TRANSCRIPT_FIELDS];
	struct wok__h1_request q = {0};
	int r = wok__h1_parse_request(data, size, t->limits, fields, TRANSCRIPT_FIELDS, &q);
	if (r < 0) {
		transcript_fail(t, r, t->taken + q.error_offset);
		return false;
	}
	transcript_line(t, "request %d form %d expect %d%d:", q.method_id, q.form,
			q.expect_continue, q.expect_unknown);
	transcript_span(t, "method", q.method, data, size);
	transcript_span(t, "target", q.target, data, size);
	transcript_span(t, "scheme", q.scheme, data, size);
	transcript_span(t, "authority", q.authority, data, size);
	transcript_span(t, "path", q.path, data, size);
	transcript_span(t, "query", q.query, data, size);
	transcript_span(t, "host", q.host, data, size);
	transcript_message(t, &q.message);
	transcript_fields(t, data, size, fields, q.message.fields);
	*ret_message = q.message;
	return true;
}

static inline bool transcript_response(struct transcript *t, const char *data, size_t size,
				       struct wok__h1_message *ret_message)
{
	struct wok__h1_field fields[TRANSCRIPT_FIELDS];
	struct wok__h1_response p = {0};
	int r = wok__h1_parse_response(data, size, t->flags, t->limits, fields, TRANSCRIPT_FIELDS,
				       &p);
	if (r < 0) {
		transcript_fail(t, r, t->taken + p.error_offset);
		return false;
	}
	transcript_line(t, "response %d interim %d tunnel %d must_close %d:", p.status, p.interim,
			p.tunnel, p.must_close);
	transcript_span(t, "reason", p.reason, data, size);
	transcript_message(t, &p.message);
	transcript_fields(t, data, size, fields, p.message.fields);
	*ret_message = p.message;
	if (p.tunnel)
		t->stop = true;
	return true;
}

static inline void transcript_head(struct transcript *t, const char *data, size_t size)
{
	size_t head = 0;
	int r = wok__h1_scan_head(&t->scan, data, size, t->limits, &head);
	if (r < 0) {
		transcript_fail(t, r, t->taken + t->scan.error_offset);
		return;
	}
	if (r == 0)
		return;
	/* The parser gets the head alone, in a block of its size. */
	char *copy = malloc(head);
	struct wok__h1_message message;
	if (copy == NULL)
		abort();
	memcpy(copy, data, head);
	bool request = !(t->flags & WOK__H1_RESPONSE);
	bool good = request ? transcript_request(t, copy, head, &message)
			    : transcript_response(t, copy, head, &message);
	free(copy);
	if (!good)
		return;
	t->taken += head;
	t->left = t->size - t->taken;
	t->in_body = true;
	r = wok__h1_body_init(&t->body, message.framing, message.content_length, t->limits);
	if (r < 0)
		transcript_fail(t, r, t->taken);
}

static inline void transcript_end(struct transcript *t)
{
	struct wok__h1_field fields[TRANSCRIPT_FIELDS];
	size_t count = 0;
	int r = wok__h1_parse_trailers(&t->body, fields, TRANSCRIPT_FIELDS, &count);
	if (r < 0) {
		transcript_fail(t, r, t->taken);
		return;
	}
	transcript_line(t, "%send at %zu\n", t->in_data ? "\n" : "", t->taken);
	transcript_fields(t, t->body.trailers.data, t->body.trailers.size, fields, count);
	t->in_data = t->in_body = false;
	t->trailers += count;
	t->messages++;
	t->left = t->size - t->taken;
	t->scan = (struct wok__h1_scan){.flags = t->flags};
}

/* Returns false if the decoder waits for more. */
static inline bool transcript_body(struct transcript *t, const char *data, size_t size)
{
	size_t consumed;
	struct wok__h1_span piece;
	int r = wok__h1_body_feed(&t->body, data, size, &consumed, &piece);

	if (consumed > size)
		abort();
	t->taken += consumed;
	if (r == WOK__H1_DATA) {
		if (piece.size == 0 || piece.data < data ||
		    piece.data + piece.size > data + consumed)
			abort();
		if (!t->in_data)
			transcript_line(t, "data ");
		t->in_data = true;
		t->body_size += piece.size;
		transcript_raw(t, piece.data, piece.size);
	} else if (r == WOK__H1_END) {
		transcript_end(t);
	} else if (r < 0) {
		transcript_line(t, "%s", t->in_data ? "\n" : "");
		transcript_fail(t, r, t->taken);
	}
	return r != WOK__H1_MORE;
}

/* More bytes come in. Returns false at the end of the input. */
static inline bool transcript_receive(struct transcript *t)
{
	size_t rest = t->size - t->visible, n = rest;
	if (rest == 0)
		return false;
	if (t->cut == CUT_EACH_BYTE) {
		n = 1;
	} else if (t->cut == CUT_RANDOM) {
		t->seed = t->seed * 1664525u + 1013904223u;
		n = 1 + (t->seed >> 16) % 40;
	} else if (t->cut > 0 && t->visible < (size_t) t->cut) {
		n = (size_t) t->cut - t->visible;
	}
	t->visible += n < rest ? n : rest;
	return true;
}

static inline void transcript_eof(struct transcript *t)
{
	if (t->in_body) {
		int r = wok__h1_body_eof(&t->body);
		transcript_line(t, "%s", t->in_data ? "\n" : "");
		t->in_data = false;
		if (r < 0)
			transcript_fail(t, r, t->taken);
		else
			transcript_end(t);
	} else {
		transcript_line(t, "closed %s\n",
				t->taken == t->size ? "between messages" : "inside a head");
	}
}

/* Feed `input`. The text stays the caller's: free(t->text). */
static inline void transcript_run(struct transcript *t, const char *input, size_t size)
{
	t->input = input;
	t->size = size;
	t->scan = (struct wok__h1_scan){.flags = t->flags};
	transcript_raw(t, "", 0);
	do {
		bool more = false;
		while (!t->stop && !more) {
			size_t n = t->visible - t->taken;
			char *window = malloc(n + (n == 0));
			if (window == NULL)
				abort();
			if (n > 0)
				memcpy(window, input + t->taken, n);
			if (t->in_body) {
				more = !transcript_body(t, window, n);
			} else {
				transcript_head(t, window, n);
				more = !t->in_body;
			}
			free(window);
		}
	} while (!t->stop && transcript_receive(t));
	if (!t->stop && !t->no_eof)
		transcript_eof(t);
}

#endif
