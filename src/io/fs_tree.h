/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_FS_TREE_H
#define WOK_IO_FS_TREE_H
/*
 * The way through a folder and what is below it. All of this blocks.
 *
 * Each folder is opened relative to the one above, never by its whole path: so nobody can lead the
 * way astray by putting a symbolic link in place of a folder, and paths may be longer than
 * PATH_MAX. Each level has a descriptor; of a deep tree only the lowest ones have, or they would
 * run out. The others are opened again on the way up: by "..", which has to be the folder that was
 * left.
 */
#include "io/fs_chunk.h"

struct wok__level {
	struct wok__chunk chunk;
	int fd; /* -1: closed for now, or lost */
	dev_t device;
	ino_t inode;
	off_t position;   /* where to read on, when it was closed */
	size_t path_size; /* of its path, which the paths of what is in it begin with */
	size_t name_at;   /* where its own name begins in that */
	int error;        /* why the rest of it is not known; 0 */
	bool changed;     /* for who removes: something of it has gone */
};

struct wok__tree {
	struct wok__level *levels;
	size_t depth, capacity;
	char *path; /* of what was looked at last; ends with 0 */
	size_t path_capacity;
	size_t name_at;       /* where its name begins */
	bool follow;          /* symbolic links, too */
	bool one_file_system; /* do not enter others */
};

static inline struct wok__level *wok__tree_top(const struct wok__tree *tree)
{
	return &tree->levels[tree->depth - 1];
}

/* Begin at a folder. root_flags: O_NOFOLLOW, or 0. 0, or -errno with a tree that is to be closed.
 */
int wok__tree_open(struct wok__tree *tree, int base, const char *path, int root_flags);
void wok__tree_close(struct wok__tree *tree);

/* Make path that of an entry of the lowest level; 0 or -ENOMEM. Does not block. */
int wok__tree_name(struct wok__tree *tree, const char *name);

/*
 * Go down into what path names. -errno, and nothing has changed: among others, -ENOTDIR for what
 * is no folder, WOK__TREE_LOOP for one that is above itself, WOK__TREE_FOREIGN for one of another
 * file system.
 */
enum { WOK__TREE_LOOP = -10001, WOK__TREE_FOREIGN = -10002 };
int wok__tree_enter(struct wok__tree *tree);

/* Read on in the lowest level; a failure is noted there, and ends it. 0 or -ENOMEM. */
int wok__tree_fill(struct wok__tree *tree);

/* Whether to go up means more than to close a descriptor. */
bool wok__tree_leaving_blocks(const struct wok__tree *tree);

/* Go up; path becomes that of the folder that was left. */
void wok__tree_leave(struct wok__tree *tree);
#endif
