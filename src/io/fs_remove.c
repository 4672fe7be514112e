/* SPDX-License-Identifier: MIT */
/*
 * Removing a tree of folders: wok_fs_remove_tree() of wok/fs.h.
 *
 * It is one job: a hop for each file would take most of the time. Some file systems lose their
 * place in a folder that shrinks, so a folder in which something was removed is read once more.
 */
#include "io/fs_remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <wok/error.h>
#include <wok/fs.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/fs_path.h"
#include "io/fs_tree.h"

struct removal {
	struct wok__tree tree;
	int base;
	bool cancelable;
	int error; /* the first; its message is the thread's */
};

static void note(struct removal *removal, int r)
{
	if (r < 0 && removal->error == 0)
		removal->error =
			wok_fail(r, "cannot remove %s: %s", removal->tree.path, wok_strerror(r));
}

static int remove_name(struct removal *removal, const char *name)
{
	struct wok__level *top = wok__tree_top(&removal->tree);
	int r = wok__sys_unlinkat(top->fd, name, 0);

	top->changed |= r == 0;
	return r;
}

/* What is gone already, or became a folder, or is none any more, is no failure. */
static int remove_entry(struct removal *removal, const struct wok__dirent *record)
{
	struct wok__tree *tree = &removal->tree;
	int r = -EISDIR;

	WOK_TRY(wok__tree_name(tree, record->name));
	if (record->type != DT_DIR)
		r = remove_name(removal, record->name);
	if (r == -EISDIR)
		r = wok__tree_enter(tree);
	if (r == -ENOTDIR || r == -ELOOP)
		r = remove_name(removal, record->name);
	if (r == -ENOMEM)
		return r;
	note(removal, r == -ENOENT ? 0 : r);
	return 0;
}

static int read_again(struct removal *removal)
{
	struct wok__level *top = wok__tree_top(&removal->tree);

	top->changed = false;
	if (wok__sys_lseek(top->fd, 0, SEEK_SET) < 0)
		return 0;
	return wok__tree_fill(&removal->tree);
}

/* It is empty, as far as anybody can say. */
static void remove_folder(struct removal *removal)
{
	struct wok__tree *tree = &removal->tree;
	int r;

	note(removal, wok__tree_top(tree)->error);
	wok__tree_leave(tree);
	if (tree->depth == 0) {
		r = wok__sys_unlinkat(removal->base, tree->path, AT_REMOVEDIR);
		if (r == 0)
			removal->error = 0; /* what had failed was done the second time */
	} else {
		struct wok__level *top = wok__tree_top(tree);
		r = wok__sys_unlinkat(top->fd, tree->path + tree->name_at, AT_REMOVEDIR);
		top->changed |= r == 0;
	}
	note(removal, r == -ENOENT ? 0 : r);
}

/* Negative: it cannot go on. */
static int step(struct removal *removal)
{
	struct wok__level *top = wok__tree_top(&removal->tree);
	const struct wok__dirent *record = wok__chunk_next(&top->chunk);

	if (removal->cancelable && wok_job_canceled())
		return -ECANCELED;
	if (record)
		return remove_entry(removal, record);
	if (!top->chunk.end)
		return wok__tree_fill(&removal->tree);
	if (top->changed && top->error == 0)
		return read_again(removal);
	remove_folder(removal);
	return 0;
}

static int remove_folders(int base, const char *path, bool cancelable)
{
	struct removal removal = {.base = base, .cancelable = cancelable};
	int r = wok__tree_open(&removal.tree, base, path, O_NOFOLLOW);

	while (r == 0 && removal.tree.depth > 0)
		r = step(&removal);
	if (r == 0)
		r = removal.error;
	else if (r != -ECANCELED)
		wok_fail(r, "cannot remove %s: %s", path, wok_strerror(r));
	wok__tree_close(&removal.tree);
	return r;
}

/* "." and "..", which the system would refuse to remove after all else is gone. */
static bool ends_in_dots(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* path: without a slash at its end, which would follow a symbolic link. */
static int remove_path(int base, const char *path, bool cancelable)
{
	if (ends_in_dots(path))
		return wok_fail(-EINVAL, "cannot remove %s: name it from outside", path);
	int r = wok__sys_unlinkat(base, path, 0);
	if (r == -EISDIR)
		return remove_folders(base, path, cancelable);
	return r < 0 ? wok_fail(r, "cannot remove %s: %s", path, wok_strerror(r)) : 0;
}

int wok__remove_tree(int base, const char *path, bool cancelable)
{
	char *copy = wok__strdup(path);

	if (!copy)
		return -ENOMEM;
	for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
		copy[n - 1] = '\0';
	int r = remove_path(base, copy, cancelable);
	wok_free(copy);
	return r;
}

struct job {
	const char *path;
	int base;
};

static int run_job(void *arg)
{
	const struct job *job = arg;

	return wok__remove_tree(job->base, job->path, true);
}

int wok_fs_remove_tree(const char *path)
{
	struct job job = {path, wok__base_open(path)};
	int r = wok__disk_run(NULL, "wok_fs_remove_tree", run_job, &job);

	wok__base_close(job.base);
	return r;
}
