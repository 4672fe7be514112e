/* SPDX-License-Identifier: MIT */
/*
 * A request's body and its reply on HTTP/1.1: see http/server/wire.h.
 *
 * Head and body leave in one system call: a small body is copied behind the head, a large one goes
 * along as a second part.
 */
#include <string.h>
#include <sys/socket.h>
#include <wok/error.h>

#include "http/server/h1_connection.h"
#include "task/park.h"

enum { COPY_MAX = 4096, GATHER_MAX = 16 << 10 };

/* Send parts that stand behind what is in request.out, which is empty, or the first of them. */
static int send_parts(struct wok__h1_connection *h1, struct iovec *parts, int n_parts)
{
	WOK_TRY(wok__h1_flush_begin(h1));
	int r = wok__send_parts(h1->stream, h1->request.server->options.write_timeout, parts,
				n_parts);
	h1->failed |= r < 0; /* some of it has gone, and nobody knows how much */
	return r;
}

/* --- the request's body ----------------------------------------------------------------------- */

bool wok__h1_body_withheld(const struct wok__h1_connection *h1)
{
	return h1->parsed.expect_continue && !h1->continue_sent && !h1->incoming.ended &&
	       wok_stream_buffered(h1->stream).size == 0;
}

bool wok__h1_body_ended(const wok_http_request *request)
{
	return wok__h1_of(request)->incoming.ended;
}

static int send_continue(struct wok__h1_connection *h1)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec part = {(char *) (uintptr_t) text, sizeof(text) - 1};

	/* Nobody wants a body that has been refused already. */
	if (!wok__h1_body_withheld(h1) || h1->request.body_error < 0 ||
	    h1->request.reply != WOK__REPLY_NONE)
		return 0;
	h1->continue_sent = true;
	WOK_TRY(wok__h1_flush(h1));
	return send_parts(h1, &part, 1);
}

static ssize_t h1_read(wok_http_request *request, void *data, size_t size)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);

	WOK_TRY(send_continue(h1));
	return wok__incoming_read(&h1->incoming, data, size);
}

bool wok__h1_drain_body(struct wok__h1_connection *h1)
{
	const wok_http_request *request = &h1->request;
	char unused[4096];
	size_t drained = 0;
	ssize_t n = 0;

	/* Mostly nothing is left: then no time is set for it. */
	if (h1->incoming.ended)
		return request->body_error == 0;
	if (wok__h1_body_withheld(h1))
		return false;
	while (request->body_error == 0 && drained <= WOK__HTTP_DRAIN_MAX &&
	       (n = wok_http_request_read(&h1->request, unused, sizeof(unused))) > 0)
		drained += (size_t) n;
	return n == 0 && h1->incoming.ended && request->body_error == 0;
}

/* --- heads ------------------------------------------------------------------------------------ */

/* Whether the connection will go on behind this reply, which should say so. */
static bool can_go_on(const struct wok__h1_connection *h1, bool streamed)
{
	const struct wok__incoming *incoming = &h1->incoming;
	const wok_http_request *request = &h1->request;

	size_t most = request->server->options.max_requests;

	if (!h1->keep_alive || request->close || request->server->draining ||
	    request->body_error < 0 || (most > 0 && request->connection->n_requests >= most))
		return false;
	if (streamed || incoming->ended)
		return true; /* the handler may read the rest while it writes */
	return !wok__h1_body_withheld(h1) && incoming->body.left <= WOK__HTTP_DRAIN_MAX;
}

static void put_status_line(struct wok__buffer *out, int status)
{
	enum { MOST = 64 };
	char *room = wok__buffer_room(out, MOST);
	int n = room ? wok__h1_put_status_line(room, MOST, status, NULL) : 0;

	if (n < 0)
		out->error = n;
	else
		out->size += (size_t) n;
}

static void h1_begin(wok_http_request *request, const struct wok__reply_head *head)
{
	request->head_at = request->out.size; /* replies before this one may be there */
	put_status_line(&request->out, head->status);
	request->lines_at = request->out.size;
}

/* Decide how the connection goes on, and say that. */
static void put_connection(struct wok__h1_connection *h1, const struct wok__reply_head *head)
{
	wok_http_request *request = &h1->request;
	bool streamed = head->kind == WOK__REPLY_STREAMED && !wok__is_bodiless(head->status);

	h1->chunked = streamed && request->minor > 0;
	/* HTTP/1.0 knows no chunks: there the end of the connection is the end of the body. */
	h1->keep_alive =
		can_go_on(h1, head->kind != WOK__REPLY_WHOLE) && (!streamed || h1->chunked);
	if (h1->chunked)
		wok__buffer_text(&request->out, "Transfer-Encoding: chunked\r\n");
	if (!h1->keep_alive)
		wok__buffer_text(&request->out, "Connection: close\r\n");
	else if (request->minor == 0)
		wok__buffer_text(&request->out, "Connection: keep-alive\r\n");
}

static int end_lines(wok_http_request *request)
{
	struct wok__buffer *out = &request->out;
	int r;

	wok__buffer_text(out, "\r\n");
	r = out->error;
	if (r < 0) {
		out->error = 0;
		out->size = request->head_at;
	}
	return r;
}

/*
 * Send what is in request.out, and a body behind it. While that takes, out must stay as it is: so
 * nobody else may send it.
 */
static int send_out(struct wok__h1_connection *h1, const void *body, size_t size)
{
	WOK_TRY(wok__h1_flush_begin(h1));
	struct wok__buffer *out = &h1->request.out;
	struct iovec parts[] = {
		{out->data, out->size},
		{(void *) (uintptr_t) body, size},
	};
	int r = send_parts(h1, parts, body ? 2 : 1);
	if (r == 0)
		wok__buffer_clear(out);
	return r;
}

/* Whether a reply may wait for the next one, whose request has come, at least in part. */
static bool can_gather(const struct wok__h1_connection *h1, const struct wok__reply_head *head,
		       size_t size)
{
	return head->kind == WOK__REPLY_WHOLE && h1->keep_alive && size <= COPY_MAX &&
	       h1->incoming.ended && h1->request.out.size < GATHER_MAX &&
	       wok_stream_buffered(h1->stream).size > 0;
}

static int h1_head(wok_http_request *request, const struct wok__reply_head *head)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);
	struct wok__buffer *out = &request->out;
	bool kept = h1->keep_alive;
	size_t size = head->bodiless ? 0 : head->body_size;
	int r;

	put_connection(h1, head);
	/* The empty line and the body share the room: the check of it comes behind both. */
	wok__buffer_text(out, "\r\n");
	if (size <= COPY_MAX)
		wok__buffer_add(out, head->body, size);
	r = out->error;
	if (r < 0) {
		h1->keep_alive = kept; /* another head may come */
		out->error = 0;
		out->size = request->head_at;
		return r;
	}
	if (can_gather(h1, head, size) && wok__h1_gather(h1))
		return wok__checkpoint();
	return send_out(h1, size > COPY_MAX ? head->body : NULL, size);
}

static int h1_interim(wok_http_request *request, int status, const struct wok__buffer *lines)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);
	struct wok__buffer *out = &request->out;

	if (request->minor == 0)
		return 0;
	h1_begin(request, &(struct wok__reply_head){.status = status});
	wok__buffer_add(out, lines->data, lines->size);
	WOK_TRY(end_lines(request));
	return send_out(h1, NULL, 0);
}

static int h1_upgrade(wok_http_request *request, const struct wok__reply_head *head,
		      wok_stream **ret_stream)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);

	(void) head;
	WOK_TRY(end_lines(request));
	WOK_TRY(send_out(h1, NULL, 0));
	h1->keep_alive = false;
	*ret_stream = h1->stream;
	return 0;
}

/* --- bodies in pieces ------------------------------------------------------------------------- */

static int h1_piece(wok_http_request *request, const void *data, size_t size)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);
	char size_line[WOK__H1_CHUNK_HEAD_MAX];
	struct iovec whole = {(void *) (uintptr_t) data, size};

	if (!h1->chunked)
		return send_parts(h1, &whole, 1);
	struct iovec parts[] = {
		{size_line, wok__h1_put_chunk_head(size_line, size)},
		whole,
		{(char *) (uintptr_t) "\r\n", 2},
	};
	return send_parts(h1, parts, 3);
}

/* As wok__send_parts(): each piece that goes out starts the time anew. */
static int send_file(struct wok__h1_connection *h1, int file, off_t offset, size_t size)
{
	size_t done;
	int r = 0;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		done = 0;
		WOK_TIMEOUT (&timeout, h1->request.server->options.write_timeout) {
			r = wok_stream_sendfile(h1->stream, file, offset, size, &done);
		}
		r = wok_timeout_result(&timeout, r);
		offset += (off_t) done;
		size -= done;
	} while (r == -ETIMEDOUT && done > 0 && size > 0);
	return r == -ETIMEDOUT ? wok_fail(r, "the client does not read its reply") : r;
}

static int h1_file(wok_http_request *request, int file, off_t offset, size_t size)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);
	char size_line[WOK__H1_CHUNK_HEAD_MAX];

	if (!h1->chunked)
		return send_file(h1, file, offset, size);
	struct iovec before = {size_line, wok__h1_put_chunk_head(size_line, size)};
	struct iovec behind = {(char *) (uintptr_t) "\r\n", 2};
	WOK_TRY(send_parts(h1, &before, 1));
	WOK_TRY(send_file(h1, file, offset, size));
	return send_parts(h1, &behind, 1);
}

static int h1_end(wok_http_request *request, const struct wok__buffer *trailers)
{
	struct wok__h1_connection *h1 = wok__h1_of(request);
	struct iovec parts[] = {
		{(char *) (uintptr_t) "0\r\n", 3},
		{trailers ? trailers->data : NULL, trailers ? trailers->size : 0},
		{(char *) (uintptr_t) "\r\n", 2},
	};
	struct iovec last = {(char *) (uintptr_t) "0\r\n\r\n", 5};

	if (!h1->chunked || request->bodiless)
		return 0;
	return trailers ? send_parts(h1, parts, 3) : send_parts(h1, &last, 1);
}

/*
 * Chunks lack their end then, a Content-Length its bytes; a body that ends with its connection
 * needs a reset instead of an orderly end.
 */
static void h1_abort(wok_http_request *request)
{
	const struct wok__h1_connection *h1 = wok__h1_of(request);
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	int fd = wok_stream_fd(h1->stream);

	request->connection->broken = true;
	if (!h1->chunked && fd >= 0)
		(void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

const struct wok__server_wire wok__h1_server_wire = {
	.read = h1_read,
	.interim = h1_interim,
	.begin = h1_begin,
	.head = h1_head,
	.piece = h1_piece,
	.file = h1_file,
	.end = h1_end,
	.abort = h1_abort,
	.upgrade = h1_upgrade,
};
