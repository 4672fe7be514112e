/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_H2_PARTS_H
#define WOK_HTTP_H2_PARTS_H
/* What the files of h2/ share among themselves. */
#include <nghttp2/nghttp2.h>

#include "http/h2/h2.h"

/* --- the session (session.c) ------------------------------------------------------------------ */

int wok__h2_session_new(struct wok__h2 *h2);

/* Around what may call callbacks: nobody waits there. */
const char *wok__h2_enter(void);
void wok__h2_leave(const char *before);

/* An error of nghttp2's own functions, as wok's. */
int wok__h2_to_wok(struct wok__h2 *h2, int error);

/* --- what comes (receive.c, head.c) ----------------------------------------------------------- */

/* How many seconds' noise may come at once. */
enum { WOK__H2_NOISE_BURST = 10 };

void wok__h2_receive_callbacks(nghttp2_session_callbacks *callbacks);

/* A server that drains names the last stream that it will answer. */
void wok__h2_say_last(struct wok__h2 *h2);

/* A frame that only makes work. Too many of them, and the connection is over. */
void wok__h2_count_noise(struct wok__h2 *h2);

/* A field of a head. It is over a limit, or there is no memory: head->error says so. */
void wok__h2_head_add(struct wok__h2_stream *stream, wok_view name, wok_view value);

/* All fields are there: 0, or -1 if they contradict each other. */
int wok__h2_head_complete(struct wok__h2_stream *stream);
void wok__h2_head_free(struct wok__h2_head *head);

/* --- what goes (send.c) ----------------------------------------------------------------------- */

void wok__h2_send_callbacks(nghttp2_session_callbacks *callbacks);

/* --- streams (stream.c) ----------------------------------------------------------------------- */

/* A stream that the session knows, and nobody owns; NULL without memory. */
struct wok__h2_stream *wok__h2_stream_new(struct wok__h2 *h2, int32_t id);

/* The session has forgotten a stream, or is about to end. */
void wok__h2_stream_forgotten(struct wok__h2_stream *stream);

/* Data has come: 0, or -ENOMEM. */
int wok__h2_stream_add(struct wok__h2_stream *stream, const void *data, size_t size);

/* The last stream has gone: from now on the connection is idle. */
void wok__h2_idle(struct wok__h2 *h2);

/* Have what nghttp2 wants to send sent. */
static inline void wok__h2_kick(struct wok__h2 *h2)
{
	if (h2->session &&
	    (nghttp2_session_want_write(h2->session) || !nghttp2_session_want_read(h2->session)))
		wok_event_set(&h2->work);
}
#endif
