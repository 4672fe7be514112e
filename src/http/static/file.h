/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_FILE_H
#define WOK_HTTP_STATIC_FILE_H
/* A reply that is a file: which of its bytes, under which head. */
#include "http/static/condition.h"
#include "http/static/locate.h"
#include "http/static/range.h"

struct wok__file_reply {
	wok_http_request *request;
	const wok_http_file_options *options;
	int fd;
	uint64_t size;
	char type[128];
	const char *coding; /* that of the file's bytes; NULL */
	struct wok__version version;
	wok_http_header *headers; /* room for all; the caller's own come first */
	size_t n_headers;
	char modified[32], content_range[80]; /* values of headers */
};

/*
 * Reply with what was located. The descriptor stays the caller's.
 *
 * type: of its bytes once they are decoded
 * Returns: as wok_http_reply_file()
 */
int wok__file_send(wok_http_request *request, const struct wok__located *located, const char *type,
		   const wok_http_file_options *options);

/* Reply with several parts of the file, each with a head of its own. */
int wok__file_send_parts(struct wok__file_reply *reply, const struct wok__range *ranges, size_t n);

/* Reply with what a file's name leads to, if that is no error: 404 or 403; else the error itself.
 */
int wok__file_refuse(wok_http_request *request, int error);
#endif
