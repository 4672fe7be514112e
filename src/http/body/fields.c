/* SPDX-License-Identifier: MIT */
/* Forms of type application/x-www-form-urlencoded: see wok/http_form.h. */
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/http_form.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/buffer.h"
#include "http/server/connection.h"
#include "http/url.h"

enum { FIELDS_DEFAULT = 1000, BYTES_DEFAULT = 1 << 20 };

struct wok_http_fields {
	char *text; /* a copy, decoded in place */
	wok_http_field *fields;
	size_t n, capacity;
};

void wok_http_fields_free(wok_http_fields *fields)
{
	if (!fields)
		return;
	wok_free(fields->text);
	wok_free(fields->fields);
	wok_free(fields);
}

/* Decode in place, where a NUL has room behind it. */
static int decode(char *text, size_t size, size_t *ret_size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] == '+')
			text[i] = ' ';
	ssize_t n = wok__percent_decode(text, size);
	if (n < 0)
		return wok_fail(WOK_EPEER, "the form is malformed: two hexadecimal digits must "
					   "follow a percent sign");
	text[n] = '\0';
	*ret_size = (size_t) n;
	return 0;
}

/* One "name=value" of size bytes, behind which a byte can be spared. */
static int add(wok_http_fields *fields, char *text, size_t size)
{
	char *equals = memchr(text, '=', size);
	size_t name_size = equals ? (size_t) (equals - text) : size, value_size = 0;
	char *value = equals ? equals + 1 : text + size;

	if (equals)
		WOK_TRY(decode(value, size - name_size - 1, &value_size));
	WOK_TRY(decode(text, name_size, &name_size));
	if (memchr(text, '\0', name_size))
		return wok_fail(WOK_EPEER, "the form is malformed: a NUL in a name");
	if (!equals)
		value = text + name_size; /* its NUL */
	if (wok__grow((void **) &fields->fields, &fields->capacity, fields->n + 1,
		      sizeof(fields->fields[0])) < 0)
		return -ENOMEM;
	fields->fields[fields->n++] = (wok_http_field){text, value, value_size};
	return 0;
}

static int parse(wok_http_fields *fields, size_t size, size_t max_fields)
{
	char *at = fields->text, *end = at + size;

	while (at < end) {
		char *next = memchr(at, '&', (size_t) (end - at));
		size_t n = (size_t) ((next ? next : end) - at);
		if (n > 0 && fields->n == max_fields)
			return wok_fail(WOK_ELIMIT, "the form has more than %zu fields",
					max_fields);
		if (n > 0)
			WOK_TRY(add(fields, at, n));
		at += n + 1;
	}
	return 0;
}

int wok_http_fields_parse(const char *text, size_t size, const wok_http_fields_options *options,
			  wok_http_fields **ret_fields)
{
	size_t max_fields =
		options && options->max_fields ? options->max_fields : (size_t) FIELDS_DEFAULT;
	size_t max_bytes =
		options && options->max_bytes ? options->max_bytes : (size_t) BYTES_DEFAULT;

	if (size > max_bytes)
		return wok_fail(WOK_ELIMIT, "the form has more than %zu bytes", max_bytes);
	WOK_AUTO(wok_http_fields) *fields = wok__alloc_zeroed(sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	fields->text = wok_alloc(size + 1);
	if (!fields->text)
		return -ENOMEM;
	if (size > 0)
		memcpy(fields->text, text, size);
	WOK_TRY(parse(fields, size, max_fields));
	*ret_fields = WOK_TAKE(fields);
	return 0;
}

static bool is_urlencoded(const char *type)
{
	size_t size = type ? strcspn(type, "; \t") : 0;

	return size == strlen(WOK_HTTP_URLENCODED) &&
	       strncasecmp(type, WOK_HTTP_URLENCODED, size) == 0;
}

/* What the client has done wrong is answered so. */
static int blame(wok_http_request *request, int r)
{
	if (r == WOK_EPEER || r == WOK_ELIMIT)
		request->body_error = r;
	return r;
}

int wok_http_request_fields(wok_http_request *request, const wok_http_fields_options *options,
			    wok_http_fields **ret_fields)
{
	wok_view body;

	WOK_TRY(wok_http_request_body(request, &body));
	if (!is_urlencoded(wok_http_request_header(request, "Content-Type")))
		return blame(
			request,
			wok_fail(WOK_EPEER,
				 "the request's body is no form of type " WOK_HTTP_URLENCODED));
	return blame(request, wok_http_fields_parse(body.data, body.size, options, ret_fields));
}

const char *wok_http_fields_value(const wok_http_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->n; i++)
		if (strcmp(fields->fields[i].name, name) == 0)
			return fields->fields[i].value;
	return NULL;
}

bool wok_http_fields_at(const wok_http_fields *fields, size_t index, wok_http_field *ret_field)
{
	if (index >= fields->n)
		return false;
	*ret_field = fields->fields[index];
	return true;
}

/* As browsers do it: a space is a plus, and letters, digits and *-._ stand as they are. */
static void put(struct wok__buffer *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;
		bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			     strchr("*-._", c);
		if (plain || c == ' ')
			wok__buffer_add(out, plain ? text : "+", 1);
		else
			wok__buffer_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

int wok_http_fields_encode(const wok_url_param *params, size_t n, char **ret_text)
{
	struct wok__buffer out = {0};

	for (size_t i = 0; i < n; i++) {
		wok__buffer_text(&out, i > 0 ? "&" : "");
		put(&out, params[i].name);
		wok__buffer_text(&out, "=");
		put(&out, params[i].value ? params[i].value : "");
	}
	wok__buffer_add(&out, "", 1);
	if (out.error < 0) {
		int r = out.error;
		wok__buffer_free(&out);
		return r;
	}
	*ret_text = out.data;
	return 0;
}
