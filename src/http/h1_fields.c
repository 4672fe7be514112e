/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 field lines (RFC 9112 section 5), in heads and trailer sections.
 *
 * One line is one field: continuation lines (obs-fold) are refused wherever they stand, since a
 * peer that unfolds them sees other fields than one that does not.
 */
#include "http/h1_parts.h"

#include <string.h>

/* What a compiler alone would not put inline, since there are two callers. */
#define INLINE __attribute__((always_inline)) static inline

static int fail(struct wok__h1_cursor *cursor, const char *where, int error)
{
	cursor->p = where;
	return error;
}

int wok__h1_open_head(const char *data, size_t size, const struct wok__h1_limits *limits,
		      struct wok__h1_field *fields, size_t fields_max,
		      struct wok__h1_cursor *ret_cursor, struct wok__h1_head *ret_head)
{
	ret_cursor->base = ret_cursor->p = data;
	if (size > limits->head) {
		ret_cursor->p += limits->head;
		return WOK__H1_HEAD_TOO_LARGE;
	}
	if (size == 0 || data[size - 1] != '\n')
		return WOK__H1_HEAD_INCOMPLETE;
	ret_cursor->end = data + size;
	ret_cursor->line_max = limits->field_line;
	ret_cursor->flags = 0;
	ret_head->fields = fields;
	ret_head->count = 0;
	ret_head->max = fields_max < limits->fields ? (uint32_t) fields_max : limits->fields;
	ret_head->present = 0;
	return 0;
}

int wok__h1_skip_odd_line_end(struct wok__h1_cursor *cursor)
{
	if (cursor->p == cursor->end)
		return WOK__H1_HEAD_INCOMPLETE;
	if (*cursor->p == '\r')
		return WOK__H1_BARE_CR;
	if (*cursor->p != '\n')
		return WOK__H1_CONTROL_BYTE;
	if (!(cursor->flags & WOK__H1_LENIENT_LF))
		return WOK__H1_BARE_LF;
	cursor->p++;
	return 0;
}

/* `p` stands behind the token that begins a line. Step over the colon. */
static int skip_colon(struct wok__h1_cursor *cursor, const char *line, const char *p)
{
	const char *name_end = p;
	while (wok__h1_is_blank(*p))
		p++;
	if (*p == '\r' || *p == '\n')
		return fail(cursor, name_end, WOK__H1_NO_COLON);
	if (*p != ':')
		return fail(cursor, name_end, WOK__H1_BAD_FIELD_NAME);
	if (name_end == line)
		return fail(cursor, line, WOK__H1_BAD_FIELD_NAME);
	if (p != name_end && !(cursor->flags & WOK__H1_LENIENT_SPACE))
		return fail(cursor, name_end, WOK__H1_SPACE_BEFORE_COLON);
	cursor->p = p + 1;
	return 0;
}

INLINE int read_name(struct wok__h1_cursor *cursor, struct wok__h1_field *field)
{
	const char *line = cursor->p;
	const char *p = wok__h1_skip_guarded(line, WOK__H1_TOKEN_BYTE);

	field->name = (uint32_t) (line - cursor->base);
	field->name_size = (uint32_t) (p - line);
	field->id = wok__h1_intern(line, field->name_size);
	if (*p == ':' && p != line) {
		cursor->p = p + 1;
		return 0;
	}
	return skip_colon(cursor, line, p);
}

/* The value and the line's end. Only SP and HTAB around the value are not part of it. */
INLINE int read_value(struct wok__h1_cursor *cursor, const char *line, struct wok__h1_field *field)
{
	const char *p = cursor->p;
	while (wok__h1_is_blank(*p))
		p++;
	const char *end = wok__h1_find_control(cursor->base, p, cursor->end);

	if ((size_t) (end - line) > cursor->line_max)
		return fail(cursor, line + cursor->line_max, WOK__H1_FIELD_TOO_LONG);
	cursor->p = end;
	int r = wok__h1_skip_line_end(cursor);
	if (r < 0)
		return r;
	while (end > p && wok__h1_is_blank(end[-1]))
		end--;
	field->value = (uint32_t) (p - cursor->base);
	field->value_size = (uint32_t) (end - p);
	return 0;
}

/* Inline in its loop over a head, where most of the time goes. */
INLINE int next_field(struct wok__h1_cursor *cursor, struct wok__h1_field *ret_field)
{
	const char *line = cursor->p;
	if (line == cursor->end)
		return WOK__H1_HEAD_INCOMPLETE;
	if (*line == '\r' || *line == '\n')
		return wok__h1_skip_line_end(cursor);
	if (wok__h1_is_blank(*line))
		return WOK__H1_OBS_FOLD;

	int r = read_name(cursor, ret_field);
	if (r < 0)
		return r;
	r = read_value(cursor, line, ret_field);
	return r < 0 ? r : 1;
}

int wok__h1_next_field(struct wok__h1_cursor *cursor, struct wok__h1_field *ret_field)
{
	return next_field(cursor, ret_field);
}

static int refuse_repeated(const struct wok__h1_cursor *cursor, const struct wok__h1_head *head,
			   const struct wok__h1_field *field)
{
	const struct wok__h1_field *first = &head->fields[head->first[field->id]];
	bool lenient = cursor->flags & WOK__H1_LENIENT_DUPLICATES;

	if (field->id == WOK__H1_TRANSFER_ENCODING)
		return WOK__H1_DUPLICATE_TE;
	if (field->id == WOK__H1_CONTENT_LENGTH) {
		bool equal = first->value_size == field->value_size &&
			     memcmp(cursor->base + first->value, cursor->base + field->value,
				    field->value_size) == 0;
		return lenient && equal ? 0 : WOK__H1_DUPLICATE_CL;
	}
	if ((wok__h1_traits(field->id) & WOK__H1_ONE) && !lenient)
		return WOK__H1_DUPLICATE_FIELD;
	return 0;
}

int wok__h1_collect_fields(struct wok__h1_cursor *cursor, struct wok__h1_head *head)
{
	struct wok__h1_field spare; /* for one field too many: it is refused, but read */
	struct wok__h1_field *field = head->fields;
	uint64_t present = 0;
	uint32_t count = 0;

	for (;; field++, count++) {
		bool full = count == head->max;
		const char *line = cursor->p;
		if (full)
			field = &spare;
		int r = next_field(cursor, field);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (full)
			return fail(cursor, line, WOK__H1_TOO_MANY_FIELDS);

		uint64_t bit = UINT64_C(1) << field->id;
		if (!(present & bit)) {
			present |= bit;
			head->first[field->id] = count;
		} else if (field->id != WOK__H1_UNKNOWN) {
			r = refuse_repeated(cursor, head, field);
			if (r < 0)
				return fail(cursor, line, r);
		}
	}
	head->present = present;
	head->count = count;
	return cursor->p == cursor->end ? 0 : WOK__H1_HEAD_INCOMPLETE;
}

const struct wok__h1_field *wok__h1_find(const struct wok__h1_field *fields, size_t count,
					 size_t from, enum wok__h1_name id)
{
	for (size_t i = from; i < count; i++)
		if (fields[i].id == id)
			return &fields[i];
	return NULL;
}
