/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CODING_ENCODER_H
#define WOK_HTTP_CODING_ENCODER_H
/* A body on its way out: packed as a whole, piece by piece, or while somebody reads it. */
#include "http/buffer.h"
#include "http/coding/coding.h"
#include "http/coding/decoder.h" /* wok__read_fn */

struct wok__encoder;

/* level: 0 for the usual one of the coding. -ENOTSUP where it is not built in; -ENOMEM. */
int wok__encoder_new(enum wok__coding coding, int level, struct wok__encoder **ret_encoder);
void wok__encoder_free(struct wok__encoder *encoder);

/*
 * Encode some bytes; what comes out is added to a buffer, and is about as large at most. Nothing
 * can follow WOK__CODING_END. 0 or an error, for good.
 */
int wok__encoder_put(struct wok__encoder *encoder, const void *data, size_t size,
		     enum wok__coding_mode mode, struct wok__buffer *out);

/* Encode a body that is there. */
int wok__encode(enum wok__coding coding, int level, const void *data, size_t size,
		struct wok__buffer *out);

/*
 * Wait for encoded bytes of a body that comes from read(arg): how many, 0 at the end, an error. A
 * wok__read_fn but for the types.
 */
ssize_t wok__encoder_read(struct wok__encoder *encoder, wok__read_fn *read, void *arg, void *data,
			  size_t size);
#endif
