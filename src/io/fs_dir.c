/* SPDX-License-Identifier: MIT */
/* What is in a folder: see wok/dir.h. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <wok/dir.h>
#include <wok/error.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/fs_chunk.h"
#include "io/fs_path.h"
#include "platform/sys.h"
#include "task/park.h"

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY };

struct wok_dir {
	int fd, base;
	bool busy; /* a task waits for the next chunk */
	struct wok__chunk chunk;
	char path[]; /* for messages */
};

/* --- in a thread ------------------------------------------------------------------------------ */

static int fail(const char *path, int r)
{
	return wok_fail(r, "cannot list %s: %s", path, wok_strerror(r));
}

/* The first part is read at once: most folders have no more. */
static int open_folder(void *arg)
{
	wok_dir *dir = arg;
	int r = dir->fd = wok__sys_openat(dir->base, dir->path, OPEN_FOLDER, 0);

	if (r >= 0)
		r = wok__chunk_fill(&dir->chunk, dir->fd);
	return r < 0 ? fail(dir->path, r) : 0;
}

static int read_on(void *arg)
{
	wok_dir *dir = arg;
	int r = wok__chunk_fill(&dir->chunk, dir->fd);

	return r < 0 ? fail(dir->path, r) : 0;
}

/* ---------------------------------------------------------------------------------------------- */

int wok_dir_open(const char *path, wok_dir **ret_dir)
{
	size_t size = strlen(path) + 1;
	WOK_AUTO(wok_dir) *dir = wok__alloc_zeroed(sizeof(*dir) + size);

	if (!dir)
		return -ENOMEM;
	dir->fd = -1;
	memcpy(dir->path, path, size);
	dir->base = wok__base_open(path);
	int r = wok__disk_run(NULL, "wok_dir_open", open_folder, dir);
	wok__base_close(dir->base);
	if (r < 0)
		return r;
	*ret_dir = WOK_TAKE(dir);
	return 0;
}

/* Have a thread read on; a cancel leaves everything as it is. */
static int fill(wok_dir *dir)
{
	dir->busy = true;
	int r = wok__disk_run(NULL, "wok_dir_next", read_on, dir);
	dir->busy = false;
	return r;
}

int wok_dir_next(wok_dir *dir, wok_dir_entry *ret_entry)
{
	WOK_TRY(wok__check());
	if (dir->busy)
		return wok_fail(-EBUSY, "wok_dir_next: another task waits for the next entry of %s",
				dir->path);
	const struct wok__dirent *record = wok__chunk_next(&dir->chunk);
	if (record || dir->chunk.end)
		wok__spend();
	while (!record && !dir->chunk.end) {
		WOK_TRY(fill(dir));
		record = wok__chunk_next(&dir->chunk);
	}
	if (!record)
		return 0;
	ret_entry->name = record->name;
	ret_entry->type = wok__dirent_type(record);
	ret_entry->inode = record->inode;
	return 1;
}

int wok_dir_fd(const wok_dir *dir)
{
	return dir->fd;
}

void wok_dir_free(wok_dir *dir)
{
	if (!dir)
		return;
	if (dir->fd >= 0)
		(void) wok__sys_close(dir->fd);
	wok__chunk_clear(&dir->chunk);
	wok_free(dir);
}

/* --- all at once ------------------------------------------------------------------------------ */

/* Names, each with its 0, one after the other. */
struct listing {
	const char *path;
	int base;
	char *text;
	size_t size, capacity, n;
	char **names;
};

static int add_names(struct listing *listing, struct wok__chunk *chunk)
{
	const struct wok__dirent *record;

	while ((record = wok__chunk_next(chunk))) {
		size_t size = strlen(record->name) + 1;
		WOK_TRY(wok__grow((void **) &listing->text, &listing->capacity,
				  listing->size + size, 1));
		memcpy(listing->text + listing->size, record->name, size);
		listing->size += size;
		listing->n++;
	}
	return 0;
}

static int read_names(struct listing *listing, struct wok__chunk *chunk, int fd)
{
	while (!chunk->end) {
		if (wok_job_canceled())
			return -ECANCELED;
		WOK_TRY(wok__chunk_fill(chunk, fd));
		WOK_TRY(add_names(listing, chunk));
	}
	return 0;
}

/* One block: the array, and behind it the names. */
static int arrange(struct listing *listing)
{
	size_t array = (listing->n + 1) * sizeof(char *);
	char **names = wok_alloc(array + listing->size);

	if (!names)
		return -ENOMEM;
	char *at = (char *) names + array;
	if (listing->size > 0)
		memcpy(at, listing->text, listing->size);
	for (size_t i = 0; i < listing->n; i++, at += strlen(at) + 1)
		names[i] = at;
	names[listing->n] = NULL;
	listing->names = names;
	return 0;
}

static int list(void *arg)
{
	struct listing *listing = arg;
	struct wok__chunk chunk = {0};
	int fd = wok__sys_openat(listing->base, listing->path, OPEN_FOLDER, 0);
	int r = fd < 0 ? fd : read_names(listing, &chunk, fd);

	if (r == 0)
		r = arrange(listing);
	wok__chunk_clear(&chunk);
	wok_free(listing->text);
	if (fd >= 0)
		close(fd);
	return r < 0 && r != -ECANCELED ? fail(listing->path, r) : r;
}

int wok_fs_list(const char *path, char ***ret_names, size_t *ret_n)
{
	struct listing listing = {.path = path, .base = wok__base_open(path)};
	int r = wok__disk_run(NULL, "wok_fs_list", list, &listing);

	wok__base_close(listing.base);
	if (r < 0)
		return r;
	*ret_names = listing.names;
	if (ret_n)
		*ret_n = listing.n;
	return 0;
}
