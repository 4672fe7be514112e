/* SPDX-License-Identifier: MIT */
#ifndef WOK_WEBSOCKET_H
#define WOK_WEBSOCKET_H
#include <wok/base.h>
#include <wok/http_client.h>
#include <wok/http_server.h>

WOK_BEGIN_DECLS

/*
 * WebSocket (RFC 6455), as a client and as a server: messages in both directions over one
 * connection.
 *
 *	while ((r = wok_ws_receive(ws, &message)) > 0)
 *		WOK_TRY(wok_ws_send(ws, message.type, message.data, message.size));
 *
 * One task receives; any number may send, and their messages do not mix. A send returns when its
 * bytes have been accepted: a peer that does not read makes senders wait, not memory grow. The
 * peer's pings are answered and the heartbeat goes on whatever the application does: while nobody
 * receives for longer than a second, a task of wok's reads ahead, up to a limit.
 */
typedef struct wok_ws wok_ws;

/* What a message is. */
typedef enum {
	WOK_WS_TEXT = 1,   /* UTF-8, which is checked both ways */
	WOK_WS_BINARY = 2, /* any bytes */
} wok_ws_type;

/* A message that came, or with the option fragments a part of one. */
typedef struct {
	wok_ws_type type;
	const char *data; /* a NUL stands behind its last byte; valid until the next receive */
	size_t size;
	bool is_continued; /* part of a message whose beginning came before */
	bool is_partial;   /* more of the message follows */
} wok_ws_message;

/* Compression of messages (RFC 7692). Zero in a field means the default. */
typedef struct {
	/* Offer it, or accept it if the client does. It costs memory: see docs/websocket.md. */
	bool enable;
	int window_bits;      /* 9 to 15: of what is sent; 12. Memory: 2^(window_bits + 2) bytes, */
	int mem_level;        /* 1 to 9; 5. and 2^(mem_level + 9) */
	int level;            /* 1 to 9: effort; zlib's */
	int peer_window_bits; /* 9 to 15: the most that the peer is asked to use; 12 */
	/*
	 * Forget between messages what was sent, or ask the peer to: worse compression, but no
	 * memory between messages.
	 */
	bool no_context_takeover;
	bool peer_no_context_takeover;
	size_t min_size; /* bytes of a message that is worth compressing; 64 */
} wok_ws_deflate_options;

/* How to speak. Zero in a field means the default. */
typedef struct {
	/*
	 * The protocols that this side speaks inside of WebSocket, the best first: offered by a
	 * client; a server takes the first of its own that the client offers.
	 */
	const char *const *subprotocols;
	size_t n_subprotocols;

	size_t max_message; /* bytes of a message, after decompression; 4 MiB */
	size_t read_ahead;  /* bytes that are kept of messages while nobody receives; 64 KiB */
	/*
	 * A connection over which nothing has come for this long is asked for a sign of life; if
	 * none comes for half as long, it is dead. 30 s; WOK_FOREVER: never. It rests while
	 * read_ahead is full.
	 */
	wok_time heartbeat;
	wok_time write_timeout; /* for the peer to accept some bytes of what is sent; 30 s */
	wok_time close_timeout; /* for the peer to answer a Close; 10 s */
	bool fragments;         /* receive each fragment of a message when it comes */
	wok_ws_deflate_options deflate;
	const wok_http_header *headers; /* besides those that wok sets, in the handshake */
	size_t n_headers;

	/*
	 * A server's: the values of Origin that may connect, as "https://example.org". None: those
	 * whose host is the request's own, so that no other site's page can use the cookies of its
	 * visitor. A client that sends no Origin is no browser, and may connect.
	 */
	const char *const *origins;
	size_t n_origins;
	bool any_origin; /* all may: for what asks for no cookies */

	/* A client's: for the connection and the handshake; 10 s. */
	wok_time open_timeout;
} wok_ws_options;

/**
 * Answer a request by changing to WebSocket: call it in a handler, and free the result before that
 * returns. A request that cannot be accepted is replied to: with 400, with 426 for another version,
 * with 403 for an origin that may not connect.
 *
 * When the server ends, the peer is told so (1001), and wok_ws_receive() comes to its end.
 *
 * options:    NULL for the defaults; borrowed until the result is freed
 * ret_ws:     lives no longer than the handler
 * Returns:    0; WOK_EPEER if the request was refused, which the handler may return as its result;
 *             -EALREADY after a reply has begun; -EINVAL for options that make no sense;
 *             -EPROTONOSUPPORT if compression is enabled in a build without zlib; -ENOMEM; an error
 *             of the connection; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_accept(wok_http_request *request, const wok_ws_options *options, wok_ws **ret_ws)
	WOK_MUST_CHECK;

/**
 * Connect to a server, by way of a session: its proxies, cookies, redirects and TLS settings apply.
 *
 * session:    NULL: as wok_http_get()
 * url:        "ws://host[:port][/path][?query]", or "wss://..." over TLS
 * options:    NULL for the defaults; borrowed until the result is freed
 * Returns:    0; WOK_EPEER if the server does not change to WebSocket, or not as it should, the
 *             message telling its status; -ETIMEDOUT; -EINVAL, -EPROTONOSUPPORT as wok_ws_accept();
 *             others as wok_http_get()
 * Checkpoint: always
 * Threads:    the session's loop
 */
int wok_ws_connect(wok_http_session *session, const char *url, const wok_ws_options *options,
		   wok_ws **ret_ws) WOK_MUST_CHECK;

/**
 * Wait for the next message.
 *
 * ret_message: borrowed, valid until the next call or until ws is freed
 * Returns:    1; 0 when the connection was closed in good order, by either side; WOK_EEOF if it
 *             ended without a Close; WOK_EPEER if the peer broke the protocol; WOK_ELIMIT for a
 *             message larger than max_message; -ETIMEDOUT if the heartbeat found the peer dead, or
 *             the peer does not read; an error of the connection; -EBUSY if another task receives;
 *             -ENOMEM; -ECANCELED, with nothing lost
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_receive(wok_ws *ws, wok_ws_message *ret_message) WOK_MUST_CHECK;

/**
 * Send a message, behind those that other tasks are sending.
 *
 * data:       borrowed for the call
 * Returns:    0 when all of it has been accepted; -EPIPE if the connection is closed or closing;
 *             -EINVAL for text that is not UTF-8; -EDEADLK within this task's own fragments;
 *             -ETIMEDOUT if the peer does not read; an error of the connection; -ENOMEM;
 *             -ECANCELED: if a part had gone out, the connection is broken off
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_send(wok_ws *ws, wok_ws_type type, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Send a text.
 *
 * text:       UTF-8, ended by a NUL; borrowed for the call
 * Returns:    as wok_ws_send()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_send_text(wok_ws *ws, const char *text) WOK_MUST_CHECK;

/**
 * Send a message of bytes.
 *
 * Returns:    as wok_ws_send()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_send_binary(wok_ws *ws, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Send a message in fragments, one a call; other tasks' messages wait until the last one, their
 * pings do not. All fragments of a message are sent by one task.
 *
 * type:       of the message: the same for each of its fragments
 * is_last:    the message ends with this fragment
 * Returns:    as wok_ws_send(); -EINVAL also for another type than that of the first fragment
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_send_fragment(wok_ws *ws, wok_ws_type type, const void *data, size_t size, bool is_last)
	WOK_MUST_CHECK;

/**
 * Send a ping. The answer shows in wok_ws_latency(). The heartbeat does so by itself.
 *
 * data:       at most 125 bytes, which the peer sends back
 * Returns:    0 when it has been sent; as wok_ws_send()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_ping(wok_ws *ws, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Say goodbye, and wait for the peer to do so. Messages that it sent before are dropped, unless
 * another task receives them. A connection that has been closed already stays as it is.
 *
 * code:       1000 for "done", 1001 for "going away", 3000 to 4999 as agreed with the peer ...; 0:
 *             none is sent
 * reason:     UTF-8, at most 123 bytes; NULL for none
 * Returns:    0 when both sides have said goodbye; -ETIMEDOUT if the peer did not in time, the
 *             connection being closed all the same; WOK_EEOF if it hung up instead; -EINVAL for a
 *             code that may not be sent, or such a reason; as wok_ws_receive()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_ws_close(wok_ws *ws, int code, const char *reason);

/**
 * Release a WebSocket. One that is open says goodbye first, as wok_ws_close() does: with 1001 if
 * the caller was cancelled, else with 1000.
 *
 * ws:         NULL does nothing; no task may be in a call on it
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_ws_free(wok_ws *ws);
WOK_DEFINE_AUTO(wok_ws)

/**
 * The subprotocol that both sides agreed on.
 *
 * Returns:    its name, which lives as long as ws; NULL if there is none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_ws_subprotocol(const wok_ws *ws);

/**
 * The extensions in use, as the server's answer had them: "permessage-deflate; ...".
 *
 * Returns:    lives as long as ws; "" for none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_ws_extensions(const wok_ws *ws);

/**
 * How long the last ping took to be answered.
 *
 * Returns:    nanoseconds; -1 if none has been answered yet
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_time wok_ws_latency(const wok_ws *ws);

/**
 * The code with which the peer closed.
 *
 * Returns:    1000 to 4999; 1005 if it gave none; 1006 if the connection ended without a Close from
 *             it; 0 while it is open
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_ws_close_code(const wok_ws *ws);

/**
 * The reason that the peer gave for closing.
 *
 * Returns:    UTF-8, "" if there is none; lives as long as ws
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_ws_close_reason(const wok_ws *ws);

/**
 * The code that was sent to the peer for closing: wok_ws_close()'s, an answer to the peer's, or why
 * wok would not go on (1002, 1007, 1009).
 *
 * Returns:    1000 to 4999; 1005 if a Close without a code was sent; 0 if none was
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_ws_sent_close_code(const wok_ws *ws);

WOK_END_DECLS
#endif
