/* SPDX-License-Identifier: MIT */
/* Replies with files: see wok/http_static.h. */
#include "http/static/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/date.h"
#include "http/server/connection.h"
#include "http/server/wire.h"
#include "http/static/mime.h"
#include "io/sendfile.h"
#include "platform/file.h"
#include "platform/sys.h"
#include "task/park.h"

enum {
	MAX_RANGES_DEFAULT = 32,
	/* What goes out together with its head; more is sent from the page cache. */
	SMALL = 32 << 10,
	OUR_HEADERS = 8,
};

static void add_header(struct wok__file_reply *reply, const char *name, const char *value)
{
	reply->headers[reply->n_headers++] = (wok_http_header){name, value};
}

/* What belongs to every reply about this version of the file, with the file or without. */
static void add_version(struct wok__file_reply *reply)
{
	const wok_http_file_options *options = reply->options;

	if (reply->version.etag[0])
		add_header(reply, "ETag", reply->version.etag);
	if (options->cache_control)
		add_header(reply, "Cache-Control", options->cache_control);
	/* Also where there is no such sibling now: there may be one tomorrow. */
	if (options->precompressed)
		add_header(reply, "Vary", "Accept-Encoding");
}

static void add_content(struct wok__file_reply *reply)
{
	if (reply->version.modified >= 0) {
		wok__http_date_put(reply->version.modified, reply->modified);
		add_header(reply, "Last-Modified", reply->modified);
	}
	if (!reply->options->no_ranges)
		add_header(reply, "Accept-Ranges", "bytes");
	if (reply->coding)
		add_header(reply, "Content-Encoding", reply->coding);
}

static void set_type(struct wok__file_reply *reply, const char *type)
{
	const char *charset = reply->options->charset ? reply->options->charset : "utf-8";
	bool add = charset[0] && wok__mime_is_text(type);

	snprintf(reply->type, sizeof(reply->type), "%s%s%s", type, add ? "; charset=" : "",
		 add ? charset : "");
}

/* --- sending ---------------------------------------------------------------------------------- */

static int send_empty(struct wok__file_reply *reply, int status)
{
	return wok_http_reply(reply->request, &(wok_http_reply_options){
						      .status = status,
						      .headers = reply->headers,
						      .n_headers = reply->n_headers,
					      });
}

/*
 * So many bytes of a file, or fewer if it ends before. One read may give less than there is: what
 * is not in the page cache comes from a thread.
 */
static ssize_t read_small(int fd, off_t offset, size_t size, void **ret_data)
{
	ssize_t n = wok__file_copy(fd, offset, size, ret_data), more = n;

	while (more > 0 && n < (ssize_t) size) {
		void *data;
		more = wok__file_copy(fd, offset + n, size - (size_t) n, &data);
		if (more > 0) {
			memcpy((char *) *ret_data + n, data, (size_t) more);
			n += more;
		}
		wok_free(data);
	}
	return more < 0 ? more : n;
}

/* Head and body in one piece; nothing is sent of a file that is shorter than it was just now. */
static int send_small(struct wok__file_reply *reply, wok_http_reply_options *options, off_t offset)
{
	void *data;
	ssize_t n = read_small(reply->fd, offset, options->body_size, &data);
	int r = n < 0 ? (int) n : WOK_EEOF;

	options->body = data;
	if (n == (ssize_t) options->body_size)
		r = wok_http_reply(reply->request, options);
	wok_free(data);
	return r;
}

static int send_range(struct wok__file_reply *reply, int status, const struct wok__range *range)
{
	wok_http_reply_options options = {
		.status = status,
		.content_type = reply->type,
		.headers = reply->headers,
		.n_headers = reply->n_headers,
		.body_size = range->size,
	};

	if (range->size == 0 || reply->request->is_head)
		return wok_http_reply(reply->request, &options);
	if (range->size <= SMALL)
		return send_small(reply, &options, (off_t) range->start);
	WOK_TRY(wok_http_reply_begin(reply->request, &options));
	return wok__reply_write_file(reply->request, reply->fd, (off_t) range->start, range->size);
}

static int send_one_part(struct wok__file_reply *reply, const struct wok__range *range)
{
	snprintf(reply->content_range, sizeof(reply->content_range), "bytes %llu-%llu/%llu",
		 (unsigned long long) range->start,
		 (unsigned long long) (range->start + range->size - 1),
		 (unsigned long long) reply->size);
	add_header(reply, "Content-Range", reply->content_range);
	return send_range(reply, 206, range);
}

static int refuse_range(struct wok__file_reply *reply)
{
	snprintf(reply->content_range, sizeof(reply->content_range), "bytes */%llu",
		 (unsigned long long) reply->size);
	add_header(reply, "Content-Range", reply->content_range);
	return send_empty(reply, 416);
}

/* The Range header, if it counts: as wok__range_parse(). *ret_ranges is to be freed. */
static int wanted_ranges(const struct wok__file_reply *reply, struct wok__range **ret_ranges)
{
	const char *value = wok_http_request_header(reply->request, "Range");
	size_t max = reply->options->max_ranges ? reply->options->max_ranges : MAX_RANGES_DEFAULT;

	*ret_ranges = NULL;
	if (!value || reply->options->no_ranges ||
	    !wok__condition_if_range(&reply->request->head, &reply->version))
		return 0;
	/* A header has no more of them than half of its characters. */
	max = max < strlen(value) / 2 ? max : strlen(value) / 2;
	*ret_ranges = wok_alloc((max + 1) * sizeof(**ret_ranges));
	if (!*ret_ranges)
		return -ENOMEM;
	return wok__range_parse(value, reply->size, *ret_ranges, max);
}

static int send_body(struct wok__file_reply *reply)
{
	const struct wok__range whole = {0, reply->size};
	struct wok__range *ranges;
	int n = wanted_ranges(reply, &ranges), r;

	if (n == -ERANGE)
		r = refuse_range(reply);
	else if (n < 0)
		r = n;
	else if (n == 0)
		r = send_range(reply, 200, &whole);
	else if (n == 1)
		r = send_one_part(reply, &ranges[0]);
	else
		r = wok__file_send_parts(reply, ranges, (size_t) n);
	wok_free(ranges);
	return r;
}

/* --- deciding --------------------------------------------------------------------------------- */

static int send_by_conditions(struct wok__file_reply *reply)
{
	const wok_http_file_options *options = reply->options;
	const struct wok__range whole = {0, reply->size};
	const char *method = wok_http_request_method(reply->request);
	bool plain = options->status == 0 || options->status == 200;

	if (!plain || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) {
		add_content(reply);
		return send_range(reply, plain ? 200 : options->status, &whole);
	}
	switch (wok__condition_check(&reply->request->head, &reply->version)) {
	case WOK__CONDITION_UNMET:
		return send_empty(reply, 412);
	case WOK__CONDITION_IS_HAD:
		return send_empty(reply, 304);
	default:
		add_content(reply);
		return send_body(reply);
	}
}

static int64_t wall_clock(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * WOK_SECOND + now.tv_nsec;
}

int wok__file_send(wok_http_request *request, const struct wok__located *located, const char *type,
		   const wok_http_file_options *options)
{
	bool sibling = located->coding != WOK__CODING_IDENTITY;
	struct wok__file_reply reply = {
		.request = request,
		.options = options,
		.fd = located->fd,
		.size = (uint64_t) located->stat.st_size,
		.coding = sibling ? wok__coding_name(located->coding) : NULL,
	};

	reply.headers = wok_alloc((options->n_headers + OUR_HEADERS) * sizeof(*reply.headers));
	if (!reply.headers)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_headers; i++)
		reply.headers[reply.n_headers++] = options->headers[i];
	set_type(&reply, options->content_type ? options->content_type : type);
	wok__version_of(&located->stat, wall_clock(), &reply.version);
	if (options->no_etag)
		reply.version.etag[0] = '\0';
	add_version(&reply);
	int r = send_by_conditions(&reply);
	wok_free(reply.headers);
	return r;
}

int wok__file_refuse(wok_http_request *request, int error)
{
	if (error == -ENOENT)
		return wok__reply_error(request, 404, 0);
	if (error == -EACCES)
		return wok__reply_error(request, 403, 0);
	return error;
}

/* --- the API ---------------------------------------------------------------------------------- */

static const wok_http_file_options defaults;

int wok_http_reply_file(wok_http_request *request, const char *path,
			const wok_http_file_options *options)
{
	struct wok__locate locate = {.folder = AT_FDCWD, .links = WOK_HTTP_LINKS_ALL, .path = path};
	struct wok__located located;

	options = options ? options : &defaults;
	if (options->precompressed)
		locate.n_siblings = wok__siblings_for(
			wok_http_request_header(request, "Accept-Encoding"), locate.siblings);
	int r = wok__locate(&locate, &located);
	if (r == 0 && located.folder)
		r = -ENOENT;
	if (r < 0)
		return wok__file_refuse(request, r);
	r = wok__file_send(request, &located, wok__mime_of(NULL, path), options);
	(void) wok__sys_close(located.fd);
	return r;
}

int wok_http_reply_fd(wok_http_request *request, int fd, const wok_http_file_options *options)
{
	struct wok__located located = {.fd = fd, .coding = WOK__CODING_IDENTITY};

	WOK_TRY(wok__check());
	WOK_TRY(wok__sys_file_stat(fd, &located.stat));
	if (!S_ISREG(located.stat.st_mode))
		return wok_fail(-EINVAL, "wok_http_reply_fd: descriptor %d is no file", fd);
	return wok__file_send(request, &located, "application/octet-stream",
			      options ? options : &defaults);
}
