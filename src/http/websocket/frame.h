/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_WEBSOCKET_FRAME_H
#define WOK_HTTP_WEBSOCKET_FRAME_H
/*
 * WebSocket on the wire (RFC 6455, strict), without I/O: bytes in, events out.
 *
 * A decoder takes bytes as they come and says what they are. It unmasks them where they lie, so
 * that a piece of a payload needs no copy if it was read to its final place. Nothing here
 * allocates, waits or writes a global; results do not depend on how the network cut the bytes,
 * except that a payload comes in other pieces. After an error the connection is lost: send a Close
 * frame with wok__ws_close_code_for(), and feed nothing more.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wok__ws_opcode {
	WOK__WS_CONTINUATION = 0,
	WOK__WS_TEXT = 1,
	WOK__WS_BINARY = 2,
	WOK__WS_CLOSE = 8,
	WOK__WS_PING = 9,
	WOK__WS_PONG = 10,
};

enum {
	WOK__WS_CONTROL_MAX = 125, /* bytes of a control frame's payload */
	WOK__WS_HEAD_MAX = 14,     /* bytes in front of a payload */
	WOK__WS_REASON_MAX = 123,  /* bytes of a Close frame's text */
};

/* Codes of Close frames that wok itself speaks of. */
enum {
	WOK__WS_NORMAL = 1000,
	WOK__WS_GOING_AWAY = 1001,
	WOK__WS_PROTOCOL_ERROR = 1002,
	WOK__WS_NO_CODE = 1005,  /* never sent: a Close frame came without one */
	WOK__WS_ABNORMAL = 1006, /* never sent: the connection ended without a Close frame */
	WOK__WS_BAD_DATA = 1007,
	WOK__WS_TOO_BIG = 1009,
};

/* --- errors ----------------------------------------------------------------------------------- */

/* X(name, close code, what strerror says) */
#define WOK__WS_ERRORS(X)                                                                          \
	X(UNMASKED, 1002, "a frame of the client is not masked")                                   \
	X(MASKED, 1002, "a frame of the server is masked")                                         \
	X(RESERVED_BITS, 1002, "a frame has reserved bits set")                                    \
	X(RESERVED_OPCODE, 1002, "a frame has a reserved opcode")                                  \
	X(LONG_CONTROL, 1002, "a control frame has more than 125 bytes")                           \
	X(FRAGMENTED_CONTROL, 1002, "a control frame is a fragment")                               \
	X(NOTHING_TO_CONTINUE, 1002, "a continuation frame without a message before it")           \
	X(UNFINISHED_MESSAGE, 1002, "a new message before the last fragment of another")           \
	X(LENGTH_NOT_MINIMAL, 1002, "a length in more bytes than it takes")                        \
	X(LENGTH_OVERFLOW, 1002, "a length of 2^63 or more")                                       \
	X(CLOSE_OF_ONE_BYTE, 1002, "a Close frame of one byte")                                    \
	X(BAD_CLOSE_CODE, 1002, "a Close frame with a code that nobody may send")                  \
	X(BAD_REASON, 1007, "the reason of a Close frame is not UTF-8")                            \
	X(BAD_TEXT, 1007, "a text message is not UTF-8")                                           \
	X(BAD_DEFLATE, 1007, "a compressed message is damaged")                                    \
	X(TOO_LARGE, 1009, "a message is larger than max_message")

#define WOK__WS_ERROR_TOP (-5300)

#define WOK__WS_ERROR_INDEX(name, code, text) WOK__WS_ERROR_INDEX_##name,
enum wok__ws_error_index { WOK__WS_ERRORS(WOK__WS_ERROR_INDEX) WOK__WS_ERROR_COUNT };
#define WOK__WS_ERROR_CODE(name, code, text)                                                       \
	WOK__WS_##name = WOK__WS_ERROR_TOP - WOK__WS_ERROR_INDEX_##name,
enum wok__ws_error { WOK__WS_ERRORS(WOK__WS_ERROR_CODE) };

/* What went wrong; a constant text without input bytes. Never NULL. */
const char *wok__ws_strerror(int error);

/* The code that a Close frame tells the peer. */
int wok__ws_close_code_for(int error);

/* Whether a result is one of these. */
static inline bool wok__ws_is_error(int code)
{
	return code <= WOK__WS_ERROR_TOP && code > WOK__WS_ERROR_TOP - WOK__WS_ERROR_COUNT;
}

/* --- text ------------------------------------------------------------------------------------- */

/* UTF-8 that comes in pieces: the bytes of a character whose end has not come. All zero: none. */
struct wok__ws_text {
	char carried[4];
	uint8_t size;
};

/* 0, or BAD_TEXT as soon as what has come cannot become UTF-8 any more. */
int wok__ws_text_feed(struct wok__ws_text *text, const char *data, size_t size);

/* The text is over: 0, or BAD_TEXT if it ends within a character. */
int wok__ws_text_end(struct wok__ws_text *text);

/* --- masking ---------------------------------------------------------------------------------- */

/*
 * Apply a mask to size bytes, from one place to another or to the same. offset: how many bytes of
 * the frame's payload stand before the first of them.
 */
void wok__ws_mask(char *to, const char *from, size_t size, const uint8_t key[4], uint64_t offset);

/* --- writing ---------------------------------------------------------------------------------- */

struct wok__ws_head {
	uint8_t opcode; /* enum wok__ws_opcode */
	bool fin;       /* the last fragment of its message, or the only one */
	bool compressed;
	bool masked;
	uint8_t key[4];
	uint64_t size; /* of the payload */
};

/* Write a head into a buffer of at least WOK__WS_HEAD_MAX bytes. Returns its size. */
size_t wok__ws_put_head(char *buf, const struct wok__ws_head *head);

/* Whether a code may stand in a Close frame. */
bool wok__ws_valid_close_code(unsigned code);

/*
 * Write the payload of a Close frame into a buffer of at least WOK__WS_CONTROL_MAX bytes: none for
 * code WOK__WS_NO_CODE. Returns its size.
 */
size_t wok__ws_put_close(char *buf, int code, const char *reason, size_t reason_size);

/* --- reading ---------------------------------------------------------------------------------- */

enum wok__ws_event {
	WOK__WS_MORE = 0,     /* all of the input is consumed */
	WOK__WS_DATA = 1,     /* a piece of a message's payload; call again */
	WOK__WS_FRAGMENT = 2, /* a fragment of a message has ended; more of it will come */
	WOK__WS_MESSAGE = 3,  /* a message has ended */
	WOK__WS_CONTROL = 4,  /* a control frame is complete: decoder->control */
};

struct wok__ws_decoder {
	bool masked;          /* frames have to be: the peer is the client */
	bool deflate;         /* messages may be compressed */
	uint64_t max_message; /* bytes on the wire, over all fragments; inclusive */

	/* the frame under way */
	struct wok__ws_head head;
	uint64_t left;                 /* bytes of its payload that have not come */
	uint8_t raw[WOK__WS_HEAD_MAX]; /* its head, as far as it has come */
	uint8_t raw_size;
	bool in_payload;

	/* the message under way, or the last one */
	bool open;         /* it has not ended */
	uint8_t type;      /* WOK__WS_TEXT, WOK__WS_BINARY */
	bool compressed;   /* its payload is to be inflated; text in it is not checked here */
	uint64_t declared; /* bytes of its fragments so far */
	struct wok__ws_text text;

	/* the last control frame */
	uint8_t control_opcode;
	uint8_t control_size;
	char control[WOK__WS_CONTROL_MAX];
	uint16_t close_code; /* of a Close frame; WOK__WS_NO_CODE without one */

	int error; /* that every further call returns */
};

/**
 * Take bytes that came. Call until MORE: it returns at each event, and goes on behind it.
 *
 * data:       is unmasked in place as far as it is consumed
 * ret_piece, ret_size: with DATA, a piece of the payload, which lies in the input; never empty
 * Returns:    an event; an error, and again at each call
 */
int wok__ws_feed(struct wok__ws_decoder *decoder, char *data, size_t size, size_t *ret_consumed,
		 char **ret_piece, size_t *ret_size);

/* How much of a message's payload comes next: bytes that may be read to where they shall lie. */
static inline uint64_t wok__ws_payload_left(const struct wok__ws_decoder *decoder)
{
	return decoder->in_payload && decoder->head.opcode < WOK__WS_CLOSE ? decoder->left : 0;
}

#endif
