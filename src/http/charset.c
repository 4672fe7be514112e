/* SPDX-License-Identifier: MIT */
/*
 * Text of any charset as UTF-8: see wok/charset.h.
 *
 * The C library knows a thousand charsets, some of them by loading code for a name that a server
 * has chosen. Here it gets the names of a list only. It may need more stack than a task has.
 */
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>
#include <wok/big_stack.h>
#include <wok/charset.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/utf8.h>

#include "http/buffer.h"
#include "http/params.h"

enum { NAME_MAX_SIZE = 40, PIECE = 4096 };

/* What others call them, and what iconv does. UTF-8 is NULL: it is checked, not converted. */
static const struct {
	const char *name, *iconv;
} charsets[] = {
	{"utf-8", NULL},
	{"utf8", NULL},
	{"us-ascii", NULL},
	{"ascii", NULL},
	{"utf-16", "UTF-16LE"},
	{"utf-16le", "UTF-16LE"},
	{"utf-16be", "UTF-16BE"},
	{"iso-8859-1", "ISO-8859-1"},
	{"latin1", "ISO-8859-1"},
	{"latin-1", "ISO-8859-1"},
	{"iso8859-1", "ISO-8859-1"},
	{"iso-8859-2", "ISO-8859-2"},
	{"iso-8859-3", "ISO-8859-3"},
	{"iso-8859-4", "ISO-8859-4"},
	{"iso-8859-5", "ISO-8859-5"},
	{"iso-8859-6", "ISO-8859-6"},
	{"iso-8859-7", "ISO-8859-7"},
	{"iso-8859-8", "ISO-8859-8"},
	{"iso-8859-9", "ISO-8859-9"},
	{"iso-8859-10", "ISO-8859-10"},
	{"iso-8859-13", "ISO-8859-13"},
	{"iso-8859-14", "ISO-8859-14"},
	{"iso-8859-15", "ISO-8859-15"},
	{"iso-8859-16", "ISO-8859-16"},
	{"windows-874", "CP874"},
	{"windows-1250", "CP1250"},
	{"windows-1251", "CP1251"},
	{"windows-1252", "CP1252"},
	{"cp1252", "CP1252"},
	{"windows-1253", "CP1253"},
	{"windows-1254", "CP1254"},
	{"windows-1255", "CP1255"},
	{"windows-1256", "CP1256"},
	{"windows-1257", "CP1257"},
	{"windows-1258", "CP1258"},
	{"koi8-r", "KOI8-R"},
	{"koi8-u", "KOI8-U"},
	{"macintosh", "MACINTOSH"},
	{"ibm866", "CP866"},
	{"gbk", "GBK"},
	{"gb2312", "GBK"},
	{"gb18030", "GB18030"},
	{"big5", "BIG5-HKSCS"},
	{"euc-jp", "EUC-JP"},
	{"iso-2022-jp", "ISO-2022-JP"},
	{"shift_jis", "SHIFT_JIS"},
	{"euc-kr", "CP949"},
};

/* The index in the list; -1 for what is not in it. */
static int find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strcasecmp(charsets[i].name, name) == 0)
			return (int) i;
	return -1;
}

static bool begins(wok_view text, const char *mark, size_t size)
{
	return text.size >= size && memcmp(text.data, mark, size) == 0;
}

/* A mark counts more than what anybody says. It is cut off. */
static const char *by_mark(wok_view *text)
{
	static const struct {
		const char *mark;
		size_t size;
		const char *name;
	} marks[] = {{"\xef\xbb\xbf", 3, "utf-8"},
		     {"\xff\xfe", 2, "utf-16le"},
		     {"\xfe\xff", 2, "utf-16be"}};

	for (size_t i = 0; i < 3; i++)
		if (begins(*text, marks[i].mark, marks[i].size)) {
			text->data += marks[i].size;
			text->size -= marks[i].size;
			return marks[i].name;
		}
	return NULL;
}

static const wok_charset_options plain = {0};

/* NULL for UTF-8, else iconv's name. */
static const char *choose(const char *content_type, const wok_charset_options *options,
			  wok_view *text)
{
	char said[NAME_MAX_SIZE] = "";
	int index = find(by_mark(text));

	if (index < 0 && content_type &&
	    wok__param_find(content_type, "charset", said, sizeof(said)) < 0)
		said[0] = '\0';
	if (index < 0)
		index = find(said);
	if (index < 0 && options->guess)
		index = find(options->guess(options->arg, said[0] ? said : NULL, text->data,
					    text->size));
	return index < 0 ? NULL : charsets[index].iconv;
}

static int from_utf8(wok_view text, bool strict, struct wok__buffer *out)
{
	size_t valid;

	if (wok_utf8_check(text.data, text.size, &valid) == 0) {
		wok__buffer_add(out, text.data, text.size);
		return out->error;
	}
	if (strict)
		return wok_fail(-EILSEQ, "the text is not UTF-8, from byte %zu on", valid);
	size_t size = wok_utf8_replace(text.data, text.size, NULL);
	char *room = wok__buffer_room(out, size);
	if (room)
		out->size += wok_utf8_replace(text.data, text.size, room);
	return out->error;
}

struct conversion {
	const char *charset;
	wok_view text;
	bool strict;
	struct wok__buffer *out;
};

/* What iconv has stopped at: a character that is none, or half a one at the end. */
static int skip_bad(struct conversion *conversion, char **at, size_t *left)
{
	size_t unit = strncmp(conversion->charset, "UTF-16", 6) == 0 ? 2 : 1;

	if (conversion->strict)
		return wok_fail(-EILSEQ, "the text is not %s, from byte %zu on",
				conversion->charset, conversion->text.size - *left);
	unit = errno == EINVAL || unit > *left ? *left : unit;
	*at += unit;
	*left -= unit;
	wok__buffer_text(conversion->out, "\xef\xbf\xbd");
	return conversion->out->error;
}

static int convert_with(iconv_t handle, struct conversion *conversion)
{
	struct wok__buffer *out = conversion->out;
	char *at = (char *) (uintptr_t) conversion->text.data; /* iconv only reads it */
	size_t left = conversion->text.size;

	while (left > 0) {
		char *room = wok__buffer_room(out, PIECE), *to = room;
		size_t free = PIECE;
		if (!room)
			return out->error;
		size_t n = iconv(handle, &at, &left, &to, &free);
		out->size += (size_t) (to - room);
		if (n == (size_t) -1 && errno != E2BIG)
			WOK_TRY(skip_bad(conversion, &at, &left));
	}
	/* Some keep a character back, in case that a mark follows. */
	char *room = wok__buffer_room(out, PIECE), *to = room;
	size_t free = PIECE;
	if (room && iconv(handle, NULL, NULL, &to, &free) != (size_t) -1)
		out->size += (size_t) (to - room);
	return out->error;
}

static int convert(void *arg)
{
	struct conversion *conversion = arg;
	iconv_t handle = iconv_open("UTF-8", conversion->charset);

	if (handle == (iconv_t) -1)
		return errno == ENOMEM ? -ENOMEM
				       : wok_fail(-ENOTSUP, "the C library has no charset %s",
						  conversion->charset);
	int r = convert_with(handle, conversion);
	iconv_close(handle);
	return r;
}

int wok_charset_to_utf8(const char *content_type, const void *data, size_t size,
			const wok_charset_options *options, char **ret_text, size_t *ret_size)
{
	struct wok__buffer out = {0};
	struct conversion conversion = {.text = {data, size}, .out = &out};

	options = options ? options : &plain;
	conversion.strict = options->strict;
	conversion.charset = choose(content_type, options, &conversion.text);
	int r = conversion.charset ? wok_on_big_stack(convert, &conversion)
				   : from_utf8(conversion.text, options->strict, &out);
	size_t text_size = out.size;
	wok__buffer_add(&out, "", 1);
	r = r < 0 ? r : out.error;
	if (r < 0) {
		wok__buffer_free(&out);
		return r;
	}
	*ret_text = out.data;
	if (ret_size)
		*ret_size = text_size;
	return 0;
}

int wok_http_text(wok_http_response *response, const wok_charset_options *options, char **ret_text,
		  size_t *ret_size)
{
	wok_view body;

	WOK_TRY(wok_http_body(response, &body));
	return wok_charset_to_utf8(wok_http_header_value(response, "Content-Type"), body.data,
				   body.size, options, ret_text, ret_size);
}
