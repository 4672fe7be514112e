/* SPDX-License-Identifier: MIT */
/* Percent-encoding, and queries made by it: see wok/url.h. */
#include <errno.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/url.h>

#include "base/memory.h"
#include "http/buffer.h"
#include "http/url.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ssize_t wok__percent_decode(char *text, size_t size)
{
	size_t to = 0;

	for (size_t i = 0; i < size; i++) {
		int high = -1, low = -1;
		if (text[i] != '%') {
			text[to++] = text[i];
			continue;
		}
		if (size - i > 2) {
			high = hex(text[i + 1]);
			low = hex(text[i + 2]);
		}
		if (high < 0 || low < 0)
			return -EINVAL;
		text[to++] = (char) (high * 16 + low);
		i += 2;
	}
	return (ssize_t) to;
}

/* RFC 3986 section 2.3 */
static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

static void put_quoted(struct wok__buffer *out, const char *text, const char *also)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;
		if (is_unreserved(*text) || strchr(also, *text))
			wok__buffer_add(out, text, 1);
		else
			wok__buffer_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

static int finish(struct wok__buffer *out, char **ret_text)
{
	int error;

	wok__buffer_add(out, "", 1);
	error = out->error;
	if (error < 0)
		wok__buffer_free(out);
	else
		*ret_text = out->data;
	return error;
}

int wok_url_quote(const char *text, const char *also, char **ret_text)
{
	struct wok__buffer out = {0};

	put_quoted(&out, text, also ? also : "");
	return finish(&out, ret_text);
}

int wok_url_unquote(const char *text, char **ret_data, size_t *ret_size)
{
	size_t size = strlen(text);
	char *data = wok_alloc(size + 1);

	if (!data)
		return -ENOMEM;
	memcpy(data, text, size);
	ssize_t n = wok__percent_decode(data, size);
	if (n < 0 || (!ret_size && memchr(data, '\0', (size_t) n))) {
		wok_free(data);
		return wok_fail(-EINVAL,
				n < 0 ? "\"%.100s\": two hexadecimal digits must follow a percent "
					"sign"
				      : "\"%.100s\" has a NUL, and no size was asked for",
				text);
	}
	data[n] = '\0';
	*ret_data = data;
	if (ret_size)
		*ret_size = (size_t) n;
	return 0;
}

int wok_url_with_query(const char *url, const wok_url_param *params, size_t n_params,
		       char **ret_url)
{
	const char *fragment = url + strcspn(url, "#");
	const char *mark = memchr(url, '?', (size_t) (fragment - url));
	struct wok__buffer out = {0};
	/* "?" and "?a&" take more without another separator */
	bool open = mark && (mark + 1 == fragment || fragment[-1] == '&');

	wok__buffer_add(&out, url, (size_t) (fragment - url));
	for (size_t i = 0; i < n_params; i++) {
		if (!open)
			wok__buffer_text(&out, mark || i > 0 ? "&" : "?");
		open = false;
		put_quoted(&out, params[i].name, "");
		if (!params[i].value)
			continue;
		wok__buffer_text(&out, "=");
		put_quoted(&out, params[i].value, "");
	}
	wok__buffer_text(&out, fragment);
	return finish(&out, ret_url);
}
