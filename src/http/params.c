/* SPDX-License-Identifier: MIT */
/* Parameters: see http/params.h, and RFC 9110 section 5.6.6. */
#include "http/params.h"

#include <errno.h>
#include <string.h>

#include "http/h1_parts.h"

static const char *skip_blank(const char *at, const char *end)
{
	while (at < end && wok__h1_is_blank(*at))
		at++;
	return at;
}

/* The closing quote of what begins at at; NULL if there is none. */
static const char *closing_quote(const char *at, const char *end)
{
	for (; at < end; at++) {
		if (*at == '"')
			return at;
		if (*at == '\\')
			at++;
	}
	return NULL;
}

/* Behind "=": a token, a quoted text, or what is neither and ends where the next parameter begins.
 */
static const char *take_value(const struct wok__params *params, const char *at,
			      struct wok__param *param)
{
	const char *end = params->end, *from = at;

	if (at < end && *at == '"') {
		const char *quote = closing_quote(at + 1, end);
		if (!quote)
			return NULL;
		param->value = (struct wok__h1_span){at + 1, (size_t) (quote - at - 1)};
		param->quoted = true;
		return quote + 1;
	}
	while (at < end && *at != params->separator && !wok__h1_is_blank(*at) && *at != '"')
		at++;
	param->value = (struct wok__h1_span){from, (size_t) (at - from)};
	return at;
}

int wok__params_next(struct wok__params *params, struct wok__param *ret_param)
{
	const char *at = params->at, *end = params->end;
	struct wok__param param = {0};

	while (at < end && (*at == params->separator || wok__h1_is_blank(*at)))
		at++;
	if (at == end) {
		params->at = end;
		return 0;
	}
	const char *name_end = wok__h1_skip_class(at, end, WOK__H1_TOKEN_BYTE);
	if (name_end == at)
		return -EINVAL;
	param.name = (struct wok__h1_span){at, (size_t) (name_end - at)};
	at = skip_blank(name_end, end);
	if (at < end && *at == '=') {
		at = take_value(params, skip_blank(at + 1, end), &param);
		if (!at)
			return -EINVAL;
		at = skip_blank(at, end);
	}
	if (at < end && *at != params->separator)
		return -EINVAL;
	params->at = at;
	*ret_param = param;
	return 1;
}

struct wok__h1_span wok__params_begin(struct wok__params *params, const char *text, size_t size)
{
	const char *end = text + size, *semicolon = size ? memchr(text, ';', size) : NULL;
	const char *first_end = semicolon ? semicolon : end, *at = skip_blank(text, first_end);

	*params = (struct wok__params){first_end, end, ';'};
	while (first_end > at && wok__h1_is_blank(first_end[-1]))
		first_end--;
	return (struct wok__h1_span){at, (size_t) (first_end - at)};
}

ssize_t wok__param_text(const struct wok__param *param, char *ret_text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < param->value.size; i++) {
		char c = param->value.data[i];
		if (param->quoted && c == '\\' && i + 1 < param->value.size)
			c = param->value.data[++i];
		if (c == '\0')
			return -EINVAL;
		if (n + 1 >= size)
			return -ENOSPC;
		ret_text[n++] = c;
	}
	if (size == 0)
		return -ENOSPC;
	ret_text[n] = '\0';
	return (ssize_t) n;
}

ssize_t wok__param_find(const char *text, const char *name, char *ret_text, size_t size)
{
	struct wok__params params;
	struct wok__param param;

	wok__params_begin(&params, text, strlen(text));
	while (wok__params_next(&params, &param) > 0)
		if (wok__h1_is(param.name, name) && param.value.data)
			return wok__param_text(&param, ret_text, size);
	return -ENOENT;
}

size_t wok__base64_put(char *out, const void *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = data;
	char *at = out;

	for (size_t i = 0; i < size; i += 3) {
		unsigned bits = (unsigned) in[i] << 16;
		bits |= i + 1 < size ? (unsigned) in[i + 1] << 8 : 0;
		bits |= i + 2 < size ? in[i + 2] : 0;
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = (char) (i + 1 < size ? digits[bits >> 6 & 63] : '=');
		*at++ = (char) (i + 2 < size ? digits[bits & 63] : '=');
	}
	return (size_t) (at - out);
}
