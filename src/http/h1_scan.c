/* SPDX-License-Identifier: MIT */
/*
 * Finding the end of an HTTP/1.1 head (or trailer section) as its bytes come in.
 *
 * The scan remembers where it stopped, so a head that comes byte by byte costs as much as one that
 * comes whole, and every limit holds while the head is still incomplete. To be independent of how
 * the network cut the bytes, an error is that of the lowest offset, and limits are checked before
 * what lies behind them: the loop below must never act on a byte beyond a limit.
 *
 * It looks for control bytes only. Fields are checked later, in one go, by the parser proper; but
 * what would keep a head from ever ending (bare LF, HTTP/0.9, a TLS handshake) is refused here.
 */
#include "http/h1_parts.h"

#include <string.h>

struct bounds {
	uint32_t start_line;
	uint32_t field_line;
	uint32_t total;
	uint32_t fields;
};

static int fail(struct wok__h1_scan *scan, size_t offset, int error)
{
	scan->error_offset = (uint32_t) offset;
	return error;
}

/* Only what tells HTTP/1 from something else; the parser has the last word. */
static int check_start_line(struct wok__h1_scan *scan, const char *line, size_t size)
{
	if (scan->flags & WOK__H1_RESPONSE) {
		if (size < 5 || memcmp(line, "HTTP/", 5) != 0)
			return fail(scan, scan->line, WOK__H1_BAD_VERSION);
		return 0;
	}
	static const size_t tail = sizeof(" HTTP/1.1") - 1;
	if (size < tail || memcmp(line + size - tail, " HTTP/", 6) != 0)
		return fail(scan, scan->line, WOK__H1_BAD_VERSION);
	return 0;
}

/* The first line ended: [scan->line, scan->pos). */
static int end_start_line(struct wok__h1_scan *scan, const char *data, uint32_t next)
{
	uint32_t size = scan->pos - scan->line;
	if (size > 0) {
		scan->lines = 1;
		int r = check_start_line(scan, data + scan->line, size);
		scan->line = scan->pos = next;
		return r;
	}
	if (scan->pos > 0 || (scan->flags & WOK__H1_RESPONSE))
		return fail(scan, scan->pos, WOK__H1_EMPTY_LINE);
	/* RFC 9112 2.2 wants at least one CRLF ignored; wok ignores exactly one. */
	scan->skipped = scan->line = scan->pos = next;
	return 0;
}

/* The line [scan->line, scan->pos) ended, `next` begins the next one. 1: and so did the head. */
static inline int end_line(struct wok__h1_scan *scan, const char *data, uint32_t next,
			   const struct bounds *bounds)
{
	if (scan->lines == 0)
		return end_start_line(scan, data, next);
	bool empty = scan->pos == scan->line;
	if (!empty && scan->lines > bounds->fields)
		return fail(scan, scan->line, WOK__H1_TOO_MANY_FIELDS);
	scan->lines++;
	scan->line = scan->pos = next;
	return empty;
}

static int refuse_control(struct wok__h1_scan *scan, char c)
{
	if (c == '\n')
		return fail(scan, scan->pos, WOK__H1_BARE_LF);
	if (c == 0x16 && scan->pos == 0 && scan->lines == 0 && !(scan->flags & WOK__H1_RESPONSE))
		return fail(scan, scan->pos, WOK__H1_TLS_HELLO);
	return fail(scan, scan->pos, WOK__H1_CONTROL_BYTE);
}

/* The scan stands on a control byte before `end`. 2: it may be half a line end, wait for more. */
static inline int handle_control(struct wok__h1_scan *scan, const char *data, size_t end,
				 const struct bounds *bounds)
{
	uint32_t pos = scan->pos;
	if (data[pos] == '\r') {
		if (pos + 1 == end)
			return 2;
		if (data[pos + 1] != '\n')
			return fail(scan, pos, WOK__H1_BARE_CR);
		return end_line(scan, data, pos + 2, bounds);
	}
	const unsigned lenient = WOK__H1_RESPONSE | WOK__H1_LENIENT_LF;
	if (data[pos] == '\n' && (scan->flags & lenient) == lenient)
		return end_line(scan, data, pos + 1, bounds);
	return refuse_control(scan, data[pos]);
}

/*
 * The lines from here on, as long as they are as usual: fields that end in CRLF, within every
 * limit. Whatever is not is left to the loop below, from its beginning. This is where the time of a
 * scan goes, so what it counts stays in registers. Returns true at the end of the head.
 */
static inline bool scan_usual_lines(struct wok__h1_scan *scan, const char *data, size_t end,
				    const struct bounds *bounds)
{
	const char *line = data + scan->line, *stop = data + end;
	uint32_t lines = scan->lines;
	bool ended = false;

	if (lines == 0 || scan->pos != scan->line)
		return false;
	while (lines <= bounds->fields) {
		const char *p = wok__h1_find_control(data, line, stop);
		if (stop - p < 2 || p[0] != '\r' || p[1] != '\n' ||
		    (size_t) (p - line) > bounds->field_line)
			break;
		ended = p == line;
		line = p + 2;
		lines++;
		if (ended)
			break;
	}
	scan->lines = lines;
	scan->line = scan->pos = (uint32_t) (line - data);
	return ended;
}

static inline int scan_lines(struct wok__h1_scan *scan, const char *data, size_t size,
			     const struct bounds *bounds, size_t *ret_size)
{
	size_t end = size < bounds->total ? size : bounds->total;

	while (scan->pos < end) {
		if (scan_usual_lines(scan, data, end, bounds)) {
			*ret_size = scan->pos;
			return 1;
		}
		scan->pos = (uint32_t) (wok__h1_find_control(data, data + scan->pos, data + end) -
					data);
		uint32_t max = scan->lines == 0 ? bounds->start_line : bounds->field_line;
		if (scan->pos - scan->line > max)
			return fail(scan, (size_t) scan->line + max,
				    scan->lines == 0 ? WOK__H1_START_LINE_TOO_LONG
						     : WOK__H1_FIELD_TOO_LONG);
		if (scan->pos == end)
			break;
		int r = handle_control(scan, data, end, bounds);
		if (r < 0)
			return r;
		if (r == 2)
			break;
		if (r == 1) {
			*ret_size = scan->pos;
			return 1;
		}
	}
	return size > end ? fail(scan, end, WOK__H1_HEAD_TOO_LARGE) : 0;
}

int wok__h1_scan_head(struct wok__h1_scan *scan, const char *data, size_t size,
		      const struct wok__h1_limits *limits, size_t *ret_size)
{
	if (limits == NULL)
		limits = &wok__h1_default_limits;
	const struct bounds bounds = {
		.start_line = limits->start_line,
		.field_line = limits->field_line,
		.total = limits->head,
		.fields = limits->fields,
	};
	return scan_lines(scan, data, size, &bounds, ret_size);
}

int wok__h1_scan_trailers(struct wok__h1_scan *scan, const char *data, size_t size,
			  const struct wok__h1_limits *limits, size_t *ret_size)
{
	const struct bounds bounds = {
		.field_line = limits->field_line,
		.total = limits->trailer_bytes,
		.fields = limits->trailer_fields,
	};
	scan->lines += scan->lines == 0; /* there is no start line to wait for */
	int r = scan_lines(scan, data, size, &bounds, ret_size);
	if (r == WOK__H1_HEAD_TOO_LARGE)
		return WOK__H1_TRAILERS_TOO_LARGE;
	return r == WOK__H1_TOO_MANY_FIELDS ? WOK__H1_TOO_MANY_TRAILERS : r;
}
