/* SPDX-License-Identifier: MIT */
/*
 * Sending a request: see http/client/upload.h.
 *
 * A server may answer before it has seen the whole body: that it is too large, or not for this
 * user. Then nobody reads the rest, and to go on writing could take for ever. So while a large body
 * goes out, a task looks out for the answer, and ends the upload when it is a refusal. What a
 * server answers while it reads is buffered, up to a limit. If it then takes nothing for a while,
 * it waits for us to read, or has gone: the upload ends, and the caller gets the answer.
 */
#include "http/client/upload.h"

#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "http/h1.h"

enum {
	PIECE = 16 << 10,
	AHEAD_MAX = 256 << 10, /* of an answer that comes while the request still goes */
	INTERIM_MAX = 16,
	WATCHED_FROM = 64 << 10, /* smaller bodies fit the socket's buffer, or nearly so */
	STATUS_AT = 9,           /* in "HTTP/1.1 413 " */
};

enum { PARTS_MAX = 3 };

/* A server that has begun to answer, and takes nothing for so long, will take no more. */
#define STALLED (5 * WOK_SECOND)

/* What is left of some parts when so many bytes of them are gone: how many parts. */
static int advance(struct iovec *parts, int n_parts, size_t gone)
{
	int left = 0;

	for (int i = 0; i < n_parts; i++) {
		size_t some = gone < parts[i].iov_len ? gone : parts[i].iov_len;
		gone -= some;
		if (some < parts[i].iov_len)
			parts[left++] = (struct iovec){(char *) parts[i].iov_base + some,
						       parts[i].iov_len - some};
	}
	return left;
}

/*
 * How long to wait for the server to take something. Once it has begun to answer it may wait for
 * somebody to read that; so the time is looked at again and again.
 */
static wok_time next_look(const struct wok__upload *upload, wok_time waited)
{
	wok_time left =
		upload->write_time == WOK_FOREVER ? WOK_FOREVER : upload->write_time - waited;

	return upload->scope && left > STALLED ? STALLED : left;
}

/* Nothing was taken for so long: whether that is enough. */
static bool gives_up(struct wok__upload *upload, wok_time waited)
{
	upload->timed_out = waited >= upload->write_time;
	/* It has answered, and reads no more: what it says is all that can be had. */
	if (upload->begun && waited >= STALLED)
		upload->answered = upload->stalled = true;
	return upload->timed_out || upload->answered;
}

/* What is to be written: parts in memory, or what is left of a file. */
struct writing {
	struct iovec *parts;
	int n_parts;
	struct wok__source *file; /* NULL: parts */
};

static int write_some(struct wok__upload *upload, const struct writing *writing, size_t *ret_done)
{
	struct wok__source *file = writing->file;
	struct iovec some[PARTS_MAX];

	if (file)
		return wok_stream_sendfile(upload->stream, wok_file_fileno(file->file),
					   file->offset + (off_t) file->taken,
					   (size_t) (file->length - file->taken), ret_done);
	memcpy(some, writing->parts, (size_t) writing->n_parts * sizeof(some[0]));
	return wok_stream_write_parts(upload->stream, some, writing->n_parts, ret_done);
}

static bool is_left(struct writing *writing, size_t gone)
{
	if (writing->file) {
		writing->file->taken += gone;
		return writing->file->taken < writing->file->length;
	}
	writing->n_parts = advance(writing->parts, writing->n_parts, gone);
	return writing->n_parts > 0;
}

/* Write, as long as something is taken in time. */
static int send_in_time(struct wok__upload *upload, struct writing *writing)
{
	wok_time waited = 0;
	size_t done = 0;

	while (is_left(writing, done)) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		wok_time look = next_look(upload, waited);
		int r = 0;

		done = 0;
		WOK_TIMEOUT (&timeout, look) {
			r = write_some(upload, writing, &done);
		}
		r = wok_timeout_result(&timeout, r);
		if (r < 0 && (r != -ETIMEDOUT || !wok_timeout_expired(&timeout)))
			return r;
		waited = done > 0 ? 0 : waited + look;
		if (r < 0 && done == 0 && gives_up(upload, waited))
			return r;
	}
	return 0;
}

static int send_parts(struct wok__upload *upload, struct iovec *parts, int n_parts)
{
	if (upload->write_time == WOK_FOREVER && !upload->scope)
		return wok_stream_write_parts(upload->stream, parts, n_parts, NULL);
	return send_in_time(upload, &(struct writing){.parts = parts, .n_parts = n_parts});
}

static int send_file(struct wok__upload *upload)
{
	int r = send_in_time(upload, &(struct writing){.file = upload->body});

	if (r != WOK_EEOF)
		return r;
	upload->body->failed = true;
	return wok_fail(-EINVAL, "the file became shorter while it was sent");
}

/* What stands behind the last chunk. */
static int send_trailers(struct wok__upload *upload)
{
	struct wok__buffer out = {0};

	wok__buffer_text(&out, "0\r\n");
	for (size_t i = 0; i < upload->n_trailers; i++)
		wok__buffer_field(&out, upload->trailers[i].name, upload->trailers[i].value);
	wok__buffer_text(&out, "\r\n");
	int r = out.error;
	upload->body->failed = r < 0;
	if (r == 0)
		r = send_parts(upload, &(struct iovec){out.data, out.size}, 1);
	wok__buffer_free(&out);
	return r;
}

static int send_chunk(struct wok__upload *upload, char *piece, size_t size)
{
	char size_line[WOK__H1_CHUNK_HEAD_MAX];
	struct iovec parts[] = {
		{size_line, wok__h1_put_chunk_head(size_line, (uint64_t) size)},
		{piece, size},
		{(char *) (uintptr_t) "\r\n", 2},
	};

	return send_parts(upload, parts, 3);
}

/* Send a body that comes in pieces: as it is, or each piece as a chunk. */
static int send_pieces(struct wok__upload *upload, char *piece)
{
	bool chunked = upload->body->length == WOK__LENGTH_UNKNOWN;
	ssize_t n;

	while ((n = wok__source_take(upload->body, piece, PIECE)) > 0) {
		if (chunked)
			WOK_TRY(send_chunk(upload, piece, (size_t) n));
		else
			WOK_TRY(send_parts(upload, &(struct iovec){piece, (size_t) n}, 1));
	}
	return n < 0 || !chunked ? (int) n : send_trailers(upload);
}

static int send_body(struct wok__upload *upload)
{
	if (wok__source_is_file(upload->body))
		return send_file(upload);
	char *piece = wok_alloc(PIECE);
	int r = piece ? send_pieces(upload, piece) : -ENOMEM;
	wok_free(piece);
	return r;
}

static bool is_in_memory(const struct wok__source *body)
{
	return body && wok__source_is_memory(body);
}

static int send_all(struct wok__upload *upload)
{
	struct iovec parts[2];
	int n = 0;

	if (upload->head)
		parts[n++] = (struct iovec){upload->head->data, upload->head->size};
	if (is_in_memory(upload->body) && upload->body->length > 0)
		parts[n++] = (struct iovec){(void *) (uintptr_t) upload->body->data,
					    (size_t) upload->body->length};
	if (n > 0)
		WOK_TRY(send_parts(upload, parts, n));
	return upload->body && !is_in_memory(upload->body) ? send_body(upload) : 0;
}

/* Interim answers at the beginning of some bytes are passed. */
struct answer {
	size_t start;    /* of the first head that is not known to be one */
	size_t searched; /* for its end */
	int n;
};

/* The digit that the status of a final answer begins with; 0 if it has not come. */
static char final_digit(struct answer *answer, wok_view bytes)
{
	static const char end[] = "\r\n\r\n";

	while (bytes.size > answer->start + STATUS_AT && answer->n <= INTERIM_MAX) {
		if (bytes.data[answer->start + STATUS_AT] != '1')
			return bytes.data[answer->start + STATUS_AT];
		size_t from = answer->searched > answer->start ? answer->searched : answer->start;
		const char *found = memmem(bytes.data + from, bytes.size - from, end, 4);
		answer->searched = bytes.size - 3;
		if (!found)
			return 0;
		answer->start = (size_t) (found - bytes.data) + 4;
		answer->n++;
	}
	return 0;
}

/* Look out for an answer. Its bytes stay in the stream's buffer; its end or failure shows later. */
static int watch(void *arg)
{
	struct wok__upload *upload = arg;
	struct answer answer = {0};
	wok_view bytes = {0};
	char digit = 0;
	int r = 1;

	while (r > 0 && digit == 0) {
		r = wok_stream_fill(upload->stream, upload->head_limit, &bytes);
		digit = (char) (r > 0 ? final_digit(&answer, bytes) : 0);
	}
	if (digit > '2') {
		upload->answered = true;
		wok_scope_cancel(upload->scope, "the server has answered already");
	}
	upload->begun = digit != 0;
	/* So that a server which answers while it reads need not wait for us to read that. */
	while (r > 0 && upload->begun && !upload->answered)
		r = wok_stream_fill(upload->stream, upload->head_limit + AHEAD_MAX, &bytes);
	return 0;
}

/* Else a server that goes on reading, once its answer is read, would wait for the rest. */
static void end_sending(struct wok__upload *upload)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		WOK_IGNORE(wok_stream_shutdown(upload->stream));
	}
}

static int send_watched(struct wok__upload *upload)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	upload->scope = scope;
	WOK_TRY(wok_scope_spawn(scope, watch, upload));
	int r = send_all(upload);
	wok_scope_cancel(scope, "the request is sent");
	WOK_TRY(wok_scope_join(scope));
	if (upload->stalled)
		end_sending(upload);
	return upload->answered ? 0 : r;
}

int wok__upload_send(struct wok__upload *upload)
{
	const struct wok__source *body = upload->body;
	bool large = body && (body->read || body->length >= WATCHED_FROM);

	return large ? send_watched(upload) : send_all(upload);
}
