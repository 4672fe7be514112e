/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 response heads.
 *
 * Whether a response has a body depends on the request (HEAD, CONNECT) and on the status before the
 * fields have a say. Where a server sends framing for a body that cannot be, its idea of the
 * connection's state may differ from ours: read no body, and do not reuse the connection.
 */
#include "http/h1_parts.h"

/* "HTTP/1.1 200 OK"; the space behind the code may be missing if the reason is. */
static int read_status_line(struct wok__h1_cursor *cursor, const struct wok__h1_limits *limits,
			    struct wok__h1_response *response)
{
	const char *line = cursor->p;
	const char *end = wok__h1_find_control(cursor->base, line, cursor->end);
	size_t size = (size_t) (end - line);

	if (size > limits->start_line)
		return WOK__H1_START_LINE_TOO_LONG;
	int minor = wok__h1_read_version(line, size < 8 ? size : 8);
	if (minor < 0)
		return minor;
	response->message.minor = (uint8_t) minor;
	if (size < 9 || line[8] != ' ')
		return WOK__H1_BAD_START_LINE;

	cursor->p = line + 9;
	if (size < 12)
		return WOK__H1_BAD_STATUS;
	for (const char *p = cursor->p; p < line + 12; p++) {
		if (*p < '0' || *p > '9')
			return WOK__H1_BAD_STATUS;
		response->status = (uint16_t) (response->status * 10 + (*p - '0'));
	}
	if (response->status < 100 || (size > 12 && line[12] != ' '))
		return WOK__H1_BAD_STATUS;
	const char *reason = size > 12 ? line + 13 : end;
	response->reason = (struct wok__h1_span){reason, (size_t) (end - reason)};
	cursor->p = end;
	return wok__h1_skip_line_end(cursor);
}

static int classify(struct wok__h1_response *response, unsigned flags)
{
	unsigned status = response->status;

	if (status == 101) {
		if (!(flags & WOK__H1_FOR_UPGRADE) || !response->message.upgrade)
			return WOK__H1_UNEXPECTED_101;
		response->tunnel = true;
	} else if (status < 200) {
		response->interim = true;
	} else if (status < 300 && (flags & WOK__H1_FOR_CONNECT)) {
		response->tunnel = true;
	}
	return 0;
}

/* The rules of RFC 9112 6.3, in its order. */
static void decide_framing(struct wok__h1_response *response, unsigned flags,
			   const struct wok__h1_framing_fields *framing)
{
	struct wok__h1_message *message = &response->message;
	unsigned status = response->status;
	bool has_body_fields = framing->chunked || framing->length > 0;

	if (response->tunnel || response->interim || status == 204) {
		response->must_close = has_body_fields && !response->tunnel;
		return;
	}
	response->must_close = framing->chunked && framing->has_length;
	if (status == 304 || (flags & WOK__H1_FOR_HEAD))
		return;
	if (framing->chunked) {
		message->framing = WOK__H1_CHUNKED;
	} else if (framing->has_length) {
		message->framing = WOK__H1_LENGTH;
		message->content_length = framing->length;
	} else {
		message->framing = WOK__H1_UNTIL_CLOSE;
		response->must_close = true;
	}
}

static int parse(struct wok__h1_cursor *cursor, const struct wok__h1_limits *limits,
		 struct wok__h1_head *head, struct wok__h1_response *response)
{
	int r = read_status_line(cursor, limits, response);
	if (r < 0)
		return r;
	r = wok__h1_collect_fields(cursor, head);
	if (r < 0)
		return r;
	wok__h1_read_connection(cursor->base, head, &response->message);
	r = classify(response, cursor->flags);
	if (r < 0)
		return r;

	struct wok__h1_framing_fields framing = {0};
	if (!response->tunnel) { /* in a tunnel both fields mean nothing */
		r = wok__h1_read_framing(cursor->base, head, response->message.minor, &framing,
					 &cursor->p);
		if (r < 0)
			return r;
	}
	decide_framing(response, cursor->flags, &framing);
	if (response->must_close)
		response->message.keep_alive = false;
	response->message.present = head->present;
	response->message.fields = head->count;
	return 0;
}

int wok__h1_parse_response(const char *data, size_t size, unsigned flags,
			   const struct wok__h1_limits *limits, struct wok__h1_field *fields,
			   size_t fields_max, struct wok__h1_response *ret_response)
{
	struct wok__h1_response response = {0};
	struct wok__h1_cursor cursor;
	struct wok__h1_head head;

	if (limits == NULL)
		limits = &wok__h1_default_limits;
	int r = wok__h1_open_head(data, size, limits, fields, fields_max, &cursor, &head);
	if (r == 0) {
		cursor.flags = flags;
		r = parse(&cursor, limits, &head, &response);
	}
	if (r < 0)
		ret_response->error_offset = (uint32_t) (cursor.p - data);
	else
		*ret_response = response;
	return r;
}
