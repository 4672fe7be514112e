/* SPDX-License-Identifier: MIT */
/* Heads of parts: see http/body/part.h. */
#include "http/body/part.h"

#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/params.h"
#include "http/url.h"

enum { FIELDS_MAX = 32 };

static int malformed(const char *what)
{
	return wok_fail(WOK_EPEER, "a part of the form is malformed: %s", what);
}

/* One line "name: value" of a head, that ends before end. */
static int parse_line(const char *base, const char *line, const char *end,
		      struct wok__h1_field *ret_field)
{
	const char *colon = memchr(line, ':', (size_t) (end - line));
	const char *value = colon ? colon + 1 : end;

	if (!colon || !wok__h1_valid_token(line, (size_t) (colon - line)))
		return malformed("a header line has no name");
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (!wok__h1_valid_value(value, (size_t) (end - value)))
		return malformed("a header has bytes that are not allowed");
	*ret_field = (struct wok__h1_field){
		.name = (uint32_t) (line - base),
		.name_size = (uint32_t) (colon - line),
		.value = (uint32_t) (value - base),
		.value_size = (uint32_t) (end - value),
		.id = wok__h1_intern(line, (size_t) (colon - line)),
	};
	return 0;
}

static int parse_lines(struct wok__part *part, const char *lines, size_t size)
{
	struct wok__h1_field fields[FIELDS_MAX];
	size_t n = 0;
	const char *line, *end;

	if (wok__head_copy(&part->head, lines, size) < 0)
		return -ENOMEM;
	line = part->head.data;
	while ((end = memmem(line, size - (size_t) (line - part->head.data), "\r\n", 2))) {
		if (n == FIELDS_MAX)
			return wok_fail(WOK_ELIMIT, "a part of the form has more than %d headers",
					FIELDS_MAX);
		WOK_TRY(parse_line(part->head.data, line, end, &fields[n++]));
		line = end + 2;
	}
	return wok__head_keep_fields(&part->head, fields, n);
}

/* The only field of an id; NULL without one. Two are an error. */
static int only_field(const struct wok__part *part, enum wok__h1_name id, const char **ret_value)
{
	const struct wok__head *head = &part->head;

	*ret_value = NULL;
	for (size_t i = 0; i < head->n_fields; i++) {
		if (head->fields[i].id != id)
			continue;
		if (*ret_value)
			return malformed("a header is repeated");
		*ret_value = head->data + head->fields[i].value;
	}
	return 0;
}

/*
 * Escapes within quotes: of a quote and of a backslash. Another backslash is one: clients that mean
 * C:\dir write so. Browsers write %22 for a quote (the WHATWG's way), and no other escape for it.
 */
static char *copy_value(const struct wok__param *param)
{
	size_t size = 0;
	char *text = wok_alloc(param->value.size + 1);

	for (size_t i = 0; text && i < param->value.size; i++) {
		const char *p = param->value.data + i;
		size_t left = param->value.size - i;
		if (param->quoted && *p == '\\' && left > 1 && (p[1] == '"' || p[1] == '\\')) {
			text[size++] = p[1];
			i++;
		} else if (param->quoted && left > 2 && memcmp(p, "%22", 3) == 0) {
			text[size++] = '"';
			i += 2;
		} else {
			text[size++] = *p;
		}
	}
	if (text)
		text[size] = '\0';
	return text;
}

/* A parameter by name: 1, with a copy; 0 without one. Readers differ on which of two counts. */
static int find_param(const char *value, const char *name, char **ret_text)
{
	struct wok__params params;
	struct wok__param param, found = {0};
	int r;

	(void) wok__params_begin(&params, value, strlen(value));
	while ((r = wok__params_next(&params, &param)) > 0) {
		if (param.name.size != strlen(name) ||
		    strncasecmp(param.name.data, name, param.name.size) != 0)
			continue;
		if (found.name.data || !param.value.data)
			return malformed("bad parameters");
		found = param;
	}
	if (r < 0)
		return malformed("bad parameters");
	if (!found.name.data)
		return 0;
	*ret_text = copy_value(&found);
	return *ret_text ? 1 : -ENOMEM;
}

/* UTF-8''na%C3%AFve.txt (RFC 8187). What it cannot be is left to filename. */
static void decode_extended(struct wok__part *part, char *text)
{
	char *at = strncasecmp(text, "utf-8'", 6) == 0 ? strchr(text + 6, '\'') : NULL;
	ssize_t n = at ? wok__percent_decode(at + 1, strlen(at + 1)) : -1;

	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char) at[1 + i] < 0x20 || at[1 + i] == 0x7f)
			n = -1;
	if (n <= 0) {
		wok_free(text);
		return;
	}
	memmove(text, at + 1, (size_t) n);
	text[n] = '\0';
	wok_free(part->filename);
	part->filename = text;
}

static int parse_disposition(struct wok__part *part)
{
	static const char form_data[] = "form-data";
	const char *value;
	char *extended;

	WOK_TRY(only_field(part, WOK__H1_CONTENT_DISPOSITION, &value));
	size_t size = value ? strcspn(value, "; \t") : 0;
	if (size != sizeof(form_data) - 1 || strncasecmp(value, form_data, size) != 0)
		return malformed("its Content-Disposition is not form-data");
	int r = find_param(value, "name", &part->name);
	if (r <= 0)
		return r < 0 ? r : malformed("it has no name");
	WOK_TRY(find_param(value, "filename", &part->filename));
	r = find_param(value, "filename*", &extended);
	if (r > 0)
		decode_extended(part, extended);
	return r < 0 ? r : 0;
}

/* What RFC 7578 has done away with: parts in parts, and codings for mail. */
static int refuse_nesting(const struct wok__part *part)
{
	const char *coding = wok__head_value(&part->head, "Content-Transfer-Encoding");

	if (strncasecmp(part->content_type, "multipart/", 10) == 0)
		return wok_fail(WOK_EPEER, "a part of the form is a multipart body itself");
	if (coding && strcasecmp(coding, "binary") != 0 && strcasecmp(coding, "8bit") != 0 &&
	    strcasecmp(coding, "7bit") != 0)
		return malformed("its Content-Transfer-Encoding is not for forms");
	return 0;
}

int wok__part_parse(struct wok__part *part, const char *lines, size_t size)
{
	wok_free(WOK_TAKE(part->name));
	wok_free(WOK_TAKE(part->filename));
	WOK_TRY(parse_lines(part, lines, size));
	WOK_TRY(only_field(part, WOK__H1_CONTENT_TYPE, &part->content_type));
	if (!part->content_type)
		part->content_type = "text/plain";
	WOK_TRY(refuse_nesting(part));
	return parse_disposition(part);
}

void wok__part_free(struct wok__part *part)
{
	wok__head_free(&part->head);
	wok_free(part->name);
	wok_free(part->filename);
	*part = (struct wok__part){0};
}

int wok__multipart_boundary(const char *content_type, char **ret_boundary)
{
	static const char type[] = "multipart/form-data";
	size_t size = content_type ? strcspn(content_type, "; \t") : 0;

	if (size != sizeof(type) - 1 || strncasecmp(content_type, type, size) != 0)
		return 0;
	int r = find_param(content_type, "boundary", ret_boundary);
	if (r == 0 || r == WOK_EPEER)
		return wok_fail(WOK_EPEER, "the Content-Type of the form has no good boundary");
	return r;
}
