/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_H1_H
#define WOK_HTTP_H1_H
/*
 * HTTP/1.1 on the wire (RFC 9112, strict), without I/O: bytes in, events out.
 *
 * Reading a message takes three steps, all of them on the caller's own buffer:
 *
 *	scan_head()	until it says 1: finds the end of the head, enforces the limits on the way
 *	parse_request() or parse_response(): once, over the whole head
 *	body_feed()	until END, with what lies behind the head
 *
 * Nothing here allocates, waits, copies or writes a global. Spans and offsets point into the
 * caller's bytes and live as long as those do. Every function takes any bytes at all; results do
 * not depend on how the network cut them. After an error the connection is lost: send
 * wok__h1_status_for(), close, and parse nothing more from it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wok__h1_span {
	const char *data; /* NULL if the part is absent, which differs from empty */
	size_t size;
};

/* --- limits ----------------------------------------------------------------------------------- */

#define WOK__H1_NO_LIMIT UINT64_MAX

/* Each bound is inclusive: what is as long as the limit still passes. Sizes are bytes. */
struct wok__h1_limits {
	uint32_t start_line;        /* request or status line, without its CRLF */
	uint32_t field_line;        /* name, colon and value, without the CRLF; trailers too */
	uint32_t head;              /* the whole head with all its line ends */
	uint32_t fields;            /* fields in the head */
	uint32_t method;            /* a longer method is not implemented: 501 */
	uint32_t trailer_fields;    /* fields in the trailer section, those dropped included */
	uint32_t trailer_bytes;     /* the whole trailer section with its empty line */
	uint32_t chunk_ext_line;    /* extensions of one chunk, from the semicolon on */
	uint32_t chunk_ext_total;   /* extensions of all chunks of a message */
	uint32_t chunk_overhead;    /* framing bytes that a chunked body may always have ... */
	uint32_t overhead_per_byte; /* ... plus so many for each byte of data */
	uint64_t body;              /* the body, decoded */
};

#define WOK__H1_LIMITS_DEFAULT                                                                     \
	{                                                                                          \
		.start_line = 8190, .field_line = 8190, .head = 65536, .fields = 128,              \
		.method = 32, .trailer_fields = 32, .trailer_bytes = 8192, .chunk_ext_line = 256,  \
		.chunk_ext_total = 16384, .chunk_overhead = 65536, .overhead_per_byte = 4,         \
		.body = WOK__H1_NO_LIMIT                                                           \
	}

/* The same as a constant. Where a function takes limits, NULL means these. */
extern const struct wok__h1_limits wok__h1_default_limits;

/* --- errors ----------------------------------------------------------------------------------- */

/* X(name, status to answer with, what strerror says). Status 0: close without a word. */
#define WOK__H1_ERRORS(X)                                                                          \
	X(TLS_HELLO, 0, "a TLS handshake on a plain-text port")                                    \
	X(HTTP2_PREFACE, 0, "an HTTP/2 preface on an HTTP/1.1 connection")                         \
	X(BARE_LF, 400, "line feed without carriage return")                                       \
	X(BARE_CR, 400, "carriage return without line feed")                                       \
	X(CONTROL_BYTE, 400, "control byte in the head")                                           \
	X(EMPTY_LINE, 400, "empty line before the start line")                                     \
	X(START_LINE_TOO_LONG, 414, "request or status line too long")                             \
	X(FIELD_TOO_LONG, 431, "field line too long")                                              \
	X(HEAD_TOO_LARGE, 431, "head too large")                                                   \
	X(TOO_MANY_FIELDS, 431, "too many fields")                                                 \
	X(BAD_METHOD, 400, "method is not a token")                                                \
	X(METHOD_TOO_LONG, 501, "method too long")                                                 \
	X(BAD_START_LINE, 400, "start line not separated by single spaces")                        \
	X(BAD_TARGET, 400, "bad request target")                                                   \
	X(BAD_VERSION, 400, "bad HTTP version")                                                    \
	X(UNSUPPORTED_VERSION, 505, "unsupported HTTP version")                                    \
	X(BAD_STATUS, 400, "bad status code")                                                      \
	X(OBS_FOLD, 400, "field continued on a second line")                                       \
	X(BAD_FIELD_NAME, 400, "field name is empty or not a token")                               \
	X(NO_COLON, 400, "field without a colon")                                                  \
	X(SPACE_BEFORE_COLON, 400, "white space between field name and colon")                     \
	X(HEAD_INCOMPLETE, 400, "head does not end in one empty line")                             \
	X(NO_HOST, 400, "Host is missing")                                                         \
	X(BAD_HOST, 400, "Host is malformed")                                                      \
	X(HOST_MISMATCH, 400, "Host differs from the request target")                              \
	X(DUPLICATE_FIELD, 400, "field that may occur only once is repeated")                      \
	X(DUPLICATE_CL, 400, "Content-Length is repeated")                                         \
	X(BAD_CL, 400, "Content-Length is not a plain number")                                     \
	X(DUPLICATE_TE, 400, "Transfer-Encoding is repeated")                                      \
	X(BAD_TE, 400, "Transfer-Encoding is not chunked")                                         \
	X(UNSUPPORTED_TE, 501, "unsupported transfer coding before chunked")                       \
	X(TE_IN_HTTP10, 400, "Transfer-Encoding in HTTP/1.0")                                      \
	X(CL_AND_TE, 400, "both Content-Length and Transfer-Encoding")                             \
	X(UNEXPECTED_101, 400, "101 without an upgrade request")                                   \
	X(BAD_CHUNK_SIZE, 400, "bad chunk size")                                                   \
	X(BAD_CHUNK_EXT, 400, "bad chunk extension")                                               \
	X(CHUNK_EXT_TOO_LONG, 413, "too many bytes of chunk extensions")                           \
	X(BAD_CHUNK_END, 400, "chunk data not followed by CRLF")                                   \
	X(CHUNK_OVERHEAD, 413, "chunks too small for so much framing")                             \
	X(TRAILERS_TOO_LARGE, 431, "trailer section too large")                                    \
	X(TOO_MANY_TRAILERS, 431, "too many trailer fields")                                       \
	X(BODY_TOO_LARGE, 413, "body too large")                                                   \
	X(TRUNCATED, 400, "connection ended inside the message")

#define WOK__H1_ERROR_TOP (-5100)

/* For `switch` and tests; functions return plain int: an event or 1 and 0, or one of these. */
#define WOK__H1_ERROR_INDEX(name, status, text) WOK__H1_ERROR_INDEX_##name,
enum wok__h1_error_index { WOK__H1_ERRORS(WOK__H1_ERROR_INDEX) WOK__H1_ERROR_COUNT };
#define WOK__H1_ERROR_CODE(name, status, text)                                                     \
	WOK__H1_##name = WOK__H1_ERROR_TOP - WOK__H1_ERROR_INDEX_##name,
enum wok__h1_error { WOK__H1_ERRORS(WOK__H1_ERROR_CODE) };

/* What went wrong; a constant text without input bytes. Never NULL. */
const char *wok__h1_strerror(int error);

/* What a server answers: 400, 413, 414, 431, 501, 505, or 0 to close without an answer. */
int wok__h1_status_for(int error);

/* --- field names ------------------------------------------------------------------------------ */

/*
 * X(id, spelling, first and last letter in lower case, traits). The letters and the length are the
 * hash; h1_names.c does not compile if two names collide. The list is full: see the assertion
 * below. 1 (ONE)   a second field of this name makes the message ambiguous: refused 2 (HEAD)  never
 * taken from a trailer section
 */
#define WOK__H1_NAMES(X)                                                                           \
	X(ACCEPT, "Accept", 'a', 't', 0)                                                           \
	X(ACCEPT_CHARSET, "Accept-Charset", 'a', 't', 0)                                           \
	X(ACCEPT_ENCODING, "Accept-Encoding", 'a', 'g', 0)                                         \
	X(ACCEPT_LANGUAGE, "Accept-Language", 'a', 'e', 0)                                         \
	X(ACCEPT_RANGES, "Accept-Ranges", 'a', 's', 0)                                             \
	X(AGE, "Age", 'a', 'e', 2)                                                                 \
	X(ALLOW, "Allow", 'a', 'w', 0)                                                             \
	X(AUTHORIZATION, "Authorization", 'a', 'n', 3)                                             \
	X(CACHE_CONTROL, "Cache-Control", 'c', 'l', 2)                                             \
	X(CONNECTION, "Connection", 'c', 'n', 2)                                                   \
	X(CONTENT_DISPOSITION, "Content-Disposition", 'c', 'n', 2)                                 \
	X(CONTENT_ENCODING, "Content-Encoding", 'c', 'g', 2)                                       \
	X(CONTENT_LANGUAGE, "Content-Language", 'c', 'e', 2)                                       \
	X(CONTENT_LENGTH, "Content-Length", 'c', 'h', 2)                                           \
	X(CONTENT_LOCATION, "Content-Location", 'c', 'n', 3)                                       \
	X(CONTENT_RANGE, "Content-Range", 'c', 'e', 3)                                             \
	X(CONTENT_TYPE, "Content-Type", 'c', 'e', 3)                                               \
	X(COOKIE, "Cookie", 'c', 'e', 2)                                                           \
	X(DATE, "Date", 'd', 'e', 2)                                                               \
	X(ETAG, "ETag", 'e', 'g', 1)                                                               \
	X(EXPECT, "Expect", 'e', 't', 3)                                                           \
	X(EXPIRES, "Expires", 'e', 's', 2)                                                         \
	X(FORWARDED, "Forwarded", 'f', 'd', 2)                                                     \
	X(HOST, "Host", 'h', 't', 3)                                                               \
	X(IDEMPOTENCY_KEY, "Idempotency-Key", 'i', 'y', 3)                                         \
	X(IF_MATCH, "If-Match", 'i', 'h', 2)                                                       \
	X(IF_MODIFIED_SINCE, "If-Modified-Since", 'i', 'e', 2)                                     \
	X(IF_NONE_MATCH, "If-None-Match", 'i', 'h', 2)                                             \
	X(IF_RANGE, "If-Range", 'i', 'e', 3)                                                       \
	X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since", 'i', 'e', 2)                                 \
	X(KEEP_ALIVE, "Keep-Alive", 'k', 'e', 2)                                                   \
	X(LAST_MODIFIED, "Last-Modified", 'l', 'd', 0)                                             \
	X(LINK, "Link", 'l', 'k', 0)                                                               \
	X(LOCATION, "Location", 'l', 'n', 3)                                                       \
	X(MAX_FORWARDS, "Max-Forwards", 'm', 's', 3)                                               \
	X(ORIGIN, "Origin", 'o', 'n', 3)                                                           \
	X(PRAGMA, "Pragma", 'p', 'a', 2)                                                           \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 'p', 'e', 2)                                   \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization", 'p', 'n', 3)                                 \
	X(PROXY_CONNECTION, "Proxy-Connection", 'p', 'n', 2)                                       \
	X(RANGE, "Range", 'r', 'e', 3)                                                             \
	X(REFERER, "Referer", 'r', 'r', 0)                                                         \
	X(RETRY_AFTER, "Retry-After", 'r', 'r', 2)                                                 \
	X(SEC_WEBSOCKET_ACCEPT, "Sec-WebSocket-Accept", 's', 't', 3)                               \
	X(SEC_WEBSOCKET_EXTENSIONS, "Sec-WebSocket-Extensions", 's', 's', 2)                       \
	X(SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key", 's', 'y', 3)                                     \
	X(SEC_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Protocol", 's', 'l', 2)                           \
	X(SEC_WEBSOCKET_VERSION, "Sec-WebSocket-Version", 's', 'n', 2)                             \
	X(SERVER, "Server", 's', 'r', 0)                                                           \
	X(SET_COOKIE, "Set-Cookie", 's', 'e', 2)                                                   \
	X(STRICT_TRANSPORT_SECURITY, "Strict-Transport-Security", 's', 'y', 2)                     \
	X(TE, "TE", 't', 'e', 2)                                                                   \
	X(TRAILER, "Trailer", 't', 'r', 2)                                                         \
	X(TRANSFER_ENCODING, "Transfer-Encoding", 't', 'g', 2)                                     \
	X(UPGRADE, "Upgrade", 'u', 'e', 2)                                                         \
	X(USER_AGENT, "User-Agent", 'u', 't', 0)                                                   \
	X(VARY, "Vary", 'v', 'y', 2)                                                               \
	X(VIA, "Via", 'v', 'a', 2)                                                                 \
	X(WWW_AUTHENTICATE, "WWW-Authenticate", 'w', 'e', 2)                                       \
	X(X_FORWARDED_FOR, "X-Forwarded-For", 'x', 'r', 2)                                         \
	X(X_FORWARDED_HOST, "X-Forwarded-Host", 'x', 't', 2)                                       \
	X(X_FORWARDED_PROTO, "X-Forwarded-Proto", 'x', 'o', 2)                                     \
	X(X_REQUEST_ID, "X-Request-ID", 'x', 'd', 2)

#define WOK__H1_NAME_ID(id, text, first, last, traits) WOK__H1_##id,
enum wok__h1_name { WOK__H1_UNKNOWN = 0, WOK__H1_NAMES(WOK__H1_NAME_ID) WOK__H1_NAME_COUNT };

/* A head says in one 64-bit word which names occurred in it. */
_Static_assert(WOK__H1_NAME_COUNT <= 64, "field ids must fit the bits of wok__h1_message.present");

/* The id of a valid token in any case; WOK__H1_UNKNOWN for the rest. */
enum wok__h1_name wok__h1_intern(const char *name, size_t size);

/* The usual spelling of a known name, for writing; {NULL, 0} for WOK__H1_UNKNOWN. */
struct wok__h1_span wok__h1_spelling(enum wok__h1_name id);

/* --- the head --------------------------------------------------------------------------------- */

/* What to parse, and what else to put up with. The lenient ones concern responses only. */
enum wok__h1_flags {
	WOK__H1_REQUEST = 0,
	WOK__H1_RESPONSE = 1 << 0,
	WOK__H1_FOR_HEAD = 1 << 1,           /* the response answers a HEAD */
	WOK__H1_FOR_CONNECT = 1 << 2,        /* the response answers a CONNECT */
	WOK__H1_FOR_UPGRADE = 1 << 3,        /* the request asked for an upgrade: 101 is fine */
	WOK__H1_LENIENT_LF = 1 << 4,         /* a bare LF ends a line too */
	WOK__H1_LENIENT_DUPLICATES = 1 << 5, /* equal Content-Lengths, other singletons repeated */
	WOK__H1_LENIENT_SPACE = 1 << 6,      /* SP and HTAB between field name and colon */
};

/* Where a head begins and how far it was looked through. Start each message with a fresh one. */
struct wok__h1_scan {
	uint32_t flags;        /* enum wok__h1_flags */
	uint32_t pos;          /* the first byte not yet looked at */
	uint32_t line;         /* where the current line begins */
	uint32_t lines;        /* complete lines so far, with the start line */
	uint32_t skipped;      /* 2 if an empty line before the request line was skipped */
	uint32_t error_offset; /* of the byte that caused an error */
};

#define WOK__H1_SCAN_REQUEST {.flags = WOK__H1_REQUEST}
#define WOK__H1_SCAN_RESPONSE {.flags = WOK__H1_RESPONSE}

/**
 * Look for the end of a head. Call again with the same bytes and more behind them: looks at each
 * byte once. Refuses control bytes, bare CR and LF, and what is over a limit, as soon as it shows.
 * One empty line (CRLF) before a request line is skipped, and counts as part of the head.
 *
 * Returns: 1 and the head's size, with the empty line that ends it; 0: needs more; an error
 */
int wok__h1_scan_head(struct wok__h1_scan *scan, const char *data, size_t size,
		      const struct wok__h1_limits *limits, size_t *ret_size);

/* No byte of a message has come yet, except for an empty line: the connection is idle. */
static inline bool wok__h1_scan_is_idle(const struct wok__h1_scan *scan)
{
	return scan->pos == scan->skipped;
}

/* Offsets from the first byte of the head, or of the trailer section. */
struct wok__h1_field {
	uint32_t name;
	uint32_t name_size;
	uint32_t value; /* without white space around it */
	uint32_t value_size;
	enum wok__h1_name id;
};

/* How the body is delimited. */
enum wok__h1_framing {
	WOK__H1_NONE,        /* no body, and none to read */
	WOK__H1_LENGTH,      /* Content-Length, which may be 0 */
	WOK__H1_CHUNKED,     /* chunked, then trailers */
	WOK__H1_UNTIL_CLOSE, /* responses only: all until the connection ends */
};

/* What requests and responses share. */
struct wok__h1_message {
	enum wok__h1_framing framing;
	uint64_t content_length; /* with WOK__H1_LENGTH; else 0 */
	uint64_t present;        /* bit n: a field with id n occurred */
	uint32_t fields;         /* how many were stored */
	uint8_t minor;           /* of the version: HTTP/1.0 or HTTP/1.1 */
	bool keep_alive;         /* as far as this message goes, the connection can go on */
	bool upgrade;            /* HTTP/1.1 with Upgrade, and Connection lists it */
	bool close;              /* Connection says close */
};

static inline bool wok__h1_has(const struct wok__h1_message *message, enum wok__h1_name id)
{
	return message->present >> id & 1;
}

enum wok__h1_method {
	WOK__H1_OTHER = 0, /* a valid token: see the span */
	WOK__H1_GET,
	WOK__H1_HEAD,
	WOK__H1_POST,
	WOK__H1_PUT,
	WOK__H1_DELETE,
	WOK__H1_PATCH,
	WOK__H1_OPTIONS,
	WOK__H1_CONNECT,
	WOK__H1_TRACE,
};

enum wok__h1_form {
	WOK__H1_ORIGIN_FORM,    /* /path?query */
	WOK__H1_ABSOLUTE_FORM,  /* http://authority/path?query */
	WOK__H1_AUTHORITY_FORM, /* host:port, CONNECT only */
	WOK__H1_ASTERISK_FORM,  /* *, OPTIONS only */
};

struct wok__h1_request {
	struct wok__h1_message message;
	struct wok__h1_span method;
	struct wok__h1_span target;
	struct wok__h1_span scheme;    /* absolute form only */
	struct wok__h1_span authority; /* absolute and authority form only */
	struct wok__h1_span path;      /* as sent; absolute form: may be empty, and means "/" */
	struct wok__h1_span query;     /* behind the ?; data is NULL without one */
	struct wok__h1_span host;      /* the target's authority, else Host; NULL: 1.0 without */
	enum wok__h1_method method_id;
	enum wok__h1_form form;
	bool expect_continue; /* HTTP/1.1, a body to come, Expect: 100-continue */
	bool expect_unknown;  /* an expectation that nobody knows: 417 */
	uint32_t error_offset;
};

struct wok__h1_response {
	struct wok__h1_message message;
	struct wok__h1_span reason; /* may be empty */
	uint16_t status;            /* 100 to 999 */
	bool interim;               /* 1xx but 101: a further response follows */
	bool tunnel;                /* 101, or 2xx to CONNECT: HTTP ends behind this head */
	bool must_close;            /* never reuse the connection, however the body ends */
	uint32_t error_offset;
};

/**
 * Parse a whole head, as wok__h1_scan_head() delimited it. Never trusts the scan.
 *
 * Returns: 0; an error, and then only ret_x->error_offset is written. TOO_MANY_FIELDS if they do
 *          not fit `fields`.
 */
int wok__h1_parse_request(const char *data, size_t size, const struct wok__h1_limits *limits,
			  struct wok__h1_field *fields, size_t fields_max,
			  struct wok__h1_request *ret_request);
int wok__h1_parse_response(const char *data, size_t size, unsigned flags,
			   const struct wok__h1_limits *limits, struct wok__h1_field *fields,
			   size_t fields_max, struct wok__h1_response *ret_response);

/* The first field at or behind index `from` that has this id; NULL if there is none. */
const struct wok__h1_field *wok__h1_find(const struct wok__h1_field *fields, size_t count,
					 size_t from, enum wok__h1_name id);

static inline struct wok__h1_span wok__h1_name_of(const char *data, const struct wok__h1_field *f)
{
	return (struct wok__h1_span){data + f->name, f->name_size};
}

static inline struct wok__h1_span wok__h1_value_of(const char *data, const struct wok__h1_field *f)
{
	return (struct wok__h1_span){data + f->value, f->value_size};
}

/* The next member of a comma-separated list, trimmed, empty ones left out; false at the end. */
bool wok__h1_list_next(struct wok__h1_span *rest, struct wok__h1_span *ret_item);

/* ASCII without case, against lower-case text. */
bool wok__h1_is(struct wok__h1_span span, const char *lower);

/* --- the body --------------------------------------------------------------------------------- */

enum wok__h1_event {
	WOK__H1_MORE = 0, /* give what was not consumed again, with more behind it */
	WOK__H1_DATA = 1, /* a piece of the body; call again */
	WOK__H1_END = 2,  /* the body is complete; what was not consumed lies behind the message */
};

struct wok__h1_body {
	const struct wok__h1_limits *limits;
	uint64_t left;                /* data bytes to come, of the body or of the chunk */
	uint64_t received;            /* data bytes handed out */
	uint64_t overhead;            /* framing bytes of a chunked body */
	uint32_t ext_line;            /* extension bytes of this chunk */
	uint32_t ext_total;           /* extension bytes of this message */
	int error;                    /* the error that every further call returns */
	uint8_t state;                /* private, see h1_body.c */
	uint8_t digits;               /* of the chunk size */
	struct wok__h1_scan scan;     /* of the trailer section */
	struct wok__h1_span trailers; /* at END: the raw trailer section; empty without trailers */
};

/* Start a body; `limits` must live as long. Returns: 0; BODY_TOO_LARGE if the length says so. */
int wok__h1_body_init(struct wok__h1_body *body, enum wok__h1_framing framing,
		      uint64_t content_length, const struct wok__h1_limits *limits);

/**
 * Take bytes of a body. Call until MORE or END, also with no bytes left: it returns after each
 * piece of data. All of the input is consumed, except for bytes behind the end, and a trailer
 * section that is not complete yet: the caller's buffer must be able to hold one
 * (limits->trailer_bytes). Trailer fields are checked before END. Leniency ends with the head:
 * bodies are always read strictly.
 *
 * Returns: an event (with DATA, ret_data lies in the input); an error, and again at each call, with
 *          the place of the byte that caused it in ret_consumed
 */
int wok__h1_body_feed(struct wok__h1_body *body, const char *data, size_t size,
		      size_t *ret_consumed, struct wok__h1_span *ret_data);

/* The connection ended. Returns: WOK__H1_END if that ends the body properly, else TRUNCATED. */
int wok__h1_body_eof(struct wok__h1_body *body);

/**
 * The trailer fields, after END and while its input still lives. Offsets count from
 * body->trailers.data. Fields that a trailer may not carry (framing, routing, authentication,
 * Content-*, cookies) are left out. These never belong among the head's fields.
 *
 * Returns: 0; TOO_MANY_TRAILERS if they do not fit
 */
int wok__h1_parse_trailers(const struct wok__h1_body *body, struct wok__h1_field *fields,
			   size_t fields_max, size_t *ret_count);

/* Whether a field of this name may stand in a trailer section. */
bool wok__h1_may_trail(const char *name, size_t size);

/* --- writing ---------------------------------------------------------------------------------- */

/* The mirror image of the parser: what these refuse must not be sent. */
bool wok__h1_valid_token(const char *data, size_t size); /* methods, field names, codings */
bool wok__h1_valid_value(const char *data, size_t size); /* field values, reasons; may be empty */
bool wok__h1_valid_target(const char *data,
			  size_t size);                 /* any form; see parse_request for which */
bool wok__h1_valid_host(const char *data, size_t size); /* host, host:port, [v6], [v6]:port */

#define WOK__H1_DECIMAL_MAX 20    /* 2^64 - 1 */
#define WOK__H1_CHUNK_HEAD_MAX 18 /* 16 hex digits and CRLF */

/* Write into a buffer of at least that size, without a NUL. Return the size. */
size_t wok__h1_put_decimal(char *buf, uint64_t value);
size_t wok__h1_put_chunk_head(char *buf, uint64_t size);

/*
 * Write one line with its CRLF at the start of `buf`, after checking each part. A NULL reason
 * means the usual one. Return the size; -EINVAL for a part that must not be sent, -ENOBUFS if it
 * does not fit: a failed call has written nothing.
 */
int wok__h1_put_request_line(char *buf, size_t room, struct wok__h1_span method,
			     struct wok__h1_span target);
int wok__h1_put_status_line(char *buf, size_t room, int status, const char *reason);
int wok__h1_put_field(char *buf, size_t room, struct wok__h1_span name, struct wok__h1_span value);

/* "Not Found" for 404; "" for a code that is not registered. */
const char *wok__h1_reason(int status);

#endif
