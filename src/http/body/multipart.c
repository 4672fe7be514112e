/* SPDX-License-Identifier: MIT */
/*
 * Reading multipart bodies: see http/body/multipart.h.
 *
 * A delimiter is CRLF, two hyphens and the boundary; at the very start, and where a part has no
 * data, its CRLF is not there, or is that of the line before it. It has no second CR, so where a
 * match breaks off, the next one can only begin at a later CR: the search is linear. A line that
 * goes on behind the boundary is neither a delimiter nor can it be told from one by every reader:
 * it is refused.
 */
#include "http/body/multipart.h"

#include <string.h>
#include <wok/error.h>

#include "http/h1.h"

enum { PADDING_MAX = 64 };

enum state {
	START,      /* nothing has come */
	PREAMBLE,   /* text before the first delimiter, which means nothing */
	DELIMITED,  /* behind a delimiter */
	HEAD,       /* in the header lines of a part */
	DATA_START, /* behind the empty line */
	DATA,
	EPILOGUE, /* behind the last delimiter */
};

/* RFC 2046's bchars, but for the blank, which no client uses. */
static bool is_boundary(wok_view boundary)
{
	for (size_t i = 0; i < boundary.size; i++) {
		char c = boundary.data[i];
		bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!alnum && (c == '\0' || !strchr("'()+_,-./:=?", c)))
			return false;
	}
	return boundary.size > 0 && boundary.size <= WOK__BOUNDARY_MAX;
}

int wok__multipart_init(struct wok__multipart *multipart, wok_view boundary,
			const struct wok__multipart_limits *limits)
{
	if (!is_boundary(boundary))
		return -EINVAL;
	*multipart = (struct wok__multipart){.limits = *limits, .state = START};
	memcpy(multipart->delimiter, "\r\n--", 4);
	memcpy(multipart->delimiter + 4, boundary.data, boundary.size);
	multipart->delimiter_size = boundary.size + 4;
	return 0;
}

/* A step's input, and what it hands back. */
struct step {
	const char *data;
	size_t size;
	size_t consumed;
	wok_view piece;
};

/* How the input begins: 1 with a text, 0 perhaps, -1 not with it. */
static int begins(const struct step *step, const char *text, size_t size)
{
	size_t n = step->size < size ? step->size : size;

	if (memcmp(step->data, text, n) != 0)
		return -1;
	return n == size;
}

/* Where the next delimiter begins, whole or cut off by the end of the input; size if none does. */
static size_t find_delimiter(const struct wok__multipart *multipart, const struct step *step,
			     bool *ret_whole)
{
	const char *p = step->data, *end = step->data + step->size;

	*ret_whole = false;
	while ((p = memchr(p, '\r', (size_t) (end - p)))) {
		size_t left = (size_t) (end - p), whole = multipart->delimiter_size;
		if (memcmp(p, multipart->delimiter, left < whole ? left : whole) == 0) {
			*ret_whole = left >= whole;
			return (size_t) (p - step->data);
		}
		p++;
	}
	return step->size;
}

/* A delimiter without its CRLF, where none can be: as begins(). */
static int at_delimiter(const struct wok__multipart *multipart, const struct step *step)
{
	return begins(step, multipart->delimiter + 2, multipart->delimiter_size - 2);
}

static int start(struct wok__multipart *multipart, struct step *step)
{
	int r = at_delimiter(multipart, step);

	if (r == 0)
		return WOK__MULTIPART_MORE;
	multipart->state = r > 0 ? DELIMITED : PREAMBLE;
	step->consumed = r > 0 ? multipart->delimiter_size - 2 : 0;
	return -EAGAIN;
}

static int preamble(struct wok__multipart *multipart, struct step *step)
{
	bool whole;

	step->consumed = find_delimiter(multipart, step, &whole);
	if (!whole)
		return WOK__MULTIPART_MORE;
	step->consumed += multipart->delimiter_size;
	multipart->state = DELIMITED;
	return -EAGAIN;
}

/* Behind a delimiter: two hyphens after the last one, else white space and the line's end. */
static int delimited(struct wok__multipart *multipart, struct step *step)
{
	size_t n = 0;
	int last = multipart->padding == 0 ? begins(step, "--", 2) : -1;

	if (last >= 0) {
		if (last == 0)
			return WOK__MULTIPART_MORE;
		step->consumed = 2;
		multipart->state = EPILOGUE;
		return WOK__MULTIPART_END;
	}
	while (n < step->size && (step->data[n] == ' ' || step->data[n] == '\t'))
		n++;
	step->consumed = n;
	multipart->padding += n;
	struct step rest = {.data = step->data + n, .size = step->size - n};
	int r = begins(&rest, "\r\n", 2);
	if (r < 0 || multipart->padding > PADDING_MAX)
		return wok_fail(WOK_EPEER, "a multipart boundary is not at the end of its line");
	if (r == 0)
		return WOK__MULTIPART_MORE;
	step->consumed += 2;
	multipart->padding = multipart->scanned = 0;
	multipart->state = HEAD;
	return -EAGAIN;
}

static int begin_part(struct wok__multipart *multipart, struct step *step, size_t head)
{
	if (++multipart->parts > multipart->limits.parts)
		return wok_fail(WOK_ELIMIT, "the body has more than %zu parts",
				multipart->limits.parts);
	multipart->state = DATA_START;
	multipart->part = 0;
	step->piece = (wok_view){step->data, head};
	step->consumed = head + 2;
	return WOK__MULTIPART_PART;
}

static int head(struct wok__multipart *multipart, struct step *step)
{
	size_t most = multipart->limits.head, scanned = multipart->scanned;
	const char *end = NULL;
	int empty = begins(step, "\r\n", 2);

	if (empty > 0)
		return begin_part(multipart, step, 0);
	if (step->size > scanned)
		end = memmem(step->data + scanned, step->size - scanned, "\r\n\r\n", 4);
	size_t size = end ? (size_t) (end - step->data) + 2 : step->size;
	/* Of what is not complete, the last three bytes may belong to its end. */
	if (size > (end ? most : most + 3))
		return wok_fail(WOK_ELIMIT, "the header of a part has more than %zu bytes", most);
	if (end)
		return begin_part(multipart, step, size);
	multipart->scanned = step->size > 3 ? step->size - 3 : 0;
	return WOK__MULTIPART_MORE;
}

static int end_part(struct wok__multipart *multipart, struct step *step, size_t size)
{
	step->consumed = size;
	multipart->state = DELIMITED;
	return WOK__MULTIPART_PART_END;
}

static int data(struct wok__multipart *multipart, struct step *step)
{
	bool whole;
	size_t at = find_delimiter(multipart, step, &whole);

	if (at == 0)
		return whole ? end_part(multipart, step, multipart->delimiter_size)
			     : WOK__MULTIPART_MORE;
	multipart->part += at;
	if (multipart->part > multipart->limits.part)
		return wok_fail(WOK_ELIMIT, "a part of the body has more than %llu bytes",
				(unsigned long long) multipart->limits.part);
	step->piece = (wok_view){step->data, at};
	step->consumed = at;
	return WOK__MULTIPART_DATA;
}

static int data_start(struct wok__multipart *multipart, struct step *step)
{
	int r = at_delimiter(multipart, step);

	if (r == 0)
		return WOK__MULTIPART_MORE;
	if (r > 0)
		return end_part(multipart, step, multipart->delimiter_size - 2);
	multipart->state = DATA;
	return -EAGAIN;
}

static int epilogue(struct wok__multipart *multipart, struct step *step)
{
	(void) multipart;
	step->consumed = step->size;
	return WOK__MULTIPART_MORE;
}

/* An event; -EAGAIN: the state has changed, go on with the rest. */
static int run(struct wok__multipart *multipart, struct step *step)
{
	static int (*const states[])(struct wok__multipart *, struct step *) = {
		[START] = start,       [PREAMBLE] = preamble,     [DELIMITED] = delimited,
		[HEAD] = head,         [DATA_START] = data_start, [DATA] = data,
		[EPILOGUE] = epilogue,
	};

	if (step->size == 0)
		return WOK__MULTIPART_MORE;
	return states[multipart->state](multipart, step);
}

int wok__multipart_feed(struct wok__multipart *multipart, const char *data, size_t size,
			size_t *ret_consumed, wok_view *ret_piece)
{
	int r = multipart->error < 0 ? multipart->error : -EAGAIN;

	*ret_consumed = 0;
	while (r == -EAGAIN) {
		struct step step = {.data = data + *ret_consumed, .size = size - *ret_consumed};
		r = run(multipart, &step);
		*ret_consumed += step.consumed;
		*ret_piece = step.piece;
		multipart->bytes += step.consumed;
		if (multipart->bytes > multipart->limits.bytes)
			r = wok_fail(WOK_ELIMIT, "the body has more than %llu bytes",
				     (unsigned long long) multipart->limits.bytes);
	}
	if (r < 0)
		multipart->error = r;
	return r;
}

int wok__multipart_eof(const struct wok__multipart *multipart)
{
	if (multipart->error < 0)
		return multipart->error;
	return multipart->state == EPILOGUE
		       ? 0
		       : wok_fail(WOK_EEOF, "the body ends before its last boundary");
}
