/* SPDX-License-Identifier: MIT */
/*
 * httpbin's description of a request: see httpbin.h. Everything in it comes from outside, so it is
 * made valid UTF-8 first (jansson takes nothing else), and what is parsed as JSON may be nested
 * only so deep: jansson recurses, and a task's stack is small.
 */
#include "httpbin.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Levels of arrays and objects; jansson uses about 300 bytes of stack for each. */
enum { MAX_DEPTH = 100 };

/* --- text --------------------------------------------------------------------------------- */

/* The length of the UTF-8 sequence at the beginning of data; 0 if it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *data, size_t size)
{
	unsigned char first = data[0];
	size_t length = first < 0x80   ? 1
			: first < 0xc2 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
				       : 4;

	if (length == 0 || length > size || first > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Too long for what they say, surrogates, above U+10FFFF. */
	if ((first == 0xe0 && data[1] < 0xa0) || (first == 0xed && data[1] > 0x9f) ||
	    (first == 0xf0 && data[1] < 0x90) || (first == 0xf4 && data[1] > 0x8f))
		return 0;
	return length;
}

static bool is_utf8(const char *data, size_t size)
{
	const unsigned char *at = (const unsigned char *) data;

	while (size > 0) {
		size_t length = utf8_length(at, size);
		if (length == 0)
			return false;
		at += length;
		size -= length;
	}
	return true;
}

json_t *httpbin_text(const char *data, size_t size)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *text = malloc(3 * size + 1);
	size_t used = 0;
	if (!text)
		return NULL;

	for (size_t i = 0; i < size;) {
		size_t length = utf8_length((const unsigned char *) data + i, size - i);
		memcpy(text + used, length ? data + i : replacement, length ? length : 3);
		used += length ? length : 3;
		i += length ? length : 1;
	}
	json_t *json = json_stringn(text, used);
	free(text);
	return json;
}

/* As httpbin writes bytes that are no text. */
static json_t *base64_text(const wok_view *body)
{
	static const char prefix[] = "data:application/octet-stream;base64,";
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *data = (const unsigned char *) body->data;
	size_t used = strlen(prefix);
	char *text = malloc(used + (body->size + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;

	memcpy(text, prefix, sizeof(prefix));
	for (size_t i = 0; i < body->size; i += 3) {
		size_t left = body->size - i;
		uint32_t bits = (uint32_t) data[i] << 16;
		bits |= left > 1 ? (uint32_t) data[i + 1] << 8 : 0;
		bits |= left > 2 ? data[i + 2] : 0;
		text[used++] = letters[bits >> 18];
		text[used++] = letters[bits >> 12 & 63];
		text[used++] = '=';
		text[used++] = '=';
		if (left > 1)
			text[used - 2] = letters[bits >> 6 & 63];
		if (left > 2)
			text[used - 1] = letters[bits & 63];
	}
	json_t *json = json_stringn(text, used);
	free(text);
	return json;
}

/* --- forms and queries -------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char) tolower((unsigned char) c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "two+words%21" as "two words!"; a percent sign without two digits stays what it is. */
static json_t *decode(const char *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t used = 0;
	if (!text)
		return NULL;

	for (size_t i = 0; i < size; i++) {
		bool escaped = data[i] == '%' && i + 2 < size && hex_digit(data[i + 1]) >= 0 &&
			       hex_digit(data[i + 2]) >= 0;
		if (escaped) {
			text[used++] =
				(char) (hex_digit(data[i + 1]) * 16 + hex_digit(data[i + 2]));
			i += 2;
		} else {
			text[used] = data[i];
			if (text[used] == '+')
				text[used] = ' ';
			used++;
		}
	}
	json_t *json = httpbin_text(text, used);
	free(text);
	return json;
}

/* One value as it is, several as a list. Takes value, which may be NULL. */
static int add_value(json_t *object, const char *name, json_t *value)
{
	json_t *before = json_object_get(object, name);

	if (!before)
		return json_object_set_new(object, name, value);
	if (json_is_array(before))
		return json_array_append_new(before, value);
	return json_object_set_new(object, name, json_pack("[O, o]", before, value));
}

static int add_pair(json_t *object, const char *pair, size_t size)
{
	const char *equals = memchr(pair, '=', size);
	size_t name_size = equals ? (size_t) (equals - pair) : size;
	size_t value_size = equals ? size - name_size - 1 : 0;
	json_t *name = decode(pair, name_size);
	if (!name)
		return -1;

	/* A name with a NUL in it is cut there: C has no better idea. */
	int r = add_value(object, json_string_value(name),
			  decode(pair + size - value_size, value_size));
	json_decref(name);
	return r;
}

json_t *httpbin_form(const char *text, size_t size)
{
	json_t *object = json_object();
	const char *end = text + size;

	for (const char *pair = text; object && pair < end;) {
		const char *next = memchr(pair, '&', (size_t) (end - pair));
		size_t length = (size_t) ((next ? next : end) - pair);
		if (length > 0 && add_pair(object, pair, length) < 0) {
			json_decref(object);
			return NULL;
		}
		pair += length + 1;
	}
	return object;
}

/* --- the description ---------------------------------------------------------------------- */

/* "content-type" as "Content-Type": httpbin sees names through WSGI, which loses how they came. */
static void capitalise(const char *name, char *out, size_t size)
{
	bool first = true;
	size_t i = 0;

	for (; name[i] && i + 1 < size; i++) {
		out[i] = (char) (first ? toupper((unsigned char) name[i])
				       : tolower((unsigned char) name[i]));
		first = name[i] == '-';
	}
	out[i] = '\0';
}

static json_t *describe_headers(const wok_http_request *request)
{
	json_t *object = json_object();
	wok_http_header header;
	char name[256];

	for (size_t i = 0; object && wok_http_request_header_at(request, i, &header); i++) {
		capitalise(header.name, name, sizeof(name));
		json_t *value = httpbin_text(header.value, strlen(header.value));
		const char *before = json_string_value(json_object_get(object, name));
		if (before && value) { /* repeated ones are one list */
			json_t *both = json_sprintf("%s,%s", before, json_string_value(value));
			json_decref(value);
			value = both;
		}
		if (json_object_set_new(object, name, value) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *describe_url(const wok_http_request *request)
{
	const char *query = wok_http_request_query(request);
	char *url;

	int n = asprintf(&url, "http://%s%s%s%s", wok_http_request_host(request),
			 wok_http_request_path(request), *query ? "?" : "", query);
	if (n < 0)
		return NULL;
	json_t *json = httpbin_text(url, (size_t) n);
	free(url);
	return json;
}

static bool is_form(const wok_http_request *request)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = wok_http_request_header(request, "Content-Type");

	return type && strncasecmp(type, form, strlen(form)) == 0;
}

/* Whether a text is nested at most MAX_DEPTH levels, as far as it is JSON at all. */
static bool is_shallow(const wok_view *text)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < text->size; i++) {
		char c = text->data[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == '{') && ++depth > MAX_DEPTH)
			return false;
		else if (!quoted && (c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return true;
}

static json_t *parse_json(const wok_view *text)
{
	json_t *json = NULL;

	if (is_shallow(text))
		json = json_loadb(text->data, text->size, JSON_DECODE_ANY, NULL);
	return json ? json : json_null();
}

/* data, files, form and, for a POST, json. */
static int add_body(json_t *object, const wok_http_request *request, enum httpbin_members members,
		    const wok_view *body)
{
	static const wok_view nothing = {"", 0};
	const wok_view *form = &nothing, *data = &nothing;
	int r = 0;

	if (members == HTTPBIN_POST)
		*(is_form(request) ? &form : &data) = body;
	r |= json_object_set_new(object, "form", httpbin_form(form->data, form->size));
	r |= json_object_set_new(object, "files", json_object());
	r |= json_object_set_new(object, "data",
				 is_utf8(data->data, data->size)
					 ? json_stringn(data->data, data->size)
					 : base64_text(data));
	if (members == HTTPBIN_POST)
		r |= json_object_set_new(object, "json", parse_json(data));
	return r;
}

int httpbin_describe(const wok_http_request *request, enum httpbin_members members,
		     const wok_view *body, const char *origin, char **ret_text)
{
	const char *query = wok_http_request_query(request);
	json_t *object = json_object();
	int r = 0;

	r |= json_object_set_new(object, "args", httpbin_form(query, strlen(query)));
	r |= json_object_set_new(object, "headers", describe_headers(request));
	r |= json_object_set_new(object, "origin", json_string(origin));
	r |= json_object_set_new(object, "url", describe_url(request));
	if (members != HTTPBIN_GET)
		r |= add_body(object, request, members, body);
	char *text = r == 0 ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII)
			    : NULL;
	json_decref(object);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}
