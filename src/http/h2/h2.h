/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_H2_H2_H
#define WOK_HTTP_H2_H2_H
/*
 * HTTP/2 over any stream (RFC 9113), for either role. nghttp2 knows the frames, HPACK and the
 * windows; it neither reads nor writes. Around it:
 *
 * - wok__h2_run() is a connection's life: the task that calls it reads, and gives nghttp2 what has
 *   come; a second task sends what nghttp2 has to say, whoever caused it. So nobody else ever waits
 *   in the stream below, and a request that is cancelled leaves nothing half sent.
 * - Callbacks of nghttp2's only record: they never wait, and run nobody's code.
 * - A stream belongs to two: to its owner, who reads and writes, and to the session. The last one
 *   releases it.
 *
 * What the peer may make us keep: of each stream its head (limits), and a body as long as its
 * window; of all streams as much as settings.unread says. A window opens again as its owner reads.
 * Answers to pings and the like wait in nghttp2; when they pile up nothing more is read.
 *
 * Heads are given and taken as HTTP/1.1's text, so that what checks and understands those serves
 * here, too. Where nghttp2 is missing, h2/missing.c stands for all of this.
 */
#include <wok/event.h>
#include <wok/http2.h>
#include <wok/stream.h>
#include <wok/timeout.h>

#include "base/list.h"
#include "http/buffer.h"
#include "http/h1.h"

struct nghttp2_session;
struct wok__h2;
struct wok__h2_stream;

/* What a connection is to be like. */
struct wok__h2_settings {
	bool server;
	uint32_t max_streams;   /* that the peer may have open at once */
	uint32_t window;        /* bytes of one stream's body that may lie unread */
	uint32_t unread;        /* bytes of all bodies, before all have to wait */
	size_t noise;           /* frames a second that only make work; ten times so many at once */
	wok_time head_timeout;  /* for the peer's first words, and for a head from its begin */
	wok_time idle_timeout;  /* without a stream; WOK_FOREVER */
	wok_time write_timeout; /* for the peer to accept some bytes */
	wok_time ping_interval; /* of silence, before the peer is asked; WOK_FOREVER */
	wok_time ping_timeout;  /* for its answer */
	const struct wok__h1_limits *limits; /* of heads and trailers; outlives the connection */
	/* A server's: a request has come, and its stream is the callee's. In the reading task. */
	void (*on_request)(void *arg, struct wok__h2_stream *stream);
	/* A client's: there may be room for another stream now, or never again. Anywhere. */
	void (*on_change)(void *arg);
	void *arg;
};

/* From options; the time limits of the role, and who is told, are still to be set. */
struct wok__h2_settings wok__h2_settings(const wok_http2_options *options, bool server,
					 const struct wok__h1_limits *limits);

/* Bytes of a body that wait to be read. All zero: none. */
struct wok__h2_bytes {
	char *data;
	size_t start, end, capacity;
};

/* A head that is coming, or has come. */
struct wok__h2_head {
	struct wok__buffer text;   /* as HTTP/1.1 has it, when it is complete */
	struct wok__buffer names;  /* of the request itself (":path" ...), one behind the other */
	struct wok__buffer cookie; /* its crumbs, put together */
	uint32_t at[4];            /* where in names, plus one; 0: not there */
	uint32_t size;             /* bytes, by HTTP/1.1's count */
	uint32_t n_fields;
	int status; /* of a response */
	int error;  /* of the HTTP/1.1 codec: the head is over a limit. Or -ENOMEM */
	bool begun; /* the first line stands in text */
	bool complete;
};

struct wok__h2_stream {
	struct wok__h2 *h2;
	struct wok__node in_list;    /* of all that the session knows */
	struct wok__node in_arrived; /* requests that on_request() has not got yet */
	int32_t id;                  /* 0: a request that is not under way yet */
	bool owned;                  /* by whoever reads and writes */
	bool known;                  /* by the session */

	/* What comes. */
	struct wok__h2_head head;
	struct wok__buffer trailers; /* as lines */
	uint32_t n_trailers;
	struct wok__h2_bytes body;
	uint64_t received; /* bytes of the body */
	int n_interim;     /* responses before the final one */
	bool go_ahead;     /* one of them said 100 */
	bool answered;     /* with a status from 300 on: what goes is perhaps not wanted */
	bool ended;        /* all has come */
	wok_event incoming;

	/* What goes. */
	struct iovec *parts; /* of the writer that waits */
	int n_parts;
	size_t taken; /* bytes of it */
	bool last;    /* nothing comes behind that */
	bool sent;    /* the end is on its way */
	bool polite;  /* when it is, say that the rest of the request is not wanted */
	struct wok__buffer trailer_lines;
	wok_event outgoing;

	/* How it ended. Before its time: the owner is told, in a place where nobody waits. */
	void (*on_gone)(void *arg);
	void *on_gone_arg;
	bool closed;
	bool by_peer;        /* who reset it */
	bool unsent;         /* a request that never left */
	bool lost;           /* with its connection */
	uint32_t code;       /* of HTTP/2 */
	const char *invalid; /* what was wrong with a frame of the peer's; lives for ever */
};

enum { WOK__H2_PROBLEM_MAX = 200 };

struct wok__h2 {
	struct nghttp2_session *session; /* NULL after the end */
	wok_stream *stream;
	struct wok_scope *scope; /* of the two tasks */
	struct wok__h2_settings settings;
	int holders; /* who runs it, who made it, and each stream */

	struct wok__list streams; /* known to the session */
	struct wok__list arrived;
	size_t n_streams; /* known ones */
	size_t n_live;    /* not released yet */
	size_t unread;    /* bytes in all bodies */
	size_t withheld;  /* of the connection's window */

	struct wok__buffer out; /* on its way */
	wok_event work;         /* there may be something to send */
	wok_event drained;      /* what was to be sent is not much */
	int write_error;        /* why nothing can be sent any more; 0 */
	wok_time read_until;    /* then */
	wok_time close_at;      /* 0: as long as it lasts */
	wok_time last_at;       /* of a server that drains: the last words, at the latest; 0 */

	bool settled;    /* the peer's settings have come */
	bool draining;   /* no new streams of ours; the peer may open some still */
	bool last_words; /* of a server that drains: it has said which stream is the last */
	bool changed;    /* on_change() is to be told */
	bool at_fault;   /* the peer: what was said last tells it so */
	bool flooded;    /* it was a flood */
	bool over;       /* nothing more will be read or sent */
	int broken;      /* how it ended, for its streams; 0: it has not */
	char problem[WOK__H2_PROBLEM_MAX];
	wok_time opened, heard, idle_since;
	wok_time head_since;  /* 0: none is coming */
	wok_time pinged;      /* 0: no answer is due */
	wok_time noise_time;  /* when tokens was counted */
	size_t tokens;        /* noise that is let pass */
	wok_timeout *reading; /* the time limit of the reader that waits; NULL */
};

/* Whether there is HTTP/2 at all. */
bool wok__h2_supported(void);

/*
 * A connection over a stream, which is borrowed. Heard by nobody before wok__h2_run(). 0, -ENOMEM,
 * -EPROTONOSUPPORT.
 */
int wok__h2_new(wok_stream *stream, const struct wok__h2_settings *settings, struct wok__h2 **ret);
void wok__h2_hold(struct wok__h2 *h2);
void wok__h2_let_go(struct wok__h2 *h2);

/*
 * Run a connection until it ends: 0 in good order, or an error. The stream below is left to the
 * caller. Streams that are open then have failed.
 */
int wok__h2_run(struct wok__h2 *h2);

/* No new streams; when the last has ended, so does the connection. */
void wok__h2_drain(struct wok__h2 *h2);

/* The end, within a moment: what is still open is broken off. */
void wok__h2_close(struct wok__h2 *h2);

/* How many streams a client can open now; and whether it can at all, now or later. */
size_t wok__h2_room(const struct wok__h2 *h2);
bool wok__h2_takes_more(const struct wok__h2 *h2);

/*
 * Send a request. lines: "Host: a\r\nName: value\r\n" ..., without the empty line at the end. The
 * fields that belong to a connection are left out. body: one will be written, or last stays false.
 * 0; -ENOMEM; an error of a connection that takes no more.
 */
struct wok__h2_request {
	wok_view method, scheme, target, lines;
	bool body;
};
int wok__h2_send_request(struct wok__h2 *h2, const struct wok__h2_request *request,
			 struct wok__h2_stream **ret_stream);

/*
 * Send the head of a response; an interim one (below 200), or the final one, behind which there is
 * a body, perhaps of several parts, or nothing.
 */
int wok__h2_send_response(struct wok__h2_stream *stream, int status, wok_view lines, bool body);

/* Wait for the peer's head. 0, or an error. A checkpoint. */
int wok__h2_await_head(struct wok__h2_stream *stream);

/* Wait for a word of the peer's: its head, or an interim response 100. */
int wok__h2_await_go_ahead(struct wok__h2_stream *stream);

/* Take some of the body: how much, 0 if none is there. Never waits. */
size_t wok__h2_take(struct wok__h2_stream *stream, void *data, size_t size);

/* Wait for some of the body, and take it: how much, 0 at its end, or an error. A checkpoint. */
ssize_t wok__h2_read(struct wok__h2_stream *stream, void *data, size_t size);

/* Whether all of the body has been read. */
bool wok__h2_at_end(const struct wok__h2_stream *stream);

/*
 * Write parts of the body, changed by the call, and wait until all is on its way; last: it ends
 * there. ret_done: how much is, written on failure, too; NULL. A checkpoint.
 */
int wok__h2_write(struct wok__h2_stream *stream, struct iovec *parts, int n_parts, bool last,
		  size_t *ret_done);

/* End the body; trailers are lines as above, or empty. Never waits. */
int wok__h2_end(struct wok__h2_stream *stream, wok_view trailers);

/* Break a stream off; what is unread is dropped. code: WOK__H2_CANCEL ... */
void wok__h2_reset(struct wok__h2_stream *stream, uint32_t code);

enum {
	WOK__H2_NO_ERROR = 0,
	WOK__H2_PROTOCOL_ERROR = 1,
	WOK__H2_INTERNAL_ERROR = 2,
	WOK__H2_REFUSED_STREAM = 7,
	WOK__H2_CANCEL = 8,
	WOK__H2_ENHANCE_YOUR_CALM = 11,
};

/*
 * The owner is done with a stream. What it has ended goes out; of what comes nothing more is
 * wanted. A stream that it has not ended is broken off, with CANCEL.
 */
void wok__h2_stream_free(struct wok__h2_stream *stream);

/* The error of a stream that has ended before its time, with its message. */
int wok__h2_stream_error(const struct wok__h2_stream *stream);

/* The same for whoever writes: -EPIPE or -ECONNRESET, since what the peer did is read. */
int wok__h2_unwritable(const struct wok__h2_stream *stream);

/* Whether the peer has not looked at a request, so that it can be sent again. */
bool wok__h2_was_refused(const struct wok__h2_stream *stream);
#endif
