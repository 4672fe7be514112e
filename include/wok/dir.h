/* SPDX-License-Identifier: MIT */
#ifndef WOK_DIR_H
#define WOK_DIR_H
#include <wok/fs.h>

WOK_BEGIN_DECLS

/*
 * What is in a folder, and in all folders below one. Names are bytes as the system has them; "."
 * and ".." are left out; the order is the file system's. What comes or goes while a folder is read
 * may be told or not; everything else is told exactly once.
 */

/* A folder that is being read. */
typedef struct wok_dir wok_dir;

/* Something in a folder. */
typedef struct {
	const char *name; /* borrowed until the next call */
	wok_fs_type type; /* found out also where the file system does not tell by itself */
	uint64_t inode;
} wok_dir_entry;

/**
 * Open a folder, to read what is in it.
 *
 * Returns:    0; -ENOTDIR; an error as in wok/fs.h
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_dir_open(const char *path, wok_dir **ret_dir) WOK_MUST_CHECK;

/**
 * The next entry of a folder:
 *     while ((r = wok_dir_next(dir, &entry)) > 0)
 * A thread reads about a thousand at a time; the calls between do not hop.
 *
 * Returns:    1 an entry; 0 the end, also of a folder that was removed; -ECANCELED, with no entry
 *             lost; -EBUSY if another task waits in this call; an error as in wok/fs.h
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_dir_next(wok_dir *dir, wok_dir_entry *ret_entry) WOK_MUST_CHECK;

/**
 * The folder's descriptor, for calls that begin there (openat(2) and its like).
 *
 * Returns:    a descriptor, which stays the folder's
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_dir_fd(const wok_dir *dir);

/**
 * Close a folder. To close what was only read does not wait for a disk.
 *
 * dir:        NULL does nothing; no task may be in a call on it
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_dir_free(wok_dir *dir);
WOK_DEFINE_AUTO(wok_dir)

/**
 * All names in a folder at once, in one hop.
 *
 * ret_names:  an array that ends with NULL; one wok_free() releases it and the names
 * ret_n:      how many; may be NULL
 * Returns:    0; -ENOTDIR; an error as in wok/fs.h
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_list(const char *path, char ***ret_names, size_t *ret_n) WOK_MUST_CHECK;

/* A walk through a folder and all that is below it, depth first. */
typedef struct wok_walk wok_walk;

/* How to walk. Zero in a field means the default. */
typedef struct {
	/* Tell a folder after what is in it, not before: who removes needs that. */
	bool folders_last;
	/* Enter what symbolic links lead to. A folder that is above itself is told as -ELOOP. */
	bool follow_links;
	/* Do not enter folders that lie in another file system. */
	bool one_file_system;
	/* How deep to go: 1 tells only what is in the first folder; WOK_UNLIMITED. */
	size_t max_depth;
} wok_walk_options;

/* Something below the folder of a walk. */
typedef struct {
	const char *path; /* begins with that of the walk; borrowed until the next call */
	const char *name; /* its end */
	wok_fs_type type; /* of a symbolic link itself, also if it is followed */
	size_t depth;     /* 1: in the first folder */
	/*
	 * 0; or why this folder could not be read, or only in part: wok_errmsg(error) says it. The
	 * walk goes on. Such a folder is told once more than others, after what was found in it
	 * (with folders_last: only then); the first one is told, too, at depth 0.
	 */
	int error;
	/*
	 * The folder that it is in, for calls by name that nobody can lead astray meanwhile
	 * (openat(2), unlinkat(2)); borrowed until the next call. -1 at depth 0.
	 */
	int dir_fd;
} wok_walk_entry;

/**
 * Begin to walk.
 *
 * path:       a folder, or a symbolic link to one
 * Returns:    0; -ENOTDIR; an error as in wok/fs.h
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_walk_open(const char *path, wok_walk **ret_walk) WOK_MUST_CHECK;

/**
 * wok_walk_open() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_walk_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_walk_open_with(const char *path, const wok_walk_options *options, wok_walk **ret_walk)
	WOK_MUST_CHECK;

/**
 * The next thing below the folder. There is one hop for each folder (and each further thousand of
 * entries in it). Each folder is opened from within the one above it: what is swapped for a
 * symbolic link meanwhile is not entered. Of a deep tree 32 folders are open at a time, with
 * follow_links all down to the current one.
 *
 * Returns:    1 an entry; 0 the end; -ECANCELED, with no entry lost; -EBUSY if another task waits
 *             in this call; -ENOMEM; an error of a folder is in its entry
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_walk_next(wok_walk *walk, wok_walk_entry *ret_entry) WOK_MUST_CHECK;

/**
 * Do not enter the folder that was told last. (With folders_last it has been already.)
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_walk_skip(wok_walk *walk);

/**
 * End a walk.
 *
 * walk:       NULL does nothing; no task may be in a call on it
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_walk_free(wok_walk *walk);
WOK_DEFINE_AUTO(wok_walk)

WOK_END_DECLS
#endif
