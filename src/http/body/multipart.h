/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_BODY_MULTIPART_H
#define WOK_HTTP_BODY_MULTIPART_H
/*
 * multipart/form-data (RFC 7578, RFC 2046), without I/O: bytes in, events out. Nothing is copied or
 * allocated; results do not depend on how the bytes were cut. Every byte is counted, those before
 * the first part included.
 */
#include <wok/base.h>

enum { WOK__BOUNDARY_MAX = 70 }; /* RFC 2046, 5.1.1 */

enum wok__multipart_event {
	WOK__MULTIPART_MORE = 0, /* give what was not consumed again, with more behind it */
	WOK__MULTIPART_PART,     /* a part begins: its header lines, each with its CRLF */
	WOK__MULTIPART_DATA,     /* a piece of it */
	WOK__MULTIPART_PART_END,
	WOK__MULTIPART_END, /* of all; what follows is consumed and means nothing */
};

/* Each bound is inclusive. */
struct wok__multipart_limits {
	size_t parts;
	size_t head;    /* bytes of a part's header lines */
	uint64_t part;  /* bytes of a part's data */
	uint64_t bytes; /* in all */
};

struct wok__multipart {
	struct wok__multipart_limits limits;
	char delimiter[4 + WOK__BOUNDARY_MAX]; /* CRLF, two hyphens, the boundary */
	size_t delimiter_size;
	uint8_t state;
	size_t parts;
	size_t scanned; /* of a head that is not complete yet */
	size_t padding; /* behind a delimiter */
	uint64_t part;
	uint64_t bytes;
	int error; /* what every further call returns */
};

/* -EINVAL for a boundary that is none. */
int wok__multipart_init(struct wok__multipart *multipart, wok_view boundary,
			const struct wok__multipart_limits *limits);

/*
 * Take bytes. Call until MORE. The caller's buffer must be able to hold a head and a delimiter:
 * limits.head + 128 bytes.
 *
 * Returns: an event; WOK_EPEER, WOK_ELIMIT
 */
int wok__multipart_feed(struct wok__multipart *multipart, const char *data, size_t size,
			size_t *ret_consumed, wok_view *ret_piece);

/* The body has ended: 0, or WOK_EEOF if it should not have. */
int wok__multipart_eof(const struct wok__multipart *multipart);
#endif
