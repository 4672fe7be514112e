/* SPDX-License-Identifier: MIT */
#ifndef WOK_SSE_H
#define WOK_SSE_H
#include <wok/http_client.h>
#include <wok/http_server.h>

WOK_BEGIN_DECLS

/*
 * Server-sent events (text/event-stream): texts that a server sends as they come, over a response
 * that does not end, and that a client gets without a gap though the connection breaks.
 */

/* An event. */
typedef struct {
	const char *type; /* "message" if the server does not say */
	const char *data; /* lines that came one by one are joined by "\n" */
	size_t size;      /* of data, which may have NULs, and has one behind it */
	const char *id;   /* the last one that came, "" before any */
} wok_sse_event;

/* --- the client ------------------------------------------------------------------------------- */

/* Where events come from. It connects again whenever the connection ends. */
typedef struct wok_sse_source wok_sse_source;

/* How to listen. Zero in a field means the default. */
typedef struct {
	/* For each request: headers, time limits ... Borrowed as long as the source lives. The time
	 * limit of the whole is WOK_FOREVER here. */
	const wok_http_options *request;
	const char *last_id;   /* to go on behind: as if this one had been the last; none */
	wok_time retry;        /* before connecting again, until the server says another; 3 s */
	wok_time min_retry;    /* the least that the server can say; 100 ms */
	wok_time max_retry;    /* the most that it can say, and what a pause grows to when it cannot
				  be reached, or ends without an event; 1 min */
	unsigned max_failures; /* in a row, before the last error is returned; no limit */
	size_t max_event;      /* bytes; more is WOK_ELIMIT; 1 MiB */
	wok_time silence; /* with nothing from the server, not even a comment, it is taken for dead;
			     45 s */
} wok_sse_options;

/**
 * Connect to a server of events.
 *
 * session:    as wok_http_get(); held as long as the source lives
 * url:        copied
 * options:    NULL for the defaults; copied, but for what it points to
 * Returns:    0; WOK_EPEER if the answer is no stream of events; as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_sse_connect(wok_http_session *session, const char *url, const wok_sse_options *options,
		    wok_sse_source **ret_source) WOK_MUST_CHECK;

/**
 * Wait for the next event. When the connection ends, or fails, it is made again after a while, with
 * the last id, so that the server can send what was missed.
 *
 * ret_event:  its texts live until the next call
 * Returns:    1; 0 if the server wants no more of us (it has answered 204); WOK_EPEER if it answers
 *             with something else than events; WOK_ELIMIT; -ESHUTDOWN if the session was freed; the
 *             last error after max_failures; -ENOMEM; -ECANCELED, and then nothing is lost
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_sse_next(wok_sse_source *source, wok_sse_event *ret_event) WOK_MUST_CHECK;

/**
 * Close the connection, and release the source.
 *
 * source:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the session's loop
 */
void wok_sse_source_free(wok_sse_source *source);
WOK_DEFINE_AUTO(wok_sse_source)

/* --- the server ------------------------------------------------------------------------------- */

/* Events that a handler sends. */
typedef struct wok_sse_stream wok_sse_stream;

/* How to send. Zero in a field means the default. */
typedef struct {
	wok_time keep_alive; /* a comment is sent after so long a silence; 15 s */
	wok_time retry;      /* what the client is to wait before it connects again; not said */
	const wok_http_header *headers; /* of the reply, besides those for events */
	size_t n_headers;
} wok_sse_stream_options;

/**
 * Begin to reply with events, and keep the connection alive by comments while the handler waits.
 * From now on until the stream is freed, the handler is in a scope that is cancelled when the
 * client leaves or the server stops: its waits then fail with -ECANCELED, which it may return.
 *
 * options:    NULL for the defaults; borrowed for the call
 * ret_stream: to be freed before the handler returns
 * Returns:    0; as wok_http_reply_begin()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sse_begin(wok_http_request *request, const wok_sse_stream_options *options,
		  wok_sse_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Send an event. Several tasks may do so.
 *
 * type:       NULL for none; without line ends
 * id:         NULL for none, which the client then keeps; without line ends and NULs
 * data:       any text; sent line by line
 * Returns:    0; -EINVAL for a line end in type or id; -EPIPE, -ECONNRESET ... if the client left;
 *             -ETIMEDOUT if it does not read; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sse_send(wok_sse_stream *stream, const char *type, const char *id, const char *data)
	WOK_MUST_CHECK;

/**
 * What the client had last, before it connected again.
 *
 * Returns:    its Last-Event-ID, which lives as long as the request; NULL if it has had none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_sse_last_id(const wok_http_request *request);

/**
 * End the comments, and release the stream. The reply ends with the handler.
 *
 * stream:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_sse_stream_free(wok_sse_stream *stream);
WOK_DEFINE_AUTO(wok_sse_stream)

WOK_END_DECLS
#endif
