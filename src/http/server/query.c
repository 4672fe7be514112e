/* SPDX-License-Identifier: MIT */
/* Parameters of a query: see wok_http_request_query_value(). */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/server/connection.h"

/* Undo the encoding of a form, in place: the size; -EINVAL. */
static ssize_t decode(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] == '+')
			text[i] = ' ';
	return wok__route_decode(text, size, text);
}

static int take(const char *data, size_t size, char **ret_text)
{
	char *text = wok_alloc(size + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, data, size);
	if (decode(text, size) < 0) {
		wok_free(text);
		return wok_fail(-EINVAL, "the query is not properly encoded");
	}
	*ret_text = text;
	return 0;
}

/* Whether the encoded bytes mean this name. */
static bool is_name(const char *data, size_t size, const char *name)
{
	for (size_t i = 0; i < size; name++) {
		char code[4] = {data[i]};
		size_t used = 1;
		if (data[i] == '%') {
			if (size - i < 3)
				return false;
			used = 3;
			memcpy(code, data + i, 3);
		}
		if (decode(code, used) < 0 || !*name || code[0] != *name)
			return false;
		i += used;
	}
	return !*name;
}

int wok_http_request_query_value(const wok_http_request *request, const char *name, size_t index,
				 char **ret_value)
{
	const char *p = request->query;

	while (*p) {
		size_t size = strcspn(p, "&");
		const char *equals = memchr(p, '=', size);
		size_t name_size = equals ? (size_t) (equals - p) : size;
		if (size > 0 && is_name(p, name_size, name) && index-- == 0)
			return equals ? take(equals + 1, size - name_size - 1, ret_value)
				      : take("", 0, ret_value);
		p += size + (p[size] == '&');
	}
	return -ENOENT;
}
