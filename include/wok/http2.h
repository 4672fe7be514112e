/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP2_H
#define WOK_HTTP2_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * HTTP/2 beside HTTP/1.1, of a client and of a server: requests and handlers are the same over
 * both, only that one connection carries many at once. It needs a build with nghttp2. Zero in a
 * field means the default.
 */
typedef struct {
	bool disabled; /* HTTP/1.1 only */
	/*
	 * Also without TLS, where there is nobody to ask: a server serves a client that begins to
	 * speak HTTP/2 so; a client speaks nothing else to "http://" hosts.
	 */
	bool prior_knowledge;
	size_t max_streams; /* that the peer may have open at once; 100 */
	size_t window;      /* bytes of a body that may wait to be read; a client's 1 MiB, a
			       server's 256 KiB. 64 KiB at least */
	size_t max_unread;  /* bytes of all bodies of a connection that may wait, before all of
			       them have to; a client's 16 MiB, a server's 2 MiB */
	/*
	 * Frames a second that only make work, ten times so many at once: requests taken back,
	 * pings, settings, priorities, empty ones, and those that break a rule; 50. Who sends more
	 * is told to calm down, and loses the connection.
	 */
	size_t max_noise;
	wok_time ping_interval; /* of silence, after which the peer is asked whether it is still
				   there; 30 s; WOK_FOREVER for never */
	wok_time ping_timeout;  /* for its answer; 10 s */
} wok_http2_options;

WOK_END_DECLS
#endif
