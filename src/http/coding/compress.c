/* SPDX-License-Identifier: MIT */
/*
 * Compressed replies: see wok/http_compress.h.
 *
 * A filter on the reply. Whether it has something to do, it sees when the reply begins: what the
 * body is, how large it is, and what the handler says of it.
 */
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/http_compress.h>

#include "base/memory.h"
#include "http/coding/encoder.h"
#include "http/coding/negotiate.h"
#include "http/server/connection.h"

enum { MIN_SIZE_DEFAULT = 1024, ADDED = 2, NOT_ACCEPTABLE = 406 };

struct compressor {
	struct wok__reply_filter filter;
	wok_http_compress_options options;
	enum wok__coding coding;
	struct wok__encoder *encoder; /* made for the first piece */
	bool streamed;                /* pieces are flushed */
	wok_http_header *headers;     /* of the reply, with ours */
	char *etag;
};

/* Compressed already, or worth nothing. What ends with a slash are all types that begin so. */
static const char *const incompressible[] = {
	"image/",
	"audio/",
	"video/",
	"font/woff",
	"font/woff2",
	"application/zip",
	"application/gzip",
	"application/x-gzip",
	"application/zstd",
	"application/x-bzip2",
	"application/x-xz",
	"application/x-7z-compressed",
	"application/x-rar-compressed",
	"application/vnd.rar",
	"application/java-archive",
	"application/pdf",
	"application/epub+zip",
	"application/octet-stream",
	"multipart/byteranges",
};

static bool fits(const char *type, size_t size, const char *rule)
{
	size_t rule_size = strlen(rule);
	bool prefix = rule_size > 0 && rule[rule_size - 1] == '/';

	return strncasecmp(type, rule, rule_size) == 0 && (prefix || size == rule_size);
}

static bool is_compressible(const wok_http_compress_options *options, const char *type)
{
	size_t size = type ? strcspn(type, "; \t") : 0;

	if (size == 0)
		return false; /* bytes of some kind */
	for (size_t i = 0; i < options->n_skip; i++)
		if (fits(type, size, options->skip[i]))
			return false;
	/* Pictures that are text. */
	if (fits(type, size, "image/svg+xml") || fits(type, size, "image/bmp"))
		return true;
	for (size_t i = 0; i < sizeof(incompressible) / sizeof(incompressible[0]); i++)
		if (fits(type, size, incompressible[i]))
			return false;
	return true;
}

/* --- the head --------------------------------------------------------------------------------- */

static const wok_http_header *find(const wok_http_reply_options *options, const char *name)
{
	for (size_t i = 0; i < options->n_headers; i++)
		if (strcasecmp(options->headers[i].name, name) == 0)
			return &options->headers[i];
	return NULL;
}

/* A field among those that were set before the reply, which are lines already; NULL. */
static char *find_extra(const wok_http_request *request, const char *name)
{
	const struct wok__buffer *extra = &request->extra;
	size_t size = strlen(name);

	for (size_t at = 0; at < extra->size;) {
		char *line = extra->data + at;
		char *end = memchr(line, '\n', extra->size - at);
		if (!end)
			break;
		if ((size_t) (end - line) > size && line[size] == ':' &&
		    strncasecmp(line, name, size) == 0)
			return line + size + 2; /* a blank stands behind the colon */
		at = (size_t) (end + 1 - extra->data);
	}
	return NULL;
}

static bool has(const wok_http_request *request, const wok_http_reply_options *options,
		const char *name)
{
	return find(options, name) || find_extra(request, name);
}

/* "Cache-Control: no-transform" is said of what we would do (RFC 9110, 7.7). */
static bool may_transform(const wok_http_request *request, const wok_http_reply_options *options)
{
	const wok_http_header *header = find(options, "Cache-Control");
	const char *extra = find_extra(request, "Cache-Control");
	size_t size = 0;

	while (extra && extra[size] != '\r') /* each line there has its end */
		size++;
	if (header && strcasestr(header->value, "no-transform"))
		return false;
	for (size_t i = 0; i + 12 <= size; i++)
		if (strncasecmp(extra + i, "no-transform", 12) == 0)
			return false;
	return true;
}

/* Whether the reply is of the kind that is compressed, for whoever accepts it. */
static bool wanted(const struct compressor *self, const wok_http_request *request,
		   const wok_http_reply_options *options, uint64_t size)
{
	return options->status != 206 && size >= self->options.min_size &&
	       is_compressible(&self->options, options->content_type) &&
	       !has(request, options, "Content-Encoding") &&
	       !has(request, options, "Content-Range") && may_transform(request, options);
}

/* The bytes are others now, though they mean the same: the tag must not promise more. */
static int weaken(struct compressor *self, wok_http_header *header)
{
	size_t size = strlen(header->value);

	if (strncmp(header->value, "W/", 2) == 0)
		return 0;
	self->etag = wok_alloc(size + 3);
	if (!self->etag)
		return -ENOMEM;
	memcpy(self->etag, "W/", 2);
	memcpy(self->etag + 2, header->value, size + 1);
	header->value = self->etag;
	return 0;
}

/* The same for a tag that was set before the reply. */
static int weaken_extra(wok_http_request *request)
{
	struct wok__buffer *lines = &request->extra;
	char *tag = find_extra(request, "ETag");
	size_t at = tag ? (size_t) (tag - lines->data) : 0;

	if (!tag || strncmp(tag, "W/", 2) == 0)
		return 0;
	if (!wok__buffer_room(lines, 2))
		return -ENOMEM;
	memmove(lines->data + at + 2, lines->data + at, lines->size - at);
	memcpy(lines->data + at, "W/", 2);
	lines->size += 2;
	return 0;
}

/* Add our fields to a copy of the reply's. */
static int change_head(struct compressor *self, wok_http_request *request,
		       wok_http_reply_options *options)
{
	bool coded = self->coding != WOK__CODING_IDENTITY;
	size_t n = options->n_headers;

	wok_free(WOK_TAKE(self->headers));
	wok_free(WOK_TAKE(self->etag));
	self->headers = wok__alloc_array(n + ADDED, sizeof(self->headers[0]));
	if (!self->headers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		self->headers[i] = options->headers[i];
		if (coded && !self->etag && strcasecmp(self->headers[i].name, "ETag") == 0)
			WOK_TRY(weaken(self, &self->headers[i]));
	}
	self->headers[n++] = (wok_http_header){"Vary", "Accept-Encoding"};
	if (coded) {
		self->headers[n++] =
			(wok_http_header){"Content-Encoding", wok__coding_name(self->coding)};
		WOK_TRY(weaken_extra(request));
	}
	options->headers = self->headers;
	options->n_headers = n;
	return 0;
}

/* --- the filter ------------------------------------------------------------------------------- */

static int begin(struct wok__reply_filter *filter, wok_http_request *request,
		 wok_http_reply_options *options, uint64_t size)
{
	struct compressor *self = (struct compressor *) filter;

	if (!wanted(self, request, options, size))
		return 0;
	WOK_TRY(change_head(self, request, options));
	self->streamed = size == UINT64_MAX;
	return self->coding != WOK__CODING_IDENTITY;
}

static int piece(struct wok__reply_filter *filter, const void *data, size_t size, bool last,
		 struct wok__buffer *out)
{
	struct compressor *self = (struct compressor *) filter;

	if (!self->encoder)
		WOK_TRY(wok__encoder_new(self->coding, self->options.level, &self->encoder));
	return wok__encoder_put(self->encoder, data, size,
				last             ? WOK__CODING_END
				: self->streamed ? WOK__CODING_FLUSH
						 : WOK__CODING_MORE,
				out);
}

static void release(struct wok__reply_filter *filter)
{
	struct compressor *self = (struct compressor *) filter;

	wok__encoder_free(self->encoder);
	wok_free(self->headers);
	wok_free(self->etag);
	wok_free(self);
}

/* --- the choice ------------------------------------------------------------------------------- */

struct offer {
	enum wok__coding list[WOK__CODING_COUNT];
	size_t n;
};

static int parse_offer(const char *text, struct offer *offer)
{
	struct wok__h1_span rest = {text, strlen(text)}, item;

	offer->n = 0;
	while (wok__h1_list_next(&rest, &item)) {
		enum wok__coding coding;
		if (wok__coding_find(item.data, item.size, &coding) < 0 ||
		    coding == WOK__CODING_IDENTITY)
			return wok_fail(-EINVAL, "wok_http_compress: \"%.40s\" is no coding",
					item.data);
		if (!wok__coding_kind(coding))
			return wok_fail(-ENOTSUP,
					"the content coding %s is not built into this wok",
					wok__coding_name(coding));
		if (offer->n == WOK__CODING_COUNT)
			return wok_fail(-EINVAL, "wok_http_compress: a coding is named twice");
		offer->list[offer->n++] = coding;
	}
	return 0;
}

/* deflate is not among them: it was understood in two ways, and is better than gzip in none. */
static void default_offer(struct offer *offer)
{
	static const enum wok__coding ours[] = {WOK__CODING_ZSTD, WOK__CODING_BR, WOK__CODING_GZIP};

	offer->n = 0;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (wok__coding_kind(ours[i]))
			offer->list[offer->n++] = ours[i];
}

/* All fields of a name as one list; NULL if there is none. What was joined is to be freed. */
static int join(const wok_http_request *request, enum wok__h1_name id, struct wok__buffer *joined,
		const char **ret_value)
{
	const struct wok__head *head = &request->head;
	const char *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < head->n_fields; i++) {
		if (head->fields[i].id != id)
			continue;
		only = head->data + head->fields[i].value;
		wok__buffer_text(joined, n++ > 0 ? "," : "");
		wok__buffer_text(joined, only);
	}
	wok__buffer_add(joined, "", 1);
	*ret_value = n > 1 ? joined->data : only;
	return joined->error;
}

static int choose(const wok_http_request *request, const struct offer *offer,
		  enum wok__coding *ret_coding, bool *ret_acceptable)
{
	struct wok__buffer joined = {0};
	const char *accept;
	int r = join(request, WOK__H1_ACCEPT_ENCODING, &joined, &accept);

	if (r == 0)
		*ret_acceptable = wok__choose_coding(accept, offer->list, offer->n, ret_coding);
	wok__buffer_free(&joined);
	return r;
}

/* Called twice, as by two middlewares, the first one holds. */
static bool is_there(const wok_http_request *request)
{
	for (const struct wok__reply_filter *filter = request->filters; filter;
	     filter = filter->next)
		if (filter->begin == begin)
			return true;
	return false;
}

int wok_http_compress(wok_http_request *request, const wok_http_compress_options *options)
{
	const wok_http_compress_options defaults = {0};
	enum wok__coding coding = WOK__CODING_IDENTITY;
	struct offer offer;
	bool acceptable = true;

	options = options ? options : &defaults;
	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	if (options->codings)
		WOK_TRY(parse_offer(options->codings, &offer));
	else
		default_offer(&offer);
	WOK_TRY(choose(request, &offer, &coding, &acceptable));
	if (!acceptable && options->strict)
		return NOT_ACCEPTABLE;
	if (is_there(request))
		return 0;
	struct compressor *self = wok__alloc_zeroed(sizeof(*self));
	if (!self)
		return -ENOMEM;
	self->filter.begin = begin;
	self->filter.piece = piece;
	self->filter.free = release;
	self->options = *options;
	if (self->options.min_size == 0)
		self->options.min_size = MIN_SIZE_DEFAULT;
	self->coding = coding;
	wok__request_add_filter(request, &self->filter);
	return 0;
}

ssize_t wok_http_accepts(const wok_http_request *request, const char *const *types, size_t n)
{
	struct wok__buffer joined = {0};
	const char *accept;
	/* Without memory for a list of several fields, all is accepted. */
	int r = join(request, WOK__H1_ACCEPT, &joined, &accept);
	ssize_t chosen = wok__choose_type(r == 0 ? accept : NULL, types, n);

	wok__buffer_free(&joined);
	return chosen;
}
