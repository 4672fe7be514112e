/* SPDX-License-Identifier: MIT */
/*
 * Walking through a tree of folders: see wok/dir.h, and io/fs_tree.h for the way.
 *
 * A walk has a hop for each folder that it enters, and goes on alone in between. What is told is
 * always the tree's path; whether to enter it is decided at the next call, so that it can be
 * skipped. A hop that was cancelled has not happened: the next call makes it again.
 */
#include <string.h>
#include <wok/dir.h>
#include <wok/error.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/fs_path.h"
#include "io/fs_tree.h"
#include "task/park.h"

struct wok_walk {
	struct wok__tree tree;
	wok_walk_options options;
	wok_fs_type type; /* of what path names */
	bool enter;       /* path names a folder, or a link, that is to be entered */
	bool busy;        /* a task waits in wok_walk_next() */
	int error;        /* what came of entering it */
	/* To begin: */
	const char *path;
	int base;
};

enum { GO_ON, TELL };

/* --- in a thread ------------------------------------------------------------------------------ */

static int open_root(void *arg)
{
	wok_walk *walk = arg;
	int r = wok__tree_open(&walk->tree, walk->base, walk->path, 0);

	return r < 0 ? wok_fail(r, "cannot list %s: %s", walk->path, wok_strerror(r)) : 0;
}

static int enter_folder(void *arg)
{
	wok_walk *walk = arg;

	walk->error = wok__tree_enter(&walk->tree);
	return walk->error == -ENOMEM ? -ENOMEM : 0;
}

static int read_on(void *arg)
{
	wok_walk *walk = arg;

	return wok__tree_fill(&walk->tree);
}

static int leave_folder(void *arg)
{
	wok_walk *walk = arg;

	wok__tree_leave(&walk->tree);
	return 0;
}

/* ---------------------------------------------------------------------------------------------- */

int wok_walk_open_with(const char *path, const wok_walk_options *options, wok_walk **ret_walk)
{
	WOK_AUTO(wok_walk) *walk = wok__alloc_zeroed(sizeof(*walk));

	if (!walk)
		return -ENOMEM;
	if (options)
		walk->options = *options;
	if (walk->options.max_depth == 0)
		walk->options.max_depth = WOK_UNLIMITED;
	walk->tree.follow = walk->options.follow_links;
	walk->tree.one_file_system = walk->options.one_file_system;
	walk->path = path;
	walk->base = wok__base_open(path);
	int r = wok__disk_run(NULL, "wok_walk_open", open_root, walk);
	wok__base_close(walk->base);
	if (r < 0)
		return r;
	*ret_walk = WOK_TAKE(walk);
	return 0;
}

int wok_walk_open(const char *path, wok_walk **ret_walk)
{
	return wok_walk_open_with(path, NULL, ret_walk);
}

/* depth: of what path names. */
static int tell(wok_walk *walk, size_t depth, int error, wok_walk_entry *ret_entry)
{
	struct wok__tree *tree = &walk->tree;

	*ret_entry = (wok_walk_entry){
		.path = tree->path,
		.name = tree->path + tree->name_at,
		.type = walk->type,
		.depth = depth,
		.error = error,
		.dir_fd = depth > 0 ? wok__tree_top(tree)->fd : -1,
	};
	if (error < 0)
		wok_fail(error, "cannot list %s: %s", tree->path,
			 error == -ELOOP ? "it is above itself" : wok_strerror(error));
	return TELL;
}

static int take(wok_walk *walk, const struct wok__dirent *record, wok_walk_entry *ret_entry)
{
	const wok_walk_options *options = &walk->options;
	size_t depth = walk->tree.depth;

	WOK_TRY(wok__tree_name(&walk->tree, record->name));
	walk->type = wok__dirent_type(record);
	walk->enter = depth < options->max_depth &&
		      (walk->type == WOK_FS_FOLDER ||
		       (options->follow_links && walk->type == WOK_FS_SYMLINK));
	if (walk->enter && options->folders_last)
		return GO_ON;
	return tell(walk, depth, 0, ret_entry);
}

/* A link may well lead to no folder, or nowhere: that is no error. */
static bool is_just_a_link(const wok_walk *walk, int error)
{
	return walk->type == WOK_FS_SYMLINK &&
	       (error == -ENOTDIR || error == -ENOENT || error == -ELOOP);
}

static int enter(wok_walk *walk, wok_walk_entry *ret_entry)
{
	WOK_TRY(wok__disk_run(NULL, "wok_walk_next", enter_folder, walk));
	walk->enter = false;
	int error = walk->error;
	if (error == 0)
		return GO_ON;
	if (is_just_a_link(walk, error) || error == WOK__TREE_FOREIGN)
		error = 0;
	else if (error == WOK__TREE_LOOP)
		error = -ELOOP;
	if (error == 0 && !walk->options.folders_last)
		return GO_ON;
	return tell(walk, walk->tree.depth, error, ret_entry);
}

static int leave(wok_walk *walk, wok_walk_entry *ret_entry)
{
	struct wok__tree *tree = &walk->tree;
	int error = wok__tree_top(tree)->error;

	if (wok__tree_leaving_blocks(tree))
		WOK_TRY(wok__disk_run(NULL, "wok_walk_next", leave_folder, walk));
	else
		wok__tree_leave(tree);
	walk->type = WOK_FS_FOLDER;
	if (error == 0 && (!walk->options.folders_last || tree->depth == 0))
		return GO_ON;
	return tell(walk, tree->depth, error, ret_entry);
}

static int step(wok_walk *walk, wok_walk_entry *ret_entry)
{
	struct wok__level *top = wok__tree_top(&walk->tree);

	if (walk->enter)
		return enter(walk, ret_entry);
	const struct wok__dirent *record = wok__chunk_next(&top->chunk);
	if (record)
		return take(walk, record, ret_entry);
	if (top->chunk.end)
		return leave(walk, ret_entry);
	return wok__disk_run(NULL, "wok_walk_next", read_on, walk);
}

int wok_walk_next(wok_walk *walk, wok_walk_entry *ret_entry)
{
	int r = GO_ON;

	WOK_TRY(wok__check());
	if (walk->busy)
		return wok_fail(-EBUSY, "wok_walk_next: another task waits for the next entry");
	walk->busy = true;
	while (r == GO_ON && walk->tree.depth > 0)
		r = step(walk, ret_entry);
	walk->busy = false;
	wok__spend();
	return r;
}

void wok_walk_skip(wok_walk *walk)
{
	walk->enter = walk->enter && walk->options.folders_last;
}

void wok_walk_free(wok_walk *walk)
{
	if (!walk)
		return;
	wok__tree_close(&walk->tree);
	wok_free(walk);
}
