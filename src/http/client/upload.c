/* SPDX-License-Identifier: MIT */
/*
 * Sending a request: see http/client/upload.h.
 *
 * A server may answer before it has seen the whole body: that it is too large, or not for this
 * user. Then nobody reads the rest, and to go on writing could take for ever. So while a large body
 * goes out, a task looks out for the answer, and ends the upload when it is a refusal. Anything
 * else waits until all is sent: an interim answer, or the result of a server that answers while it
 * reads.
 */
#include "http/client/upload.h"

#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "http/h1.h"

enum {
	PIECE = 16 << 10,
	WATCHED_FROM = 64 << 10, /* smaller bodies fit the socket's buffer, or nearly so */
	STATUS_AT = 9,           /* in "HTTP/1.1 413 " */
};

enum { PARTS_MAX = 3 };

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

/* Write, as long as something is taken in time. */
static int send_parts(struct wok__upload *upload, struct iovec *parts, int n_parts)
{
	if (upload->write_time == WOK_FOREVER)
		return wok_stream_write_parts(upload->stream, parts, n_parts, NULL);
	while (n_parts > 0) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct iovec some[PARTS_MAX];
		size_t done = 0;
		int r = 0;

		memcpy(some, parts, (size_t) n_parts * sizeof(some[0]));
		WOK_TIMEOUT (&timeout, upload->write_time) {
			r = wok_stream_write_parts(upload->stream, some, n_parts, &done);
		}
		r = wok_timeout_result(&timeout, r);
		upload->timed_out = r == -ETIMEDOUT && done == 0;
		if (r < 0 && (r != -ETIMEDOUT || done == 0))
			return r;
		n_parts = advance(parts, n_parts, done);
	}
	return 0;
}

/* The same for a file. */
static int send_file(struct wok__upload *upload)
{
	struct wok__source *body = upload->body;
	int r = 0;

	while (body->taken < body->length) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		size_t done = 0;

		WOK_TIMEOUT (&timeout, upload->write_time) {
			r = wok_stream_sendfile(upload->stream, wok_file_fileno(body->file),
						body->offset + (off_t) body->taken,
						(size_t) (body->length - body->taken), &done);
		}
		r = wok_timeout_result(&timeout, r);
		body->taken += done;
		upload->timed_out = r == -ETIMEDOUT && done == 0;
		if (r == WOK_EEOF) {
			body->failed = true;
			return wok_fail(-EINVAL, "the file became shorter while it was sent");
		}
		if (r < 0 && (r != -ETIMEDOUT || done == 0))
			return r;
	}
	return 0;
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

/* Look out for an answer. Its bytes stay in the stream's buffer; its end or failure shows later. */
static int watch(void *arg)
{
	struct wok__upload *upload = arg;
	wok_view bytes = {0};
	int r = 1;

	while (r > 0 && bytes.size <= STATUS_AT)
		r = wok_stream_fill(upload->stream, upload->head_limit, &bytes);
	if (r > 0 && bytes.data[STATUS_AT] > '2') {
		upload->answered = true;
		wok_scope_cancel(upload->scope, "the server has answered already");
	}
	return 0;
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
	return upload->answered ? 0 : r;
}

int wok__upload_send(struct wok__upload *upload)
{
	const struct wok__source *body = upload->body;
	bool large = body && (body->read || body->length >= WATCHED_FROM);

	return large ? send_watched(upload) : send_all(upload);
}
