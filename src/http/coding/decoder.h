/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CODING_DECODER_H
#define WOK_HTTP_CODING_DECODER_H
/*
 * A body that is decoded while it is read: a function to read from, put over another one. It waits
 * only in that one.
 *
 * A few bytes can expand to gigabytes. So what comes out is counted, behind each coding of a chain,
 * before it is handed on; memory never grows, whatever comes.
 */
#include <sys/types.h>
#include <wok/base.h>

#include "http/coding/coding.h"
#include "http/message.h"

/* A chain of more is nobody's honest wish. */
enum { WOK__CODINGS_MAX = 4 };

/* What a Content-Encoding lists, in the order in which it was applied; identity is left out. */
struct wok__codings {
	enum wok__coding list[WOK__CODINGS_MAX];
	size_t n;
};

/*
 * Read the Content-Encoding fields of a head. -ENOTSUP for a coding that is unknown or not built
 * in: such a body can only be handed on as it is. WOK_ELIMIT for a chain that is too long.
 */
int wok__codings_of_head(const struct wok__head *head, struct wok__codings *ret_codings);

/* The same for one field's value; what it lists is added. */
int wok__codings_add(struct wok__codings *codings, const char *value);

struct wok__decoder_limits {
	uint64_t bytes; /* decoded; 0: no limit */
	/*
	 * Decoded bytes for each coded one, beyond the first WOK__DECODER_FREE; 0:
	 * WOK__DECODER_RATIO.
	 */
	uint64_t ratio;
};

enum { WOK__DECODER_FREE = 1 << 20, WOK__DECODER_RATIO = 200 };

struct wok__decoder;

/* Waits for bytes: how many, 0 at the end, an error. Always a checkpoint. */
typedef ssize_t wok__read_fn(void *arg, void *data, size_t size);

/*
 * read, arg:  where the coded bytes come from; arg is borrowed
 * Returns:    0; -ENOMEM
 */
int wok__decoder_new(const struct wok__codings *codings, const struct wok__decoder_limits *limits,
		     wok__read_fn *read, void *arg, struct wok__decoder **ret_decoder);
void wok__decoder_free(struct wok__decoder *decoder);

/*
 * Wait for decoded bytes and take at most size of them; 0 at the end, which is told only when the
 * end of what it reads from has been read, too. WOK_EEOF if that ends too early, WOK_EPEER for
 * corrupt data, WOK_ELIMIT for a bomb, -ENOMEM; all of these again at each further call. Errors of
 * read are returned as they are, and the decoder can go on after them. Always a checkpoint.
 */
ssize_t wok__decoder_read(struct wok__decoder *decoder, void *data, size_t size);
#endif
