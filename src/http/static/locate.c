/* SPDX-License-Identifier: MIT */
/* Finding files: see http/static/locate.h. */
#include "http/static/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "io/disk.h"
#include "platform/file.h"
#include "platform/sys.h"
#include "task/park.h"

/* O_NONBLOCK: who opens a FIFO must not wait for its other end. */
enum { TRIES = 8, TO_READ = O_RDONLY | O_NONBLOCK | O_NOCTTY };

/*
 * Without openat2(2) (old seccomp filters, sandboxes): step by step, and through no link at all.
 */
static int walk(int folder, const char *path, int flags)
{
	int at = folder;

	for (;;) {
		char name[NAME_MAX + 1];
		size_t size = strcspn(path, "/");
		bool last = path[size] == '\0';
		if (size > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, size);
		name[size] = '\0';
		int how = last ? flags : O_PATH | O_DIRECTORY;
		int next = wok__sys_file_open(at, name, how | O_NOFOLLOW, 0, false);
		if (at != folder)
			(void) wok__sys_close(at);
		if (next < 0 || last)
			return next;
		at = next;
		path += size + 1;
	}
}

/* The kernel does not know the call, or not in this form. */
static bool is_unknown(int error)
{
	return error == -ENOSYS || error == -EPERM || error == -EINVAL || error == -E2BIG;
}

int wok__locate_open(const struct wok__locate *locate, const char *path, int flags, bool cached)
{
	bool links = locate->links == WOK_HTTP_LINKS_INSIDE;
	bool below = locate->links != WOK_HTTP_LINKS_ALL;
	int r, tries = 0;

	do { /* -EAGAIN: somebody moves folders about while the kernel looks */
		r = below ? wok__sys_file_open_below(locate->folder, path, flags, links, cached)
			  : wok__sys_file_open(locate->folder, path, flags, 0, cached);
	} while (r == -EAGAIN && !cached && ++tries < TRIES);
	if (!is_unknown(r))
		return r;
	if (cached)
		return -EAGAIN;
	return below ? walk(locate->folder, path, flags) : r;
}

/* Open and describe: a file or a folder, or -ENOENT. */
static int open_path(const struct wok__locate *locate, const char *path, bool cached,
		     struct wok__located *located)
{
	int fd = wok__locate_open(locate, path, TO_READ, cached);

	if (fd < 0)
		return fd;
	int r = wok__sys_file_stat(fd, &located->stat);
	if (r == 0 && !S_ISREG(located->stat.st_mode) && !S_ISDIR(located->stat.st_mode))
		r = -ENOENT;
	if (r < 0)
		(void) wok__sys_close(fd);
	else
		located->fd = fd;
	return r;
}

/* What is behind a name is not there, which is no failure where others may be. */
static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EXDEV ||
	       error == -ENAMETOOLONG || error == -ENXIO || error == -ENODEV;
}

/*
 * Take the better of what is found and another file, whose path is this one with more behind it.
 */
static int try_other(const struct wok__locate *locate, const char *path, const char *more,
		     bool cached, struct wok__located *located)
{
	struct wok__located other = *located;
	char text[PATH_MAX];

	if (snprintf(text, sizeof(text), "%s%s", path, more) >= (int) sizeof(text))
		return -ENAMETOOLONG;
	int r = open_path(locate, text, cached, &other);
	if (r < 0)
		return r;
	if (!S_ISREG(other.stat.st_mode)) {
		(void) wok__sys_close(other.fd);
		return -ENOENT;
	}
	(void) wok__sys_close(located->fd);
	*located = other;
	return 0;
}

static int find_sibling(const struct wok__locate *locate, const char *path, bool cached,
			struct wok__located *located)
{
	for (size_t i = 0; i < locate->n_siblings; i++) {
		enum wok__coding coding = locate->siblings[i];
		int r = try_other(locate, path, wok__sibling_suffix(coding), cached, located);
		if (r == 0)
			located->coding = coding;
		if (r == 0 || (r == -EAGAIN && cached))
			return r;
	}
	return 0; /* the file itself will do */
}

static int find_index(const struct wok__locate *locate, bool cached, struct wok__located *located)
{
	char more[NAME_MAX + 2], path[PATH_MAX];

	snprintf(more, sizeof(more), "/%s", locate->index);
	WOK_TRY(try_other(locate, locate->path, more, cached, located));
	located->index = true;
	snprintf(path, sizeof(path), "%s%s", locate->path, more);
	return find_sibling(locate, path, cached, located);
}

static int find_in_folder(const struct wok__locate *locate, bool cached,
			  struct wok__located *located)
{
	located->folder = true;
	if (!locate->is_folder) {
		(void) wok__sys_close(located->fd);
		located->fd = -1;
		return 0;
	}
	int r = locate->index ? find_index(locate, cached, located) : 0;
	return is_missing(r) ? 0 : r;
}

int wok__locate_folder(int base, const char *path, bool cached)
{
	int r = wok__sys_file_open(base, path, O_PATH | O_DIRECTORY, 0, cached);

	return cached && is_unknown(r) ? -EAGAIN : r;
}

/* Each time anew: another folder may have been put in the place of the root. */
static int open_root(struct wok__locate *locate, bool cached)
{
	if (!locate->root || locate->folder >= 0)
		return 0;
	int r = wok__locate_folder(locate->base, locate->root, cached);
	if (r >= 0)
		locate->folder = r;
	return r < 0 ? r : 0;
}

static int find(struct wok__locate *locate, bool cached, struct wok__located *located)
{
	int r;

	*located = (struct wok__located){.fd = -1, .coding = WOK__CODING_IDENTITY};
	WOK_TRY(open_root(locate, cached));
	WOK_TRY(open_path(locate, locate->path, cached, located));
	if (S_ISDIR(located->stat.st_mode))
		r = find_in_folder(locate, cached, located);
	else
		r = locate->is_folder ? -ENOTDIR
				      : find_sibling(locate, locate->path, cached, located);
	if (r < 0 && located->fd >= 0) {
		(void) wok__sys_close(located->fd);
		located->fd = -1;
	}
	return r;
}

struct job {
	struct wok__locate *locate;
	struct wok__located *located;
};

static int find_in_thread(void *arg)
{
	const struct job *job = arg;

	return find(job->locate, false, job->located);
}

int wok__locate(struct wok__locate *locate, struct wok__located *ret_located)
{
	struct job job = {locate, ret_located};
	int r;

	WOK_TRY(wok__check());
	r = find(locate, true, ret_located);
	if (r == -EAGAIN)
		r = wok__disk_run(NULL, "wok_http_static", find_in_thread, &job);
	return is_missing(r) ? -ENOENT : r;
}
