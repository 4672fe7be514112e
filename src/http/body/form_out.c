/* SPDX-License-Identifier: MIT */
/*
 * Forms that are sent as multipart/form-data: see wok_http_form_new().
 *
 * What stands before a part's data is rendered when the part is added, so that all is checked then,
 * and the size of the whole is known. While the form goes out, it is a row of pieces: head, data
 * and line end of each part, and the last boundary.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/file.h>
#include <wok/http_form.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/buffer.h"
#include "http/h1.h"
#include "platform/path.h"
#include "task/park.h"

enum { RANDOM_BYTES = 16, BOUNDARY = 4 + 2 * RANDOM_BYTES };

struct part {
	struct wok__buffer head; /* boundary, header and empty line */
	const char *data;        /* or */
	char *text;              /* a copy of it, or */
	wok_file *file;          /* or */
	ssize_t (*read)(void *arg, void *data, size_t size);
	void *arg;
	uint64_t size; /* UINT64_MAX: not known */
};

/* What goes out now. */
enum piece { HEAD, DATA, TAIL };

struct wok_http_form {
	char boundary[BOUNDARY + 1];
	char type[sizeof("multipart/form-data; boundary=") + BOUNDARY];
	char end[BOUNDARY + 7]; /* the last boundary with its hyphens and line end */
	struct part *parts;
	size_t n, capacity;
	bool begun;
	size_t at; /* the part that goes out; n: the end */
	enum piece piece;
	uint64_t done; /* of the piece */
};

int wok_http_form_new(wok_http_form **ret_form)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[RANDOM_BYTES];
	wok_http_form *form = wok__alloc_zeroed(sizeof(*form));
	char *p;

	if (!form)
		return -ENOMEM;
	int r = wok__sys_random_bytes(random, sizeof(random));
	if (r < 0) {
		wok_free(form);
		return wok_fail(r, "no random bytes for the boundary of a form");
	}
	p = stpcpy(form->boundary, "wok-");
	for (size_t i = 0; i < RANDOM_BYTES; i++) {
		*p++ = digits[random[i] >> 4];
		*p++ = digits[random[i] & 15];
	}
	stpcpy(stpcpy(form->type, "multipart/form-data; boundary="), form->boundary);
	stpcpy(stpcpy(stpcpy(form->end, "--"), form->boundary), "--\r\n");
	*ret_form = form;
	return 0;
}

static void part_free(struct part *part)
{
	wok__buffer_free(&part->head);
	wok_free(part->text);
	wok_file_free(part->file);
}

void wok_http_form_free(wok_http_form *form)
{
	if (!form)
		return;
	for (size_t i = 0; i < form->n; i++)
		part_free(&form->parts[i]);
	wok_free(form->parts);
	wok_free(form);
}

/* --- heads of parts --------------------------------------------------------------------------- */

static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text >= 0x80)
			return false;
	return true;
}

/* In quotes: browsers write %22 for a quote, and every server's reader knows "\\". */
static void put_quoted(struct wok__buffer *out, const char *text)
{
	wok__buffer_text(out, "\"");
	for (; *text; text++) {
		if (*text == '"')
			wok__buffer_text(out, "%22");
		else
			wok__buffer_add(out, *text == '\\' ? "\\\\" : text, *text == '\\' ? 2 : 1);
	}
	wok__buffer_text(out, "\"");
}

/* For who does not take bytes beyond ASCII for UTF-8: RFC 8187. */
static void put_extended(struct wok__buffer *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	wok__buffer_text(out, "; filename*=UTF-8''");
	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;
		bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			     strchr("!#$&+-.^_`|~", c);
		if (plain)
			wok__buffer_add(out, text, 1);
		else
			wok__buffer_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

static void put_disposition(struct wok__buffer *out, const char *name, const char *filename)
{
	wok__buffer_text(out, "Content-Disposition: form-data; name=");
	put_quoted(out, name);
	if (filename) {
		wok__buffer_text(out, "; filename=");
		put_quoted(out, filename);
		if (!is_ascii(filename))
			put_extended(out, filename);
	}
	wok__buffer_text(out, "\r\n");
}

static int put_head(const wok_http_form *form, struct wok__buffer *out, const char *name,
		    const wok_http_form_part *part)
{
	const char *type = part->content_type;

	if (!is_clean(name) || (part->filename && !is_clean(part->filename)))
		return wok_fail(-EINVAL, "a name in a form has a control character");
	if (!type && part->filename)
		type = "application/octet-stream";
	wok__buffer_text(out, "--");
	wok__buffer_text(out, form->boundary);
	wok__buffer_text(out, "\r\n");
	put_disposition(out, name, part->filename);
	if (type)
		wok__buffer_field(out, "Content-Type", type);
	for (size_t i = 0; i < part->n_headers; i++)
		wok__buffer_field(out, part->headers[i].name, part->headers[i].value);
	wok__buffer_text(out, "\r\n");
	return out->error;
}

/* Add a part whose source is set; on failure that stays the caller's. */
static int add(wok_http_form *form, struct part source, const char *name,
	       const wok_http_form_part *part)
{
	if (form->begun)
		return wok_fail(-EBUSY, "this form is being sent already");
	if (wok__grow((void **) &form->parts, &form->capacity, form->n + 1,
		      sizeof(form->parts[0])) < 0)
		return -ENOMEM;
	int r = put_head(form, &source.head, name, part);
	if (r < 0) {
		wok__buffer_free(&source.head);
		return r;
	}
	form->parts[form->n++] = source;
	return 0;
}

int wok_http_form_add(wok_http_form *form, const char *name, const char *text)
{
	const wok_http_form_part plain = {0};
	struct part part = {.text = wok__strdup(text), .size = strlen(text)};

	if (!part.text)
		return -ENOMEM;
	part.data = part.text;
	int r = add(form, part, name, &plain);
	if (r < 0)
		wok_free(part.text);
	return r;
}

int wok_http_form_add_part(wok_http_form *form, const char *name, const wok_http_form_part *part)
{
	if (part->data && part->read)
		return wok_fail(-EINVAL, "a part of a form comes from data or from read");
	if (part->size > 0 && !part->data && !part->read)
		return wok_fail(-EINVAL, "a part of a form has a size and no data");
	struct part source = {
		.data = part->data,
		.read = part->read,
		.arg = part->arg,
		.size = part->read && part->size == 0 ? UINT64_MAX : part->size,
	};
	return add(form, source, name, part);
}

int wok_http_form_add_file(wok_http_form *form, const char *name, const char *path,
			   const char *filename, const char *content_type)
{
	const char *slash = strrchr(path, '/');
	const wok_http_form_part part = {
		.filename = filename ? filename
			    : slash  ? slash + 1
				     : path,
		.content_type = content_type,
	};
	struct part source = {0};

	WOK_TRY(wok_file_open(path, "r", &source.file));
	off_t size = wok_file_size(source.file);
	source.size = (uint64_t) size;
	int r = size < 0 ? (int) size : add(form, source, name, &part);
	if (r < 0)
		wok_file_free(source.file);
	return r;
}

/* --- what is sent ----------------------------------------------------------------------------- */

const char *wok_http_form_type(const wok_http_form *form)
{
	return form->type;
}

uint64_t wok_http_form_size(const wok_http_form *form)
{
	uint64_t size = strlen(form->end);

	for (size_t i = 0; i < form->n; i++) {
		const struct part *part = &form->parts[i];
		uint64_t more = part->head.size + 2;
		if (part->size > UINT64_MAX - size - more)
			return UINT64_MAX;
		size += more + part->size;
	}
	return size;
}

int wok_http_form_rewind(void *arg)
{
	wok_http_form *form = arg;

	for (size_t i = 0; i < form->n; i++)
		if (form->parts[i].read && form->begun)
			return wok_fail(-ESPIPE, "a form with a part that comes from a function "
						 "cannot be sent again");
	form->at = 0;
	form->piece = HEAD;
	form->done = 0;
	return 0;
}

static void next_piece(wok_http_form *form)
{
	form->done = 0;
	if (form->piece == TAIL)
		form->at++;
	form->piece = form->piece == TAIL ? HEAD : form->piece + 1;
}

/* Bytes that are there. */
static size_t copy(wok_http_form *form, const char *from, uint64_t size, char *data, size_t room)
{
	uint64_t left = size - form->done;
	size_t n = left < room ? (size_t) left : room;

	if (n > 0)
		memcpy(data, from + form->done, n);
	form->done += n;
	if (form->done == size)
		next_piece(form);
	return n;
}

static int too_short(const wok_http_form *form)
{
	return wok_fail(WOK_EEOF, "part %zu of the form ends after %llu bytes, not %llu",
			form->at + 1, (unsigned long long) form->done,
			(unsigned long long) form->parts[form->at].size);
}

/* Bytes that have to be waited for: how many; 0 at the part's end. */
static ssize_t take(wok_http_form *form, char *data, size_t room)
{
	struct part *part = &form->parts[form->at];
	uint64_t left = part->size - form->done;
	ssize_t n = 0;

	room = left < room ? (size_t) left : room;
	if (room > 0 && part->file)
		n = wok_file_pread(part->file, data, room, (off_t) form->done);
	else if (room > 0)
		n = part->read(part->arg, data, room);
	if (n < 0)
		return n;
	form->done += (uint64_t) n;
	if (n == 0 && part->size != UINT64_MAX && form->done < part->size)
		return too_short(form);
	if (n == 0 || form->done == part->size)
		next_piece(form);
	return n;
}

static ssize_t step(wok_http_form *form, char *data, size_t room)
{
	struct part *part = &form->parts[form->at];

	if (form->piece == HEAD)
		return (ssize_t) copy(form, part->head.data, part->head.size, data, room);
	if (form->piece == TAIL)
		return (ssize_t) copy(form, "\r\n", 2, data, room);
	if (part->file || part->read)
		return take(form, data, room);
	return (ssize_t) copy(form, part->data, part->size, data, room);
}

/* Whether the next piece has to be waited for: what is there then goes out first. */
static bool must_wait(const wok_http_form *form)
{
	const struct part *part = &form->parts[form->at];

	return form->piece == DATA && (part->file || part->read);
}

static ssize_t fill(wok_http_form *form, char *data, size_t size)
{
	size_t done = 0;

	while (done < size && form->at < form->n) {
		if (done > 0 && must_wait(form))
			return (ssize_t) done;
		ssize_t n = step(form, data + done, size - done);
		if (n < 0)
			return n;
		done += (size_t) n;
	}
	if (done < size && form->at == form->n) {
		size_t whole = strlen(form->end), left = whole - (size_t) form->done;
		size_t n = left < size - done ? left : size - done;
		memcpy(data + done, form->end + form->done, n);
		form->done += n;
		done += n;
	}
	return (ssize_t) done;
}

ssize_t wok_http_form_read(void *arg, void *data, size_t size)
{
	wok_http_form *form = arg;

	WOK_TRY(wok__check());
	form->begun = true;
	ssize_t n = fill(form, data, size);
	wok__spend();
	return n;
}

void wok_http_form_body(wok_http_form *form, wok_http_options *options)
{
	uint64_t size = wok_http_form_size(form);
	bool again = true;

	for (size_t i = 0; i < form->n; i++)
		again &= !form->parts[i].read;
	options->body = NULL;
	options->body_size = 0;
	options->body_file = NULL;
	options->body_read = wok_http_form_read;
	options->body_rewind = again ? wok_http_form_rewind : NULL;
	options->body_arg = form;
	options->body_length = size == UINT64_MAX ? 0 : size;
	options->content_type = form->type;
}
