/* SPDX-License-Identifier: MIT */
/* HTTP/1.1 request heads: the request line, then what the fields say about the request. */
#include "http/h1_parts.h"

#include <string.h>

/* --- the request line ------------------------------------------------------------------------- */

#define IS(text) (memcmp(data, text, sizeof(text) - 1) == 0)

/* Methods are case-sensitive: "get" is just an unknown one. */
static enum wok__h1_method find_method(const char *data, size_t size)
{
	switch (size) {
	case 3:
		return IS("GET") ? WOK__H1_GET : IS("PUT") ? WOK__H1_PUT : WOK__H1_OTHER;
	case 4:
		return IS("POST") ? WOK__H1_POST : IS("HEAD") ? WOK__H1_HEAD : WOK__H1_OTHER;
	case 5:
		return IS("PATCH") ? WOK__H1_PATCH : IS("TRACE") ? WOK__H1_TRACE : WOK__H1_OTHER;
	case 6:
		return IS("DELETE") ? WOK__H1_DELETE : WOK__H1_OTHER;
	case 7:
		return IS("OPTIONS")   ? WOK__H1_OPTIONS
		       : IS("CONNECT") ? WOK__H1_CONNECT
				       : WOK__H1_OTHER;
	default:
		return WOK__H1_OTHER;
	}
}

static int read_method(struct wok__h1_cursor *cursor, const struct wok__h1_limits *limits,
		       struct wok__h1_request *request)
{
	const char *start = cursor->p;
	const char *p = wok__h1_skip_guarded(start, WOK__H1_TOKEN_BYTE);
	size_t size = (size_t) (p - start);

	cursor->p = p;
	if (size == 0)
		return WOK__H1_BAD_METHOD;
	if (*p != ' ')
		return wok__h1_is_blank(*p) || wok__h1_is_control(*p) ? WOK__H1_BAD_START_LINE
								      : WOK__H1_BAD_METHOD;
	if (size > limits->method)
		return WOK__H1_METHOD_TOO_LONG;
	request->method = (struct wok__h1_span){start, size};
	request->method_id = find_method(start, size);
	cursor->p = p + 1;
	return 0;
}

static int read_target(struct wok__h1_cursor *cursor, struct wok__h1_request *request)
{
	const char *start = cursor->p;
	const char *p = wok__h1_skip_guarded(start, WOK__H1_TARGET_BYTE);

	cursor->p = p;
	if (*p != ' ')
		return *p == '\t' || *p == '\r' || *p == '\n' ? WOK__H1_BAD_START_LINE
							      : WOK__H1_BAD_TARGET;
	if (p == start)
		return WOK__H1_BAD_START_LINE;
	request->target = (struct wok__h1_span){start, (size_t) (p - start)};
	cursor->p = p + 1;
	return 0;
}

int wok__h1_read_version(const char *p, size_t size)
{
	if (size == 8 && memcmp(p, "HTTP/1.", 7) == 0 && (p[7] == '0' || p[7] == '1'))
		return p[7] - '0';
	bool well_formed = size == 8 && memcmp(p, "HTTP/", 5) == 0 && p[5] >= '0' && p[5] <= '9' &&
			   p[6] == '.' && p[7] >= '0' && p[7] <= '9';
	return well_formed ? WOK__H1_UNSUPPORTED_VERSION : WOK__H1_BAD_VERSION;
}

static bool is_http2_preface(const struct wok__h1_request *request, const char *version)
{
	return wok__h1_is(request->target, "*") && request->method.size == 3 &&
	       memcmp(request->method.data, "PRI", 3) == 0 && memcmp(version, "HTTP/2.0", 8) == 0;
}

/* The version and where its line ends. What nearly every request says is recognised as one word. */
static inline int read_version(const struct wok__h1_cursor *cursor,
			       const struct wok__h1_request *request, const char **ret_end)
{
	const char *version = cursor->p;

	if (cursor->end - version >= 10 && memcmp(version, "HTTP/1.1\r", 9) == 0) {
		*ret_end = version + 8;
		return 1;
	}
	*ret_end = wok__h1_find_control(cursor->base, version, cursor->end);
	int minor = wok__h1_read_version(version, (size_t) (*ret_end - version));
	if (minor == WOK__H1_UNSUPPORTED_VERSION && is_http2_preface(request, version))
		return WOK__H1_HTTP2_PREFACE;
	return minor;
}

static int read_request_line(struct wok__h1_cursor *cursor, const struct wok__h1_limits *limits,
			     struct wok__h1_request *request)
{
	const char *line = cursor->p;
	int r = read_method(cursor, limits, request);
	if (r < 0)
		return r;
	r = read_target(cursor, request);
	if (r < 0)
		return r;

	const char *end = NULL;
	r = read_version(cursor, request, &end);
	if (r < 0)
		return r;
	request->message.minor = (uint8_t) r;
	cursor->p = end;
	if ((size_t) (end - line) > limits->start_line)
		return WOK__H1_START_LINE_TOO_LONG;
	r = wok__h1_skip_line_end(cursor);
	if (r < 0)
		return r;

	const char *next = cursor->p;
	cursor->p = request->target.data; /* if it is bad, that is where */
	r = wok__h1_split_target(request);
	if (r < 0)
		return r;
	cursor->p = next;
	return 0;
}

/* --- what the fields say ---------------------------------------------------------------------- */

static struct wok__h1_span value_of(const struct wok__h1_cursor *cursor,
				    const struct wok__h1_head *head, enum wok__h1_name id)
{
	if (!(head->present >> id & 1))
		return (struct wok__h1_span){NULL, 0};
	return wok__h1_value_of(cursor->base, &head->fields[head->first[id]]);
}

/* The effective host. A target with an authority wins, but then Host must say the same. */
static int read_host(struct wok__h1_cursor *cursor, const struct wok__h1_head *head,
		     struct wok__h1_request *request)
{
	struct wok__h1_span host = value_of(cursor, head, WOK__H1_HOST);

	if (host.data == NULL && request->message.minor > 0)
		return WOK__H1_NO_HOST;
	if (host.data != NULL) {
		cursor->p = host.data;
		if (!wok__h1_valid_host(host.data, host.size))
			return WOK__H1_BAD_HOST;
		if (request->form == WOK__H1_ABSOLUTE_FORM &&
		    !wok__h1_same(host, request->authority))
			return WOK__H1_HOST_MISMATCH;
	}
	request->host = request->authority.data != NULL ? request->authority : host;
	return 0;
}

/* Both lengths at once is refused rather than resolved: see h1_framing.c. */
static int read_framing(struct wok__h1_cursor *cursor, const struct wok__h1_head *head,
			struct wok__h1_message *message)
{
	struct wok__h1_framing_fields framing;
	if (!wok__h1_has_framing(head))
		return 0; /* WOK__H1_NONE, as it was set */
	int r = wok__h1_read_framing(cursor->base, head, message->minor, &framing, &cursor->p);
	if (r < 0)
		return r;
	if (framing.has_length && framing.chunked)
		return WOK__H1_CL_AND_TE;
	if (framing.chunked)
		message->framing = WOK__H1_CHUNKED;
	else if (framing.has_length)
		message->framing = WOK__H1_LENGTH;
	message->content_length = framing.length;
	return 0;
}

static void read_expect(const struct wok__h1_cursor *cursor, const struct wok__h1_head *head,
			struct wok__h1_request *request)
{
	struct wok__h1_span expect = value_of(cursor, head, WOK__H1_EXPECT);
	const struct wok__h1_message *message = &request->message;

	if (expect.data == NULL)
		return;
	if (!wok__h1_is(expect, "100-continue"))
		request->expect_unknown = true;
	else if (message->minor > 0) /* a 1.0 client cannot mean it */
		request->expect_continue =
			message->framing == WOK__H1_CHUNKED || message->content_length > 0;
}

static int parse(struct wok__h1_cursor *cursor, const struct wok__h1_limits *limits,
		 struct wok__h1_head *head, struct wok__h1_request *request)
{
	if (cursor->end - cursor->p >= 2 && memcmp(cursor->p, "\r\n", 2) == 0)
		cursor->p += 2; /* the one empty line that the scan skips too */
	if (cursor->p == cursor->end)
		return WOK__H1_HEAD_INCOMPLETE;
	int r = read_request_line(cursor, limits, request);
	if (r < 0)
		return r;
	r = wok__h1_collect_fields(cursor, head);
	if (r < 0)
		return r;
	r = read_host(cursor, head, request);
	if (r < 0)
		return r;
	r = read_framing(cursor, head, &request->message);
	if (r < 0)
		return r;
	wok__h1_read_connection(cursor->base, head, &request->message);
	read_expect(cursor, head, request);
	request->message.present = head->present;
	request->message.fields = head->count;
	return 0;
}

int wok__h1_parse_request(const char *data, size_t size, const struct wok__h1_limits *limits,
			  struct wok__h1_field *fields, size_t fields_max,
			  struct wok__h1_request *ret_request)
{
	struct wok__h1_request request = {0};
	struct wok__h1_cursor cursor;
	struct wok__h1_head head;

	if (limits == NULL)
		limits = &wok__h1_default_limits;
	int r = wok__h1_open_head(data, size, limits, fields, fields_max, &cursor, &head);
	if (r == 0)
		r = parse(&cursor, limits, &head, &request);
	if (r < 0)
		ret_request->error_offset = (uint32_t) (cursor.p - data);
	else
		*ret_request = request;
	return r;
}
