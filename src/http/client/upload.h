/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_UPLOAD_H
#define WOK_HTTP_CLIENT_UPLOAD_H
#include <wok/scope.h>
#include <wok/stream.h>

#include "http/buffer.h"
#include "http/client/source.h"

/* A request that is sent. */
struct wok__upload {
	wok_stream *stream;
	const struct wok__buffer *head; /* NULL: it is sent already */
	struct wok__source *body;       /* NULL: not now */
	const wok_http_header *trailers;
	size_t n_trailers;
	size_t head_limit;   /* bytes of the answer to buffer at most */
	wok_time write_time; /* that may pass while nothing is taken */
	bool timed_out;      /* it did */
	bool begun;          /* the final answer has; it is no refusal */
	bool stalled;        /* and then the server has taken nothing for long */
	bool answered;       /* before all was sent; what is left stays unsent */
	wok_scope *scope;    /* of a large upload and the look-out for an answer */
};

/*
 * Send the head and the body, as long as the server does not answer that it does not want it.
 * 0, also if it did; else the error of the connection or, if body->failed, of the body's source.
 */
int wok__upload_send(struct wok__upload *upload);
#endif
