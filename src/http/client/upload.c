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

#include <wok/error.h>
#include <wok/memory.h>

#include "http/h1.h"

enum {
	PIECE = 16 << 10,
	WATCHED_FROM = 64 << 10, /* smaller bodies fit the socket's buffer, or nearly so */
	STATUS_AT = 9,           /* in "HTTP/1.1 413 " */
};

/* Send a body that comes in pieces, each a chunk. */
static int send_chunks(struct wok__upload *upload, char *piece)
{
	ssize_t n;

	do {
		char size_line[WOK__H1_CHUNK_HEAD_MAX];
		n = wok__source_take(upload->body, piece, PIECE);
		if (n < 0)
			return (int) n;
		struct iovec parts[] = {
			{size_line, wok__h1_put_chunk_head(size_line, (uint64_t) n)},
			{piece, (size_t) n},
			{(char *) (uintptr_t) "\r\n", 2},
		};
		WOK_TRY(wok_stream_write_parts(upload->stream, parts, 3, NULL));
	} while (n > 0);
	return 0;
}

static int send_all(struct wok__upload *upload)
{
	const struct wok__source *body = upload->body;
	bool in_memory = !body->read && body->length > 0;
	struct iovec parts[] = {
		{upload->head->data, upload->head->size},
		{(void *) (uintptr_t) body->data, in_memory ? (size_t) body->length : 0},
	};

	WOK_TRY(wok_stream_write_parts(upload->stream, parts, in_memory ? 2 : 1, NULL));
	if (!body->read)
		return 0;
	char *piece = wok_alloc(PIECE);
	int r = piece ? send_chunks(upload, piece) : -ENOMEM;
	wok_free(piece);
	return r;
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
	bool large = upload->body->read || upload->body->length >= WATCHED_FROM;

	return large ? send_watched(upload) : send_all(upload);
}
