/* SPDX-License-Identifier: MIT */
/* The way through a tree of folders: see io/fs_tree.h. */
#include "io/fs_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum {
	MOST_OPEN = 32,
	OPEN_FOLDER = O_RDONLY | O_DIRECTORY,
};

static void close_level(struct wok__level *level)
{
	if (level->fd >= 0)
		close(level->fd);
	level->fd = -1;
}

/* Whether a folder may be entered, and what it is. */
static int look_at(const struct wok__tree *tree, struct wok__level *level)
{
	struct stat stat;

	WOK_TRY(wok__sys_fstat(level->fd, &stat));
	level->device = stat.st_dev;
	level->inode = stat.st_ino;
	if (tree->one_file_system && tree->depth > 0 && stat.st_dev != tree->levels[0].device)
		return WOK__TREE_FOREIGN;
	for (size_t i = 0; tree->follow && i < tree->depth; i++)
		if (tree->levels[i].inode == stat.st_ino && tree->levels[i].device == stat.st_dev)
			return WOK__TREE_LOOP;
	return 0;
}

/* Too many are open: the one that will be needed last is closed. */
static void close_far(struct wok__tree *tree)
{
	/* By ".." nobody finds back from where a symbolic link has led. */
	if (tree->follow || tree->depth <= MOST_OPEN)
		return;
	struct wok__level *far = &tree->levels[tree->depth - 1 - MOST_OPEN];
	if (far->fd < 0)
		return;
	far->position = wok__sys_lseek(far->fd, 0, SEEK_CUR);
	close_level(far);
}

/* fd: the descriptor of what path names, or an error. */
static int push(struct wok__tree *tree, int fd)
{
	struct wok__level level = {
		.fd = fd,
		.path_size = strlen(tree->path),
		.name_at = tree->name_at,
	};

	if (fd < 0)
		return fd;
	int r = look_at(tree, &level);
	if (r == 0)
		r = wok__chunk_fill(&level.chunk, fd);
	if (r == 0)
		r = wok__grow((void **) &tree->levels, &tree->capacity, tree->depth + 1,
			      sizeof(level));
	if (r < 0) {
		wok__chunk_clear(&level.chunk);
		close_level(&level);
		return r;
	}
	wok__chunk_trim(&level.chunk);
	tree->levels[tree->depth++] = level;
	close_far(tree);
	return 0;
}

int wok__tree_open(struct wok__tree *tree, int base, const char *path, int root_flags)
{
	size_t size = strlen(path) + 1;

	WOK_TRY(wok__grow((void **) &tree->path, &tree->path_capacity, size, 1));
	memcpy(tree->path, path, size);
	const char *slash = strrchr(path, '/');
	tree->name_at = slash && slash[1] ? (size_t) (slash + 1 - path) : 0;
	return push(tree, wok__sys_openat(base, path, OPEN_FOLDER | root_flags, 0));
}

void wok__tree_close(struct wok__tree *tree)
{
	while (tree->depth > 0) {
		close_level(wok__tree_top(tree));
		wok__chunk_clear(&wok__tree_top(tree)->chunk);
		tree->depth--;
	}
	wok_free(tree->levels);
	wok_free(tree->path);
	*tree = (struct wok__tree){0};
}

int wok__tree_name(struct wok__tree *tree, const char *name)
{
	size_t at = wok__tree_top(tree)->path_size, size = strlen(name) + 1;

	WOK_TRY(wok__grow((void **) &tree->path, &tree->path_capacity, at + 1 + size, 1));
	if (at > 0 && tree->path[at - 1] != '/')
		tree->path[at++] = '/';
	memcpy(tree->path + at, name, size);
	tree->name_at = at;
	return 0;
}

int wok__tree_enter(struct wok__tree *tree)
{
	int flags = OPEN_FOLDER | (tree->follow ? 0 : O_NOFOLLOW);

	return push(tree,
		    wok__sys_openat(wok__tree_top(tree)->fd, tree->path + tree->name_at, flags, 0));
}

/* What is left of a level cannot be known. */
static void end_level(struct wok__level *level, int error)
{
	wok__chunk_clear(&level->chunk);
	level->chunk.end = true;
	level->error = error;
}

int wok__tree_fill(struct wok__tree *tree)
{
	struct wok__level *top = wok__tree_top(tree);
	int r = wok__chunk_fill(&top->chunk, top->fd);

	if (r < 0 && r != -ENOMEM)
		end_level(top, r);
	return r == -ENOMEM ? r : 0;
}

bool wok__tree_leaving_blocks(const struct wok__tree *tree)
{
	return tree->depth > 1 && tree->levels[tree->depth - 2].fd < 0;
}

/* Open a level again that was closed, from the one below it. */
static int reopen(struct wok__level *level, int below)
{
	struct stat stat;
	int fd = wok__sys_openat(below, "..", OPEN_FOLDER, 0);

	if (fd < 0)
		return fd;
	int r = wok__sys_fstat(fd, &stat);
	/* What was below it may have been moved to somewhere else. */
	if (r == 0 && (stat.st_dev != level->device || stat.st_ino != level->inode))
		r = -ESTALE;
	if (r == 0 && !level->chunk.end && wok__sys_lseek(fd, level->position, SEEK_SET) < 0)
		r = -ESTALE;
	if (r < 0)
		close(fd);
	else
		level->fd = fd;
	return r;
}

void wok__tree_leave(struct wok__tree *tree)
{
	struct wok__level *top = wok__tree_top(tree);

	if (wok__tree_leaving_blocks(tree)) {
		int r = reopen(top - 1, top->fd);
		if (r < 0)
			end_level(top - 1, r);
	}
	tree->path[top->path_size] = '\0';
	tree->name_at = top->name_at;
	wok__chunk_clear(&top->chunk);
	close_level(top);
	tree->depth--;
}
