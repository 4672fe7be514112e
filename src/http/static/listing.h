/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_LISTING_H
#define WOK_HTTP_STATIC_LISTING_H
/*
 * A page that shows what is in a folder: names that lead there, sizes, dates. Folders come first,
 * then files, each in the order of their bytes. What is neither is left out, and so is what would
 * not be served.
 */
#include "http/buffer.h"
#include "http/static/locate.h"

struct wok__listing {
	const struct wok__locate *locate; /* for what symbolic links lead to */
	int fd;                           /* the folder, to be read from its start */
	const char *title;                /* its path as people read it */
	bool top;                         /* there is no way up from it */
	bool dot_files;
	size_t max; /* entries */
};

/*
 * Make the page in a thread: 0; -errno of the folder; -ENOMEM; -ECANCELED. The caller frees the
 * buffer, whatever the result. Checkpoint: always
 */
int wok__listing_make(const struct wok__listing *listing, struct wok__buffer *page);
#endif
