/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CODING_CODING_H
#define WOK_HTTP_CODING_CODING_H
/*
 * Content codings (RFC 9110, 8.4.1): what a body is packed in. A codec is one coding in one
 * direction: bytes in, bytes out, no I/O. decoder.h makes a chain of them that a body is read
 * through, encoder.h the way out. Each library stands in one file, and a coding without its library
 * is not built in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of our liking: what comes first is chosen where the peer does not mind. */
enum wok__coding {
	WOK__CODING_ZSTD,
	WOK__CODING_BR,
	WOK__CODING_GZIP,
	WOK__CODING_DEFLATE,
	WOK__CODING_COUNT,
	WOK__CODING_IDENTITY = WOK__CODING_COUNT, /* none at all */
};

/* Where a step reads and writes; it moves both on. */
struct wok__coding_io {
	const char *in;
	size_t in_size;
	char *out;
	size_t out_size;
};

/* What an encoder is to do with its input. */
enum wok__coding_mode {
	WOK__CODING_MORE,  /* take it; what comes out may wait for more */
	WOK__CODING_FLUSH, /* put out all that has come, so that the peer can decode it */
	WOK__CODING_END,   /* and then the end */
};

struct wok__codec {
	const struct wok__codec_ops *ops;
	/* Of a decoder: what has come is a whole, so that the input may end here. */
	bool complete;
	/* Of a decoder: nothing more can follow; what does is garbage, see decoder.c. */
	bool over;
};

struct wok__codec_ops {
	/*
	 * A decoder goes on until the input or the room is used up, or it is over: 0; WOK_EPEER for
	 * bytes that are not of its coding; -ENOMEM. An encoder returns 1 when all that the mode
	 * asks for is out, 0 to be called again with room.
	 */
	int (*step)(struct wok__codec *codec, struct wok__coding_io *io,
		    enum wok__coding_mode mode);
	void (*free)(struct wok__codec *codec);
};

struct wok__coding_kind {
	const char *name; /* as on the wire; NULL: not built in */
	int level, least, most;
	int (*decoder)(struct wok__codec **ret_codec);
	int (*encoder)(int level, struct wok__codec **ret_codec);
};

extern const struct wok__coding_kind wok__coding_zstd, wok__coding_br, wok__coding_gzip,
	wok__coding_deflate;

/* NULL for identity and for what is not built in. */
const struct wok__coding_kind *wok__coding_kind(enum wok__coding coding);

/* "gzip"; "identity". */
const char *wok__coding_name(enum wok__coding coding);

/* The coding of a name, in any case, built in or not; "x-gzip" is gzip. -ENOTSUP for others. */
int wok__coding_find(const char *name, size_t size, enum wok__coding *ret_coding);

/* For Accept-Encoding: "zstd, br, gzip, deflate", so far as they are built in; "identity". */
const char *wok__coding_accepted(void);

/* -ENOTSUP where the coding is not built in; -ENOMEM. */
int wok__codec_decoder(enum wok__coding coding, struct wok__codec **ret_codec);

/* level: 0 for the usual one; others are moved into the coding's range. */
int wok__codec_encoder(enum wok__coding coding, int level, struct wok__codec **ret_codec);

/* One step, on the big stack: the libraries have frames that a task's stack might not bear. */
int wok__codec_step(struct wok__codec *codec, struct wok__coding_io *io,
		    enum wok__coding_mode mode);
void wok__codec_free(struct wok__codec *codec);

/* Memory for a library: in terms of wok's allocator. */
void *wok__coding_alloc(void *unused, size_t size);
void wok__coding_free(void *unused, void *pointer);
#endif
