/* SPDX-License-Identifier: MIT */
/*
 * Reading a multipart body part by part: see wok_http_multipart_open().
 *
 * The bytes come through one buffer, which is as large as a piece, and grows only for a header that
 * needs more room.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/file.h>
#include <wok/fs.h>
#include <wok/http_form.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "base/message.h"
#include "http/body/multipart.h"
#include "http/body/part.h"
#include "http/server/connection.h"
#include "task/park.h"

enum { PARTS_DEFAULT = 1000, HEAD_DEFAULT = 8192, TEXT_DEFAULT = 65536, BUFFER = 16 << 10 };

struct wok_http_multipart {
	wok_http_request *request;
	struct wok__multipart parser;
	struct wok__part part;
	bool in_part, ended;
	char *buffer;
	size_t capacity, at, size; /* what has come and was not consumed: [at, size) */
	wok_view piece;            /* of the part's data, not handed out yet */
	struct wok__gathered text; /* of wok_http_multipart_text() */
};

static int blame(wok_http_multipart *multipart, int r)
{
	if (r == WOK_EPEER || r == WOK_ELIMIT || r == WOK_EEOF)
		multipart->request->body_error = r;
	return r;
}

static int prepare(wok_http_multipart *multipart, const char *boundary,
		   const wok_http_multipart_options *options)
{
	const struct wok__multipart_limits limits = {
		.parts = options->max_parts ? options->max_parts : PARTS_DEFAULT,
		.head = options->max_part_head ? options->max_part_head : HEAD_DEFAULT,
		.part = options->max_part ? options->max_part : UINT64_MAX,
		.bytes = UINT64_MAX, /* the server counts them */
	};

	if (wok__multipart_init(&multipart->parser, (wok_view){boundary, strlen(boundary)},
				&limits) < 0)
		return wok_fail(WOK_EPEER, "the Content-Type of the form has no good boundary");
	multipart->capacity = BUFFER;
	multipart->buffer = wok_alloc(BUFFER);
	return multipart->buffer ? 0 : -ENOMEM;
}

int wok_http_multipart_open(wok_http_request *request, const wok_http_multipart_options *options,
			    wok_http_multipart **ret_multipart)
{
	const wok_http_multipart_options defaults = {0};
	WOK_AUTO(wok_http_multipart) *multipart = wok__alloc_zeroed(sizeof(*multipart));
	char *boundary;

	if (!multipart)
		return -ENOMEM;
	multipart->request = request;
	int r = wok__multipart_boundary(wok_http_request_header(request, "Content-Type"),
					&boundary);
	if (r == 0)
		r = wok_fail(WOK_EPEER, "the request's body is no form of type "
					"multipart/form-data");
	if (r < 0)
		return blame(multipart, r);
	r = prepare(multipart, boundary, options ? options : &defaults);
	wok_free(boundary);
	if (r < 0)
		return blame(multipart, r);
	*ret_multipart = WOK_TAKE(multipart);
	return 0;
}

void wok_http_multipart_free(wok_http_multipart *multipart)
{
	if (!multipart)
		return;
	wok__part_free(&multipart->part);
	wok_free(multipart->buffer);
	wok_free(multipart->text.data);
	wok_free(multipart);
}

/* Room for more behind what the parser left. */
static int make_room(wok_http_multipart *multipart)
{
	size_t left = multipart->size - multipart->at;

	if (multipart->at > 0) {
		memmove(multipart->buffer, multipart->buffer + multipart->at, left);
		multipart->at = 0;
		multipart->size = left;
	}
	if (left < multipart->capacity)
		return 0;
	/* Only a header makes the parser wait for so much; it has a limit itself. */
	char *grown = wok_realloc(multipart->buffer, 2 * multipart->capacity);
	if (!grown)
		return -ENOMEM;
	multipart->buffer = grown;
	multipart->capacity *= 2;
	return 0;
}

/* Wait for more bytes: 1; 0 at the end of the body. */
static int fill(wok_http_multipart *multipart)
{
	WOK_TRY(make_room(multipart));
	ssize_t n = wok_http_request_read(multipart->request, multipart->buffer + multipart->size,
					  multipart->capacity - multipart->size);
	if (n > 0)
		multipart->size += (size_t) n;
	return n < 0 ? (int) n : n > 0;
}

/* The next event of the parser; WOK__MULTIPART_END also at the end of the body. */
static int next_event(wok_http_multipart *multipart, wok_view *ret_piece)
{
	for (;;) {
		size_t consumed;
		int event =
			wok__multipart_feed(&multipart->parser, multipart->buffer + multipart->at,
					    multipart->size - multipart->at, &consumed, ret_piece);
		multipart->at += consumed;
		if (event != WOK__MULTIPART_MORE)
			return event;
		int r = fill(multipart);
		if (r < 0)
			return r;
		if (r == 0)
			return multipart->ended ? WOK__MULTIPART_END
						: wok__multipart_eof(&multipart->parser);
	}
}

/* Behind the last boundary: read the rest of the body, so that its end is in order. */
static int finish(wok_http_multipart *multipart)
{
	wok_view unused;
	int r;

	multipart->ended = true;
	multipart->in_part = false;
	while ((r = next_event(multipart, &unused)) >= 0 && r != WOK__MULTIPART_END)
		;
	return r < 0 ? r : 0;
}

static int next_part(wok_http_multipart *multipart, wok_http_part *ret_part)
{
	struct wok__part *part = &multipart->part;
	int event = multipart->ended ? WOK__MULTIPART_END : WOK__MULTIPART_DATA;
	wok_view piece = {0};

	while (event == WOK__MULTIPART_DATA || event == WOK__MULTIPART_PART_END) {
		event = next_event(multipart, &piece);
		if (event == WOK__MULTIPART_PART_END)
			multipart->in_part = false;
	}
	multipart->piece = (wok_view){0};
	if (event < 0)
		return event;
	if (event == WOK__MULTIPART_END)
		return finish(multipart);
	wok_free(WOK_TAKE(multipart->text.data));
	multipart->text = (struct wok__gathered){0};
	multipart->in_part = true;
	WOK_TRY(wok__part_parse(part, piece.data, piece.size));
	*ret_part = (wok_http_part){part->name, part->filename, part->content_type};
	return 1;
}

int wok_http_multipart_next(wok_http_multipart *multipart, wok_http_part *ret_part)
{
	WOK_TRY(wok__check());
	int r = blame(multipart, next_part(multipart, ret_part));
	wok__spend();
	return r;
}

const char *wok_http_multipart_header(const wok_http_multipart *multipart, const char *name)
{
	return multipart->part.head.data ? wok__head_value(&multipart->part.head, name) : NULL;
}

static ssize_t read_part(wok_http_multipart *multipart, void *data, size_t size)
{
	wok_view *piece = &multipart->piece;

	if (piece->size == 0 && multipart->in_part && size > 0) {
		int event = next_event(multipart, piece);
		if (event < 0)
			return event;
		multipart->in_part = event == WOK__MULTIPART_DATA;
		if (!multipart->in_part)
			*piece = (wok_view){0};
	}
	size_t n = piece->size < size ? piece->size : size;
	if (n == 0)
		return 0;
	memcpy(data, piece->data, n);
	*piece = (wok_view){piece->data + n, piece->size - n};
	return (ssize_t) n;
}

ssize_t wok_http_multipart_read(wok_http_multipart *multipart, void *data, size_t size)
{
	WOK_TRY(wok__check());
	ssize_t n = read_part(multipart, data, size);
	wok__spend();
	return n < 0 ? blame(multipart, (int) n) : n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	return wok_http_multipart_read(self, data, size);
}

int wok_http_multipart_text(wok_http_multipart *multipart, size_t max, wok_view *ret_text)
{
	struct wok__gathered *text = &multipart->text;

	if (text->complete)
		WOK_TRY(wok__checkpoint());
	else
		WOK_TRY(blame(multipart, wok__gather_body(text, read_some, multipart, 0,
							  max ? max : TEXT_DEFAULT)));
	*ret_text = (wok_view){text->data, text->size};
	return 0;
}

static int copy_to(wok_http_multipart *multipart, wok_file *file, uint64_t *ret_size)
{
	char *piece = wok_alloc(BUFFER);
	ssize_t n = piece ? 1 : -ENOMEM;
	uint64_t size = 0;

	while (n > 0) {
		n = wok_http_multipart_read(multipart, piece, BUFFER);
		int r = n > 0 ? wok_file_write(file, piece, (size_t) n) : 0;
		size += n > 0 ? (uint64_t) n : 0;
		n = r < 0 ? r : n;
	}
	wok_free(piece);
	*ret_size = size;
	return (int) n;
}

int wok_http_multipart_save(wok_http_multipart *multipart, const char *path, uint64_t *ret_size)
{
	WOK_AUTO(wok_file) *file = NULL;
	uint64_t size;

	WOK_TRY(wok_file_open(path, "wx", &file));
	int r = copy_to(multipart, file, &size);
	int closed = wok_file_close(file);
	r = r < 0 ? r : closed;
	if (r < 0) {
		struct wok__saved_error saved = wok__error_save();
		WOK_SHIELD (WOK_SECOND) {
			WOK_IGNORE(wok_fs_remove(path));
		}
		wok__error_restore(saved);
		return r;
	}
	if (ret_size)
		*ret_size = size;
	return 0;
}
