/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_SOURCE_H
#define WOK_HTTP_CLIENT_SOURCE_H
/* Where the body of a request comes from: memory, a file, or a function; and how it is packed. */
#include <wok/http_client.h>

#include "http/coding/encoder.h"

#define WOK__LENGTH_UNKNOWN UINT64_MAX

struct wok__source {
	const void *data; /* all of it, or */
	wok_file *file;
	off_t offset; /* of its first byte; or */
	ssize_t (*read)(void *arg, void *data, size_t size);
	int (*rewind)(void *arg); /* NULL: it cannot be had again */
	void *arg;
	uint64_t length; /* bytes to send in all; WOK__LENGTH_UNKNOWN: until there are no more */
	uint64_t plain;  /* the same of what comes; they differ if it is packed */
	uint64_t taken;  /* of what comes */
	enum wok__coding coding;      /* that it is sent in */
	struct wok__encoder *encoder; /* NULL: it has not begun */
	bool failed;                  /* the source did: not the connection's fault */
};

/* 0; an error of the file, or -EINVAL. A checkpoint with a file only. */
int wok__source_open(struct wok__source *source, const wok_http_options *options);

/* Begin anew, to send it again; false if it cannot be had again. */
bool wok__source_rewind(struct wok__source *source);

/* Whether it is there as it is sent: all in memory, or all of a file's rest. */
static inline bool wok__source_is_memory(const struct wok__source *source)
{
	return !source->read && !source->file && source->coding == WOK__CODING_IDENTITY;
}

static inline bool wok__source_is_file(const struct wok__source *source)
{
	return source->file && source->coding == WOK__CODING_IDENTITY;
}

/* There is no body any more. */
void wok__source_drop(struct wok__source *source);

/*
 * The next bytes, at most size of them; 0 at the end; what the source fails with, -EINVAL if its
 * length is not what was said. It may wait.
 */
ssize_t wok__source_take(struct wok__source *source, void *data, size_t size);
#endif
