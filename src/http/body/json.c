/* SPDX-License-Identifier: MIT */
/*
 * JSON: see wok/http_json.h.
 *
 * jansson recurses for each level, both ways, and so does freeing a value. How deep a text is can
 * be seen before it is parsed: so a hostile one is refused before jansson sees it.
 */
#include <string.h>
#include <strings.h>
#include <wok/big_stack.h>
#include <wok/error.h>
#include <wok/http_server.h>
#include <wok/memory.h>

#include "http/buffer.h"
#include "http/server/connection.h"

#ifdef WOK__WITH_JANSSON
#include <wok/http_json.h>

/* Whether a text is nested no deeper than is good. What is no JSON is left to the parser. */
static bool is_shallow(const char *text, size_t size)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == '{') && ++depth > WOK_HTTP_JSON_DEPTH)
			return false;
		else if (!quoted && (c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return true;
}

struct decoding {
	const char *text;
	size_t size;
	json_t *json;
	json_error_t error;
};

static int decode(void *arg)
{
	struct decoding *self = arg;

	self->json = json_loadb(self->text, self->size, JSON_DECODE_ANY, &self->error);
	return 0;
}

int wok_http_json_decode(const char *text, size_t size, json_t **ret_json)
{
	struct decoding decoding = {.text = text, .size = size};

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		decoding.text += 3;
		decoding.size -= 3;
	}
	if (!is_shallow(decoding.text, decoding.size))
		return wok_fail(WOK_ELIMIT, "the JSON is nested more than %d deep",
				WOK_HTTP_JSON_DEPTH);
	WOK_TRY(wok_on_big_stack(decode, &decoding));
	if (!decoding.json) {
		if (json_error_code(&decoding.error) == json_error_out_of_memory)
			return -ENOMEM;
		return wok_fail(WOK_EPEER, "no JSON, in line %d, column %d: %s",
				decoding.error.line, decoding.error.column, decoding.error.text);
	}
	*ret_json = decoding.json;
	return 0;
}

/* The other way: a value of the program's own, which may even contain itself. */
static bool is_value_shallow(const json_t *json, int left)
{
	const char *key;
	json_t *value;
	size_t i;

	if (left < 0)
		return false;
	json_array_foreach(json, i, value) if (!is_value_shallow(value, left - 1)) return false;
	/* Iterating does not change it, but jansson wants it so. */
	json_object_foreach((json_t *) (uintptr_t) json, key,
			    value) if (!is_value_shallow(value, left - 1)) return false;
	return true;
}

struct encoding {
	const json_t *json;
	struct wok__buffer out;
};

static int put(const char *data, size_t size, void *arg)
{
	struct encoding *self = arg;

	wok__buffer_add(&self->out, data, size);
	return self->out.error < 0 ? -1 : 0;
}

static int encode(void *arg)
{
	struct encoding *self = arg;

	if (!is_value_shallow(self->json, WOK_HTTP_JSON_DEPTH))
		return wok_fail(-EINVAL, "the JSON is nested more than %d deep",
				WOK_HTTP_JSON_DEPTH);
	if (json_dump_callback(self->json, put, self, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		return self->out.error < 0 ? self->out.error
					   : wok_fail(-EINVAL, "this JSON value cannot be written");
	return 0;
}

int wok_http_json_encode(const json_t *json, char **ret_text, size_t *ret_size)
{
	struct encoding encoding = {.json = json};
	int r = json ? wok_on_big_stack(encode, &encoding)
		     : wok_fail(-EINVAL, "NULL is no JSON value");

	wok__buffer_add(&encoding.out, "", 1);
	if (r == 0)
		r = encoding.out.error;
	if (r < 0) {
		wok__buffer_free(&encoding.out);
		return r;
	}
	*ret_text = encoding.out.data;
	if (ret_size)
		*ret_size = encoding.out.size - 1;
	return 0;
}
#else
typedef struct json_t json_t;
#define WOK_HTTP_JSON "application/json"
int wok_http_json_decode(const char *text, size_t size, json_t **ret_json);
int wok_http_json_encode(const json_t *json, char **ret_text, size_t *ret_size);
int wok_http_json(wok_http_response *response, json_t **ret_json);
int wok_http_request_json(wok_http_request *request, json_t **ret_json);
int wok_http_reply_json(wok_http_request *request, int status, const json_t *json);

static int missing(void)
{
	return wok_fail(-ENOTSUP, "this wok was built without jansson: it knows no JSON");
}

int wok_http_json_decode(const char *text, size_t size, json_t **ret_json)
{
	(void) text;
	(void) size;
	(void) ret_json;
	return missing();
}

int wok_http_json_encode(const json_t *json, char **ret_text, size_t *ret_size)
{
	(void) json;
	(void) ret_text;
	(void) ret_size;
	return missing();
}
#endif

int wok_http_json(wok_http_response *response, json_t **ret_json)
{
	wok_view body;

	WOK_TRY(wok_http_body(response, &body));
	return wok_http_json_decode(body.data, body.size, ret_json);
}

static bool is_json(const char *type)
{
	size_t size = type ? strcspn(type, "; \t") : 0;

	return (size == 16 && strncasecmp(type, WOK_HTTP_JSON, 16) == 0) ||
	       (size > 5 && strncasecmp(type + size - 5, "+json", 5) == 0);
}

int wok_http_request_json(wok_http_request *request, json_t **ret_json)
{
	wok_view body;
	int r;

	WOK_TRY(wok_http_request_body(request, &body));
	if (is_json(wok_http_request_header(request, "Content-Type")))
		r = wok_http_json_decode(body.data, body.size, ret_json);
	else
		r = wok_fail(WOK_EPEER, "the Content-Type of the request is not " WOK_HTTP_JSON);
	if (r == WOK_EPEER || r == WOK_ELIMIT)
		request->body_error = r; /* the client's doing: 400, 413 */
	return r;
}

int wok_http_reply_json(wok_http_request *request, int status, const json_t *json)
{
	char *text;
	size_t size;

	WOK_TRY(wok_http_json_encode(json, &text, &size));
	int r = wok_http_reply(request, &(wok_http_reply_options){.status = status,
								  .content_type = WOK_HTTP_JSON,
								  .body = text,
								  .body_size = size});
	wok_free(text);
	return r;
}
