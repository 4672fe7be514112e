/* SPDX-License-Identifier: MIT */
/*
 * Several parts of a file in one reply: multipart/byteranges (RFC 9110, 14.6). All heads are made
 * first, so that the reply's length is known when it begins.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/buffer.h"
#include "http/server/connection.h"
#include "http/server/wire.h"
#include "http/static/file.h"

struct parts {
	char boundary[33];
	struct wok__buffer heads; /* one after another, then the end */
	size_t *ends;             /* of the heads, in there */
	uint64_t body_size;       /* of heads, parts and end */
};

/* Bytes that the file has not got, but by a chance of one to 2^128. */
static int make_boundary(struct parts *parts)
{
	unsigned char random[16];

	if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
		return -errno;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(&parts->boundary[2 * i], 3, "%02x", random[i]);
	return 0;
}

static void put_head(struct parts *parts, const struct wok__file_reply *reply,
		     const struct wok__range *range)
{
	char line[128];

	wok__buffer_text(&parts->heads, "\r\n--");
	wok__buffer_text(&parts->heads, parts->boundary);
	wok__buffer_text(&parts->heads, "\r\n");
	wok__buffer_field(&parts->heads, "Content-Type", reply->type);
	snprintf(line, sizeof(line), "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
		 (unsigned long long) range->start,
		 (unsigned long long) (range->start + range->size - 1),
		 (unsigned long long) reply->size);
	wok__buffer_text(&parts->heads, line);
}

static int make_heads(struct parts *parts, const struct wok__file_reply *reply,
		      const struct wok__range *ranges, size_t n)
{
	WOK_TRY(make_boundary(parts));
	parts->ends = wok_alloc(n * sizeof(*parts->ends));
	if (!parts->ends)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		put_head(parts, reply, &ranges[i]);
		parts->ends[i] = parts->heads.size;
		parts->body_size += ranges[i].size;
	}
	wok__buffer_text(&parts->heads, "\r\n--");
	wok__buffer_text(&parts->heads, parts->boundary);
	wok__buffer_text(&parts->heads, "--\r\n");
	parts->body_size += parts->heads.size;
	return parts->heads.error;
}

static int send_all(struct parts *parts, struct wok__file_reply *reply,
		    const struct wok__range *ranges, size_t n)
{
	char type[80];
	size_t at = 0;
	const wok_http_reply_options options = {
		.status = 206,
		.content_type = type,
		.headers = reply->headers,
		.n_headers = reply->n_headers,
		.body_size = parts->body_size,
	};

	snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", parts->boundary);
	if (reply->request->is_head)
		return wok_http_reply(reply->request, &options);
	WOK_TRY(wok_http_reply_begin(reply->request, &options));
	for (size_t i = 0; i < n; i++) {
		WOK_TRY(wok_http_reply_write(reply->request, parts->heads.data + at,
					     parts->ends[i] - at));
		WOK_TRY(wok__reply_write_file(reply->request, reply->fd, (off_t) ranges[i].start,
					      ranges[i].size));
		at = parts->ends[i];
	}
	return wok_http_reply_write(reply->request, parts->heads.data + at, parts->heads.size - at);
}

int wok__file_send_parts(struct wok__file_reply *reply, const struct wok__range *ranges, size_t n)
{
	struct parts parts = {0};
	int r = make_heads(&parts, reply, ranges, n);

	if (r == 0)
		r = send_all(&parts, reply, ranges, n);
	wok__buffer_free(&parts.heads);
	wok_free(parts.ends);
	return r;
}
