/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 bodies (RFC 9112 sections 6 and 7), decoded as they come in.
 *
 * Data is never copied: each DATA event is a span of the input. A chunked body is a state machine
 * over single bytes between the runs of data, so any cut of the input gives the same result. Only
 * the trailer section is different: it is looked for like a head and stays with the caller until it
 * is whole, because its fields are spans as well.
 *
 * A sender can spend nearly all of its bytes on framing (one-byte chunks, long extensions). Work
 * that brings no data is paid from a budget: a fixed allowance, and more with each byte of data.
 */
#include "http/h1_parts.h"

enum state {
	LENGTH,          /* body->left bytes of data to come */
	UNTIL_CLOSE,     /* data until the connection ends */
	SIZE,            /* digits of a chunk size */
	EXT_NAME_START,  /* behind the semicolon */
	EXT_NAME,        /* in an extension's name */
	EXT_VALUE_START, /* behind the equals sign */
	EXT_VALUE,       /* in a value that is a token */
	EXT_QUOTED,      /* in a quoted string */
	EXT_ESCAPED,     /* behind its backslash */
	EXT_END,         /* behind the closing quote */
	SIZE_LF,         /* the LF that ends the size line */
	CHUNK,           /* body->left bytes of data of this chunk to come */
	CHUNK_CR,        /* the CR behind the data */
	CHUNK_LF,        /* and its LF */
	TRAILERS,        /* the last chunk has come; fields or an empty line follow */
	DONE,            /* END was or will be returned */
	FAILED,          /* as will body->error */
};

int wok__h1_body_init(struct wok__h1_body *body, enum wok__h1_framing framing,
		      uint64_t content_length, const struct wok__h1_limits *limits)
{
	*body = (struct wok__h1_body){
		.limits = limits != NULL ? limits : &wok__h1_default_limits,
		.state = DONE,
	};
	if (framing == WOK__H1_LENGTH && content_length > 0) {
		body->left = content_length;
		body->state = LENGTH;
	} else if (framing == WOK__H1_CHUNKED) {
		body->state = SIZE;
	} else if (framing == WOK__H1_UNTIL_CLOSE) {
		body->state = UNTIL_CLOSE;
	}
	if (body->left > body->limits->body) {
		body->state = FAILED;
		body->error = WOK__H1_BODY_TOO_LARGE;
	}
	return body->error;
}

static int fail(struct wok__h1_body *body, int error)
{
	body->state = FAILED;
	body->error = error;
	return error;
}

/* --- the line before a chunk ------------------------------------------------------------------ */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_size(struct wok__h1_body *body, char c)
{
	int digit = hex_value(c);
	if (digit >= 0) {
		if (body->digits == 16)
			return WOK__H1_BAD_CHUNK_SIZE;
		body->digits++;
		body->left = body->left << 4 | (unsigned) digit;
		return 0;
	}
	if (body->digits == 0 || (c != ';' && c != '\r'))
		return WOK__H1_BAD_CHUNK_SIZE;
	body->state = c == ';' ? EXT_NAME_START : SIZE_LF;
	return 0;
}

/* The end of an extension: another one, the end of the line, or garbage. */
static int end_ext(struct wok__h1_body *body, char c)
{
	if (c != ';' && c != '\r')
		return WOK__H1_BAD_CHUNK_EXT;
	body->state = c == ';' ? EXT_NAME_START : SIZE_LF;
	return 0;
}

static int take_ext_token(struct wok__h1_body *body, char c)
{
	bool is_token = wok__h1_is_class(c, WOK__H1_TOKEN_BYTE);
	switch (body->state) {
	case EXT_NAME_START:
		body->state = EXT_NAME;
		return is_token ? 0 : WOK__H1_BAD_CHUNK_EXT;
	case EXT_VALUE_START:
		body->state = c == '"' ? EXT_QUOTED : EXT_VALUE;
		return is_token || c == '"' ? 0 : WOK__H1_BAD_CHUNK_EXT;
	case EXT_NAME:
		if (c == '=') {
			body->state = EXT_VALUE_START;
			return 0;
		}
		break;
	}
	return is_token ? 0 : end_ext(body, c);
}

static int take_ext_quoted(struct wok__h1_body *body, char c)
{
	if (c == '\t' || wok__h1_is_control(c))
		return WOK__H1_BAD_CHUNK_EXT;
	if (body->state == EXT_ESCAPED)
		body->state = EXT_QUOTED;
	else if (c == '\\')
		body->state = EXT_ESCAPED;
	else if (c == '"')
		body->state = EXT_END;
	return 0;
}

static int take_ext(struct wok__h1_body *body, char c)
{
	int r = 0;
	if (body->state == EXT_QUOTED || body->state == EXT_ESCAPED)
		r = take_ext_quoted(body, c);
	else
		r = body->state == EXT_END ? end_ext(body, c) : take_ext_token(body, c);
	return r;
}

/* One more byte of extensions: within its line's and the message's bounds? */
static bool count_ext(struct wok__h1_body *body)
{
	return body->ext_line++ < body->limits->chunk_ext_line &&
	       body->ext_total++ < body->limits->chunk_ext_total;
}

static bool over_budget(const struct wok__h1_body *body)
{
	uint64_t earned;
	if (body->overhead <= body->limits->chunk_overhead)
		return false; /* as it nearly always is */
	if (__builtin_mul_overflow(body->received, body->limits->overhead_per_byte, &earned) ||
	    __builtin_add_overflow(earned, body->limits->chunk_overhead, &earned))
		return false;
	return body->overhead > earned;
}

/* The size line is complete. */
static inline int start_chunk(struct wok__h1_body *body)
{
	body->digits = 0;
	body->ext_line = 0;
	if (over_budget(body))
		return WOK__H1_CHUNK_OVERHEAD;
	if (body->left > body->limits->body - body->received)
		return WOK__H1_BODY_TOO_LARGE;
	body->state = body->left > 0 ? CHUNK : TRAILERS;
	return 0;
}

/* One byte of framing. Returns: 0 or an error. */
static int take_framing(struct wok__h1_body *body, char c)
{
	body->overhead++;
	switch (body->state) {
	case SIZE:
		if (c == ';' && body->digits > 0 && !count_ext(body))
			return WOK__H1_CHUNK_EXT_TOO_LONG;
		return take_size(body, c);
	case SIZE_LF:
		return c == '\n' ? start_chunk(body) : WOK__H1_BAD_CHUNK_SIZE;
	case CHUNK_CR:
		body->state = CHUNK_LF;
		return c == '\r' ? 0 : WOK__H1_BAD_CHUNK_END;
	case CHUNK_LF:
		body->state = SIZE;
		return c == '\n' ? 0 : WOK__H1_BAD_CHUNK_END;
	default:
		break;
	}
	bool line_ends = c == '\r' && body->state != EXT_QUOTED && body->state != EXT_ESCAPED;
	if (!line_ends && !count_ext(body))
		return WOK__H1_CHUNK_EXT_TOO_LONG;
	return take_ext(body, c);
}

/* --- trailers --------------------------------------------------------------------------------- */

static struct wok__h1_cursor trailer_cursor(const struct wok__h1_body *body,
					    struct wok__h1_span section)
{
	return (struct wok__h1_cursor){
		.base = section.data,
		.p = section.data,
		.end = section.data + section.size,
		.line_max = body->limits->field_line,
	};
}

/* Every field must be sound, whether somebody will read it or not. */
static int check_trailers(const struct wok__h1_body *body, struct wok__h1_span section,
			  size_t *ret_where)
{
	struct wok__h1_cursor cursor = trailer_cursor(body, section);
	struct wok__h1_field field;
	int r;
	do {
		r = wok__h1_next_field(&cursor, &field);
	} while (r > 0);
	*ret_where = (size_t) (cursor.p - cursor.base);
	return r;
}

static int take_trailers(struct wok__h1_body *body, const char *data, size_t size, size_t *pos)
{
	size_t end;
	/* Most messages have none. */
	if (size >= 2 && data[0] == '\r' && data[1] == '\n' && body->scan.pos == 0 &&
	    body->limits->trailer_bytes >= 2) {
		*pos += 2;
		body->state = DONE;
		return WOK__H1_END;
	}
	int r = wok__h1_scan_trailers(&body->scan, data, size, body->limits, &end);
	if (r < 0) {
		*pos += body->scan.error_offset;
		return fail(body, r);
	}
	if (r == 0)
		return WOK__H1_MORE;

	struct wok__h1_span section = {data, end};
	size_t where;
	r = check_trailers(body, section, &where);
	if (r < 0) {
		*pos += where;
		return fail(body, r);
	}
	*pos += end;
	body->trailers = end > 2 ? section : (struct wok__h1_span){NULL, 0};
	body->state = DONE;
	return WOK__H1_END;
}

/* Names that nobody has interned are fine, but for these. */
static bool may_be_trailer(struct wok__h1_span name, enum wok__h1_name id)
{
	static const char content[] = "content-";
	if (id != WOK__H1_UNKNOWN)
		return !(wok__h1_traits(id) & WOK__H1_HEAD_ONLY);
	if (name.size < sizeof(content) - 1)
		return true;
	return !wok__h1_is((struct wok__h1_span){name.data, sizeof(content) - 1}, content);
}

bool wok__h1_may_trail(const char *name, size_t size)
{
	return may_be_trailer((struct wok__h1_span){name, size}, wok__h1_intern(name, size));
}

int wok__h1_parse_trailers(const struct wok__h1_body *body, struct wok__h1_field *fields,
			   size_t fields_max, size_t *ret_count)
{
	size_t count = 0;
	if (body->trailers.size > 0) {
		struct wok__h1_cursor cursor = trailer_cursor(body, body->trailers);
		struct wok__h1_field field;
		while (wok__h1_next_field(&cursor, &field) > 0) {
			if (!may_be_trailer(wok__h1_name_of(cursor.base, &field), field.id))
				continue;
			if (count == fields_max)
				return WOK__H1_TOO_MANY_TRAILERS;
			fields[count++] = field;
		}
	}
	*ret_count = count;
	return 0;
}

/* --- usual framing ---------------------------------------------------------------------------- */

/*
 * What stands between two chunks when all of it has come: the line end behind the one, and a size
 * of at most eight digits with its line end before the other. What is anything else is left alone,
 * for take_framing() to judge byte by byte. Returns how many bytes were taken; 0: none.
 */
static size_t take_usual(struct wok__h1_body *body, const char *data, size_t size)
{
	size_t begin = 0, n = 0;
	uint64_t value = 0;

	if (body->state == CHUNK_CR) {
		if (size < 2 || data[0] != '\r' || data[1] != '\n')
			return 0;
		body->overhead += 2;
		body->state = SIZE;
		begin = 2;
	}
	if (body->state != SIZE || body->digits > 0)
		return 0;
	data += begin;
	size -= begin;
	for (; n < size && n < 8; n++) {
		int digit = hex_value(data[n]);
		if (digit < 0)
			break;
		value = value << 4 | (unsigned) digit;
	}
	if (n == 0 || size - n < 2 || data[n] != '\r' || data[n + 1] != '\n')
		return begin;
	body->overhead += n + 2;
	body->left = value;
	if (start_chunk(body) == 0)
		return begin + n + 2;
	/* It is refused at its LF: go back to before that. */
	body->overhead--;
	body->digits = (uint8_t) n;
	body->state = SIZE_LF;
	return begin + n + 1;
}

/* --- the decoder ------------------------------------------------------------------------------ */

/* Hand out up to `most` bytes. */
static int give(struct wok__h1_body *body, const char *data, size_t size, uint64_t most,
		struct wok__h1_span *ret_data)
{
	*ret_data = (struct wok__h1_span){data, size < most ? size : (size_t) most};
	body->received += ret_data->size;
	if (body->state == UNTIL_CLOSE)
		return WOK__H1_DATA;
	body->left -= ret_data->size;
	if (body->left == 0)
		body->state = body->state == CHUNK ? CHUNK_CR : DONE;
	return WOK__H1_DATA;
}

static int feed(struct wok__h1_body *body, const char *data, size_t size, size_t *pos,
		struct wok__h1_span *ret_data)
{
	while (*pos < size) {
		uint64_t most = body->left;
		size_t usual;
		int r;
		switch (body->state) {
		case UNTIL_CLOSE:
			most = body->limits->body - body->received;
			if (most == 0)
				return fail(body, WOK__H1_BODY_TOO_LARGE);
			/* fall through */
		case LENGTH:
		case CHUNK:
			r = give(body, data + *pos, size - *pos, most, ret_data);
			*pos += ret_data->size;
			return r;
		case TRAILERS:
			return take_trailers(body, data + *pos, size - *pos, pos);
		case DONE:
			return WOK__H1_END;
		default:
			usual = take_usual(body, data + *pos, size - *pos);
			if (usual > 0) {
				*pos += usual;
				break;
			}
			r = take_framing(body, data[*pos]);
			if (r < 0)
				return fail(body, r);
			++*pos;
		}
	}
	return body->state == DONE ? WOK__H1_END : WOK__H1_MORE;
}

int wok__h1_body_feed(struct wok__h1_body *body, const char *data, size_t size,
		      size_t *ret_consumed, struct wok__h1_span *ret_data)
{
	*ret_consumed = 0;
	*ret_data = (struct wok__h1_span){NULL, 0};
	if (body->state == FAILED)
		return body->error;
	return feed(body, data, size, ret_consumed, ret_data);
}

int wok__h1_body_eof(struct wok__h1_body *body)
{
	if (body->state == FAILED)
		return body->error;
	if (body->state != UNTIL_CLOSE && body->state != DONE)
		return fail(body, WOK__H1_TRUNCATED);
	body->state = DONE;
	return WOK__H1_END;
}
