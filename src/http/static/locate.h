/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_LOCATE_H
#define WOK_HTTP_STATIC_LOCATE_H
/*
 * Opening what a path names: a file, its index, or a sibling of it that is compressed already.
 *
 * The kernel keeps the path below its folder (openat2(2)), however links and folders are moved
 * about meanwhile. What it has in its cache is opened at once; what a disk has to bring, in a
 * thread. Nothing here waits for a pipe's other end, and only files and folders are found.
 */
#include <stdbool.h>
#include <sys/stat.h>
#include <wok/http_static.h>

#include "http/static/sibling.h"

struct wok__locate {
	int base;         /* where root begins, if it is relative */
	const char *root; /* the folder that is served; NULL: folder is given */
	int folder; /* where the path begins, and what it stays below; AT_FDCWD. Of a root -1 at
		       first, and to be closed by who called, if it is 0 or more */
	wok_http_links links; /* AT_FDCWD has WOK_HTTP_LINKS_ALL */
	const char *path;
	const char *index; /* the file that stands for a folder, NULL for none */
	bool is_folder;    /* the path ended with a slash: a file of that name is not meant */
	/* Which compressed siblings to prefer to the file, the best one first. */
	enum wok__coding siblings[WOK__SIBLINGS];
	size_t n_siblings;
};

struct wok__located {
	int fd;           /* of the file; or of the folder that has no index; -1 */
	struct stat stat; /* of fd */
	bool folder;      /* the path names a folder: fd is that, or -1 if the slash is missing */
	bool index;       /* what was found is the folder's index */
	enum wok__coding coding; /* what was found is such a sibling; WOK__CODING_IDENTITY: it is
				    the file itself */
};

/*
 * Returns: 0, with fd open unless folder says otherwise; -ENOENT for what is not there or not to be
 * had so, -EACCES, -EMFILE ...; -ECANCELED. Checkpoint: always
 */
int wok__locate(struct wok__locate *locate, struct wok__located *ret_located);

/* In a thread: open below the folder, or not. O_... flags as open(2). */
int wok__locate_open(const struct wok__locate *locate, const char *path, int flags, bool cached);

/* Open a folder to begin at. cached: -EAGAIN where that would wait. */
int wok__locate_folder(int base, const char *path, bool cached);
#endif
