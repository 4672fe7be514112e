/* SPDX-License-Identifier: MIT */
/* Messages that arrive: see http/message.h. */
#include "http/message.h"

#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "task/park.h"

enum { GATHER_FIRST = 4096, USUAL_FIELDS = 16 };

int wok__head_copy(struct wok__head *head, const char *data, size_t size)
{
	size_t usual = USUAL_FIELDS * sizeof(struct wok__h1_field);

	if (wok__grow((void **) &head->data, &head->capacity, size + 1 + usual, 1) < 0)
		return -ENOMEM;
	memcpy(head->data, data, size);
	head->data[size] = '\0';
	head->size = size;
	head->n_fields = 0;
	return 0;
}

/* Where so many fields go: the bytes must not move any more. NULL without memory. */
static struct wok__h1_field *field_room(struct wok__head *head, size_t n)
{
	const size_t align = _Alignof(struct wok__h1_field);
	size_t behind = (head->size + align) / align * align;

	if ((head->capacity - behind) / sizeof(struct wok__h1_field) >= n)
		return (struct wok__h1_field *) (void *) (head->data + behind);
	if (wok__grow((void **) &head->many, &head->many_capacity, n, sizeof(head->many[0])) < 0)
		return NULL;
	return head->many;
}

int wok__head_keep_fields(struct wok__head *head, const struct wok__h1_field *fields, size_t n)
{
	struct wok__h1_field *kept = field_room(head, n);

	if (!kept)
		return -ENOMEM;
	if (n > 0)
		memmove(kept, fields, n * sizeof(fields[0]));
	head->fields = kept;
	head->n_fields = n;
	/* Behind a name stands its colon, behind a value white space or the line's end. */
	for (size_t i = 0; i < n; i++) {
		head->data[fields[i].name + fields[i].name_size] = '\0';
		head->data[fields[i].value + fields[i].value_size] = '\0';
	}
	return 0;
}

void wok__head_free(struct wok__head *head)
{
	wok_free(head->data);
	wok_free(head->many);
	*head = (struct wok__head){0};
}

const char *wok__head_value(const struct wok__head *head, const char *name)
{
	size_t size = strlen(name);
	enum wok__h1_name id = wok__h1_intern(name, size);

	for (size_t i = 0; i < head->n_fields; i++) {
		const struct wok__h1_field *field = &head->fields[i];
		if (field->id == id && field->name_size == size &&
		    (id != WOK__H1_UNKNOWN || strcasecmp(head->data + field->name, name) == 0))
			return head->data + field->value;
	}
	return NULL;
}

bool wok__head_at(const struct wok__head *head, size_t index, wok_http_header *ret_header)
{
	if (index >= head->n_fields)
		return false;
	const struct wok__h1_field *field = &head->fields[index];
	*ret_header = (wok_http_header){head->data + field->name, head->data + field->value};
	return true;
}

bool wok__is_framing_header(const char *name)
{
	switch (wok__h1_intern(name, strlen(name))) {
	case WOK__H1_CONTENT_LENGTH:
	case WOK__H1_TRANSFER_ENCODING:
	case WOK__H1_CONNECTION:
	case WOK__H1_KEEP_ALIVE:
	case WOK__H1_UPGRADE:
	case WOK__H1_TE:
	case WOK__H1_TRAILER:
		return true;
	default:
		return false;
	}
}

int wok__h1_to_wok(int error, const char *what)
{
	int status = wok__h1_status_for(error);

	if (error == WOK__H1_TRUNCATED)
		return wok_fail(WOK_EEOF, "the connection ended in the middle of %s", what);
	if (status == 413 || status == 414 || status == 431)
		return wok_fail(WOK_ELIMIT, "%s is over a limit: %s", what,
				wok__h1_strerror(error));
	return wok_fail(WOK_EPEER, "%s is malformed: %s", what, wok__h1_strerror(error));
}

int wok__incoming_begin(struct wok__incoming *incoming, wok_stream *stream,
			const struct wok__h1_message *message, const struct wok__h1_limits *limits)
{
	incoming->stream = stream;
	incoming->limits = *limits;
	incoming->trailers = NULL;
	incoming->decoded = 0;
	incoming->failed = 0;
	incoming->ended = message->framing == WOK__H1_NONE ||
			  (message->framing == WOK__H1_LENGTH && message->content_length == 0);
	return wok__h1_body_init(&incoming->body, message->framing, message->content_length,
				 &incoming->limits);
}

static size_t copy(struct wok__incoming *incoming, void *data, size_t size)
{
	size_t n = size < incoming->decoded ? size : incoming->decoded;

	memcpy(data, wok_stream_buffered(incoming->stream).data, n);
	wok_stream_consume(incoming->stream, n);
	incoming->decoded -= n;
	return n;
}

/* Keep the trailer fields, which are gone when their bytes are consumed. */
int wok__incoming_keep_trailers(struct wok__incoming *incoming)
{
	const struct wok__h1_span *text = &incoming->body.trailers;
	struct wok__head *trailers = incoming->trailers;
	size_t n, most = incoming->limits.trailer_fields;

	if (!trailers || text->size == 0)
		return 0;
	if (wok__grow((void **) &trailers->many, &trailers->many_capacity, most,
		      sizeof(trailers->many[0])) < 0)
		return -ENOMEM;
	struct wok__h1_field *fields = trailers->many;
	int r = wok__h1_parse_trailers(&incoming->body, fields, most, &n);
	if (r < 0)
		return r;
	WOK_TRY(wok__head_copy(trailers, text->data, text->size));
	return wok__head_keep_fields(trailers, fields, n);
}

/* Decode what is buffered, up to the first piece of data, which stays in the buffer. */
static int decode(struct wok__incoming *incoming)
{
	while (incoming->decoded == 0 && !incoming->ended && incoming->failed == 0) {
		wok_view bytes = wok_stream_buffered(incoming->stream);
		struct wok__h1_span piece = {0};
		size_t consumed;
		int event = wok__h1_body_feed(&incoming->body, bytes.data, bytes.size, &consumed,
					      &piece);

		if (event < 0)
			return event;
		if (event == WOK__H1_DATA)
			incoming->decoded = piece.size;
		if (event == WOK__H1_END)
			incoming->failed = wok__incoming_keep_trailers(incoming);
		if (incoming->failed < 0)
			break;
		wok_stream_consume(incoming->stream, consumed - incoming->decoded);
		incoming->ended = event == WOK__H1_END;
		if (event == WOK__H1_MORE)
			return 0;
	}
	return incoming->failed;
}

ssize_t wok__incoming_take(struct wok__incoming *incoming, void *data, size_t size)
{
	if (incoming->decoded == 0) {
		int r = decode(incoming);
		if (r < 0)
			return r == -ENOMEM ? r : wok__h1_to_wok(r, "the body");
	}
	size_t n = copy(incoming, data, size);
	/* The last piece often comes with the end: say so now, so that the connection is free. */
	if (n > 0 && incoming->decoded == 0)
		(void) decode(incoming); /* an error of it is met by the next call */
	return (ssize_t) n;
}

static int fill(struct wok__incoming *incoming)
{
	wok_view unused;
	int r = wok_stream_fill(incoming->stream, 0, &unused);

	if (r != 0)
		return r;
	r = wok__h1_body_eof(&incoming->body);
	if (r < 0)
		return wok__h1_to_wok(r, "the body");
	incoming->ended = true;
	return 0;
}

ssize_t wok__incoming_read(struct wok__incoming *incoming, void *data, size_t size)
{
	ssize_t n;

	WOK_TRY(wok__check());
	while ((n = wok__incoming_take(incoming, data, size)) == 0 && !incoming->ended && size > 0)
		WOK_TRY(fill(incoming));
	wok__spend();
	return n;
}

/* Room for another piece. */
static int gather_room(struct wok__gathered *gathered, size_t hint)
{
	size_t capacity = gathered->capacity * 2;

	/* The last byte is the NUL's, and one more is asked for, to see the end. */
	if (gathered->capacity - gathered->size >= 2)
		return 0;
	/* What the peer says of the size is a hint only: memory grows with what has come. */
	if (!gathered->data)
		capacity = hint > 0 && hint < GATHER_FIRST ? hint + 2 : GATHER_FIRST;
	else if (gathered->size < hint && capacity > hint)
		capacity = hint + 2;
	char *grown = wok_realloc(gathered->data, capacity);
	if (!grown)
		return -ENOMEM;
	gathered->data = grown;
	gathered->capacity = capacity;
	return 0;
}

int wok__gather_body(struct wok__gathered *gathered,
		     ssize_t (*read)(void *self, void *data, size_t size), void *self, size_t hint,
		     size_t max)
{
	ssize_t n = 1;

	for (;;) {
		if (gathered->size > max)
			return wok_fail(WOK_ELIMIT, "the body has more than %zu bytes", max);
		if (n == 0 || gathered->ended)
			break;
		WOK_TRY(gather_room(gathered, hint));
		n = read(self, gathered->data + gathered->size,
			 gathered->capacity - gathered->size - 1);
		if (n < 0)
			return (int) n;
		gathered->size += (size_t) n;
	}
	gathered->data[gathered->size] = '\0';
	gathered->complete = true;
	return 0;
}

static uint32_t limit_or(size_t value, uint32_t otherwise)
{
	return value == 0 ? otherwise : value > UINT32_MAX ? UINT32_MAX : (uint32_t) value;
}

void wok__set_head_limits(struct wok__h1_limits *limits, size_t max_line, size_t max_head,
			  size_t max_headers)
{
	limits->start_line = limit_or(max_line, limits->start_line);
	limits->field_line = limit_or(max_line, limits->field_line);
	limits->head = limit_or(max_head, limits->head);
	limits->fields = limit_or(max_headers, limits->fields);
	/* A field has four bytes at least, "a:" and its line end: more than so many cannot come. */
	if (limits->fields > limits->head / 4)
		limits->fields = limits->head / 4 + 1;
}
