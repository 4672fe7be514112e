/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_WEBSOCKET_WS_H
#define WOK_HTTP_WEBSOCKET_WS_H
/*
 * A WebSocket over a stream: frame.h speaks, this listens, waits and remembers.
 *
 * websocket.c  its beginning and end
 * receive.c    messages out of frames, for whoever reads
 * attend.c     the tasks and timers that do what must be done while the application does not
 * send.c       messages into frames
 * write.c      frames into the stream
 * closing.c    the closing handshake, and connections that break
 * accept.c, connect.c  the opening handshake of either role
 *
 * One task reads at a time: the application's (receiving), or, while that does something else, one
 * of wok's (reader), which is cancelled and joined when the application comes back. All state of
 * reading is here, not on a stack, so they can take over from each other at any wait.
 *
 * What wok has to say by itself, pongs and pings, is noted here and sent by a task of its own
 * (writer): whoever reads never waits for the peer to read, or two peers that both write could wait
 * for each other.
 */
#include <wok/event.h>
#include <wok/lock.h>
#include <wok/loop.h>
#include <wok/stream.h>
#include <wok/task.h>
#include <wok/websocket.h>

#include "http/buffer.h"
#include "http/server/wire.h"
#include "http/websocket/deflate.h"
#include "http/websocket/frame.h"

/* A message that was read while nobody received. */
struct wok__ws_item {
	struct wok__ws_item *next;
	wok_ws_message message; /* data is the item's */
};

/* What reading came to. */
enum wok__ws_read {
	WOK__WS_READ_ITEM = 1,  /* a message, or a part of one, is complete in ws->partial */
	WOK__WS_READ_CLOSE = 2, /* the peer's Close */
	WOK__WS_READ_END = 3,   /* the end of the stream */
};

struct wok_ws {
	wok_stream *stream;
	bool is_client;
	bool owns_stream;
	wok_ws_options options; /* with the defaults filled in */
	const char *subprotocol;
	char *extensions;              /* NULL: none */
	wok_http_request *request;     /* a server's; else NULL */
	struct wok__stop_hook on_stop; /* of the server; in no list for a client */

	/* reading */
	struct wok__ws_decoder in;
	struct wok__ws_text in_text;             /* of a compressed message */
	struct wok__buffer partial;              /* the message that is arriving */
	bool continued;                          /* a part of it has been handed out */
	wok_ws_message item;                     /* what is complete in partial */
	struct wok__buffer current;              /* what the application has */
	struct wok__ws_item *ahead, **ahead_end; /* in the order in which they came */
	size_t ahead_size;                       /* bytes in them */
	struct wok__ws_item *borrowed;           /* the one that the application has; NULL */
	bool receiving;
	wok_task *reader;
	wok_time left_at; /* when the application last stopped receiving */
	wok_callback attend;

	/* writing */
	wok_lock message;     /* held from a message's first fragment to its last */
	wok_lock frame;       /* held while a frame is written */
	wok_task *fragmenter; /* who sends a message in fragments; only compared */
	wok_ws_type fragment_type;
	bool fragment_begun; /* its first frame has gone out */
	bool fragment_compressed;
	struct wok__ws_text out_text;
	wok_task *writer;
	bool pong_due, ping_due;
	uint8_t pong_size;
	char pong[WOK__WS_CONTROL_MAX];
	uint8_t keys[64]; /* random bytes for masks */
	uint8_t keys_left;
	struct wok__ws_deflate deflate;

	/* signs of life */
	wok_callback heart;
	wok_time heard_at;  /* when something came last */
	wok_time asked_at;  /* when a ping became due since then; 0: not */
	uint64_t ping_mark; /* of the payload of the last ping */
	uint64_t pings;
	wok_time ping_at; /* when it was sent */
	bool ping_open;   /* it has not been answered */
	wok_time latency;

	/* closing */
	bool closing; /* nothing but a Close is sent any more */
	bool close_sent;
	bool close_received; /* its code and reason lie in the decoder */
	bool over;           /* the stream is closed */
	int sent_code;
	int failed; /* why it is over, if not by a closing handshake */
	char why[128];
	wok_event ended;
	wok_task *farewell; /* tells the peer that the server ends */
};

/* --- websocket.c ------------------------------------------------------------------------------ */

/*
 * Make one over a stream that has been through its handshake. Without one, it is given its stream
 * and wok__ws_attend() later, which may not fail. 0; -EINVAL; -ENOMEM.
 */
int wok__ws_new(wok_stream *stream, bool is_client, const wok_ws_options *options, wok_ws **ret_ws);

/* What can be said of options before anything is sent. */
int wok__ws_check_options(const wok_ws_options *options);

/* --- receive.c -------------------------------------------------------------------------------- */

/*
 * Read until something is complete: enum wok__ws_read, or an error, the codec's included. May be
 * cancelled and called again.
 */
int wok__ws_read(wok_ws *ws);

/* Forget what is complete in partial. */
void wok__ws_drop_item(wok_ws *ws);

/* Put it behind those that wait for the application. -ENOMEM. */
int wok__ws_queue_item(wok_ws *ws);
void wok__ws_drop_ahead(wok_ws *ws);

/* --- attend.c --------------------------------------------------------------------------------- */

void wok__ws_attend(wok_ws *ws); /* from now on */
void wok__ws_leave_alone(wok_ws *ws);

/* The application has stopped receiving: somebody else may have to. */
void wok__ws_left(wok_ws *ws);

/* Read ahead, unless somebody reads. */
void wok__ws_start_reader(wok_ws *ws);
void wok__ws_stop_reader(wok_ws *ws); /* waits for its end, shielded */

/* Pongs or pings are due. */
void wok__ws_start_writer(wok_ws *ws);

/* --- write.c ---------------------------------------------------------------------------------- */

/*
 * Write a frame, with ws->frame held by the caller. If a part of it has gone out when that fails,
 * or the stream has failed, the connection is broken off.
 */
int wok__ws_write_frame(wok_ws *ws, const struct wok__ws_head *head, const char *payload);

/* The same for a control frame, waiting for ws->frame. */
int wok__ws_write_control(wok_ws *ws, enum wok__ws_opcode opcode, const char *payload, size_t size);

/* -EPIPE if nothing can be sent any more. */
int wok__ws_check_open(const wok_ws *ws);

/* --- send.c ----------------------------------------------------------------------------------- */

/* Send a ping, and remember it; and see whether a pong answers it. */
int wok__ws_send_ping(wok_ws *ws, const char *data, size_t size);
void wok__ws_take_pong(wok_ws *ws, const char *data, size_t size);

/* --- closing.c -------------------------------------------------------------------------------- */

/* Whoever reads has met something that is no message: go through with it. As wok_ws_receive(). */
int wok__ws_conclude(wok_ws *ws, int result);

/* The result of reading from a connection that is over. */
int wok__ws_outcome(const wok_ws *ws);

/* Break off: the stream is closed, and whoever waits in it wakes. Never waits. Returns code. */
int wok__ws_fail(wok_ws *ws, int code, const char *why);

/* Close the stream, at the end of a closing handshake. */
void wok__ws_end(wok_ws *ws);

/* Send a Close, if none has been sent. */
int wok__ws_send_close(wok_ws *ws, int code, const char *reason, size_t size);
#endif
