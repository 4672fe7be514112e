/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_WEBSOCKET_DEFLATE_H
#define WOK_HTTP_WEBSOCKET_DEFLATE_H
/*
 * permessage-deflate (RFC 7692): what two sides agree on, and the two streams. zlib's memory is
 * wok's, so limits and faults of it are, too. A stream appears with the first message that needs
 * it, and goes after each one if nothing is to be remembered.
 */
#include <wok/websocket.h>

#include "http/buffer.h"
#include "http/h1.h"

/* What was agreed on, as one side sees it. */
struct wok__ws_deflate {
	bool agreed;
	int send_bits, receive_bits; /* 8 to 15 */
	bool send_resets, receive_resets;
	int mem_level, level;
	void *sender, *receiver; /* z_stream; NULL until it is needed */
	uint64_t inflated;       /* bytes of the message under way */
};

/* Whether this build can compress: 0, or -EPROTONOSUPPORT with a message. */
int wok__ws_deflate_available(void);

/* 0; -EINVAL with a message for options that make no sense. */
int wok__ws_deflate_check(const wok_ws_deflate_options *options);

/* A client's offer: the value of its header, appended. */
void wok__ws_deflate_offer(const wok_ws_deflate_options *options, struct wok__buffer *out);

/*
 * A server looks at one value of the client's header: true if it holds an offer that suits, and
 * then the answer is appended.
 */
bool wok__ws_deflate_accept(const wok_ws_deflate_options *options, struct wok__h1_span offers,
			    struct wok__ws_deflate *deflate, struct wok__buffer *out);

/* A client looks at the server's answer: false if it is not one to what was offered. */
bool wok__ws_deflate_agree(const wok_ws_deflate_options *options, struct wok__h1_span answer,
			   struct wok__ws_deflate *deflate);

/*
 * Inflate a piece of a message to the end of a buffer. is_last: no more of it comes. max: of the
 * message in all. 0; WOK__WS_BAD_DEFLATE, WOK__WS_TOO_LARGE; -ENOMEM.
 */
int wok__ws_inflate(struct wok__ws_deflate *deflate, const char *data, size_t size, bool is_last,
		    size_t max, struct wok__buffer *out);

/*
 * Deflate a fragment to the end of a buffer; is_last: the message ends with it. Between its pieces
 * others run, so the caller holds what orders messages. 0; -ENOMEM; -ECANCELED: what is in the
 * stream then is of no use.
 */
int wok__ws_deflate(struct wok__ws_deflate *deflate, const char *data, size_t size, bool is_last,
		    struct wok__buffer *out);

/* What was deflated last was not sent: later messages must not refer to it. */
void wok__ws_deflate_forget(struct wok__ws_deflate *deflate);

void wok__ws_deflate_close(struct wok__ws_deflate *deflate);
#endif
